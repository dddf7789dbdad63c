"""Rarer function calls: normalisation, triangles, slices by size, sums of lists, attention as a function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter, as_bool
from emotionformer.export.graph import Tensor
from emotionformer.export.layers.merging import same_type
from emotionformer.export.operators.operators import Options, axes_of, booleans, floats, integers, operator, value_of


@operator("l2_normalize", "normalize")
def l2_normalize(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """x / √max(Σ x², ε); Keras 3's `normalize` divides by max(norm, ε)."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    if options.get("order", 2) not in (None, 2):
        raise ExportError(f"{graph.scope}: a norm of order {options['order']} is not supported")
    epsilon = float(options.get("epsilon") or 1e-12)
    axis = options.get("axis")
    axes = axes_of(converter, -1 if axis is None and options["function"] == "normalize" else axis, value.rank)
    total = graph.one("reduceSum", graph.one("square", value), axes=axes, keepDimensions=True)
    least = epsilon if options["function"] == "l2_normalize" else epsilon**2
    scale = graph.one("reciprocalSquareRoot", graph.one("clip", total, minimum=max(least, 1e-30)))
    return Tensor(graph.one("multiply", value, scale))


@operator("add_n")
def add_n(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    values = same_type(converter, [value_of(converter, item) for item in arguments[0]])
    result = values[0]
    for value in values[1:]:
        result = converter.graph.one("add", result, value)
    return Tensor(result)


@operator("average")
def average(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The mean, or the weighted mean along one axis."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    weights = options.get("weights", arguments[1] if len(arguments) > 1 else None)
    axis = options.get("axis")
    axes = axes_of(converter, axis, value.rank)
    if weights is None:
        return Tensor(graph.one("reduceMean", value, axes=axes))
    factor = floats(converter, value_of(converter, weights))
    if factor.rank == 1 and len(axes) == 1:
        shape = [1] * value.rank
        shape[axes[0]] = factor.shape[0]
        factor = graph.one("reshape", factor, shape=shape)
    factor = graph.one("broadcastTo", factor, shape=list(value.shape))
    total = graph.one("reduceSum", graph.one("multiply", value, factor), axes=axes)
    return Tensor(graph.one("divide", total, graph.one("reduceSum", factor, axes=axes)))


@operator("band_part")
def band_part(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, value_of(converter, arguments[0])
    lower = int(options.get("num_lower", arguments[1] if len(arguments) > 1 else -1))
    upper = int(options.get("num_upper", arguments[2] if len(arguments) > 2 else -1))
    rows, columns = np.indices(value.shape[-2:])
    kept = ((lower < 0) | (rows - columns <= lower)) & ((upper < 0) | (columns - rows <= upper))
    return Tensor(graph.one("select", graph.constant(kept, "bool"), value, graph.constant(0, value.dtype)))


@operator("slice")
def slice_of(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """From `begin`, `size` elements an axis."""
    value = value_of(converter, arguments[0])
    begin = options.get("begin", options.get("start_indices", arguments[1] if len(arguments) > 1 else None))
    size = options.get("size", options.get("shape", arguments[2] if len(arguments) > 2 else None))
    return Tensor(converter.graph.one("slice", value, begin=integers(converter, begin), size=integers(converter, size)))


@operator("bias_add")
def bias_add(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    bias = options.get("bias", arguments[1] if len(arguments) > 1 else None)
    return Tensor(converter.graph.one("add", value_of(converter, arguments[0]), value_of(converter, bias, "float32")))


@operator("count_nonzero")
def count_nonzero(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, value_of(converter, arguments[0])
    ones = graph.one("cast", booleans(converter, value), to="int32")
    axes = axes_of(converter, options.get("axis"), value.rank)
    return Tensor(graph.one("reduceSum", ones, axes=axes, keepDimensions=bool(options.get("keepdims"))))


@operator("hstack", "vstack")
def stacked(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    values = same_type(converter, [value_of(converter, item) for item in arguments[0]])
    axis = 0 if options["function"] == "vstack" or values[0].rank == 1 else 1
    return Tensor(converter.graph.one("concatenate", *values, axis=axis))


@operator("ravel")
def ravel(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    return Tensor(converter.graph.one("reshape", value, shape=[math.prod(value.shape)]))


@operator("dot_product_attention")
def dot_product_attention(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Attention of (B, T, N, H), (B, S, N, H), (B, S, N, V) → (B, T, N, V)."""
    graph = converter.graph
    items = list(arguments) + [options[key] for key in ("query", "key", "value")[len(arguments) :] if key in options]
    query, key, value = (floats(converter, value_of(converter, item)) for item in items[:3])
    if options.get("bias") is not None or query.rank != 4 or key.shape[2] != query.shape[2]:
        raise ExportError(f"{graph.scope}: dot_product_attention with a bias or grouped heads is not supported")
    mask = options.get("mask")
    kept = as_bool(converter, mask.value) if isinstance(mask, Tensor) else None
    heads, width = query.shape[2], query.shape[3]
    flat = [graph.one("reshape", x, shape=[1, x.shape[1], heads * x.shape[3]]) for x in (query, key, value)]
    made = graph.one(
        "attention",
        *flat,
        kept,
        headCount=heads,
        causal=bool(options.get("is_causal")),
        scale=float(options.get("scale") or 1 / math.sqrt(width)),
    )
    return Tensor(graph.one("reshape", made, shape=[1, query.shape[1], heads, value.shape[3]]))
