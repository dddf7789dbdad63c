"""The command line of `Tools/random-package`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment
from emotionformer.errors import ToolError

_DESCRIPTION = """\
Writes a package of any size with random weights, to measure speed without a trained model.

    Tools/random-package -o build/full                      # 300×478 → 256 wide, 4 blocks, 8 heads, feed-forward 512
    Tools/random-package -o build/long --frames 1200 --lstm 128
    Tools/random-package -o build/small --int8            # dense kernels as dynamic-range int8
    .build/release/emotionformer benchmark --model build/full --kernels
"""

_EXIT_CODES = "exit codes: 0 the package is written, 1 it is not, 2 the command line is wrong"
_SIZES = {"frames": 300, "features": 478, "width": 256, "blocks": 4, "heads": 8, "feed-forward": 512, "lstm": 0}


def parser() -> Parser:
    result = Parser("random-package", _DESCRIPTION, _EXIT_CODES, _check)
    result.add_argument("-o", "--output", type=Path, required=True, help="the package's folder")
    for name, value in {**_SIZES, "seed": 1}.items():
        least = 0 if name in ("blocks", "lstm", "seed") else 1
        result.add_argument(f"--{name}", type=whole(least), default=value, metavar="N", help=f"default {value}")
    result.add_argument(
        "--int8", action="store_true", help="store the dense kernels as int8, with a scale for each output"
    )
    return result


def _check(arguments: argparse.Namespace) -> None:
    if arguments.width % arguments.heads:
        raise ToolError(f"--width {arguments.width} is not a multiple of --heads {arguments.heads}")


def environment(arguments: argparse.Namespace) -> Environment:
    return Environment("export")
