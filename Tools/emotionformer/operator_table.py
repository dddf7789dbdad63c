"""The table of function calls with every family registered in it."""

from __future__ import annotations

from . import operators_more, operators_products, operators_shapes
from .operators import TABLE

FAMILIES = (operators_more, operators_products, operators_shapes)

__all__ = ["FAMILIES", "TABLE"]
