"""The command `Tools/wild`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import show, tell
from emotionformer.executable import find_executable
from emotionformer.outputs import write_text
from emotionformer.wild import report
from emotionformer.wild.arguments import parser
from emotionformer.wild.comparison import DIFFERS, Task, frameworks, model_files


def run(arguments: argparse.Namespace) -> int:
    files = model_files(arguments.places)
    results = []
    with closing(frameworks()) as server:
        task = Task(
            find_executable(arguments.executable),
            server,
            arguments.examples,
            arguments.frames,
            arguments.seed,
            arguments.seconds,
        )
        for path, name in files:
            results.append(task.compare(path, name))
            tell(report.line(results[-1]))
    for line in report.table(results):
        show(line)
    if arguments.json is not None:
        text = json.dumps(report.document(results), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_text(arguments.json, text, "report of Tools/wild", _is_report)
    return 1 if any(result.state == DIFFERS for result in results) else 0


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return f'"format": "{report.FORMAT}"'.encode() in file.read(4096)


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("wild", lambda: run(parser().parsed(given)), failed=2)
