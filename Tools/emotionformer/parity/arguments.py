"""The command line of `Tools/parity`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment

_DESCRIPTION = """\
Runs LiteRT and this package's engine on a TensorFlow Lite file and the same inputs, and prints for every operation of
the file how far they are apart; for the outputs also the best class and its margin. Of several files it prints a line
each, and the largest differences of all; a file with operators of TensorFlow's own (Flex), which LiteRT does not run,
is skipped.

What is held to what:
  float32 and float16 files   Every operation of the unfused plan, after all operations before it, against LiteRT's
                              reference kernels with every tensor preserved: 1e-5 of the tensor's largest magnitude.
                              Probabilities of the fused plan against LiteRT's default kernels (XNNPACK): 2e-6. The
                              fused plan's logits against the unfused plan's: 1e-6 of the largest.
  dynamic-range int8 files    Every operation alone, on the operands that LiteRT itself had, against what LiteRT's
                              default kernels made of them: with all tensors preserved, XNNPACK takes the operators one
                              by one, as a delegate each, so every operand and result can be read. Products with int8
                              weights: 1e-6 of the largest magnitude, or of 1; others: 1e-5 of the largest magnitude.
                              LSTMs and loops quantize the results of their last step: there 1e-6 is for the median over
                              the frames, and 5e-3 for each.
                              End to end, for small models: median over the clips of each one's largest difference 1e-4
                              in probability and 1e-3 in logit, maximum 5e-3 and 2e-2; from a million parameters on:
                              maximum 1e-2 and 5e-2.
  fully integer files         Every operation alone, on LiteRT's operands, and the outputs end to end: equal, also the
                              floats that the file makes of integers. Other operations in float as in a float file.
  all files                   Integers are equal. The best class of every row of the first output is the same wherever
                              the two best are further apart than the bound. NaN or infinity in an output fails where
                              LiteRT has none. An operation that is missing from the comparison fails.
Inputs are clips where the model takes one, and random numbers by shape and type otherwise; --inputs gives others. They
follow each other: a model with variables keeps them from one to the next.
The column XNNPACK/ref says how far LiteRT's own two sets of kernels are apart at that tensor.
"""

_EXAMPLES = """\
examples:
  Tools/parity model.tflite
  Tools/parity Tests/Fixtures/*/*.tflite
  Tools/parity model.tflite --clips mine/*.npy --random 20 --json parity.json --html parity.html
  Tools/parity model.tflite --signature encode
  Tools/parity model.tflite --inputs frames=frames.npy ids=ids.npy

exit codes: 0 all within the tolerances, 1 not, 2 the comparison cannot be made
"""


def parser() -> Parser:
    result = Parser("parity", _DESCRIPTION, _EXAMPLES)
    result.add_argument("models", type=Path, nargs="+", metavar="MODEL.tflite")
    result.add_argument(
        "--clips",
        type=Path,
        nargs="+",
        metavar="FILE.npy",
        help="real clips: frames × 478 × 3 landmarks, which are standardized and padded, or the model's raw features "
        "(default: six clips of the tests)",
    )
    result.add_argument(
        "--inputs",
        type=_given,
        nargs="+",
        metavar="NAME=FILE.npy",
        help="arrays for the model's inputs, by name or by place from 0: of the input's shape, or runs of it; an input "
        "without one gets random numbers, the same in every run (for one model; not with --clips)",
    )
    result.add_argument(
        "--signature",
        metavar="NAME",
        help="the entry point of files with several signatures, such as encode; emotionformer inspect lists them",
    )
    result.add_argument(
        "--random", type=whole(0), metavar="N", help="random clips beside them (default: 4; for int8 16)"
    )
    result.add_argument("--seed", type=int, default=1, help="seed of the random clips (default: 1)")
    result.add_argument(
        "--traced",
        type=whole(0),
        default=4,
        metavar="N",
        help="clips of which every operation is compared, real and random in turn; outputs are compared for all clips "
        "(default: 4, 0 for all)",
    )
    result.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    result.add_argument("--html", type=Path, metavar="FILE", help="write a page that a browser shows without a network")
    result.add_argument("--executable", type=Path, help="the emotionformer executable (default: what was built last)")
    # The negative controls of the tests alter the file for one side.
    result.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    return result


def _given(text: str) -> tuple[str, Path]:
    name, sign, file = text.rpartition("=")
    if not sign or not name or not file:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=FILE.npy")
    return name, Path(file)


def environment(arguments: argparse.Namespace) -> Environment:
    return Environment("parity")
