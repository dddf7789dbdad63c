"""The table of function calls with every family registered in it."""

from __future__ import annotations

from emotionformer.export.operators import operators_more
from emotionformer.export.operators import products as operators_products
from emotionformer.export.operators import shapes as operators_shapes
from emotionformer.export.operators.operators import TABLE

FAMILIES = (operators_more, operators_products, operators_shapes)

__all__ = ["FAMILIES", "TABLE"]
