"""The command line of `Tools/bench-tensors`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment

_DESCRIPTION = """\
Measures the product EmotionFormerTensors beside NumPy (with its own OpenBLAS), in turns, one thread each: products of
the transformer's own sizes, operations on each element, reductions, copies. Builds what it measures.

A row has the medians of both in microseconds and their ratio; below 1 this library is faster. Two rows have a bar of
their own: a product beside the same one of a layer whose weights are packed, and what goes through memory beside the
same bytes through memcpy.
"""

_EXAMPLES = """\
examples:
  Tools/bench-tensors
  Tools/bench-tensors --rounds 40 -o Benchmarks/tensors.json

exit codes: 0 measured, 1 not, 2 the command line is wrong
"""


def parser() -> Parser:
    made = Parser("bench-tensors", _DESCRIPTION, _EXAMPLES)
    made.add_argument("--rounds", type=whole(3, 1000), default=20, help="turns of each side (20)")
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="also write the numbers as JSON")
    return made


def environment(arguments: argparse.Namespace) -> Environment:
    # Older builds of OpenBLAS need these on some processors; a current one knows the processor itself.
    return Environment("test", variables={"OPENBLAS_NUM_THREADS": "1"})
