"""The ratios that this engine is held to with each instruction set, from the medians of one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emotionformer.peers.contestants import OURS

Document = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """What each ratio may be at most with one instruction set."""

    float32: float
    int8: float
    int8_by_float32: float
    products: float


LIMITS = {
    "avx2": Limits(float32=0.80, int8=0.62, int8_by_float32=0.68, products=1.22),
    "avx512": Limits(float32=0.78, int8=0.58, int8_by_float32=0.60, products=1.25),
}


@dataclass(frozen=True)
class Bar:
    """One ratio; the value is None where it was not measured."""

    name: str
    limit: float
    value: float | None
    unit: str = "×"

    @property
    def verdict(self) -> str:
        return "not measured" if self.value is None else "holds" if self.value <= self.limit else "missed"

    def document(self) -> Document:
        return {"name": self.name, "limit": self.limit, "value": self.value, "unit": self.unit, "verdict": self.verdict}


def median(document: Document, model: str, batch: int, threads: int, engine: str, precision: str) -> float | None:
    """Of a run whose outputs were right."""
    for run in document["runs"]:
        key = (run["model"], run["batch"], run["threads"], run["engine"], run["precision"])
        if key == (model, batch, threads, engine, precision) and run["milliseconds"] and not run["problem"]:
            return float(run["milliseconds"]["median"])
    return None


def best_peer(
    document: Document, model: str, batch: int, threads: int, precision: str, of: tuple[str, ...] = ()
) -> float | None:
    """The least median of all others, or of those named."""
    engines = of or tuple(dict.fromkeys(run["engine"] for run in document["runs"] if run["engine"] != OURS))
    found = [median(document, model, batch, threads, engine, precision) for engine in engines]
    return min((value for value in found if value is not None), default=None)


def instruction_set(document: Document) -> str | None:
    """That this engine computed with; older runs have it in another place."""
    found = document["machine"].get("instructionSet") or document.get("extra", {}).get("instructionSet")
    return None if found is None else str(found)


def ratio(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value / other


def landmarker_bars(document: Document) -> list[Bar]:
    """Those of the landmarker, if it was measured."""
    found: Document | None = document.get("landmarker")
    if found is None:
        return []
    taken = {
        (row["network"], row["threads"], row["engine"]): row["milliseconds"]["median"] for row in found["networks"]
    }

    def against(name: str, threads: int) -> float | None:
        return ratio(taken.get((name, threads, OURS)), taken.get((name, threads, "LiteRT")))

    rows = [
        Bar(f"landmarker: {name} network, 1 thread / LiteRT", limit, against(name, 1))
        for name, limit in (("mesh", 0.80), ("detector", 0.80), ("blendshapes", 1.0))
    ]
    one, two = taken.get(("mesh", 1, OURS)), taken.get(("mesh", 2, OURS))
    rows.append(Bar("landmarker: mesh network, 2 threads / 1 thread", 0.6, ratio(two, one)))
    for name, part, peer, limit in (
        ("tracked frame, processor time / MediaPipe", "frame", "MediaPipe", 0.55),
        ("video to emotion / MediaPipe and LiteRT", "video", "MediaPipe and LiteRT", 0.5),
    ):
        times = found[part]
        rows.append(Bar(f"landmarker: {name}", limit, ratio(times[OURS]["median"], times[peer]["median"])))
    rows.append(Bar("landmarker: peak memory", 40, found["peakBytes"] / 2**20, "MiB"))
    return rows


def bars(document: Document) -> list[Bar]:
    """All that the run's instruction set has; none for one without limits."""
    limits = LIMITS.get(instruction_set(document) or "")
    return [] if limits is None else [*_single(document, limits), *_batch(document), *_alone(document, limits)]


def _single(document: Document, limits: Limits) -> Iterator[Bar]:
    """One clip, beside others."""

    def ours(model: str, threads: int, precision: str) -> float | None:
        return median(document, model, 1, threads, OURS, precision)

    for model in ("base", "xyz"):
        for threads in (1, 2):
            at = f"{model}, {threads} thread{'s' * (threads > 1)}"
            float32, int8 = ours(model, threads, "float32"), ours(model, threads, "int8")
            best = best_peer(document, model, 1, threads, "float32")
            yield Bar(f"{at}: float32 / best peer of it", limits.float32, ratio(float32, best))
            best = best_peer(document, model, 1, threads, "int8", ("LiteRT", "ONNX Runtime"))
            yield Bar(f"{at}: int8 / best of LiteRT and ONNX Runtime", limits.int8, ratio(int8, best))
            yield Bar(f"{at}: int8 / float32", limits.int8_by_float32, ratio(int8, float32))
    for threads in (1, 2):
        at = f"bilstm, {threads} thread{'s' * (threads > 1)}"
        for precision, peer, limit in (("float32", "OpenVINO", 0.75), ("int8", "ONNX Runtime", 0.95)):
            theirs = median(document, "bilstm", 1, threads, peer, precision)
            value = ratio(ours("bilstm", threads, precision), theirs)
            yield Bar(f"{at}: {precision} / {peer} {precision}", limit, value)


def _batch(document: Document) -> Iterator[Bar]:
    batch = int(document["batch"])
    for precision in ("float32", "int8"):
        ours = median(document, "base", batch, 2, OURS, precision)
        best = best_peer(document, "base", batch, 2, precision)
        yield Bar(f"base, {batch} clips, 2 threads: {precision} / best peer of it", 0.72, ratio(ours, best))


def _alone(document: Document, limits: Limits) -> Iterator[Bar]:
    """Beside this engine itself, and whole processes."""
    extra = document.get("extra", {})
    one, two = (median(document, "base", 1, threads, OURS, "float32") for threads in (1, 2))
    yield Bar("base, float32: 2 threads / 1 thread", 0.54, ratio(two, one))
    yield Bar("base, float32, one core busy: 2 threads / 1 thread", 1.02, extra.get("twoThreadsInCompany"))
    yield Bar("bundled model: 60 frames / 300 frames", 0.25, extra.get("sixtyFrames"))
    share = extra.get("shareOfPeak")
    products = 1 / share if share else None
    yield Bar("base, float32, 1 thread / its products at the FMA peak", limits.products, products)
    yield Bar("base, portable, 1 thread / its products by OpenBLAS", 1.35, extra.get("portableAgainstBLAS"))
    cold = {(row["engine"], row["precision"]): row for row in document["coldStart"] if row["model"] == "base"}
    for precision, limit in (("float32", 32), ("int8", 22)):
        ours, theirs = cold.get((OURS, precision)), cold.get(("LiteRT", precision))
        time = ratio(ours["milliseconds"]["median"], theirs["milliseconds"]["median"]) if ours and theirs else None
        yield Bar(f"cold start: {precision} / LiteRT {precision}", 0.20, time)
        memory = ours["peakBytes"] / 2**20 if ours else None
        yield Bar(f"peak memory: {precision}", limit, memory, "MiB")


def all_bars(document: Document) -> list[Bar]:
    """Of the parts that were measured."""
    return (bars(document) if document["runs"] else []) + landmarker_bars(document)
