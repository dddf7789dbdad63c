"""Python environments with pinned packages, `Tools/.venv-NAME` from `Tools/requirements/NAME.txt`, made when a tool
first needs one."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emotionformer.console.output import tell
from emotionformer.errors import ToolError
from emotionformer.places import TOOLS


@dataclass(frozen=True)
class Environment:
    """What a tool's command runs in."""

    name: str
    # Shared libraries that its packages are linked against, with the Debian packages that hold them.
    libraries: Mapping[str, str] = field(default_factory=dict)
    # Set before the command starts.
    variables: Mapping[str, str] = field(default_factory=dict)


def interpreter(environment: Environment, tool: str) -> Path:
    """The environment's Python, once everything is there."""
    python = _made(environment.name, tool)
    if sys.platform == "linux":
        for library, package in environment.libraries.items():
            need_debian(tool, package, [str(python), "-c", f"import ctypes; ctypes.CDLL({library!r})"])
    return python


def need_debian(tool: str, package: str, test: Sequence[str]) -> None:
    """Installs a Debian package unless the command `test` succeeds."""
    script = '. "$1"; shift; need_debian "$@"'
    command = ["bash", "-c", script, tool, str(TOOLS / "system.sh"), package, *test]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit(1)  # It has said why.


def _made(name: str, tool: str) -> Path:
    requirements = TOOLS / "requirements" / f"{name}.txt"
    folder = TOOLS / f".venv-{name}"
    python, stamp = folder / "bin" / "python", folder / ".requirements"
    wanted = pinned(requirements)

    def is_there() -> bool:
        return python.exists() and stamp.exists() and stamp.read_text("utf-8").split() == wanted

    if is_there():
        return python
    # One process makes the environment; others that come at the same time wait for it.
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_there():
            return python
        tell(f"Making the Python environment {folder} (once)")
        need_debian(tool, "python3-venv", [sys.executable, "-c", "import ensurepip, venv"])
        _run([sys.executable, "-m", "venv", "--clear", str(folder)], f"the environment {folder} cannot be made")
        install = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            str(requirements),
        ]
        _run(install, f"the packages in {requirements} cannot be installed")
        stamp.write_text(" ".join(wanted) + "\n", "utf-8")
    return python


def pinned(requirements: Path) -> list[str]:
    """The lines of a requirements file and of those that it includes, without spaces."""
    found = []
    for line in requirements.read_text("utf-8").splitlines():
        if line.startswith("-r"):
            found += pinned(requirements.with_name(line[2:].strip()))
        elif line.strip():
            found.append(line.replace(" ", ""))
    return found


def _run(command: Sequence[str], failure: str) -> None:
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        raise ToolError(failure)
