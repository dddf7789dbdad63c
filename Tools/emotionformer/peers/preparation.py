"""Makes what is measured: environments, models in every form, our packages, the release executable."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from emotionformer.environments import Environment, interpreter
from emotionformer.errors import PeersError, ToolError
from emotionformer.peers.contestants import Files
from emotionformer.places import ROOT, TOOLS

Say = Callable[[str], None]


def run(what: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Standard output; standard error goes to ours only if the command fails."""
    try:
        finished = subprocess.run(
            list(command),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **(environment or {})},
            cwd=ROOT,
        )
    except OSError as error:
        raise PeersError(f"{what}: {command[0]} does not start ({error.strerror})") from error
    if finished.returncode != 0:
        lines = (finished.stderr.strip() or finished.stdout.strip()).splitlines() or ["without a word"]
        raise PeersError(f"{what}: {lines[-1][:400]}")
    return finished.stdout


def fingerprint(seed: int, batch: int) -> str:
    """What the files of a model were made from."""
    sources = ["architecture.py", "models.py", "onnx_file.py"]
    texts = [(TOOLS / "emotionformer" / "peers" / source).read_text("utf-8") for source in sources]
    texts += [(TOOLS / "requirements" / name).read_text("utf-8") for name in ("peers-models.txt", "peers.txt")]
    return json.dumps([seed, batch, *texts])


def make_models(root: Path, models: Sequence[str], seed: int, batch: int, say: Say) -> tuple[Path, str]:
    """The models in every form but ours; the Python of the peers, and what the files were made from."""
    peers_python = interpreter(Environment("peers"), "bench-peers")
    paths = {"PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}
    wanted = fingerprint(seed, batch)
    missing = [name for name in models if not _is_made(root / name, wanted)]
    if missing:
        say(f"building {', '.join(missing)} with TensorFlow")
        tensorflow = interpreter(Environment("peers-models"), "bench-peers")
        options = ["--seed", str(seed), "--batch", str(batch)]
        run(
            "building the Keras models",
            [str(tensorflow), "-m", "emotionformer.peers.models", str(root), *missing, *options],
            paths,
        )
        for name in missing:
            run(
                f"writing {name} as ONNX",
                [str(peers_python), "-m", "emotionformer.peers.onnx_file", name, str(root / name)],
                paths,
            )
            (root / name / "made.json").write_text(wanted, "utf-8")
    return peers_python, wanted


def built(say: Say) -> Path:
    """The release executable."""
    say("building the release executable")
    run("the system's packages", ["bash", "-c", ". Tools/system.sh && need_swift"])
    run("the release build", ["swift", "build", "-c", "release", "--product", "emotionformer"])
    return ROOT / ".build" / "release" / "emotionformer"


def prepare(root: Path, models: Sequence[str], seed: int, batch: int, executable: Path | None, say: Say) -> Files:
    """Everything on disk; models that are there already, from the same sources, stay."""
    peers_python, wanted = make_models(root, models, seed, batch, say)
    executable = executable or built(say)
    files = Files(
        root=root,
        executable=executable,
        python=peers_python,
        tools=TOOLS,
        mnn=_further("MNN", "peers-mnn", "mnn_file", root, models, wanted, say),
        nncf=_further("OpenVINO int8", "peers-nncf", "nncf_file", root, models, wanted, say),
    )
    for name in models:
        package = str(files.ours(name, "float32"))
        run(f"exporting {name}", ["Tools/export", str(root / name / "model.h5"), "-o", package, "--layout", "raw"])
        package = str(files.ours(name, "int8"))
        source = str(root / name / "int8.tflite")
        run(f"converting {name}", [str(executable), "convert", source, "-o", package, "--layout", "raw"])
    return files


def _further(
    engine: str, environment: str, module: str, root: Path, models: Sequence[str], wanted: str, say: Say
) -> Path | None:
    """The Python of an engine that takes part where it can be installed, with its files; what fails is said."""
    try:
        python = interpreter(Environment(environment), "bench-peers")
    except (ToolError, SystemExit) as error:
        say(f"without {engine}: {str(error).partition(chr(10))[0] or 'it cannot be installed'}")
        return None
    made_from = TOOLS / "emotionformer" / "peers" / f"{module}.py", TOOLS / "requirements" / f"{environment}.txt"
    stamp = json.dumps([wanted, *(file.read_text("utf-8") for file in made_from)])
    paths = {"PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in models:
        if _is_made(root / name, stamp, f"{module}.json"):
            continue
        say(f"converting {name} for {engine}")
        try:
            run(f"{name} for {engine}", [str(python), "-m", f"emotionformer.peers.{module}", str(root / name)], paths)
        except PeersError as error:
            say(f"without {engine} on {name}: {error}")
            continue
        (root / name / f"{module}.json").write_text(stamp, "utf-8")
    return python


def _is_made(folder: Path, wanted: str, stamp: str = "made.json") -> bool:
    try:
        return (folder / stamp).read_text("utf-8") == wanted
    except OSError:
        return False
