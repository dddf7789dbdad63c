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
    # Whether every output is finite where LiteRT's is.
    is_finite: bool
    # Elements of integer outputs that are not LiteRT's.
    integers: int = 0


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


@dataclass(frozen=True)
class BestClass:
    """The best class of a row of an output by both sides, and how far LiteRT's two best are apart."""

    ours: int
    theirs: int
    margin: float


def best_class(ours: Array, theirs: Array) -> BestClass:
    """Of the rows (all axes but the last) the one that speaks most against the engine: one of another best class, by
    the largest margin; or else one with the smallest margin. Rows of one number, and of integers, have no classes."""
    if theirs.ndim == 0 or theirs.shape[-1] < 2 or ours.shape != theirs.shape or theirs.dtype.kind != "f":
        return BestClass(0, 0, float("inf"))
    a, b = (array.reshape(-1, array.shape[-1]).astype(np.float64) for array in (ours, theirs))
    order = np.argsort(-b, axis=1, kind="stable")
    each = np.arange(len(b))
    margins = b[each, order[:, 0]] - b[each, order[:, 1]]
    best = np.argsort(-a, axis=1, kind="stable")[:, 0]
    differs = best != order[:, 0]
    row = int(np.argmax(np.where(differs, margins, -1.0)) if differs.any() else np.argmin(margins))
    return BestClass(int(best[row]), int(order[row, 0]), float(margins[row]))


def wrong_integers(ours: list[Array], theirs: list[Array]) -> int:
    """How many elements of integer outputs differ."""
    return sum(
        int((a != b).sum()) if a.shape == b.shape else b.size for a, b in zip(ours, theirs) if b.dtype.kind != "f"
    )


def are_finite(ours: list[Array], theirs: list[Array]) -> bool:
    """Whether the engine gives no NaN or infinity where LiteRT gives a number."""
    return all(
        a.dtype.kind != "f" or a.shape != b.shape or bool((np.isfinite(a) | ~np.isfinite(b)).all())
        for a, b in zip(ours, theirs)
    )


def largest(ours: list[Array], theirs: list[Array], scaled: bool) -> float:
    """The largest difference of any output of floats; as a part of its magnitude, if that is above 1, for other things
    than probabilities."""
    result = 0.0
    for a, b in zip(ours, theirs):
        if a.shape != b.shape or a.dtype != b.dtype:
            return float("inf")
        if b.dtype.kind != "f":
            continue
        difference, magnitude = distance(a, b)
        result = max(result, difference / max(1.0, magnitude) if scaled else difference)
    return result
