"""Turns of this library and of NumPy."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotionformer.console.output import run, show, tell
from emotionformer.errors import ToolError
from emotionformer.outputs.file import check, write_text
from emotionformer.places import ROOT
from emotionformer.tensors.arguments import parser

# A turn of either side takes about as long.
TURN = 20e6


@dataclass(frozen=True)
class Case:
    """What is measured: a name of the probe's, extents, and the same for NumPy; None where NumPy has nothing such."""

    name: str
    extents: tuple[int, ...]
    numpy: Callable[[Any, Any], Callable[[], object]] | None
    # The bytes that are read and written, for what goes through memory.
    streams: int = 0

    @property
    def title(self) -> str:
        return f"{self.name} {'×'.join(map(str, self.extents))}"


def _softmax(np: Any, x: Any) -> Any:
    exponentials = np.exp(x - x.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def _normalized(np: Any, x: Any) -> Any:
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(-1, keepdims=True) + np.float32(1e-3))


def _in_place(np: Any, x: Any) -> Callable[[], object]:
    total = x.copy()
    return lambda: np.add(total, x, out=total)


def cases(np: Any) -> list[Case]:
    """Sizes of a transformer of 300 frames, and arrays that do not fit a processor's caches."""

    def product(_: Any, arrays: Any) -> Callable[[], object]:
        x, y = arrays
        return lambda: x @ y

    def one(function: Callable[[Any], object]) -> Callable[[Any, Any], Callable[[], object]]:
        return lambda _, arrays: lambda: function(arrays[0])

    large, rows = (2500, 4000), (300, 300)
    wide = [(300, 256, 256), (300, 256, 768), (300, 256, 1024), (300, 1024, 256)]
    found = [Case("matmul", extents, product) for extents in [*wide, (30, 64, 64), (1, 256, 768)]]
    found += [Case("dense", extents, None) for extents in [(300, 256, 768), (300, 1024, 256)]]
    return [
        *found,
        Case("add", large, one(lambda x: x + x), 12),
        Case("addInPlace", large, lambda _, arrays: _in_place(np, arrays[0]), 12),
        Case("scaled", large, one(lambda x: x * np.float32(2) + np.float32(1)), 8),
        Case("greater", large, one(lambda x: x > np.float32(0.5)), 5),
        Case("sum", large, one(lambda x: x.sum()), 4),
        Case("sumRows", large, one(lambda x: x.sum(1)), 4),
        Case("sumColumns", large, one(lambda x: x.sum(0)), 4),
        Case("max", large, one(lambda x: x.max()), 4),
        Case("memcpy", large, lambda _, arrays: _copying(np, arrays[0]), 8),
        Case("transposed", (2000, 2000), one(lambda x: np.ascontiguousarray(x.T))),
        Case("add", rows, one(lambda x: x + x)),
        Case("exp", rows, one(np.exp)),
        Case("log", rows, one(np.log)),
        Case("tanh", rows, one(np.tanh)),
        Case("argMax", rows, one(lambda x: x.argmax(-1))),
        Case("softmax", rows, one(lambda x: _softmax(np, x))),
        Case("layerNormalized", (300, 256), one(lambda x: _normalized(np, x))),
    ]


def _copying(np: Any, x: Any) -> Callable[[], object]:
    target = np.empty_like(x)
    return lambda: np.copyto(target, x)


class Probe:
    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def times(self, case: Case, repetitions: int) -> list[float]:
        request = {
            "operation": "time",
            "operands": [],
            "name": case.name,
            "shape": list(case.extents),
            "repetitions": repetitions,
        }
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline() or "{}")
        if "times" not in answer:
            raise ToolError(f"{case.title}: the probe does not answer (found {answer.get('error', 'nothing')})")
        return [float(time) for time in answer["times"]]

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=60)


def _numpy_times(body: Callable[[], object], repetitions: int) -> list[float]:
    body()
    found = []
    for _ in range(repetitions):
        start = time.perf_counter_ns()
        body()
        found.append(float(time.perf_counter_ns() - start))
    return found


def measured(np: Any, probe: Probe, case: Case, rounds: int) -> dict[str, Any]:
    """Medians over all turns, in microseconds."""
    random = np.random.default_rng(1)
    x = random.random(case.extents[:2], dtype=np.float32) + np.float32(0.1)
    y = random.random(case.extents[1:3], dtype=np.float32) if len(case.extents) > 2 else x
    other = case.numpy(np, (x, y)) if case.numpy else None
    once = statistics.median(probe.times(case, 5))
    repetitions = max(1, min(2000, round(TURN / max(once, 1))))
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(statistics.median(probe.times(case, repetitions)))
        if other:
            theirs.append(statistics.median(_numpy_times(other, repetitions)))
    result: dict[str, Any] = {"case": case.title, "ours": statistics.median(ours) / 1e3, "streams": case.streams}
    if theirs:
        result["numpy"] = statistics.median(theirs) / 1e3
        result["ratio"] = statistics.median(own / their for own, their in zip(ours, theirs, strict=True))
    return result


def ratios(results: Sequence[dict[str, Any]]) -> list[str]:
    """The library's own bars: a product beside a packed one, and bytes beside memcpy's."""
    by_case = {result["case"]: result for result in results}
    lines = []
    for title, result in by_case.items():
        packed = by_case.get(title.replace("matmul", "dense")) if title.startswith("matmul") else None
        if packed:
            lines.append(f"{title} ÷ dense: {result['ours'] / packed['ours']:.2f} (at most 1.10)")
    copied = next(result for result in results if result["case"].startswith("memcpy"))
    for result in results:
        if result["streams"] and result is not copied:
            bytes_each = result["ours"] / result["streams"] / (copied["ours"] / copied["streams"])
            lines.append(f"{result['case']}, a byte ÷ memcpy's: {bytes_each:.2f} (at most 1.30)")
    return lines


def _is_ours(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(10) == b'{\n "numpy"'


def built() -> Path:
    tell("building EmotionFormerTensorProbe")
    command = ["swift", "build", "--package-path", str(ROOT), "-c", "release", "--product", "EmotionFormerTensorProbe"]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolError("the probe is not built: `swift build` failed") from error
    return ROOT / ".build" / "release" / "EmotionFormerTensorProbe"


def main(given: Sequence[str]) -> int:
    arguments = parser().parsed(given)

    def body() -> int:
        if arguments.output:
            check(arguments.output, "table of measurements", _is_ours)
        program = built()
        # They choose another processor's kernels in a current NumPy.
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
            os.environ.pop(name, None)
        import numpy as np

        probe = Probe(program)
        results = []
        show(f"{'':34}{'here':>10}{'NumPy':>10}{'ratio':>8}   (medians in µs)")
        for case in cases(np):
            result = measured(np, probe, case, arguments.rounds)
            results.append(result)
            other = f"{result['numpy']:10.1f}{result['ratio']:8.2f}" if "numpy" in result else ""
            show(f"{result['case']:34}{result['ours']:10.1f}{other}")
        probe.close()
        for line in ratios(results):
            show(line)
        if arguments.output:
            text = json.dumps({"numpy": np.__version__, "rounds": arguments.rounds, "results": results}, indent=1)
            write_text(arguments.output, text + "\n", "table of measurements", _is_ours)
        return 0

    return run("bench-tensors", body)
