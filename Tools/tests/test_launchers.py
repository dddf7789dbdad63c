"""Every command in Tools: help and wrong arguments are answered where nothing is installed, and leave nothing
behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emotionformer.launch import FOLDERS, make, start
from emotionformer.places import TOOLS

COMMANDS = sorted(path.name for path in TOOLS.iterdir() if path.is_file() and os.access(path, os.X_OK))
# Swift's argument parser has a code of its own.
WRONG = {"soak": 64}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of Tools without environments; Python without packages; neither Swift nor pip."""
    folder = tmp_path_factory.mktemp("bare")
    hidden = shutil.ignore_patterns(".venv*", "__pycache__")
    shutil.copytree(TOOLS, folder / "project" / "Tools", ignore=hidden)
    (folder / "bin").mkdir()
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "bin" / "python3").write_text(f'#!/bin/sh\nexec "{python}" -S "$@"\n')
    (folder / "bin" / "python3").chmod(0o755)
    for name in ("bash", "sh", "env", "dirname", "basename", "sed", "uname", "cat"):
        found = shutil.which(name)
        assert found is not None
        (folder / "bin" / name).symlink_to(found)
    return folder


def run(bare: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    project = bare / "project"
    before = sorted(project.rglob("*"))
    environment = {"PATH": str(bare / "bin"), "HOME": str(bare)}
    done = subprocess.run(
        [str(project / "Tools" / name), *arguments],
        cwd=bare,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert sorted(project.rglob("*")) == before, "something was made"
    return done


def test_every_tool_has_a_launcher() -> None:
    assert set(FOLDERS) <= set(COMMANDS)
    for name in FOLDERS:
        lines = (TOOLS / name).read_text("utf-8").splitlines()
        assert len(lines) == 4 and lines[3] == f'launch {name} "$@"'


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(bare: Path, name: str, option: str) -> None:
    done = run(bare, name, option)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_argument(bare: Path, name: str) -> None:
    done = run(bare, name, "--no-such-option")
    assert (done.returncode, done.stdout) == (WRONG.get(name, 2), "")
    assert done.stderr.startswith(f"{name}: ") and done.stderr.count("\n") == 1


def test_without_python(bare: Path) -> None:
    (bare / "bin" / "python3").rename(bare / "bin" / "hidden")
    try:
        for name in FOLDERS:
            done = run(bare, name, "--help")
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr == (
                f"{name}: Python 3 is missing: install it (on Debian: apt-get install python3) and try again\n"
            )
    finally:
        (bare / "bin" / "hidden").rename(bare / "bin" / "python3")


def test_an_old_python_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert start("bench-peers", ["--quick"]) == 1
    said = "Python 3.10 or later is needed (found 3.9): set PYTHON3 to such a one\n"
    assert capsys.readouterr().err == f"bench-peers: {said}"
    assert make("no-such-environment") == 1
    assert capsys.readouterr().err == f"environment: {said}"


def test_a_folder_of_somebody_s_is_not_written_into(bare: Path, tmp_path: Path) -> None:
    kept = tmp_path / "labels.csv"
    kept.write_text("mine")
    for folder in (tmp_path, kept):
        done = run(bare, "check-pages", str(folder))
        said = f"check-pages: {folder} is not empty and not of this command: remove it, or give another folder\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"] and kept.read_text() == "mine"


@pytest.mark.parametrize("ends", ["exit 0", "fail 'of the test'"])
def test_a_job_ends_with_its_children(tmp_path: Path, ends: str) -> None:
    """As Tools/test-slow and Tools/test-train start one."""
    script = (
        f". {TOOLS}/system.sh; set -euo pipefail; job=; trap 'end_group \"$job\"' EXIT; set -m; "
        f"(sleep 600 & echo $! >{tmp_path}/child; wait) & job=$!; set +m; "
        f"while ! [ -s {tmp_path}/child ]; do sleep 0.01; done; {ends}"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == (0 if ends == "exit 0" else 1)
    state = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    # Who waits for orphans may leave the dead one for a moment.
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_job_that_fails_says_so() -> None:
    script = (
        f". {TOOLS}/system.sh; set -euo pipefail; set -m; (fail inside) & job=$!; set +m; "
        'code=0; wait "$job" || code=$?; exit $((code + 40))'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 41 and done.stderr.endswith(": inside\n")
