"""The model's outputs, clip by clip."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emotionformer.parity.litert import Array
from emotionformer.parity.operations import distance
from emotionformer.parity.tolerances import EndTolerance


@dataclass
class ClipResult:
    """One clip: what both sides say of it."""

    name: str
    # Largest differences between the engine, as it runs for an app, and LiteRT's default kernels.
    probabilities: float
    logits: float | None
    # The same of the engine's unfused plan: the file's operations as they stand.
    unfused: float
    unfused_logits: float | None
    # The engine's fused plan against its unfused one, as a part of the largest logit.
    fusion: float | None
    # LiteRT's default kernels against its reference kernels.
    apart: float
    apart_logits: float | None
    # LiteRT's whole delegate against the one that is cut in pieces, so that tensors can be read.
    pieces: float
    ours: int
    theirs: int
    # How far LiteRT's two best classes are apart.
    margin: float
    is_finite: bool


@dataclass
class Spread:
    """A difference over all clips, and whether it is within its bounds."""

    values: list[float]
    tolerance: EndTolerance | None
    maximum: float = field(init=False)
    median: float = field(init=False)

    def __post_init__(self) -> None:
        self.maximum = max(self.values, default=0.0)
        self.median = float(np.median(self.values)) if self.values else 0.0

    def complaints(self, name: str) -> list[str]:
        if self.tolerance is None:
            return []
        result = []
        if not self.maximum <= self.tolerance.maximum:
            result.append(f"the {name} differ by up to {self.maximum:.2g}, where {self.tolerance.maximum:g} is allowed")
        if self.tolerance.median is not None and not self.median <= self.tolerance.median:
            result.append(
                f"the {name} differ by {self.median:.2g} in the median, where {self.tolerance.median:g} is allowed"
            )
        return result


def best_two(output: Array) -> tuple[int, float]:
    """The best class, and how far it is from the second."""
    flat = output.reshape(-1).astype(np.float64)
    order = np.argsort(-flat, kind="stable")
    return int(order[0]), float(flat[order[0]] - flat[order[1]]) if flat.size > 1 else float("inf")


def largest(ours: list[Array], theirs: list[Array], scaled: bool) -> float:
    """The largest difference of any output; as a part of its magnitude, if that is above 1, for other things than
    probabilities."""
    result = 0.0
    for a, b in zip(ours, theirs):
        if a.shape != b.shape:
            return float("inf")
        difference, magnitude = distance(a, b)
        result = max(result, difference / max(1.0, magnitude) if scaled else difference)
    return result
