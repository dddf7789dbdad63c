"""Function calls that shift, turn, pick and combine the elements of tensors."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter
from emotionformer.export.einsum import product
from emotionformer.export.graph import Tensor, Value
from emotionformer.export.layers.merging import same_type
from emotionformer.export.operators.elementary import node
from emotionformer.export.operators.table import (
    Options,
    booleans,
    cast_to,
    floats,
    integers,
    operator,
    pair,
    value_of,
)


def part(converter: Converter, value: Value, axis: int, begin: int, count: int) -> Value:
    """`count` elements of an axis from `begin` on."""
    starts, sizes = [0] * value.rank, [-1] * value.rank
    starts[axis], sizes[axis] = begin, count
    return converter.graph.one("slice", value, begin=starts, size=sizes)


@operator("diff")
def diff(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Each element less the one before it, n times."""
    graph, value = converter.graph, value_of(converter, arguments[0])
    axis = int(options.get("axis", -1)) % value.rank
    for _ in range(int(options.get("n", 1))):
        count = value.shape[axis] - 1
        if count < 1:
            raise ExportError(f"{graph.scope}: no differences are left of {value.shape[axis]} elements")
        later, earlier = part(converter, value, axis, 1, count), part(converter, value, axis, 0, count)
        value = graph.one("notEqual" if value.dtype == "bool" else "subtract", later, earlier)
    return Tensor(value)


