"""Function calls that leave NaN out: sums, means and extremes of the numbers that are there."""

from __future__ import annotations

from typing import Any

from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Graph, Tensor, Value
from emotionformer.export.operators.elementary import LARGEST, is_nan, node
from emotionformer.export.operators.reductions import argument_of, cumprod, cumsum
from emotionformer.export.operators.table import Options, axes_of, floats, operator, value_of


def filled(graph: Graph, value: Value, number: float) -> Value:
    """A number in place of every NaN."""
    return node(graph, "select", is_nan(graph, value), number, value)


def _given(converter: Converter, arguments: list[Any], options: Options) -> tuple[Value, dict[str, Any]]:
    value = floats(converter, value_of(converter, arguments[0]))
    axes = axes_of(converter, options.get("axis"), value.rank)
    return value, {"axes": axes, "keepDimensions": bool(options.get("keepdims"))}


def counted(graph: Graph, value: Value, **along: Any) -> Value:
    """How many are no NaN."""
    there = graph.one("cast", graph.one("logicalNot", is_nan(graph, value)), to="float32")
    return graph.one("reduceSum", there, **along)


@operator("nansum", "nanprod")
def nansum(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, along = _given(converter, arguments, options)
    is_sum = options["function"] == "nansum"
    full = filled(converter.graph, value, 0.0 if is_sum else 1.0)
    return Tensor(converter.graph.one("reduceSum" if is_sum else "reduceProduct", full, **along))


@operator("nanmean", "nanvar", "nanstd")
def nanmean(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """NaN where nothing is left."""
    graph = converter.graph
    value, along = _given(converter, arguments, options)
    if options["function"] != "nanmean":
        whole = {**along, "keepDimensions": True}
        total = graph.one("reduceSum", filled(graph, value, 0.0), **whole)
        mean = node(graph, "divide", total, counted(graph, value, **whole))
        value = node(graph, "squaredDifference", value, mean)
    total = graph.one("reduceSum", filled(graph, value, 0.0), **along)
    result = node(graph, "divide", total, counted(graph, value, **along))
    return Tensor(graph.one("squareRoot", result) if options["function"] == "nanstd" else result)


@operator("nanmax", "nanmin")
def nanmax(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """NaN where nothing is left."""
    graph = converter.graph
    value, along = _given(converter, arguments, options)
    is_largest = options["function"] == "nanmax"
    full = filled(graph, value, -LARGEST if is_largest else LARGEST)
    result = graph.one("reduceMaximum" if is_largest else "reduceMinimum", full, **along)
    # A sum with a NaN is one.
    nothing = graph.one("reduceAll", is_nan(graph, value), **along)
    return Tensor(node(graph, "select", nothing, graph.one("reduceSum", value, **along), result))


@operator("nanargmax", "nanargmin")
def nanargmax(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """−1 where nothing is left."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    name = options["function"].removeprefix("nan")
    full = filled(graph, value, -LARGEST if name == "argmax" else LARGEST)
    place = argument_of(converter, [Tensor(full)], {**options, "function": name}).value
    _, along = _given(converter, arguments, options)
    nothing = graph.one("reduceAll", is_nan(graph, value), **along)
    return Tensor(graph.one("select", nothing, graph.constant(-1, place.dtype), place))


@operator("nancumsum", "nancumprod")
def nancumsum(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = floats(converter, value_of(converter, arguments[0]))
    if options["function"] == "nancumsum":
        return cumsum(converter, [Tensor(filled(converter.graph, value, 0.0))], {**options, "function": "cumsum"})
    return cumprod(converter, [Tensor(filled(converter.graph, value, 1.0))], {**options, "function": "cumprod"})
