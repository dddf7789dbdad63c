"""Changed model files: a short sample of what Tools/fuzz-python runs, and that each kind of finding is one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest

from emotionformer.export.command import main as export
from emotionformer.fuzzing import command, running
from emotionformer.fuzzing.command import fuzz
from emotionformer.fuzzing.targets import TARGETS
from emotionformer.places import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux alone")


@pytest.mark.parametrize("target", TARGETS)
def test_a_sample(target: str) -> None:
    result = fuzz(target, export, seed=7, runs=6, seconds=0, keep=None)
    assert result.executions == 6
    assert not result.findings, "\n".join(result.findings.values())


@pytest.mark.parametrize("target", TARGETS)
def test_a_seed_says_which_cases(tmp_path: Path, target: str) -> None:
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        TARGETS[target](folder, Random(f"{target} 5"))
        made.append({path.name: len(path.read_bytes()) for path in folder.iterdir()})
    assert made[0] == made[1] and made[0]


def raises(_: Sequence[str]) -> int:
    raise RuntimeError("a fault")


def leaves(_: Sequence[str]) -> int:
    sys.exit("a fault")


def two_lines(_: Sequence[str]) -> int:
    os.write(2, b"Reading model.h5\nexport: one\nexport: two\n")
    return 1


def silent(_: Sequence[str]) -> int:
    return 1


def foreign_line(_: Sequence[str]) -> int:
    os.write(2, b"Warning: a\n")
    return 1


def escape(_: Sequence[str]) -> int:
    os.write(2, b"export: \x1b[31m\n")
    return 1


def long_line(_: Sequence[str]) -> int:
    os.write(2, b"export: " + b"x" * 2000 + b"\n")
    return 1


def three(_: Sequence[str]) -> int:
    return 3


def hangs(_: Sequence[str]) -> int:
    while True:
        time.sleep(1)


def fills(_: Sequence[str]) -> int:
    try:
        return int(np.ones(1 << 28).sum())
    except MemoryError:
        os.write(2, b"export: too large (MemoryError)\n")
        return 1


def dies(_: Sequence[str]) -> int:
    os.abort()


def litters(arguments: Sequence[str]) -> int:
    os.write(2, b"export: no\n")
    Path(arguments[-1]).with_name(".partial").mkdir()
    return 1


def writes_elsewhere(arguments: Sequence[str]) -> int:
    os.write(2, b"export: no\n")
    Path(arguments[0]).write_text("x")
    return 1


def says_all_is_well(_: Sequence[str]) -> int:
    return 0


@pytest.mark.parametrize(
    "program,expected",
    [
        (raises, "an exception leaves the program: RuntimeError: a fault"),
        (leaves, "exit code 99"),
        (two_lines, "2 lines of error"),
        (silent, "0 lines of error"),
        (foreign_line, "a line without the program's name"),
        (escape, "prints what a terminal obeys"),
        (long_line, "a line of 2008 characters"),
        (three, "exit code 3"),
        (hangs, "takes too long"),
        (fills, "takes too much memory"),
        (dies, "killed by SIGABRT"),
        (litters, "exit code 1, and wrote .partial"),
        (writes_elsewhere, "the files that were read have changed"),
        (says_all_is_well, "exit code 0, and wrote nothing"),
    ],
    ids=lambda item: item.__name__ if callable(item) else "",
)
def test_each_kind_of_finding(tmp_path: Path, program: Callable[[Sequence[str]], int], expected: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "model.h5").write_text("")
    ran = running.run(program, [str(tmp_path / "in" / "model.h5")], tmp_path, seconds=1.0)
    assert ran.finding is not None and ran.finding.startswith(expected)


def test_a_finding_is_kept_and_can_be_reproduced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("emotionformer.export.command.main", raises)
    monkeypatch.setattr(command, "FINDINGS", tmp_path)
    assert command.main(["pickle", "--runs", "3"]) == 1
    kept = tmp_path / "pickle-0" / "label_encoder.pkl"
    lines = capsys.readouterr().out.splitlines()
    assert kept.is_file() and len(lines) == 4
    assert lines[2].startswith("  pickle: 3 times: an exception leaves the program: RuntimeError: a fault")
    assert lines[3].startswith("    reproduce with: Tools/export ") and str(kept) in lines[3]


@pytest.mark.parametrize(
    "arguments,expected",
    [
        (["nothing"], "unknown target 'nothing'; Tools/fuzz-python --list names them"),
        (["--runs", "0"], "argument --runs: a number from 1 on is expected (found 0) (see --help)"),
        (["--seconds", "1.5"], "argument --seconds: a number from 1 on is expected (found 1.5) (see --help)"),
    ],
)
def test_wrong_arguments(arguments: list[str], expected: str) -> None:
    command = [sys.executable, str(ROOT / "Tools" / "launch.py"), "run", "fuzz-python", *arguments]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (2, f"fuzz-python: {expected}\n")
