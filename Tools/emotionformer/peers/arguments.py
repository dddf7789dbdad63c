"""The command line of `Tools/bench-peers`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser
from emotionformer.places import ROOT

LANDMARKER = "landmarker"
MODELS = ("base", "xyz", "bilstm", LANDMARKER)

_DESCRIPTION = """\
Measures this engine beside LiteRT, ONNX Runtime, OpenVINO and MNN on the same models, in turns in one run.

Keras models are built from a seed and written as TensorFlow Lite (float32, dynamic-range int8), ONNX (float32,
dynamically quantized int8 with signed weights), OpenVINO's files (int8, static by NNCF) and MNN's (float32, and weights
of 8 bits). MNN and NNCF are left out, with a line that says so, where they cannot be installed or cannot convert.

Every engine runs in a process of its own, which is stopped by a signal while another has its turn, so that threads that
wait by spinning cost the others nothing. Where an engine has several modes (one batched input or one clip per thread,
an attention operator of its own), the fastest is found first and then measured. Outputs are compared with Keras's: an
engine with wrong outputs is reported and left out of the ratios. Cold start and peak memory are of whole processes,
each engine in a minimal program that predicts one clip.

landmarker measures MediaPipe's three networks beside LiteRT, and a tracked frame and a video's emotion beside MediaPipe
0.10.21. It needs Linux and ffmpeg.
"""

_EXAMPLES = """\
examples:
  Tools/bench-peers --json build/peers.json --svg build/peers.svg
  Tools/bench-peers --models base --quick
  Tools/bench-peers --models landmarker      # the face landmarker alone
  Tools/bench-peers --from Benchmarks/peers.json --svg Benchmarks/peers.svg      # draws an earlier run again

exit codes: 0 measured, 1 measured, and an engine was wrong or failed, 2 the comparison cannot be made
"""


def parser() -> Parser:
    result = Parser("bench-peers", _DESCRIPTION, _EXAMPLES)
    result.add_argument(
        "--models", type=_models, default=MODELS, metavar="NAMES", help=f"of {','.join(MODELS)} (default: all)"
    )
    result.add_argument(
        "--seconds",
        type=_seconds,
        default=4.0,
        metavar="S",
        help="of timed predictions for each engine in each setting (default: 4)",
    )
    result.add_argument(
        "--quick", action="store_true", help="one second, no batch, three cold starts: to see that it works"
    )
    result.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    result.add_argument("--markdown", action="store_true", help="print the ratios as README's table has them")
    result.add_argument("--svg", type=Path, metavar="FILE", help="write a chart")
    result.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="measure nothing: show an earlier run's JSON"
    )
    result.add_argument("--seed", type=int, default=1, help="of the models' weights (default: 1)")
    result.add_argument("--folder", type=Path, default=ROOT / "build" / "peers", help="for the models")
    result.add_argument("--executable", type=Path, help="the emotionformer executable (default: it is built)")
    return result


def _models(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not names or any(name not in MODELS for name in names) or len(set(names)) != len(names):
        raise argparse.ArgumentTypeError(f"names of {', '.join(MODELS)} with commas between them (found {text!r})")
    return names


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"a number above 0, at most 3600 (found {text!r})")
    return value


def environment(arguments: argparse.Namespace) -> None:
    """The system's Python does: what is measured runs in environments of its own."""
