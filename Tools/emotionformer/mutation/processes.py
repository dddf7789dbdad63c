"""Test processes: ended at the first failure that they print, at a time limit, with all that they started."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

# A fault may ask for any amount of memory, and may never end.
MEMORY = 12 << 30
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Outcome:
    """How a run of tests ended; `failure` is its first sign of one, None if it passed."""

    failure: str | None
    output: str


def run_tests(
    command: list[str], environment: dict[str, str], failing: re.Pattern[str], limit: float, folder: Path
) -> Outcome:
    """Runs a test command until it ends or a line matches `failing`."""

    def confine() -> None:
        # Under nohup this one is ignored, and tests of signals would see it.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        # What outlives its parent and spins ends by itself.
        seconds = int(4 * limit) + 60
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=confine,
    )
    hung = threading.Event()

    def end() -> None:
        hung.set()
        end_tree(process.pid)

    timer = threading.Timer(limit, end)
    timer.start()
    lines: list[str] = []
    failure: str | None = None
    assert process.stdout
    try:
        for line in process.stdout:
            lines.append(line)
            if failing.search(line) and not hung.is_set():
                failure = _COLOR.sub("", line).strip()[:200]
                end_tree(process.pid)
                break
        code = process.wait()
    except BaseException:
        end_tree(process.pid)
        raise
    finally:
        timer.cancel()
        process.stdout.close()
    if failure is None and hung.is_set():
        failure = f"no end within {limit:.0f} s"
    elif failure is None and code < 0:
        failure = f"ended by {signal.Signals(-code).name}"
    elif failure is None and code != 0:
        failure = f"ended with code {code}"
    return Outcome(failure, "".join(lines))


def end_tree(pid: int) -> None:
    """Ends a process and all that come from it, whatever groups they have made."""
    for each in [*_descendants(pid), pid]:
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name in parentheses may hold anything.
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        parents.setdefault(parent, []).append(int(entry.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found
