"""Conversion of Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate and Dot."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotionformer.export.conversion import Converter, Result, as_bool, as_tensor, handles
from emotionformer.export.graph import Call, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.layers.attention import deletes_masks, joined
from emotionformer.export.layers.core import as_float

KINDS = {
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "Average": "average",
    "Maximum": "maximum",
    "Minimum": "minimum",
}


def operands(converter: Converter, layer: Layer, call: Call) -> list[Tensor]:
    """The list a merging layer is called on; Keras 3 also lets constants stand in it, or writes two arguments."""
    items: Any = call.first
    if len(call.arguments) > 1 and not isinstance(items, (list, tuple)):
        items = call.arguments
    if isinstance(items, dict):
        items = list(items.values())
    if not isinstance(items, (list, tuple)) or not items:
        raise layer.refuse("it is not called on a list of tensors")
    return [as_tensor(converter, item) for item in items]


def same_type(converter: Converter, values: list[Value]) -> list[Value]:
    """Values of one element type, floats if any is one."""
    kinds = {value.dtype for value in values}
    if len(kinds) == 1:
        return values
    target = "float32" if "float32" in kinds else next(kind for kind in sorted(kinds, reverse=True) if kind != "bool")
    return [converter.graph.one("cast", v, to=target) if v.dtype != target else v for v in values]


def merged(converter: Converter, kind: str, values: list[Value]) -> Value:
    """All values combined from the left; `average` divides the sum by their number."""
    values = same_type(converter, values)
    result = values[0]
    for value in values[1:]:
        result = converter.graph.one("add" if kind == "average" else kind, result, value)
    if kind == "average":
        result = converter.graph.one("multiply", result, converter.graph.constant(1.0 / len(values)))
    return result


@handles(*KINDS)
def merging(converter: Converter, layer: Layer, call: Call) -> Result:
    given = operands(converter, layer, call)
    values = [item.value for item in given]
    ranks = [value.rank for value in values]
    if layer.generation == 2 or any(not value.is_constant for value in values):
        batch = next(value.shape[0] for value in values if value.rank == max(ranks)) if max(ranks) else 1
        values = [_raised(converter, value, max(ranks), batch) for value in values]
    values = [as_float(converter.graph, item) for item in values]
    kind, masks = KINDS[layer.class_name], [item.mask for item in given]
    if deletes_masks(converter) and kind in ("multiply", "maximum", "minimum") and any(masks):
        return Tensor(_merged_inside_masks(converter, kind, values, masks), merged_mask(converter, layer, call, given))
    return Tensor(merged(converter, kind, values), merged_mask(converter, layer, call, given))


def _merged_inside_masks(converter: Converter, kind: str, values: list[Value], masks: list[Value | None]) -> Value:
    """Since 3.7 Keras multiplies, and takes the larger or smaller, of those operands alone that are not masked."""
    graph = converter.graph
    wide = [
        None if mask is None else graph.one("expandDimensions", as_bool(converter, mask), axis=-1) for mask in masks
    ]
    result, kept = values[0], wide[0]
    if kind == "multiply":
        one = graph.constant(1.0)
        inside = [v if mask is None else graph.one("select", mask, v, one) for v, mask in zip(values, wide)]
        result = merged(converter, kind, inside)
        if any(mask is None for mask in wide):
            return result
        for mask in wide[1:]:
            kept = kept if mask is kept else graph.one("logicalOr", kept, mask)
        return graph.one("select", kept, result, graph.constant(0.0))
    for value, mask in zip(values[1:], wide[1:]):
        if mask is not None:
            value = graph.one("select", mask, value, result)
        if kept is not None:
            result = graph.one("select", kept, result, value)
        kept = graph.one("logicalOr", kept, mask) if mask is not None and kept is not None else None
        result = graph.one(kind, result, value)
    return result


def _raised(converter: Converter, value: Value, rank: int, batch: int) -> Value:
    """Tensors of lower rank get axes of extent 1 behind the batch."""
    if value.rank == rank or value.rank == 0 or value.shape[0] not in (1, batch) or value.is_constant:
        return value
    shape = [value.shape[0], *[1] * (rank - value.rank), *value.shape[1:]]
    return converter.graph.one("reshape", value, shape=shape)


def merged_mask(converter: Converter, layer: Layer, call: Call, given: list[Tensor]) -> Value | None:
    """Keras combines the masks there are by "and"; since 3.7 by "or", and has none if one operand has none."""
    masks = [as_bool(converter, mask) for mask in explicit_masks(call, given)]
    if not deletes_masks(converter):
        return joined(converter, masks)
    if any(mask is None for mask in masks):
        return None
    result = masks[0]
    for mask in masks[1:]:
        if mask is not result:
            result = converter.graph.one("logicalOr", result, mask)
    return result


def explicit_masks(call: Call, given: list[Tensor]) -> list[Value | None]:
    """One mask an operand."""
    masks = call.keywords.get("mask")
    if isinstance(masks, (list, tuple)) and len(masks) == len(given):
        return [item.value if isinstance(item, Tensor) else None for item in masks]
    return [item.mask for item in given]


@handles("Concatenate")
def concatenate(converter: Converter, layer: Layer, call: Call) -> Result:
    given = operands(converter, layer, call)
    axis = int(layer.option("axis", -1))
    values = same_type(converter, [item.value for item in given])
    # A constant is stored once for the batch; the axis of a clip's batch has extent 1.
    value = converter.graph.one("concatenate", *values, axis=axis)
    masks = explicit_masks(call, given)
    if all(mask is None for mask in masks):
        return Tensor(value)
    return Tensor(value, _concatenated_mask(converter, given, masks, axis))


def _concatenated_mask(converter: Converter, given: list[Tensor], masks: list[Value | None], axis: int) -> Value:
    graph, whole = converter.graph, []
    for item, mask in zip(given, masks):
        typed = as_bool(converter, mask)
        if typed is None:
            whole.append(graph.constant(np.ones(item.shape), "bool"))
            continue
        if typed.rank < item.rank:
            typed = graph.one("expandDimensions", typed, axis=-1)
            typed = graph.one("broadcastTo", typed, shape=list(item.shape))
        whole.append(typed)
    return graph.one("reduceAll", graph.one("concatenate", *whole, axis=axis), axes=[-1])


@handles("Dot")
def dot(converter: Converter, layer: Layer, call: Call) -> Result:
    """The product over one axis of each of two tensors, batch by batch."""
    graph = converter.graph
    first, second = (item.value for item in operands(converter, layer, call)[:2])
    axes = layer.option("axes", -1)
    axes = [axes, axes] if isinstance(axes, int) else list(axes)
    left, right = axes[0] % first.rank, axes[1] % second.rank
    if layer.option("normalize", False):
        first, second = _unit(converter, first, left), _unit(converter, second, right)
    before, after = first.shape, second.shape
    if left != first.rank - 1:
        order = [axis for axis in range(first.rank) if axis != left] + [left]
        first = graph.one("transpose", first, permutation=order)
    if right != 1:
        order = [0, right] + [axis for axis in range(1, second.rank) if axis != right]
        second = graph.one("transpose", second, permutation=order)
    extent = before[left]
    rows = [n for axis, n in enumerate(before) if axis not in (0, left)]
    columns = [n for axis, n in enumerate(after) if axis not in (0, right)]
    batch = before[0]
    first = graph.one("reshape", first, shape=[batch, int(np.prod(rows)), extent])
    second = graph.one("reshape", second, shape=[batch, extent, int(np.prod(columns))])
    product = graph.one("matmul", first, second)
    return Tensor(graph.one("reshape", product, shape=[batch, *(rows + columns or [1])]))


def _unit(converter: Converter, value: Value, axis: int) -> Value:
    graph = converter.graph
    total = graph.one("reduceSum", graph.one("square", value), axes=[axis], keepDimensions=True)
    scale = graph.one("reciprocalSquareRoot", graph.one("clip", total, minimum=1e-12))
    return graph.one("multiply", value, scale)
