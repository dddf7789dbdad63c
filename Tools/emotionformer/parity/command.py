"""The command `Tools/parity`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from emotionformer.console.output import ReaderGone, say, show
from emotionformer.console.output import run as run_tool
from emotionformer.outputs import OutputError, ending_tidily, write_text

from emotionformer.parity import clips as clip_sources
from emotionformer.parity import comparison, engine, litert, model_file, page, report, tolerances
from emotionformer.parity.errors import ParityError

_DESCRIPTION = """\
Runs LiteRT and this package's engine on one TensorFlow Lite file and the same inputs, and prints for every operation of
the file how far they are apart; for the outputs also the best class and its margin.

What is held to what:
  float32 and float16 files   Every operation of the unfused plan, after all operations before it, against LiteRT's
                              reference kernels with every tensor preserved: 1e-5 of the tensor's largest magnitude.
                              Probabilities of the fused plan against LiteRT's default kernels (XNNPACK): 2e-6. The
                              fused plan's logits against the unfused plan's: 1e-6 of the largest.
  dynamic-range int8 files    Every operation alone, on the operands that LiteRT itself had, against what LiteRT's
                              default kernels made of them: with all tensors preserved, XNNPACK takes the operators one
                              by one, as a delegate each, so every operand and result can be read. Products with int8
                              weights: 1e-6 of the largest magnitude, or of 1; others: 1e-5 of the largest magnitude.
                              LSTMs and loops quantise what their last step has made: there 1e-6 is for the median over
                              the frames, and 5e-3 for each.
                              End to end, for small models: median over the clips of each one's largest difference 1e-4
                              in probability and 1e-3 in logit, maximum 5e-3 and 2e-2; from a million parameters on:
                              maximum 1e-2 and 5e-2.
  all files                   The best class is the same wherever the two best are further apart than the bound. NaN or
                              infinity in an output fails. An operation that is missing from the comparison fails.
The column XNNPACK/ref says how far LiteRT's own two sets of kernels are apart at that tensor.
"""

_EXAMPLES = """\
examples:
  Tools/parity model.tflite
  Tools/parity model.tflite --clips mine/*.npy --random 20 --json parity.json --html parity.html

exit codes: 0 all within the tolerances, 1 not, 2 the comparison cannot be made
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="Tools/parity",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, metavar="MODEL.tflite")
    parser.add_argument(
        "--clips",
        type=Path,
        nargs="+",
        metavar="FILE.npy",
        help="real clips: frames × 478 × 3 landmarks, which are standardised and padded, or the model's own features, "
        "taken as they are (default: six clips of the tests)",
    )
    parser.add_argument("--random", type=_count, metavar="N", help="random clips beside them (default: 4; for int8 16)")
    parser.add_argument("--seed", type=int, default=1, help="of the random clips (default: 1)")
    parser.add_argument(
        "--traced",
        type=_count,
        default=4,
        metavar="N",
        help="clips of which every operation is compared, real and random in turn; the outputs are of all "
        "(default: 4, 0 for all)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page that a browser shows without a network")
    parser.add_argument("--executable", type=Path, help="the emotionformer executable (default: what was built last)")
    # The negative controls of the tests alter the file for one side.
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a number from 0 on is expected")
    return value


def _clips(
    arguments: argparse.Namespace, model: model_file.ModelFile
) -> tuple[comparison.Named, list[tuple[int, ...]]]:
    inputs = litert.input_details(arguments.model)
    shapes = clip_sources.closed_shapes(inputs)
    real: comparison.Named = []
    if clip_sources.takes_clip(shapes, inputs):
        files = arguments.clips or sorted((engine.ROOT / "Tests" / "Fixtures" / "cremad").glob("*.npy"))
        real = clip_sources.real_clips(files, shapes[0])
    elif arguments.clips:
        raise ParityError(f"{arguments.model}: --clips needs a model of 1 × frames × features (found {shapes})")
    count = arguments.random
    if count is None:
        count = max(16, tolerances.MEDIAN_CLIPS - len(real)) if model.is_dynamic_range else 4
    random = clip_sources.random_clips(count, arguments.seed, inputs, shapes)
    if not real and not random:
        raise ParityError("there are no clips: --random is 0, and there are no real ones")
    # In turn, so that any first few have both kinds.
    mixed = [clip for pair in zip(real, random) for clip in pair]
    return mixed + real[len(random) :] + random[len(real) :], shapes


def run(arguments: argparse.Namespace) -> int:
    model = model_file.read(arguments.model)
    clips, shapes = _clips(arguments, model)
    executable = engine.find_executable(arguments.executable)
    with tempfile.TemporaryDirectory(prefix="parity-") as scratch:
        ours = engine.Engine(executable, arguments.ours or arguments.model, Path(scratch))
        programs = comparison.open_programs(model, shapes, ours)
        found = comparison.compare(model, programs, clips, arguments.traced or len(clips))
    document = report.document(found)
    _write(arguments.json, json.dumps(document, indent=1) + "\n")
    _write(arguments.html, page.html(found))
    complaints = found.complaints()
    try:
        for line in report.lines(found):
            show(line)
        show(f"verdict        {'FAILED' if complaints else 'passed'}")
    except ReaderGone:
        # The exit code still tells the verdict.
        pass
    if not complaints:
        return 0
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    say("parity", f"{arguments.model}: {complaints[0]}{more}")
    return 1


def _write(file: Path | None, text: str) -> None:
    if file is None:
        return
    try:
        write_text(file, text, "report of Tools/parity", _is_report)
    except OutputError as error:
        raise ParityError(str(error)) from error


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    return b'"format": "emotionformer-parity"' in start or b'<meta name="generator" content="emotionformer' in start


def main(argv: list[str] | None = None) -> int:
    return run_tool("parity", lambda: _main(argv))


def _main(argv: list[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        with ending_tidily():
            return run(arguments)
    except ParityError as error:
        say("parity", error)
        return 2
    except KeyboardInterrupt:
        say("parity", "interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
