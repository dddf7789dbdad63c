"""Function calls that run along axes: sums and the like, norms, running sums."""

from __future__ import annotations

from typing import Any

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Tensor
from emotionformer.export.operators.table import (
    Options,
    axes_of,
    booleans,
    cast_to,
    floats,
    integers,
    operator,
    value_of,
)

REDUCTIONS = {
    "sum": "reduceSum",
    "mean": "reduceMean",
    "max": "reduceMaximum",
    "min": "reduceMinimum",
    "prod": "reduceProduct",
    "any": "reduceAny",
    "all": "reduceAll",
}


@operator(*REDUCTIONS)
def reduction(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, name = value_of(converter, arguments[0]), options["function"]
    if name in ("any", "all"):
        value = booleans(converter, value)
    elif name == "mean":
        value = floats(converter, value)
    elif value.dtype == "bool":
        value = converter.graph.one("cast", value, to="int32")
    axes = axes_of(converter, options.get("axis"), value.rank)
    return Tensor(converter.graph.one(REDUCTIONS[name], value, axes=axes, keepDimensions=bool(options.get("keepdims"))))


@operator("var", "std", "logsumexp", "norm")
def compound_reduction(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    axes, keep = axes_of(converter, options.get("axis"), value.rank), bool(options.get("keepdims"))
    if options["function"] == "logsumexp":
        top = graph.one("reduceMaximum", value, axes=axes, keepDimensions=True)
        total = graph.one("exponential", graph.one("subtract", value, top))
        total = graph.one("logarithm", graph.one("reduceSum", total, axes=axes, keepDimensions=True))
        total = graph.one("add", total, top)
        return Tensor(total if keep else graph.one("squeeze", total, axes=[axis % value.rank for axis in axes]))
    if options["function"] == "norm":
        if options.get("ord") not in (None, "euclidean", 2):
            raise ExportError(f"{graph.scope}: a norm of order {options['ord']} is not supported")
        total = graph.one("reduceSum", graph.one("square", value), axes=axes, keepDimensions=keep)
        return Tensor(graph.one("squareRoot", total))
    mean = graph.one("reduceMean", value, axes=axes, keepDimensions=True)
    spread = graph.one("reduceMean", graph.one("squaredDifference", value, mean), axes=axes, keepDimensions=keep)
    return Tensor(graph.one("squareRoot", spread) if options["function"] == "std" else spread)


@operator("argmax", "argmin")
def argument_of(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, value_of(converter, arguments[0])
    axis = options.get("axis")
    if axis is None and converter.generation == 3 and value.rank > 1:
        name = options["function"]
        raise ExportError(f"{graph.scope}: {name} over all axes counts through the batch; give it an axis")
    operation = "argMaximum" if options["function"] == "argmax" else "argMinimum"
    element = options.get("dtype") or ("int32" if converter.generation == 3 else "int64")
    place = 0 if axis is None else int(integers(converter, axis)[0])
    result = graph.one(operation, value, axis=place, elementType=element)
    if options.get("keepdims"):
        result = graph.one("expandDimensions", result, axis=place % value.rank)
    return Tensor(result)


@operator("cumsum")
def cumsum(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    if options.get("dtype"):
        value = cast_to(converter, value, options["dtype"])
    axis = options.get("axis")
    result = converter.graph.one(
        "cumulativeSum",
        value,
        axis=0 if axis is None else int(integers(converter, axis)[0]),
        exclusive=bool(options.get("exclusive")),
        reverse=bool(options.get("reverse")),
    )
    return Tensor(result)


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


@operator("count_nonzero")
def count_nonzero(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, value_of(converter, arguments[0])
    ones = graph.one("cast", booleans(converter, value), to="int32")
    axes = axes_of(converter, options.get("axis"), value.rank)
    return Tensor(graph.one("reduceSum", ones, axes=axes, keepDimensions=bool(options.get("keepdims"))))
