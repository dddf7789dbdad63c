"""The command `Tools/bench-peers`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import say, show
from emotionformer.environments import Environment, interpreter
from emotionformer.errors import PeersError
from emotionformer.outputs import write_text
from emotionformer.peers import bars, chart, landmarker, measure, own, preparation, table
from emotionformer.peers.arguments import LANDMARKER, parser
from emotionformer.peers.contestants import Files, Setting, entries
from emotionformer.places import TOOLS

BATCH = 32
# Takes 478 × 3 landmarks of a frame.
LANDMARKS_MODEL = "xyz"


def _say(text: str) -> None:
    say("bench-peers", text)


def _own_json(files: Files, model: str, options: list[str], **environment: str) -> dict[str, Any]:
    return _benchmark(files.executable, files.ours(model, "float32"), options, **environment)


def _benchmark(executable: Path, model: Path, options: list[str], **environment: str) -> dict[str, Any]:
    command = [str(executable), "benchmark", "--json", "--model", str(model), *options]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    if finished.returncode != 0:
        raise PeersError(f"emotionformer benchmark: {(finished.stderr.strip().splitlines() or ['failed'])[-1]}")
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    seconds = min(1.0, arguments.seconds) if arguments.quick else arguments.seconds
    busy = os.getloadavg()[1]
    models = [name for name in arguments.models if name != LANDMARKER]
    found: dict[str, Any] = {"runs": [], "coldStart": [], "extra": {}}
    if models:
        found = _emotion_models(arguments, models, seconds)
    if LANDMARKER in arguments.models:
        found |= _landmarker(arguments, seconds)
    document: dict[str, Any] = {
        "machine": {
            "processor": _processor(),
            "instructionSet": found.pop("level"),
            "cores": os.cpu_count(),
            "system": platform.system(),
            # What else went on: of the five minutes before the run, and of those before its end.
            "loadAverage": [busy, os.getloadavg()[1]],
        },
        "versions": _versions(),
        "batch": BATCH,
        "seconds": seconds,
        **found,
    }
    document["bars"] = [bar.document() for bar in bars.all_bars(document)]
    return document


def _emotion_models(arguments: argparse.Namespace, models: Sequence[str], seconds: float) -> dict[str, Any]:
    files = preparation.prepare(arguments.folder, models, arguments.seed, BATCH, arguments.executable, _say)
    here = measure.Round(files, seconds, _say)
    runs = []
    for model in models:
        for batch in (1,) if arguments.quick else (1, BATCH):
            _say(f"{model}, {batch} clip{'s' * (batch > 1)}, 1 and 2 threads")
            taking_part = [
                entry for threads in (1, 2) for entry in entries(files, Setting(model, batch, threads), BATCH)
            ]
            runs += [result.document() for result in here.run(taking_part)]
    cold = []
    for model in models:
        _say(f"{model}, cold starts")
        cold += measure.cold_starts(files, model, 3 if arguments.quick else 11)
    extra: dict[str, Any] = {}
    level = _own_json(files, models[0], ["--seconds", "0.1"])["instructionSet"]
    if "base" in models:
        _say("base, against the machine's limits")
        single = _own_json(files, "base", ["--seconds", str(seconds)])
        extra["shareOfPeak"] = single.get("shareOfPeak")
        portable = _own_json(files, "base", ["--kernels", "--seconds", str(seconds)], EMOTIONFORMER_KERNELS="portable")
        extra["portableAgainstBLAS"] = portable["predictionAgainstBLAS"]
        _say("base, with one core kept busy")
        extra["twoThreadsInCompany"] = own.in_company(files, "base", seconds)
    _say("the bundled model, short clips")
    extra["sixtyFrames"] = own.of_frames(files, 60, 300, seconds)
    return {"runs": runs, "coldStart": cold, "extra": extra, "level": level}


def _landmarker(arguments: argparse.Namespace, seconds: float) -> dict[str, Any]:
    python, _ = preparation.make_models(arguments.folder, [LANDMARKS_MODEL], arguments.seed, BATCH, _say)
    who = landmarker.Landmarkers(
        executable=arguments.executable or preparation.built(_say),
        litert=python,
        mediapipe=interpreter(Environment("peers-landmarker"), "bench-peers"),
        model=arguments.folder / LANDMARKS_MODEL / "f32.tflite",
    )
    level = _benchmark(who.executable, who.model, ["--seconds", "0.1"])["instructionSet"]
    return {"landmarker": landmarker.measured(who, seconds, 2 if arguments.quick else 7, _say), "level": level}


def _versions() -> dict[str, str]:
    found = {}
    for name in ("peers.txt", "peers-mnn.txt", "peers-nncf.txt", "peers-models.txt", "peers-landmarker.txt"):
        for line in (TOOLS / "requirements" / name).read_text("utf-8").splitlines():
            package, _, version = line.split(";")[0].strip().partition("==")
            found[package] = version
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _read(file: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
        document["runs"], document["coldStart"], document["machine"]["processor"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PeersError(f"{file}: no JSON of an earlier run ({type(error).__name__})") from error
    return document


def _write(file: Path | None, text: str) -> None:
    if file is not None:
        write_text(file, text, "result of Tools/bench-peers", _is_result)


def _is_result(path: Path) -> bool:
    """A chart by its label, JSON by its fields."""
    with path.open("rb") as file:
        if b'aria-label="Bar chart of milliseconds a prediction by engine' in file.read(4096):
            return True
    try:
        _read(path)
    except PeersError:
        return False
    return True


def run(arguments: argparse.Namespace) -> int:
    document = _read(arguments.source) if arguments.source else _measured(arguments)
    _write(arguments.json, json.dumps(document, indent=1) + "\n")
    _write(arguments.svg, chart.chart(document))
    if arguments.markdown:
        for line in table.against(document) if document["runs"] else table.limits(bars.landmarker_bars(document)):
            show(line)
        return 0
    parts = [table.runs(document) if document["runs"] else "", table.landmarker(document)]
    text = "\n".join([*filter(None, parts), table.ratios(bars.all_bars(document))])
    for line in text.splitlines():
        show(line)
    wrong = [run for run in document["runs"] if run["problem"]]
    for run in wrong:
        _say(f"{run['engine']} {run['precision']} on {run['model']}: {run['problem']}")
    return 1 if wrong else 0


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("bench-peers", lambda: run(parser().parsed(given)), failed=2)
