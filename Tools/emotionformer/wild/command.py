"""The command `Tools/wild`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Queue

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import show, tell
from emotionformer.environments import interpreter
from emotionformer.errors import ToolError
from emotionformer.executable import find_executable
from emotionformer.outputs import write_text
from emotionformer.wild import report
from emotionformer.wild.arguments import FLEX, parser
from emotionformer.wild.comparison import DIFFERS, Numbers, Result, Task, frameworks, model_files

# Seconds between two states of the JSON file.
PAUSE = 2


def run(arguments: argparse.Namespace) -> int:
    files = model_files(arguments.places)
    flex = _flex() if arguments.flex else None
    numbers = Numbers(arguments.examples, arguments.frames, arguments.seed, arguments.seconds)
    executable = find_executable(arguments.executable)
    # Each file that is run at a time has processes of its own, which take the next file when it is done.
    workers: Queue[Task] = Queue()
    results: dict[int, Result] = {}
    with ExitStack() as stack:
        for _ in range(min(arguments.jobs, len(files))):
            servers = [stack.enter_context(closing(frameworks()))]
            if flex is not None:
                servers.append(stack.enter_context(closing(frameworks(flex))))
            workers.put(Task(executable, servers[0], numbers, servers[1] if flex else None))
        pool = stack.enter_context(ThreadPoolExecutor(arguments.jobs))

        def compared(path: Path, name: str) -> Result:
            task = workers.get()
            try:
                return task.compare(path, name)
            finally:
                workers.put(task)

        begun = {pool.submit(compared, *file): index for index, file in enumerate(files)}
        written = 0.0
        try:
            for done in as_completed(begun):
                results[begun[done]] = done.result()
                tell(f"{len(results):{len(str(len(files)))}}/{len(files)} {report.line(done.result())}")
                if arguments.json is not None and time.monotonic() > written + PAUSE:
                    _write(arguments.json, results, len(files))
                    written = time.monotonic()
        finally:
            for waiting in begun:
                waiting.cancel()
            if arguments.json is not None:
                _write(arguments.json, results, len(files))
    ordered = [results[index] for index in sorted(results)]
    for line in report.table(ordered):
        show(line)
    return 1 if any(result.state == DIFFERS for result in ordered) else 0


def _flex() -> Path:
    """The Python of the environment with TensorFlow 2.15."""
    if not (3, 9) <= sys.version_info < (3, 12):
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise ToolError(f"--flex needs TensorFlow 2.15, and so Python 3.9 to 3.11 (found {found}): set PYTHON3 to one")
    return interpreter(FLEX, "wild")


def _write(path: Path, results: dict[int, Result], count: int) -> None:
    document = report.document([results[index] for index in sorted(results)], count)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(path, text, "report of Tools/wild", _is_report)


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return f'"format": "{report.FORMAT}"'.encode() in file.read(4096)


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("wild", lambda: run(parser().parsed(given)), failed=2)
