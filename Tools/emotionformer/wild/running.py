"""Processes with limits of time and memory, whose last words are kept."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

MEMORY = 16 << 30
WORDS = 600


@dataclass(frozen=True)
class Ran:
    """How a run ended; `message` is its last line on standard error, or what ended it."""

    ok: bool
    message: str = ""


def run(command: Sequence[str], seconds: int, variables: Mapping[str, str] | None = None) -> Ran:
    """Runs a command that has the time given, and ends with all that it started."""

    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **(variables or {})},
        start_new_session=True,
        preexec_fn=lambda: confine(seconds),
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return Ran(False, f"no end within {seconds} s")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return _ran(process.returncode, errors)


def confine(seconds: int) -> None:
    """Limits the memory and the time of this process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    spent = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 8 * seconds, spent + 8 * seconds))


def _ran(code: int, errors: str) -> Ran:
    if code == 0:
        return Ran(True)
    if code < 0:
        return Ran(False, f"ended by {signal.Signals(-code).name}")
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return Ran(False, (lines[-1] if lines else f"exit code {code}")[:WORDS])


class Server:
    """A process that answers requests, lines of JSON, in copies of itself; it is started with the first one, and again
    if it is gone."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        self.command, self.variables = command, variables or {}
        self.process: subprocess.Popen[str] | None = None

    def ask(self, request: Mapping[str, Any], seconds: int) -> Ran:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps({**request, "seconds": seconds}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.close()
            return Ran(False, "the process that runs the frameworks ended")
        code, errors = json.loads(line)
        return Ran(False, f"no end within {seconds} s") if code is None else _ran(code, errors)

    def _started(self) -> subprocess.Popen[str]:
        if self.process is None:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={**os.environ, **self.variables},
                start_new_session=True,
            )
            assert self.process.stdout is not None
            self.process.stdout.readline()
        return self.process

    def close(self) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with self.process:
            pass
        self.process = None
