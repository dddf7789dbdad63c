"""Processes with limits of time and memory, whose last words are kept."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

MEMORY = 16 << 30
WORDS = 600


@dataclass(frozen=True)
class Ran:
    """How a run ended; `message` is its last line on standard error, or what ended it."""

    ok: bool
    message: str = ""


def run(command: Sequence[str], seconds: int, variables: Mapping[str, str] | None = None) -> Ran:
    """Runs a command that has the time given, and ends with all that it started."""

    def confine() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (8 * seconds, 8 * seconds))

    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **(variables or {})},
        start_new_session=True,
        preexec_fn=confine,
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return Ran(False, f"no end within {seconds} s")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode == 0:
        return Ran(True)
    if process.returncode < 0:
        return Ran(False, f"ended by {signal.Signals(-process.returncode).name}")
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return Ran(False, (lines[-1] if lines else f"exit code {process.returncode}")[:WORDS])
