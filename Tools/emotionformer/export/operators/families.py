"""The table of function calls with every family registered in it."""

from __future__ import annotations

from emotionformer.export.operators import arithmetic, products, reductions, shapes
from emotionformer.export.operators.table import TABLE

FAMILIES = (arithmetic, products, reductions, shapes)

__all__ = ["FAMILIES", "TABLE"]
