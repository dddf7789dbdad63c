"""The ratios that this engine is held to, from the medians of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emotionformer.peers.contestants import OURS

Document = dict[str, Any]


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


def ratio(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value / other


def bars(document: Document) -> list[Bar]:
    """All of them, in the order of the issue that set them."""
    batch = int(document["batch"])

    def against(model: str, size: int, threads: int, precision: str, peer: str, peer_precision: str) -> float | None:
        ours = median(document, model, size, threads, OURS, precision)
        return ratio(ours, median(document, model, size, threads, peer, peer_precision))

    found = []
    for model in ("base", "xyz"):
        for threads in (1, 2):
            at = f"{model}, {threads} thread{'s' * (threads > 1)}"
            found.append(
                Bar(
                    f"{at}: float32 / OpenVINO float32",
                    0.85,
                    against(model, 1, threads, "float32", "OpenVINO", "float32"),
                )
            )
            found.append(
                Bar(f"{at}: float32 / LiteRT float32", 0.70, against(model, 1, threads, "float32", "LiteRT", "float32"))
            )
            found.append(Bar(f"{at}: int8 / LiteRT int8", 0.75, against(model, 1, threads, "int8", "LiteRT", "int8")))
    for threads in (1, 2):
        at = f"bilstm, {threads} thread{'s' * (threads > 1)}"
        found.append(
            Bar(
                f"{at}: float32 / OpenVINO float32",
                0.85,
                against("bilstm", 1, threads, "float32", "OpenVINO", "float32"),
            )
        )
    for precision in ("float32", "int8"):
        ours = median(document, "base", batch, 2, OURS, precision)
        peers = [median(document, "base", batch, 2, peer, precision) for peer in ("LiteRT", "ONNX Runtime", "OpenVINO")]
        right = [value for value in peers if value is not None]
        value = ratio(ours, min(right)) if right else None
        found.append(Bar(f"base, {batch} clips, 2 threads: {precision} / best peer of it", 0.80, value))
    one, two = (median(document, "base", 1, threads, OURS, "float32") for threads in (1, 2))
    found.append(Bar("base, float32: 2 threads / 1 thread", 0.54, ratio(two, one)))
    extra = document.get("extra", {})
    share = extra.get("shareOfPeak")
    found.append(Bar("base, float32, 1 thread / its products at the FMA peak", 1.30, 1 / share if share else None))
    found.append(Bar("base, portable, 1 thread / its products by OpenBLAS", 1.35, extra.get("portableAgainstBLAS")))
    cold = {(row["engine"], row["precision"]): row for row in document["coldStart"] if row["model"] == "base"}
    for precision, limit in (("float32", 32), ("int8", 22)):
        ours_row, theirs = cold.get((OURS, precision)), cold.get(("LiteRT", precision))
        time = (
            ratio(ours_row["milliseconds"]["median"], theirs["milliseconds"]["median"]) if ours_row and theirs else None
        )
        found.append(Bar(f"cold start: {precision} / LiteRT {precision}", 0.25, time))
        memory = ours_row["peakBytes"] / 2**20 if ours_row else None
        found.append(Bar(f"peak memory: {precision}", limit, memory, "MiB"))
    return found
