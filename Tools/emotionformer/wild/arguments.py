"""The command line of `Tools/wild`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment

_DESCRIPTION = """\
Runs every model file below a folder (.h5, .hdf5, .keras, .tflite) on the same random inputs here and in the framework
that it was made with: Keras 3, Keras 2 or LiteRT. Prints a line for each file, and then what was refused, by kind, with
what to do about it. Each side is a process of its own, with limits of time and memory. Nothing that a file holds is
executed: a model with a Lambda is not run in Keras. The inputs follow each other: a model with variables keeps them
from one to the next; a stateful layer of Keras starts from zeros for each, as a clip does. LiteRT does not run files
with TensorFlow's own operators (SELECT_TF_OPS, Flex); with --flex TensorFlow 2.15 does, in an environment of its own,
which is made once.

A file agrees if its outputs are as many, of the same shapes, and every number is within 2e-6 of the largest magnitude
of its output (at least 1); integers, and outputs of fully integer files, are equal. It is near, and counted apart, if
it is within 2e-2 and rounds numbers to whole ones on the way (dynamic-range int8) or computes in half precision: there
the last bit of a number can decide which whole one it becomes. The last line states the share that agrees of what is
a model that its framework runs.
"""

_EXAMPLES = """\
examples:
  Tools/wild ~/models
  Tools/wild ~/models --json wild.json --examples 10 --jobs 2
  Tools/wild ~/models --flex
  Tools/wild hand_gesture.keras

exit codes: 0 nothing differs, 1 a file differs, 2 the command line is wrong
"""


def parser() -> Parser:
    result = Parser("wild", _DESCRIPTION, _EXAMPLES)
    add = result.add_argument
    add("places", type=Path, nargs="+", metavar="FOLDER|FILE")
    add("--examples", type=whole(1), default=3, metavar="N", help="random inputs of each file (default: 3)")
    add("--frames", type=whole(1), default=30, metavar="N", help="frames where a file leaves them open (default: 30)")
    add("--seed", type=whole(0), default=1, help="seed of the random inputs (default: 1)")
    add("--seconds", type=whole(1), default=300, metavar="S", help="limit for each run (default: 300)")
    add("--jobs", type=whole(1, 64), default=1, metavar="N", help="files that are run at a time (default: 1)")
    add("--flex", action="store_true", help="run TensorFlow's own operators in TensorFlow 2.15 (Python 3.9 to 3.11)")
    add("--json", type=Path, metavar="FILE", help="write everything as JSON, also while files are run")
    add("--executable", type=Path, help="the emotionformer executable (default: what was built last)")
    return result


FLEX = Environment("flex", variables={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"})


def environment(arguments: argparse.Namespace) -> Environment:
    return Environment("tflite-fixtures", variables={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"})
