"""The command `Tools/mutate`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import show, tell, write
from emotionformer.errors import MutationError
from emotionformer.mutation.arguments import SUITES, parser
from emotionformer.mutation.faults import Fault, check_places, only_named, read_faults
from emotionformer.mutation.python_suite import PythonSuite
from emotionformer.mutation.results import Result, Score
from emotionformer.mutation.swift_suite import CONTROL, SwiftSuite
from emotionformer.places import ROOT, TOOLS

LISTS = TOOLS / "mutation"

def spread(faults: list[Fault], count: int | None) -> list[Fault]:
    """So many of the faults, at equal distances; all if there are no more."""
    if count is None or count >= len(faults):
        return faults
    return [faults[index * len(faults) // count] for index in range(count)]


def _has_processor(needed: str | None) -> bool:
    if needed is None:
        return True
    try:
        return f"{needed}f" in Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:
        return False


def _score(suite: str, faults: list[Fault], arguments: argparse.Namespace, scratch: Path) -> Score:
    controls = [fault for fault in faults if fault.name == CONTROL]
    chosen = only_named([fault for fault in faults if fault.name != CONTROL], arguments.names)
    equivalent = [fault for fault in chosen if fault.equivalent]
    elsewhere = [fault for fault in chosen if not fault.equivalent and not _has_processor(fault.needs)]
    planted = [fault for fault in chosen if fault not in equivalent and fault not in elsewhere]
    planted = spread(planted, arguments.sample)
    results: list[Result] = []
    if planted:
        tests: SwiftSuite | PythonSuite
        if suite == "swift":
            tests = SwiftSuite(ROOT, scratch, controls + planted, arguments.jobs or os.cpu_count() or 1)
            tell(f"{suite}: building a copy with {len(planted)} faults")
            tell(f"{suite}: built in {tests.build():.0f} s; running all tests without a fault")
        else:
            tests = PythonSuite(ROOT, scratch, planted, Path(sys.executable))
            tell(f"{suite}: running all tests without a fault")
        tell(f"{suite}: they pass in {tests.check_baseline():.0f} s")
        for result in tests.results():
            tell(f"{len(results) + 1:3}/{len(planted)} {result.line}")
            results.append(result)
    return Score(suite, results, len(equivalent), len(elsewhere))


def run(arguments: argparse.Namespace) -> int:
    suites = [arguments.suite] if arguments.suite else list(SUITES)
    lists = {suite: read_faults(LISTS / f"{suite}.json", suite) for suite in suites}
    for faults in lists.values():
        check_places(faults, ROOT)
    for name in arguments.names:
        if not any(fault.name.startswith(name) for faults in lists.values() for fault in faults):
            raise MutationError(f"no fault's name begins so (found {name}): Tools/mutate --list names them")
    if arguments.list:
        for suite, faults in lists.items():
            for fault in only_named(faults, arguments.names):
                equivalent = f" (equivalent: {fault.equivalent})" if fault.equivalent else ""
                show(f"{suite:6} {fault.name}: {fault.file}: {fault.why}{equivalent}")
        return 0
    scratch = ROOT / ".build-mutate"
    scores = [_score(suite, faults, arguments, scratch) for suite, faults in lists.items()]
    for score in scores:
        tell(score.line)
        for result in score.results:
            if result.failure is None:
                tell(f"  {result.line}")
    if arguments.json:
        write(json.dumps([score.document() for score in scores], indent=1) + "\n")
    if not any(score.results for score in scores):
        raise MutationError("no fault was planted")
    return 0 if all(score.passes for score in scores) else 1


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("mutate", lambda: run(parser().parsed(given)), failed=2)
