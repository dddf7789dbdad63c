"""The command `Tools/bench-peers`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import say, show
from emotionformer.outputs import OutputError, ending_tidily, write_text
from emotionformer.peers import bars, chart, measure, preparation, table
from emotionformer.peers.contestants import Files, Setting, entries
from emotionformer.peers.errors import PeersError

MODELS = ("base", "xyz", "bilstm")
BATCH = 32

_DESCRIPTION = """\
Measures this engine beside LiteRT, ONNX Runtime and OpenVINO on the same models, in turns in one run.

Keras models are built from a seed and written as TensorFlow Lite (float32, dynamic-range int8) and ONNX (float32,
dynamically quantised int8). Every engine runs in a process of its own, which is stopped by a signal while another has
its turn, so that threads that wait by spinning cost the others nothing. Where an engine has several ways (one batched
input or a clip a thread, an attention operator of its own), the fastest is found first and measured then. Outputs are
held against Keras's: an engine whose outputs are wrong is told, and takes part in no ratio. Cold start and peak memory
are of whole processes, each engine by the least program that predicts one clip.
"""

_EXAMPLES = """\
examples:
  Tools/bench-peers --json build/peers.json --svg build/peers.svg
  Tools/bench-peers --models base --quick
  Tools/bench-peers --from Benchmarks/peers.json --svg Benchmarks/peers.svg      # draws an earlier run again

exit codes: 0 measured, 1 measured, and an engine was wrong or failed, 2 the comparison cannot be made
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="Tools/bench-peers",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", type=_models, default=MODELS, metavar="NAMES", help="of base,xyz,bilstm (default: all)")
    parser.add_argument(
        "--seconds", type=_seconds, default=4.0, metavar="S", help="of timed predictions for each engine in each setting (default: 4)"
    )
    parser.add_argument("--quick", action="store_true", help="one second, no batch, three cold starts: to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a chart")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="measure nothing: show an earlier run's JSON")
    parser.add_argument("--seed", type=int, default=1, help="of the models' weights (default: 1)")
    parser.add_argument("--folder", type=Path, default=preparation.PROJECT / "build" / "peers", help="for the models")
    parser.add_argument("--executable", type=Path, help="the emotionformer executable (default: it is built)")
    return parser


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


def _say(text: str) -> None:
    say("bench-peers", text)


def _own_json(files: Files, model: str, options: list[str], **environment: str) -> dict[str, Any]:
    command = [str(files.executable), "benchmark", "--json", "--model", str(files.ours(model, "float32")), *options]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    if finished.returncode != 0:
        raise PeersError(f"emotionformer benchmark: {(finished.stderr.strip().splitlines() or ['failed'])[-1]}")
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    seconds = min(1.0, arguments.seconds) if arguments.quick else arguments.seconds
    files = preparation.prepare(arguments.folder, arguments.models, arguments.seed, BATCH, arguments.executable, _say)
    busy = os.getloadavg()[1]
    here = measure.Round(files, seconds, _say)
    runs = []
    for model in arguments.models:
        for batch in (1,) if arguments.quick else (1, BATCH):
            _say(f"{model}, {batch} clip{'s' * (batch > 1)}, 1 and 2 threads")
            taking_part = [entry for threads in (1, 2) for entry in entries(files, Setting(model, batch, threads), BATCH)]
            runs += [result.document() for result in here.run(taking_part)]
    cold = []
    for model in arguments.models:
        _say(f"{model}, cold starts")
        cold += measure.cold_starts(files, model, 3 if arguments.quick else 11)
    extra: dict[str, Any] = {}
    if "base" in arguments.models:
        _say("base, against the machine's limits")
        single = _own_json(files, "base", ["--seconds", str(seconds)])
        extra["shareOfPeak"] = single.get("shareOfPeak")
        extra["instructionSet"] = single["instructionSet"]
        portable = _own_json(files, "base", ["--kernels", "--seconds", str(seconds)], EMOTIONFORMER_KERNELS="portable")
        extra["portableAgainstBLAS"] = portable["predictionAgainstBLAS"]
    document: dict[str, Any] = {
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            # What else went on: of the five minutes before the run, and of those before its end.
            "loadAverage": [busy, os.getloadavg()[1]],
        },
        "versions": _versions(),
        "batch": BATCH,
        "seconds": seconds,
        "runs": runs,
        "coldStart": cold,
        "extra": extra,
    }
    document["bars"] = [bar.document() for bar in bars.bars(document)]
    return document


def _versions() -> dict[str, str]:
    found = {}
    for name in ("peers.txt", "peers-models.txt"):
        for line in (preparation.TOOLS / "requirements" / name).read_text("utf-8").splitlines():
            package, _, version = line.split(";")[0].strip().partition("==")
            found[package] = version
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _read(file: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
        document["runs"], document["coldStart"], document["machine"]["processor"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PeersError(f"{file}: no JSON of an earlier run ({type(error).__name__})") from error
    return document


def _write(file: Path | None, text: str) -> None:
    if file is None:
        return
    try:
        write_text(file, text, "result of Tools/bench-peers", _is_result)
    except OutputError as error:
        raise PeersError(str(error)) from error


def _is_result(path: Path) -> bool:
    """A chart by its label, JSON by its fields."""
    with path.open("rb") as file:
        if b'aria-label="Bar chart of milliseconds a prediction by engine' in file.read(4096):
            return True
    try:
        _read(path)
    except PeersError:
        return False
    return True


def run(arguments: argparse.Namespace) -> int:
    document = _read(arguments.source) if arguments.source else _measured(arguments)
    _write(arguments.json, json.dumps(document, indent=1) + "\n")
    _write(arguments.svg, chart.chart(document))
    for line in (table.runs(document) + "\n" + table.ratios(bars.bars(document))).splitlines():
        show(line)
    wrong = [run for run in document["runs"] if run["problem"]]
    for run in wrong:
        _say(f"{run['engine']} {run['precision']} on {run['model']}: {run['problem']}")
    return 1 if wrong else 0


def main(argv: list[str] | None = None) -> int:
    return run_tool("bench-peers", lambda: _main(argv))


def _main(argv: list[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        with ending_tidily():
            return run(arguments)
    except PeersError as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        _say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
