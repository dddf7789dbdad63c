"""Function calls that run along axes: sums and the like, norms, running sums."""

from __future__ import annotations

import math
from typing import Any

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Graph, Tensor, Value
from emotionformer.export.operators.table import (
    Options,
    axes_of,
    booleans,
    cast_to,
    floats,
    integers,
    operator,
    pair,
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
    if options.get("dtype"):
        value = cast_to(converter, value, options["dtype"])
    if name in ("any", "all"):
        value = booleans(converter, value)
    elif name == "mean":
        value = floats(converter, value)
    elif value.dtype == "bool":
        value = converter.graph.one("cast", value, to="int32")
    axes = axes_of(converter, options.get("axis"), value.rank)
    keep = bool(options.get("keepdims"))
    result = converter.graph.one(REDUCTIONS[name], value, axes=axes, keepDimensions=keep)
    if options.get("initial") is not None:
        first, second = pair(converter, Tensor(result), options["initial"])
        result = converter.graph.one("maximum" if name == "max" else "minimum", first, second)
    return Tensor(result)


@operator("ptp")
def peak_to_peak(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The largest less the smallest."""
    graph, value = converter.graph, value_of(converter, arguments[0])
    axes, keep = axes_of(converter, options.get("axis"), value.rank), bool(options.get("keepdims"))
    along: dict[str, Any] = {"axes": axes, "keepDimensions": keep}
    largest, least = graph.one("reduceMaximum", value, **along), graph.one("reduceMinimum", value, **along)
    return Tensor(graph.one("subtract", largest, least))


@operator("moments")
def moments(converter: Converter, arguments: list[Any], options: Options) -> list[Tensor]:
    """Mean and variance."""
    axes = options.get("axes", arguments[1] if len(arguments) > 1 else None)
    given = {"axis": axes, "keepdims": options.get("keepdims")}
    mean = reduction(converter, arguments[:1], {**given, "function": "mean"})
    return [mean, compound_reduction(converter, arguments[:1], {**given, "function": "var"})]


@operator("trapezoid")
def trapezoid(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The integral along an axis by trapezoids."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    if options.get("x") is not None:
        raise ExportError(f"{graph.scope}: a trapezoid over given places is not supported")
    axis = int(options.get("axis", -1)) % value.rank
    total = graph.one("reduceSum", value, axes=[axis])
    places = [graph.constant(place, "int32") for place in (0, value.shape[axis] - 1)]
    ends = [graph.one("gather", value, place, axis=axis) for place in places]
    half = graph.one("multiply", graph.one("add", *ends), graph.constant(0.5))
    step = graph.constant(float(options.get("dx", 1.0)))
    return Tensor(graph.one("multiply", graph.one("subtract", total, half), step))


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
        order = options.get("ord")
        if order == "fro" or (options.get("axis") is None and order is None):
            order = 2
        elif len(axes) > 1 and order not in (None, "euclidean"):
            raise ExportError(f"{graph.scope}: a norm of order {order} of matrices is not supported")
        return Tensor(norm_of(graph, value, axes, order, keep))
    mean = graph.one("reduceMean", value, axes=axes, keepDimensions=True)
    spread = graph.one("reduceMean", graph.one("squaredDifference", value, mean), axes=axes, keepDimensions=keep)
    return Tensor(graph.one("squareRoot", spread) if options["function"] == "std" else spread)


def norm_of(graph: Graph, value: Value, axes: list[int], order: Any, keep: bool) -> Value:
    """The norm of vectors: (Σ |x|ᵖ)^(1/p), the largest or the smallest magnitude."""
    along: dict[str, Any] = {"axes": axes, "keepDimensions": keep}
    if order in (None, "euclidean", 2):
        return graph.one("squareRoot", graph.one("reduceSum", graph.one("square", value), **along))
    if isinstance(order, str):
        numbers = {"inf": math.inf, "Infinity": math.inf, "-inf": -math.inf, "-Infinity": -math.inf}
        if order not in numbers:
            raise ExportError(f"{graph.scope}: a norm of order {order[:40]} is not supported")
        order = numbers[order]
    size = graph.one("absolute", value)
    if math.isinf(order):
        return graph.one("reduceMaximum" if order > 0 else "reduceMinimum", size, **along)
    if order == 0:
        ones = graph.one("cast", graph.one("notEqual", value, graph.constant(0.0)), to="float32")
        return graph.one("reduceSum", ones, **along)
    if order == 1:
        return graph.one("reduceSum", size, **along)
    total = graph.one("reduceSum", graph.one("power", size, graph.constant(float(order))), **along)
    return graph.one("power", total, graph.constant(1 / float(order)))


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
    result = converter.graph.one(
        "cumulativeSum",
        value,
        axis=_running_axis(converter, options, value),
        exclusive=bool(options.get("exclusive")),
        reverse=bool(options.get("reverse")),
    )
    return Tensor(result)


@operator("cumprod")
def cumprod(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Products up to each element: each step takes in as many again."""
    graph, value = converter.graph, value_of(converter, arguments[0])
    if options.get("dtype"):
        value = cast_to(converter, value, options["dtype"])
    axis = _running_axis(converter, options, value)
    if options.get("exclusive"):
        raise ExportError(f"{graph.scope}: an exclusive running product is not supported")
    if options.get("reverse"):
        value = graph.one("reverse", value, axes=[axis])
    extent, reach = value.shape[axis], 1
    while reach < extent:
        widths, size = [0] * (2 * value.rank), [-1] * value.rank
        widths[2 * axis], size[axis] = reach, extent - reach
        earlier = graph.one("slice", value, begin=[0] * value.rank, size=size)
        earlier = graph.one("pad", earlier, paddings=widths, value=1.0)
        value, reach = graph.one("multiply", value, earlier), 2 * reach
    return Tensor(graph.one("reverse", value, axes=[axis]) if options.get("reverse") else value)


def _running_axis(converter: Converter, options: Options, value: Value) -> int:
    """Keras 3 runs over all axes if none is named; TensorFlow over the first."""
    axis = options.get("axis")
    if axis is None and converter.generation == 3 and value.rank > 1:
        name = options["function"]
        raise ExportError(f"{converter.graph.scope}: {name} over all axes goes through the batch; give it an axis")
    return 0 if axis is None else int(integers(converter, axis)[0]) % value.rank


@operator("l2_normalize", "normalize")
def l2_normalize(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """x / √max(Σ x², ε); Keras 3's `normalize` divides by max(norm, ε)."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    epsilon = float(options.get("epsilon") or (1e-7 if options["function"] == "normalize" else 1e-12))
    axis = options.get("axis")
    axes = axes_of(converter, -1 if axis is None and options["function"] == "normalize" else axis, value.rank)
    if options.get("order", 2) not in (None, 2):
        size = norm_of(graph, value, axes, options["order"], True)
        return Tensor(graph.one("divide", value, graph.one("clip", size, minimum=epsilon)))
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
