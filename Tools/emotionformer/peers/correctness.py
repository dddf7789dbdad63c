"""Nobody wins by being wrong: outputs against Keras's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Rows = Sequence[Sequence[float]]
# Largest difference in a probability. Between float32 runtimes it is the rounding of sums; int8 is the rounding of the
# weights and, at run time, of every activation, which each runtime does by its own rule.
BOUNDS = {"float32": 1e-5, "int8": 0.05}


@dataclass(frozen=True)
class Agreement:
    """How far outputs are from Keras's, and what is wrong with them, if anything."""

    difference: float
    problem: str | None

    @classmethod
    def of(cls, found: Rows, expected: Rows, precision: str) -> Agreement:
        bound = BOUNDS[precision]
        if [len(row) for row in found] != [len(row) for row in expected]:
            return cls(math.inf, f"{len(found)} rows of outputs, expected {len(expected)} of {len(expected[0])}")
        pairs = [(a, b) for left, right in zip(found, expected) for a, b in zip(left, right)]
        if not all(math.isfinite(a) for a, _ in pairs):
            return cls(math.inf, "an output is not a finite number")
        difference = max(abs(a - b) for a, b in pairs)
        if difference > bound:
            return cls(difference, f"{difference:.1e} from Keras in a probability, at most {bound:g} is right")
        for index, (left, right) in enumerate(zip(found, expected)):
            best = sorted(right)[-2:]
            if best[1] - best[0] > 2 * bound and list(left).index(max(left)) != list(right).index(best[1]):
                return cls(difference, f"another best class than Keras's for clip {index}")
        return cls(difference, None)
