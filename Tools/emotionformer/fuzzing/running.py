"""One run of the exporter in a process of its own, and what is wrong with how it went."""

from __future__ import annotations

import faulthandler
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10.0
MEMORY = 1 << 30
PROGRESS = re.compile(r"(Reading|Converting|Computing|Running|Wrote|Note:) ")
RAISED = 99
PACKAGE = ["manifest.json", "selftest.bin", "weights.bin"]

Program = Callable[[Sequence[str]], int]


@dataclass
class Ran:
    """How a run went. `finding` says what is wrong; None if nothing is."""

    code: int
    message: str
    seconds: float
    peak: int
    finding: str | None = None


def run(program: Program, arguments: Sequence[str], folder: Path, seconds: float = SECONDS) -> Ran:
    """Runs the program in a child. `folder` holds `in` with the files, and gets `out`, where the program may write."""
    out = folder / "out"
    out.mkdir()
    before = _listing(folder / "in")
    log, trace = folder / "log", folder / "trace"
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _serve(program, [*arguments, "-o", str(out / "package")], out, log, trace, seconds)
    _, status, used = os.wait4(child, 0)
    text = log.read_text("utf-8", "replace") if log.exists() else ""
    result = Ran(os.waitstatus_to_exitcode(status), _message(text), time.monotonic() - started, used.ru_maxrss << 10)
    log.unlink(missing_ok=True)
    result.finding = _finding(result.code, text, trace)
    if result.finding is None:
        result.finding = _misplaced(result.code, folder, before)
    return result


def _serve(program: Program, arguments: list[str], out: Path, log: Path, trace: Path, seconds: float) -> None:
    """Never returns: the rest of the parent's program is not the child's."""
    code = RAISED
    try:
        faulthandler.disable()
        os.setpgid(0, 0)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        # Whoever started this may have put something in their place.
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)
        os.chdir(out)
        with open("/proc/self/statm", encoding="ascii") as file:
            held = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            code = program(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else RAISED
    except BaseException:
        trace.write_text(traceback.format_exc(), "utf-8", "replace")
    finally:
        os._exit(code & 0xFF if isinstance(code, int) else RAISED)


def _message(text: str) -> str:
    return next((line for line in text.splitlines() if not PROGRESS.match(line)), "")


def _finding(code: int, text: str, trace: Path) -> str | None:
    if trace.exists():
        lines = trace.read_text("utf-8", "replace").strip().splitlines()
        place = [line.strip() for line in lines if line.lstrip().startswith("File ")]
        return f"an exception leaves the program: {lines[-1][:200]} ({place[-1] if place else '?'})"
    if code == -signal.SIGALRM:
        return "takes too long"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    if code not in (0, 1, 2):
        return f"exit code {code}"
    lines = [line for line in text.split("\n") if line and not PROGRESS.match(line)]
    if code == 0:
        return f"prints a line although all went well: {lines[0][:200]}" if lines else None
    if len(lines) != 1:
        return f"{len(lines)} lines of error: {' | '.join(lines)[:300]}"
    if not lines[0].startswith("export: "):
        return f"a line without the program's name: {lines[0][:200]}"
    if not lines[0].isprintable():
        return "prints what a terminal obeys"
    if len(lines[0]) > 1000:
        return f"a line of {len(lines[0])} characters: {lines[0][:80]}"
    # Without the limit of memory that holds here, the run would have taken what it asks for.
    return f"takes too much memory: {lines[0][:200]}" if "MemoryError" in lines[0] else None


def _misplaced(code: int, folder: Path, before: list[str]) -> str | None:
    if _listing(folder / "in") != before:
        return "the files that were read have changed"
    strange = sorted({entry.name for entry in folder.iterdir()} - {"in", "out"})
    made = sorted(entry.name for entry in (folder / "out").iterdir())
    if strange or made != (["package"] if code == 0 else []):
        return f"exit code {code}, and wrote {', '.join([*strange, *made]) or 'nothing'}"
    files = sorted(entry.name for entry in (folder / "out" / "package").iterdir()) if code == 0 else PACKAGE
    return f"a package of {', '.join(files)}" if files != PACKAGE else None


def _listing(folder: Path) -> list[str]:
    return sorted(f"{entry.name} {entry.lstat().st_size} {entry.lstat().st_mtime_ns}" for entry in folder.iterdir())