@operator("roll")
def roll(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Shifted along axes; what falls off at one end comes in at the other."""
    graph, value = converter.graph, value_of(converter, arguments[0])
    shifts = integers(converter, options.get("shift", arguments[1] if len(arguments) > 1 else None))
    if options.get("axis") is None:
        raise ExportError(f"{graph.scope}: a roll over all axes goes through the batch; give it an axis")
    axes = [axis % value.rank for axis in integers(converter, options["axis"])]
    shifts = shifts * len(axes) if len(shifts) == 1 else shifts
    for axis, shift in zip(axes, shifts):
        extent = value.shape[axis]
        begin = -shift % extent if extent else 0
        if begin:
            parts = part(converter, value, axis, begin, extent - begin), part(converter, value, axis, 0, begin)
            value = graph.one("concatenate", *parts, axis=axis)
    return Tensor(value)


@operator("rot90")
def rot90(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, value_of(converter, arguments[0])
    first, second = (int(axis) % value.rank for axis in options.get("axes", (0, 1)))
    order = list(range(value.rank))
    order[first], order[second] = second, first
    turns = int(options.get("k", 1)) % 4
    if turns == 2:
        if value.shape[first] != value.shape[second]:
            raise ExportError(f"{graph.scope}: Keras's backends disagree on half a turn of unequal sides")
        return Tensor(graph.one("reverse", value, axes=sorted([first, second])))
    if turns == 1:
        return Tensor(graph.one("transpose", graph.one("reverse", value, axes=[second]), permutation=order))
    if turns == 3:
        return Tensor(graph.one("reverse", graph.one("transpose", value, permutation=order), axes=[second]))
    return Tensor(value)


@operator("fliplr", "flipud")
def flipped(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    axis = 1 if options["function"] == "fliplr" else 0
    return Tensor(converter.graph.one("reverse", value_of(converter, arguments[0]), axes=[axis]))


@operator("take_along_axis")
def take_along_axis(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Of every row the elements that the row of indices names; negative ones count from the end."""
    graph = converter.graph
    value, indices = value_of(converter, arguments[0]), value_of(converter, arguments[1], "int32")
    axis = options.get("axis", -1)
    if axis is None:
        raise ExportError(f"{graph.scope}: indices over all axes go through the batch; give them an axis")
    axis = int(axis) % value.rank
    extent, order = value.shape[axis], [other for other in range(value.rank) if other != axis] + [axis]
    lead = np.broadcast_shapes(
        *(tuple(n for other, n in enumerate(item.shape) if other != axis) for item in (value, indices))
    )
    zero = graph.constant(0, indices.dtype)
    wrapped = graph.one("add", indices, graph.constant(extent, indices.dtype))
    indices = graph.one("select", graph.one("less", indices, zero), wrapped, indices)
    items = []
    for item in (value, indices):
        turned = item if axis == item.rank - 1 else graph.one("transpose", item, permutation=order)
        shape = [*lead, turned.shape[-1]]
        items.append(turned if list(turned.shape) == shape else graph.one("broadcastTo", turned, shape=shape))
    count = items[1].shape[-1]
    rows = math.prod(lead)
    flat = graph.one("reshape", items[0], shape=[rows * extent])
    starts = graph.constant((np.arange(rows) * extent).reshape(*lead, 1), items[1].dtype)
    made = graph.one("gather", flat, graph.one("add", items[1], starts), axis=0)
    made = graph.one("reshape", made, shape=[*lead, count])
    back = list(range(value.rank - 1))
    back.insert(axis, value.rank - 1)
    return Tensor(made if axis == value.rank - 1 else graph.one("transpose", made, permutation=back))


@operator("append")
def append(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, axis = converter.graph, options.get("axis")
    values = pair(converter, arguments[0], arguments[1])
    if axis is None:
        raise ExportError(f"{graph.scope}: what is appended without an axis goes through the batch; give it an axis")
    return Tensor(graph.one("concatenate", *values, axis=int(axis)))


@operator("dstack")
def dstack(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    graph = converter.graph
    values = same_type(converter, [value_of(converter, item) for item in arguments[0]])
    deep = [graph.one("expandDimensions", value, axis=2) if value.rank == 2 else value for value in values]
    if any(value.rank < 3 for value in deep):
        raise ExportError(f"{graph.scope}: dstack of vectors is not supported")
    return Tensor(graph.one("concatenate", *deep, axis=2))


@operator("array_split", "hsplit", "vsplit", "dsplit")
def array_split(converter: Converter, arguments: list[Any], options: Options) -> list[Tensor]:
    """Parts as equal as can be, or between given places."""
    graph, value = converter.graph, value_of(converter, arguments[0])
    fixed = {"vsplit": 0, "hsplit": 1 if value.rank > 1 else 0, "dsplit": 2}
    axis = fixed.get(options["function"], int(options.get("axis") or 0)) % value.rank
    given = options.get("sections", options.get("indices_or_sections", arguments[1] if len(arguments) > 1 else None))
    extent = value.shape[axis]
    if isinstance(given, (list, tuple)):
        places = [place + extent if place < 0 else place for place in integers(converter, given)]
        edges = [0, *(max(0, min(place, extent)) for place in places)]
        sizes = [right - left for left, right in itertools.pairwise([*edges, extent])]
    else:
        count = integers(converter, given)[0]
        if count < 1 or (options["function"] != "array_split" and extent % count):
            raise ExportError(f"{graph.scope}: {extent} elements do not split into {count} equal parts")
        graph.bounds.hold(graph.scope, count)
        sizes = [extent // count + (index < extent % count) for index in range(count)]
    if min(sizes) < 0:
        raise ExportError(f"{graph.scope}: the places of a split are not in order")
    return [Tensor(item) for item in graph.emit("splitSizes", [value], len(sizes), axis=axis, sizes=sizes)]


@operator("diagonal", "trace")
def diagonal(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The diagonal of two axes as the last axis, or its sum."""
    graph, value = converter.graph, value_of(converter, arguments[0])
    # TensorFlow's matrices are the last two axes.
    usual = (0, 1) if converter.generation == 3 else (-2, -1)
    first, second = (int(options.get(key, axis)) % value.rank for key, axis in zip(("axis1", "axis2"), usual))
    offset = int(options.get("offset", 0))
    order = [axis for axis in range(value.rank) if axis not in (first, second)] + [first, second]
    rows, columns = value.shape[first], value.shape[second]
    places = [row * columns + row + offset for row in range(rows) if 0 <= row + offset < columns]
    if first == second or not places:
        raise ExportError(f"{graph.scope}: a tensor of shape {value.shape} has no such diagonal")
    turned = graph.one("transpose", value, permutation=order)
    flat = graph.one("reshape", turned, shape=[*turned.shape[:-2], rows * columns])
    made = graph.one("gather", flat, graph.constant(np.array(places), "int32"), axis=flat.rank - 1)
    if options["function"] == "diagonal":
        return Tensor(made)
    return Tensor(graph.one("reduceSum", made, axes=[made.rank - 1]))


@operator("cross")
def cross(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The vector product of vectors of three."""
    graph = converter.graph
    first, second = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
    axis = options.get("axis")
    keys = {"axisa": -1, "axisb": -1, "axisc": -1}
    axes = [int(axis) if axis is not None else int(options.get(key, default)) for key, default in keys.items()]
    turned = []
    for value, along in zip((first, second), axes):
        along %= value.rank
        if value.shape[along] != 3:
            raise ExportError(f"{graph.scope}: a vector product of {value.shape[along]} numbers, expected 3")
        order = [other for other in range(value.rank) if other != along] + [along]
        turned.append(value if along == value.rank - 1 else graph.one("transpose", value, permutation=order))

    def moved(value: Value, places: list[int]) -> Value:
        return graph.one("gather", value, graph.constant(np.array(places), "int32"), axis=value.rank - 1)

    a, b = turned
    left = graph.one("multiply", moved(a, [1, 2, 0]), moved(b, [2, 0, 1]))
    right = graph.one("multiply", moved(a, [2, 0, 1]), moved(b, [1, 2, 0]))
    result = graph.one("subtract", left, right)
    last = axes[2] % result.rank
    back = list(range(result.rank - 1))
    back.insert(last, result.rank - 1)
    return Tensor(result if last == result.rank - 1 else graph.one("transpose", result, permutation=back))


@operator("inner", "vdot", "outer")
def vector_products(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph = converter.graph
    first, second = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
    name = options["function"]
    if name == "inner":
        letters = "abcdefghij"
        one, two = letters[: first.rank - 1], letters[first.rank - 1 : first.rank + second.rank - 2]
        return Tensor(product(graph, f"{one}z,{two}z->{one}{two}", [first, second]))
    flat = [graph.one("reshape", value, shape=[math.prod(value.shape)]) for value in (first, second)]
    return Tensor(product(graph, "a,a->" if name == "vdot" else "a,b->ab", flat))


@operator("cdist")
def cdist(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    """The distance of every point (…, m, d) to every point (…, n, d)."""
    graph = converter.graph
    first, second = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
    wide = graph.one("expandDimensions", first, axis=-2), graph.one("expandDimensions", second, axis=-3)
    total = graph.one("reduceSum", graph.one("squaredDifference", *wide), axes=[-1])
    return Tensor(graph.one("squareRoot", total))


@operator("linspace", "logspace", "geomspace")
def spaced(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Numbers at equal distances between two that are known."""
    items = [*arguments, *(options[key] for key in ("start", "stop") if key in options)][:2]
    values = [value_of(converter, item) for item in items]
    if len(values) < 2 or not all(value.is_constant and value.rank == 0 for value in values):
        raise ExportError(f"{converter.graph.scope}: {options['function']} of tensors is not supported")
    start, stop = (float(value.data) for value in values)
    count, is_closed = int(options.get("num", 50)), bool(options.get("endpoint", True))
    converter.graph.bounds.hold(converter.graph.scope, count)
    made: Any = np.linspace(start, stop, count, endpoint=is_closed)
    if options["function"] == "logspace":
        made = float(options.get("base", 10)) ** made
    elif options["function"] == "geomspace":
        made = np.geomspace(start, stop, count, endpoint=is_closed)
    result = Tensor(converter.graph.constant(made, "float32"))
    return Tensor(cast_to(converter, result.value, options["dtype"])) if options.get("dtype") else result


@operator("meshgrid")
def meshgrid(converter: Converter, arguments: list[Any], options: Options) -> list[Tensor]:
    graph = converter.graph
    items = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], (list, tuple)) else arguments
    values = [value_of(converter, item) for item in items]
    values = [graph.one("reshape", value, shape=[math.prod(value.shape)]) for value in values]
    order = list(range(len(values)))
    if options.get("indexing", "xy") == "xy" and len(values) > 1:
        order[:2] = [1, 0]
    shape = [1] * len(values)
    for axis, value in zip(order, values):
        shape[axis] = value.shape[0]
    made = []
    for axis, value in zip(order, values):
        wide = [1] * len(values)
        wide[axis] = value.shape[0]
        made.append(Tensor(graph.one("broadcastTo", graph.one("reshape", value, shape=wide), shape=shape)))
    return made


@operator("multi_hot")
def multi_hot(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, value_of(converter, arguments[0])
    depth = options.get("num_classes") or options.get("num_tokens")
    if depth is None:
        raise ExportError(f"{graph.scope}: multi_hot without the number of classes")
    indices = value if value.dtype != "float32" else graph.one("cast", value, to="int32")
    hot = graph.one("oneHot", indices, depth=int(depth), axis=int(options.get("axis", -1)))
    made = graph.one("reduceMaximum", hot, axes=[1 if indices.rank > 1 else 0])
    return Tensor(cast_to(converter, made, options["dtype"]) if options.get("dtype") else made)


@operator("slice_update")
def slice_update(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The input with a part written over, from known places on."""
    graph = converter.graph
    names = ("inputs", "start_indices", "updates")
    items = [*arguments, *(options[key] for key in names[len(arguments) :])]
    value, starts, update = value_of(converter, items[0]), integers(converter, items[1]), items[2]
    new = value_of(converter, update, value.dtype)
    inside = np.zeros(value.shape, bool)
    inside[tuple(slice(start, start + extent) for start, extent in zip(starts, new.shape))] = True
    if inside.sum() != math.prod(new.shape):
        raise ExportError(f"{graph.scope}: an update of shape {new.shape} does not fit at {starts}")
    ends = [whole - start - extent for start, extent, whole in zip(starts, new.shape, value.shape)]
    widths = [width for both in zip(starts, ends) for width in both]
    return Tensor(graph.one("select", graph.constant(inside, "bool"), graph.one("pad", new, paddings=widths), value))


@operator("select")
def select(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The first choice whose condition holds."""
    graph = converter.graph
    conditions = arguments[0] if arguments else options["condlist"]
    choices = arguments[1] if len(arguments) > 1 else options["choicelist"]
    result = arguments[2] if len(arguments) > 2 else options.get("default", 0)
    for condition, choice in reversed(list(zip(conditions, choices))):
        first, second = pair(converter, choice, result)
        result = Tensor(graph.one("select", booleans(converter, value_of(converter, condition)), first, second))
    return result if isinstance(result, Tensor) else Tensor(value_of(converter, result))


@operator("empty_like")
def empty_like(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    made = converter.graph.one("zerosLike", value_of(converter, arguments[0]))
    return Tensor(cast_to(converter, made, options["dtype"]) if options.get("dtype") else made)


@operator("ndim")
def ndim(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    return Tensor(converter.graph.constant(value_of(converter, arguments[0]).rank, "int32"))


@operator("converted")
def converted(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    return Tensor(cast_to(converter, value, options["dtype"]) if options.get("dtype") else value)


LIMITS = {"int8": (-128, 127), "int16": (-32768, 32767), "uint8": (0, 255), "uint16": (0, 65535)}


@operator("saturate_cast")
def saturate_cast(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """A cast of what is first brought between the type's limits."""
    value, dtype = value_of(converter, arguments[0]), options.get("dtype")
    low, high = LIMITS.get(str(dtype), (None, None))
    if low is not None and value.dtype != "bool":
        value = converter.graph.one("clip", value, minimum=low, maximum=high)
    elif not str(dtype).startswith(("float", "bool")):
        raise ExportError(f"{converter.graph.scope}: saturate_cast to '{str(dtype)[:40]}' is not supported")
    return Tensor(cast_to(converter, value, dtype, fits=True))


@operator("multiply_no_nan")
def multiply_no_nan(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    """0 where the second is 0, whatever the first is."""
    graph = converter.graph
    first, second = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
    made = graph.one("multiply", first, second)
    return Tensor(node(graph, "select", node(graph, "equal", second, 0.0), 0.0, made))


@operator("vander")
def vander(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The powers of every number, the highest first."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    count = int(options.get("N") or value.shape[-1])
    graph.bounds.hold(graph.scope, value.data.size * count)
    powers = np.arange(count) if options.get("increasing") else np.arange(count)[::-1]
    wide = graph.one("expandDimensions", value, axis=-1)
    return Tensor(graph.one("power", wide, graph.constant(powers.astype(np.float64), "float32")))

