"""Function calls that order numbers. Each number is compared with all others of its row: its rank is how many come
before it. Of equal ones the first comes first; NaN comes last."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Graph, Tensor, Value
from emotionformer.export.operators.elementary import LARGEST, is_nan, node
from emotionformer.export.operators.missing import counted, filled
from emotionformer.export.operators.table import Options, axes_of, floats, operator, value_of

# Comparisons of a call: beyond, a model is better off with the numbers ordered before it.
MAXIMUM = 1 << 24


def _check(converter: Converter, value: Value, length: int) -> None:
    if value.data.size * length > MAXIMUM:
        raise ExportError(
            f"{converter.graph.scope}: ordering {value.data.size} numbers in rows of {value.shape[-1]} takes more than "
            f"{MAXIMUM} comparisons, which is not supported: do it before the model"
        )


def _rows(converter: Converter, value: Value, axes: list[int]) -> tuple[Value, list[int]]:
    """(…, n): the axes that are ordered together as the last one; and the axes that stay."""
    axes = sorted(axis % value.rank for axis in axes)
    kept = [axis for axis in range(value.rank) if axis not in axes]
    order = [*kept, *axes]
    graph = converter.graph
    if order != list(range(value.rank)):
        value = graph.one("transpose", value, permutation=order)
    shape = [*value.shape[: len(kept)], math.prod(value.shape[len(kept) :])]
    return (value if list(value.shape) == shape else graph.one("reshape", value, shape=shape)), kept


def ranks(converter: Converter, value: Value, descending: bool = False) -> Value:
    """The rank of every number in its row (…, n), int32."""
    graph, length = converter.graph, value.shape[-1]
    _check(converter, value, length)
    key = node(graph, "negate", value) if descending else value
    key = filled(graph, key, LARGEST)
    own, other = graph.one("expandDimensions", key, axis=-1), graph.one("expandDimensions", key, axis=-2)
    is_earlier = graph.constant(np.tril(np.ones((length, length)), -1) != 0, "bool")
    is_tie = graph.one("logicalAnd", graph.one("equal", other, own), is_earlier)
    before = graph.one("logicalOr", graph.one("less", other, own), is_tie)
    return graph.one("reduceSum", graph.one("cast", before, to="int32"), axes=[-1])


def at_rank(converter: Converter, value: Value, rank: Value, wanted: Value) -> Value:
    """The numbers (…, n) that have the wanted ranks (…, m): (…, m)."""
    graph = converter.graph
    _check(converter, value, wanted.shape[-1])
    found = graph.one(
        "equal", graph.one("expandDimensions", rank, axis=-2), graph.one("expandDimensions", wanted, axis=-1)
    )
    wide = graph.one("expandDimensions", value, axis=-2)
    return graph.one("reduceSum", graph.one("select", found, wide, graph.constant(0, value.dtype)), axes=[-1])


def _ordered(converter: Converter, value: Value, count: int, descending: bool) -> tuple[Value, Value]:
    """The first `count` of every row in order, and their places."""
    graph = converter.graph
    rank, wanted = ranks(converter, value, descending), graph.constant(np.arange(count), "int32")
    places = graph.constant(np.broadcast_to(np.arange(value.shape[-1]), value.shape), "int32")
    return at_rank(converter, value, rank, wanted), at_rank(converter, places, rank, wanted)


@operator("sort", "argsort")
def sort(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = floats(converter, value_of(converter, arguments[0]))
    axis = _axis(converter, options, value)
    last = _last(converter, value, axis)
    descending = str(options.get("direction", "ASCENDING")).upper() == "DESCENDING"
    ordered, places = _ordered(converter, last, last.shape[-1], descending)
    return Tensor(_back(converter, ordered if options["function"] == "sort" else places, axis))


def _axis(converter: Converter, options: Options, value: Value) -> int:
    axis = options.get("axis", -1)
    if axis is None:
        raise ExportError(f"{converter.graph.scope}: an order over all axes goes through the batch; give it an axis")
    return int(axis) % value.rank


def _last(converter: Converter, value: Value, axis: int) -> Value:
    if axis == value.rank - 1:
        return value
    order = [other for other in range(value.rank) if other != axis] + [axis]
    return converter.graph.one("transpose", value, permutation=order)


def _back(converter: Converter, value: Value, axis: int) -> Value:
    if axis == value.rank - 1:
        return value
    order = list(range(value.rank - 1))
    order.insert(axis, value.rank - 1)
    return converter.graph.one("transpose", value, permutation=order)


@operator("top_k")
def top_k(converter: Converter, arguments: list[Any], options: Options) -> list[Tensor]:
    """The k largest of the last axis, in order, and their places."""
    value = floats(converter, value_of(converter, arguments[0]))
    count = int(options.get("k", arguments[1] if len(arguments) > 1 else 1))
    if not 0 < count <= value.shape[-1]:
        raise ExportError(f"{converter.graph.scope}: the {count} largest of {value.shape[-1]} numbers")
    if count > 1 and not options.get("sorted", True):
        raise ExportError(
            f"{converter.graph.scope}: with sorted=False the order of the {count} largest is left open; leave it out"
        )
    return [Tensor(item) for item in _ordered(converter, value, count, True)]


@operator("in_top_k")
def in_top_k(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Whether fewer than k are larger than the one that the target names."""
    graph = converter.graph
    targets = value_of(converter, arguments[0], "int32")
    values = floats(converter, value_of(converter, arguments[1]))
    hot = graph.one("cast", graph.one("oneHot", targets, depth=values.shape[-1]), to="bool")
    own = graph.one("reduceSum", graph.one("select", hot, values, graph.constant(0.0)), axes=[-1], keepDimensions=True)
    larger = graph.one("cast", graph.one("greater", values, own), to="int32")
    count = graph.one("reduceSum", larger, axes=[-1])
    return Tensor(graph.one("less", count, graph.constant(int(options["k"]), "int32")))


