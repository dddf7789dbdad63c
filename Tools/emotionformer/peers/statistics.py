"""Order statistics of timings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


def quantile(samples: Sequence[float], fraction: float) -> float:
    """Linear between the two nearest ranks, as NumPy's default."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    position = fraction * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@dataclass(frozen=True)
class Summary:
    """Milliseconds of one contestant in one run."""

    minimum: float
    p10: float
    median: float
    p90: float
    count: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> Summary:
        return cls(min(samples), quantile(samples, 0.1), quantile(samples, 0.5), quantile(samples, 0.9), len(samples))

    def document(self) -> dict[str, float]:
        return asdict(self)
