"""The command line of `Tools/fuzz-python`."""

from __future__ import annotations

import argparse

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment

_DESCRIPTION = """Fuzzes Tools/export with changed copies of the committed fixtures: .h5 and .keras
files, pickles of label encoders, published folders. Each case runs the exporter in a process of its own, with 1 GiB
of memory and 10 seconds.

Findings are: an exception that leaves the program, an error of more or fewer lines than one, an exit code other than
0, 1 and 2, more memory or time, a file where none belongs. The input of the first of each kind is kept in
.build-fuzz/findings-python, and the command to reproduce it printed."""


def parser() -> Parser:
    result = Parser("fuzz-python", _DESCRIPTION, "exit code: 0 nothing found, 1 a finding, 2 wrong arguments")
    result.add_argument("targets", metavar="TARGET", nargs="*", help="what to fuzz (default: all)")
    result.add_argument("--seconds", type=whole(1), default=60, metavar="N", help="for each target (default 60)")
    result.add_argument("--runs", type=whole(1), metavar="N", help="so many cases a target, in place of a time")
    result.add_argument("--seed", type=int, default=1, metavar="S", help="another seed, other cases (default 1)")
    result.add_argument("--list", action="store_true", help="name the targets")
    return result


def environment(arguments: argparse.Namespace) -> Environment:
    # A case is a fork, which threads of a library do not survive.
    return Environment("test", variables={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