@operator("median", "nanmedian")
def median(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The middle number, or the mean of the two; with a NaN it is one, unless NaN is left out."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    rows, kept = _rows(converter, value, axes_of(converter, options.get("axis"), value.rank))
    rank, count = ranks(converter, rows), graph.constant(np.full(1, float(rows.shape[-1])))
    if options["function"] == "nanmedian":
        count = counted(graph, rows, axes=[-1], keepDimensions=True)
        nothing = graph.one("equal", count, graph.constant(0.0))
    else:
        nothing = graph.one("reduceAny", is_nan(graph, rows), axes=[-1], keepDimensions=True)
    half = node(graph, "multiply", node(graph, "subtract", count, 1.0), 0.5)
    low, high = (_at(converter, rows, rank, graph.one(name, half)) for name in ("floor", "ceiling"))
    result = node(graph, "multiply", node(graph, "add", low, high), 0.5)
    result = _or_nan(graph, nothing, rows, result)
    return Tensor(_shaped(converter, result, value, kept, bool(options.get("keepdims"))))


def _at(converter: Converter, rows: Value, rank: Value, wanted: Value) -> Value:
    """The number at one rank of each row, (…, 1); NaN counts as 0 here."""
    graph = converter.graph
    return at_rank(converter, filled(graph, rows, 0.0), rank, graph.one("cast", wanted, to="int32"))


def _or_nan(graph: Graph, is_missing: Value, rows: Value, result: Value) -> Value:
    """NaN where it is asked for: a sum of what holds one."""
    total = graph.one("reduceSum", rows, axes=[-1], keepDimensions=True)
    return graph.one("select", is_missing, total, result)


def _shaped(converter: Converter, result: Value, value: Value, kept: list[int], keeps: bool) -> Value:
    extents = [value.shape[axis] if axis in kept else 1 for axis in range(value.rank)]
    shape = extents if keeps else [value.shape[axis] for axis in kept]
    return converter.graph.one("reshape", result, shape=shape)


@operator("quantile", "percentile", "nanquantile", "nanpercentile")
def quantile(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The numbers below which given shares lie; the shares are the first axis if there are several."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    name = str(options["function"])
    given = arguments[1] if len(arguments) > 1 else options.get("q")
    given = given.value.data if isinstance(given, Tensor) and given.value.is_constant else given
    shares = np.asarray(given, np.float64) / (100 if name.endswith("percentile") else 1)
    if shares.ndim > 1 or not ((shares >= 0) & (shares <= 1)).all():
        raise ExportError(f"{graph.scope}: the shares of a {name} must be numbers between 0 and the whole")
    if options.get("method", "linear") != "linear":
        # Keras 3.15 forgets the method in a model; other versions do not.
        raise ExportError(f"{graph.scope}: a {name} by the method '{str(options['method'])[:40]}' is not supported")
    rows, kept = _rows(converter, value, axes_of(converter, options.get("axis"), value.rank))
    rank = ranks(converter, rows)
    if name.startswith("nan"):
        count = counted(graph, rows, axes=[-1], keepDimensions=True)
        missing = graph.one("equal", count, graph.constant(0.0))
    else:
        count = graph.constant(np.full(1, float(rows.shape[-1])))
        missing = graph.one("reduceAny", is_nan(graph, rows), axes=[-1], keepDimensions=True)
    last = node(graph, "subtract", count, 1.0)
    made = []
    for share in np.ravel(shares).tolist():
        place = node(graph, "multiply", last, float(share))
        low = _at(converter, rows, rank, graph.one("floor", place))
        high = _at(converter, rows, rank, graph.one("ceiling", place))
        part = node(graph, "subtract", place, graph.one("floor", place))
        between = node(graph, "add", low, node(graph, "multiply", node(graph, "subtract", high, low), part))
        result = _or_nan(graph, missing, rows, between)
        made.append(_shaped(converter, result, value, kept, bool(options.get("keepdims"))))
    return Tensor(graph.one("pack", *made, axis=0) if shares.ndim else made[0])


@operator("digitize", "searchsorted")
def digitize(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """How many of the sorted boundaries each number reaches (`left`: exceeds)."""
    graph = converter.graph
    first, second = arguments[0], arguments[1] if len(arguments) > 1 else options.get("bins", options.get("values"))
    boundaries, given = (second, first) if options["function"] == "digitize" else (first, second)
    value, edges = floats(converter, value_of(converter, given)), floats(converter, value_of(converter, boundaries))
    if edges.rank != 1:
        raise ExportError(f"{graph.scope}: boundaries of shape {edges.shape} are not supported")
    is_left = options["function"] == "searchsorted" and options.get("side", "left") == "left"
    _check(converter, value, edges.shape[0])
    wide = graph.one("expandDimensions", value, axis=-1)
    reached = graph.one("greater" if is_left else "greaterEqual", wide, edges)
    return Tensor(graph.one("reduceSum", graph.one("cast", reached, to="int32"), axes=[-1]))


@operator("isin")
def is_in(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph = converter.graph
    value, other = value_of(converter, arguments[0]), value_of(converter, arguments[1])
    if value.dtype != other.dtype:
        value, other = floats(converter, value), floats(converter, other)
    flat = graph.one("reshape", other, shape=[math.prod(other.shape)])
    _check(converter, value, flat.shape[0])
    found = graph.one("reduceAny", graph.one("equal", graph.one("expandDimensions", value, axis=-1), flat), axes=[-1])
    return Tensor(graph.one("logicalNot", found) if options.get("invert") else found)

