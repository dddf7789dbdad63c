"""The command line of `Tools/mutate`."""

from __future__ import annotations

import argparse

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment

SUITES = ("swift", "python")
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


def parser() -> Parser:
    result = Parser("mutate", _DESCRIPTION, _EXAMPLES)
    result.add_argument(
        "names", nargs="*", metavar="NAME", help="faults, by the beginnings of their names (default: all)"
    )
    result.add_argument("--suite", choices=SUITES, help="only the faults of one language")
    result.add_argument("--list", action="store_true", help="list the faults, checked against the sources, and end")
    result.add_argument(
        "--sample", type=whole(1), metavar="N", help="so many faults of each suite, spread over its list"
    )
    result.add_argument("--jobs", type=whole(1), metavar="N", help="test processes at a time (default: one a core)")
    result.add_argument("--json", action="store_true", help="print the results as JSON")
    return result


def environment(arguments: argparse.Namespace) -> Environment:
    return Environment("test")
