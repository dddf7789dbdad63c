"""The table of function calls with every family registered in it."""

from __future__ import annotations

from emotionformer.export.operators import operators_more, products as operators_products, shapes as operators_shapes
from emotionformer.export.operators.operators import TABLE

FAMILIES = (operators_more, operators_products, operators_shapes)

__all__ = ["FAMILIES", "TABLE"]
