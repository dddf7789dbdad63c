"""The command `Tools/mutate`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import say, show, tell, write
from emotionformer.mutation.errors import MutationError
from emotionformer.mutation.faults import SUITES, Fault, check_places, only_named, read_faults
from emotionformer.mutation.python_suite import PythonSuite
from emotionformer.mutation.results import Result, Score
from emotionformer.mutation.swift_suite import CONTROL, SwiftSuite

ROOT = Path(__file__).resolve().parents[3]
LISTS = ROOT / "Tools" / "mutation"

_DESCRIPTION = """\
Plants small faults in a copy of the project, one at a time, and counts how many the tests notice: a test that fails, a
crash or no end in time is a fault caught. The faults are listed in Tools/mutation/swift.json and python.json.

Swift faults are compiled in together and chosen by an environment variable: one build. A module's own tests come first,
all others after them. Without a fault all tests must pass first. Work is done in .build-mutate.
"""

_EXAMPLES = """\
examples:
  Tools/mutate                               # all faults: about 40 minutes on two cores
  Tools/mutate --suite swift graph- kernels-  # those whose names begin so
  Tools/mutate --list
  Tools/mutate --sample 10 --json >score.json

an entry of a list:
  name      unique
  file      from the project's folder
  find      text that stands once in the file
  replace   what stands there instead. In Swift an expression for an expression; or any text with the word FAULT in it,
            which is true when the fault is chosen: `guard count > (FAULT ? 1 : 0) else`
  why       what goes wrong with it
  equivalent  why nothing does: the fault is not planted and does not count
  needs     avx512: only planted where the processor has it

exit codes: 0 at least 95 % caught, 1 less, 2 the faults cannot be planted
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="Tools/mutate",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults, by the beginnings of their names (default: all)")
    parser.add_argument("--suite", choices=SUITES, help="only the faults of one language")
    parser.add_argument("--list", action="store_true", help="list the faults, checked against the sources, and end")
    parser.add_argument("--sample", type=_count, metavar="N", help="so many faults of each suite, spread over its list")
    parser.add_argument("--jobs", type=_count, metavar="N", help="test processes at a time (default: one a core)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("a number from 1 on is expected")
    return value


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


def _say(text: str) -> None:
    tell(text)


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
            _say(f"{suite}: building a copy with {len(planted)} faults")
            _say(f"{suite}: built in {tests.build():.0f} s; running all tests without a fault")
        else:
            tests = PythonSuite(ROOT, scratch, planted, Path(sys.executable))
            _say(f"{suite}: running all tests without a fault")
        _say(f"{suite}: they pass in {tests.check_baseline():.0f} s")
        for result in tests.results():
            _say(f"{len(results) + 1:3}/{len(planted)} {result.line}")
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
        _say(score.line)
        for result in score.results:
            if result.failure is None:
                _say(f"  {result.line}")
    if arguments.json:
        write(json.dumps([score.document() for score in scores], indent=1) + "\n")
    if not any(score.results for score in scores):
        raise MutationError("no fault was planted")
    return 0 if all(score.passes for score in scores) else 1


def main(argv: list[str] | None = None) -> int:
    return run_tool("mutate", lambda: _main(argv))


def _main(argv: list[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return run(arguments)
    except MutationError as error:
        say("mutate", error)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
