"""Standard output that closes early ends every command quietly, with its documented code; a full one is one line and
code 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import EXECUTABLE
from packages import write_package

from emotionformer.places import ROOT

TOOLS = ROOT / "Tools"
TEXTS = ["name", "tool", "source", "license", "citation", "key", "value", "node", "inner", "one", "two", "three"]
SWIFT = {
    "predict": (["predict", "--model", "model", "clip.csv"], 0),
    "json": (["predict", "--json", "--model", "model", "clip.csv", "clip.csv"], 0),
    "csv": (["predict", "--csv", "--model", "model", "clip.csv"], 0),
    "stream": (["stream", "--model", "model", "--hop", "1", "--window", "2", "clip.csv"], 0),
    "evaluate": (["evaluate", "--model", "model", "dataset"], 0),
    "inspect": (["inspect", "model"], 0),
    "inspect json": (["inspect", "--json", "model"], 0),
    "benchmark": (["benchmark", "--model", "model", "--seconds", "0.01"], 0),
    "verify": (["verify", "model"], 2),
    "verify nodes": (["verify", "--nodes", "model"], 2),
    "help": (["--help"], 0),
    "completion": (["--generate-completion-script", "bash"], 0),
}
# What `launch.py` is given: to start a tool, or to run its command in this environment.
SIZES = "--frames 2 --features 2 --width 2 --heads 1 --blocks 1 --feed-forward 2".split()
PYTHON = {
    "dataset": ["run", "dataset", "file.parquet", "-o", "out"],
    "dataset help": ["start", "dataset", "--help"],
    "landmarks help": ["start", "landmarks", "--help"],
    "train help": ["start", "train", "--help"],
    "export help": ["start", "export", "--help"],
    "random-package": ["run", "random-package", "-o", "out", *SIZES],
    "bench-peers": ["run", "bench-peers", "--from", str(ROOT / "Benchmarks" / "peers.json")],
    "mutate": ["run", "mutate", "--list"],
    "parity help": ["start", "parity", "--help"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_package(tmp_path / "model", TEXTS)
    (tmp_path / "clip.csv").write_text("1,5\n2,4\n3,3\n")
    (tmp_path / "dataset" / "one").mkdir(parents=True)
    (tmp_path / "dataset" / "one" / "a.csv").write_text("1,5\n")
    columns = {name: pa.array([float(index)]) for index, name in enumerate(["x_0", "y_0", "z_0"])}
    rows = {"video_filename": ["1001_DFA_ANG_XX.flv"], "frame_num": [0], "emotion": ["ANG"], **columns}
    parquet.write_table(pa.table(rows), tmp_path / "file.parquet")
    return tmp_path


def run(command: Sequence[str | Path], folder: Path, output: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=folder, stdout=output, stderr=subprocess.PIPE, text=True, env=environment, check=False
    )


def closed(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """A pipe whose reader has gone before the first byte."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return run(command, folder, writing)
    finally:
        os.close(writing)


def full(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    if not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    with open("/dev/full", "wb") as output:
        return run(command, folder, output.fileno())


def python(name: str) -> list[str]:
    return [sys.executable, str(TOOLS / "launch.py"), *PYTHON[name]]


@pytest.mark.executable
@pytest.mark.parametrize("name", SWIFT)
def test_the_executable(name: str, folder: Path) -> None:
    arguments, code = SWIFT[name]
    done = closed([EXECUTABLE, *arguments], folder)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == (1 if code else 0), done.stderr
    done = full([EXECUTABLE, *arguments], folder)
    assert done.returncode == (code or 1), done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("emotionformer: "), done.stderr
    assert code or "standard output cannot be written" in done.stderr


@pytest.mark.parametrize("name", PYTHON)
def test_the_tools(name: str, folder: Path) -> None:
    done = closed(python(name), folder)
    assert (done.returncode, done.stderr) == (0, "")
    for path in folder.glob("out"):
        assert path.is_dir()
        path.rename(folder / "before")
    done = full(python(name), folder)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert "standard output cannot be written" in done.stderr


@pytest.mark.executable
def test_parity_tells_its_verdict_by_its_code(folder: Path) -> None:
    """Whoever reads the first line alone still learns whether the comparison passed."""
    pytest.importorskip("ai_edge_litert")
    models = sorted((ROOT / "Tests" / "Fixtures" / "tflite").glob("*.tflite"), key=lambda file: file.stat().st_size)
    arguments: list[str | Path]
    arguments = [models[0], "--random", "1", "--traced", "1", "--executable", EXECUTABLE, "--json", folder / "a.json"]
    done = closed([sys.executable, TOOLS / "launch.py", "run", "parity", *arguments], folder)
    assert done.returncode == (0 if json.loads((folder / "a.json").read_text())["passed"] else 1), done.stderr


@pytest.mark.executable
def test_verify_goes_on_to_its_verdict(folder: Path) -> None:
    """Its code is its result, however much was printed before that nobody reads."""
    texts = [*TEXTS[:7], "n" * 30_000, *TEXTS[8:]]
    write_package(folder / "long", texts)
    done = closed([EXECUTABLE, "verify", "--nodes", "long"], folder)
    assert done.returncode == 2 and done.stderr.endswith("the package has no self-test\n")
