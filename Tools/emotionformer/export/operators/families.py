"""The table of function calls with every family registered in it."""

from __future__ import annotations

from emotionformer.export.operators import (
    arithmetic,
    combinations,
    elementary,
    missing,
    ordering,
    products,
    reductions,
    shapes,
    windows,
)
from emotionformer.export.operators.table import TABLE

FAMILIES = (arithmetic, combinations, elementary, missing, ordering, products, reductions, shapes, windows)

__all__ = ["FAMILIES", "TABLE"]
