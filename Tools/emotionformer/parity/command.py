"""The command `Tools/parity`."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from emotionformer.console.output import ReaderGone, say, show
from emotionformer.console.output import run as run_tool
from emotionformer.console.printing import printable
from emotionformer.errors import ParityError
from emotionformer.executable import find_executable
from emotionformer.outputs import write_text
from emotionformer.parity import clips as clip_sources
from emotionformer.parity import comparison, engine, litert, model_file, page, report, survey, tolerances
from emotionformer.parity.arguments import parser
from emotionformer.parity.entry import opened_at
from emotionformer.places import FIXTURES


def _clips(
    arguments: argparse.Namespace, model: model_file.ModelFile, path: Path
) -> tuple[comparison.Named, list[tuple[int, ...]]]:
    inputs = litert.inputs_of(path)
    if arguments.inputs:
        return clip_sources.given_runs(arguments.inputs, inputs, arguments.seed)
    shapes = clip_sources.closed_shapes(inputs)
    real: comparison.Named = []
    if clip_sources.takes_clip(shapes, inputs):
        files = arguments.clips or sorted((FIXTURES / "cremad").glob("*.npy"))
        real = clip_sources.real_clips(files, shapes[0])
    elif arguments.clips:
        raise ParityError(f"{path}: --clips needs a model of 1 × frames × features; use --inputs (found {shapes})")
    count = arguments.random
    if count is None:
        count = max(16, tolerances.MEDIAN_CLIPS - len(real)) if model.is_dynamic_range else 4
    random = clip_sources.random_clips(count, arguments.seed, inputs, shapes)
    if not real and not random:
        raise ParityError("there are no clips: --random is 0, and there are no real ones")
    # In turn, so that any first few have both kinds.
    mixed = [clip for pair in zip(real, random) for clip in pair]
    return mixed + real[len(random) :] + random[len(real) :], shapes


def _compared(arguments: argparse.Namespace, path: Path) -> comparison.Comparison:
    executable = find_executable(arguments.executable)
    with tempfile.TemporaryDirectory(prefix="parity-") as scratch:
        entry = opened_at(path, arguments.signature, Path(scratch))
        model = model_file.read(entry)
        clips, shapes = _clips(arguments, model, entry)
        ours = engine.Engine(executable, arguments.ours or path, Path(scratch), arguments.signature)
        programs = comparison.open_programs(model, shapes, ours)
        return comparison.compare(model, programs, clips, arguments.traced or len(clips))


def _run_all(arguments: argparse.Namespace) -> int:
    """Several files: a line for each, and the largest differences of all."""
    files: list[survey.FileSummary] = []
    for path in arguments.models:
        if flex := model_file.flex_operators(path):
            show(f"skipped  LiteRT does not run TensorFlow's own operators ({', '.join(flex)})  {printable(path.name)}")
            continue
        files.append(survey.summary_of(_compared(arguments, path)))
        show(files[-1].line)
    if not files:
        raise ParityError("every file was skipped: nothing is compared")
    for line in survey.totals(files):
        show(line)
    failed = [file.name for file in files if not file.passed]
    if failed:
        say("parity", f"{len(failed)} of {len(files)} files differ, the first is {failed[0]}: compare it alone")
    return 1 if failed else 0


def run(arguments: argparse.Namespace) -> int:
    if arguments.inputs and (arguments.clips or len(arguments.models) > 1):
        raise ParityError("--inputs is for one model, and not beside --clips (see --help)")
    if len(arguments.models) > 1:
        if arguments.json or arguments.html or arguments.ours:
            raise ParityError("--json and --html are for one model (see --help)")
        return _run_all(arguments)
    path = arguments.models[0]
    if flex := model_file.flex_operators(path):
        operators = ", ".join(flex)
        raise ParityError(f"{path}: LiteRT does not run TensorFlow's own operators ({operators})")
    found = _compared(arguments, path)
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
    say("parity", f"{path}: {complaints[0]}{more}")
    return 1


def _write(file: Path | None, text: str) -> None:
    if file is not None:
        write_text(file, text, "report of Tools/parity", _is_report)


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    return b'"format": "emotionformer-parity"' in start or b'<meta name="generator" content="emotionformer' in start


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("parity", lambda: run(parser().parsed(given)), failed=2)
