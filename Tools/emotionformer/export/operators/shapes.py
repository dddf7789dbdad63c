"""Function calls that make, move, cut and join tensors."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.bounds import product
from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Tensor, Value
from emotionformer.export.layers.merging import same_type
from emotionformer.export.operators.table import Options, axes_of, cast_to, integers, operator, value_of


@operator("ones_like", "zeros_like", "full_like")
def like(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, value_of(converter, arguments[0])
    if options["function"] == "full_like":
        filled = np.full(value.shape, arguments[1] if len(arguments) > 1 else options.get("fill_value", 0))
        return Tensor(graph.constant(filled, value.dtype))
    made = graph.one("onesLike" if options["function"] == "ones_like" else "zerosLike", value)
    return Tensor(cast_to(converter, made, options["dtype"]) if options.get("dtype") else made)


@operator("ones", "zeros", "full", "fill")
def filled(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    name = options["function"]
    shape = integers(converter, arguments[0] if arguments else options.get("shape", options.get("dims")))
    number: Any = {"ones": 1, "zeros": 0}.get(name)
    if number is None:
        number = arguments[1] if len(arguments) > 1 else options.get("fill_value", options.get("value"))
        number = number.value.data if isinstance(number, Tensor) else number
    kind = _stored_type(options.get("dtype"), "float32" if name in ("ones", "zeros") else None)
    converter.graph.bounds.hold(converter.graph.scope, product(shape))
    return Tensor(converter.graph.constant(np.full(shape, number), kind))


def _stored_type(dtype: Any, default: str | None) -> str | None:
    name = str(dtype) if dtype else ""
    if not name:
        return default
    return name if name in ("bool", "int32", "int64") else "float32" if "float" in name else "int32"


@operator("arange", "range")
def arange(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    items = list(arguments)
    for key in ("start", "stop", "limit", "step", "delta"):
        if key in options and options[key] is not None:
            items.append(options[key])
    numbers: list[Any] = []
    for item in items:
        if isinstance(item, Tensor):
            if not item.value.is_constant:
                raise ExportError(f"{converter.graph.scope}: a range that depends on the input is not supported")
            item = item.value.data.item()
        if item is not None:
            numbers.append(item)
    if not 1 <= len(numbers) <= 3:
        raise ExportError(f"{converter.graph.scope}: a range of {len(numbers)} numbers")
    _check_range(converter, numbers)
    data = np.arange(*numbers)
    return Tensor(converter.graph.constant(data, _stored_type(options.get("dtype"), None)))


@operator("shape")
def shape(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    return Tensor(converter.graph.constant(np.asarray(value_of(converter, arguments[0]).shape, np.int64), "int32"))


@operator("size")
def size(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    return Tensor(converter.graph.constant(math.prod(value_of(converter, arguments[0]).shape), "int32"))


@operator("reshape")
def reshape(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    given = next(options[key] for key in ("newshape", "shape") if options.get(key) is not None)
    target = [1 if extent is None else extent for extent in given] if isinstance(given, (list, tuple)) else given
    extents = integers(converter, target)
    if -1 in extents:
        known = product(extent for extent in extents if extent != -1)
        extents[extents.index(-1)] = math.prod(value.shape) // max(known, 1)
    return Tensor(converter.graph.one("reshape", value, shape=extents))


@operator("transpose")
def transpose(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    order = options.get("axes", options.get("perm"))
    axes = (
        list(range(value.rank))[::-1] if order is None else [axis % value.rank for axis in integers(converter, order)]
    )
    return Tensor(converter.graph.one("transpose", value, permutation=axes))


@operator("swapaxes", "moveaxis")
def moved(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, axes = value_of(converter, arguments[0]), None
    order = list(range(value.rank))
    if options["function"] == "swapaxes":
        first, second = int(options["axis1"]) % value.rank, int(options["axis2"]) % value.rank
        order[first], order[second] = order[second], order[first]
        axes = order
    else:
        frame = np.moveaxis(
            np.empty([axis + 1 for axis in range(value.rank)]),
            integers(converter, options["source"]),
            integers(converter, options["destination"]),
        )
        axes = [extent - 1 for extent in frame.shape]
    return Tensor(converter.graph.one("transpose", value, permutation=axes))


@operator("expand_dims")
def expand_dims(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    given = options.get("axis", arguments[1] if len(arguments) > 1 else -1)
    for axis in sorted(integers(converter, given)):
        value = converter.graph.one("expandDimensions", value, axis=axis)
    return Tensor(value)


@operator("squeeze")
def squeeze(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    axes = [] if options.get("axis") is None else integers(converter, options["axis"])
    if not axes:
        # The batch axis has extent 1 here, but Keras does not know that.
        axes = [axis for axis in range(1, value.rank) if value.shape[axis] == 1]
    return Tensor(converter.graph.one("squeeze", value, axes=axes)) if axes else Tensor(value)


@operator("concatenate")
def concatenate(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    values = same_type(converter, [value_of(converter, item) for item in arguments[0]])
    return Tensor(converter.graph.one("concatenate", *values, axis=int(options.get("axis", -1))))


@operator("stack")
def stack(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    items = arguments[0] if isinstance(arguments[0], (list, tuple)) else arguments
    values = same_type(converter, [value_of(converter, item) for item in items])
    return Tensor(converter.graph.one("pack", *values, axis=int(options.get("axis") or 0)))


@operator("unstack")
def unstack(converter: Converter, arguments: list[Any], options: Options) -> list[Tensor]:
    graph, value = converter.graph, value_of(converter, arguments[0])
    axis = int(options.get("axis") or 0) % value.rank
    parts = graph.emit("splitSizes", [value], value.shape[axis], axis=axis, sizes=[1] * value.shape[axis])
    return [Tensor(graph.one("squeeze", part, axes=[axis])) for part in parts]


@operator("split")
def split(converter: Converter, arguments: list[Any], options: Options) -> list[Tensor]:
    value = value_of(converter, arguments[0])
    axis = int(options.get("axis") or 0) % value.rank
    extent = value.shape[axis]
    if options.get("sizes") is not None:
        sizes = integers(converter, options["sizes"])
        if -1 in sizes:
            sizes[sizes.index(-1)] = extent - sum(size for size in sizes if size != -1)
    elif isinstance(options.get("sections"), (list, tuple)):
        edges = [0, *integers(converter, options["sections"]), extent]
        sizes = [right - left for left, right in itertools.pairwise(edges)]
    else:
        count = integers(converter, options["sections"])[0]
        if extent % count:
            raise ExportError(f"{converter.graph.scope}: {extent} elements do not split into {count} equal parts")
        sizes = [extent // count] * count
    outputs = converter.graph.emit("splitSizes", [value], len(sizes), axis=axis, sizes=sizes)
    return [Tensor(output) for output in outputs]


@operator("get_item")
def get_item(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    return Tensor(sliced(converter, value_of(converter, arguments[0]), arguments[1]))


def sliced(converter: Converter, value: Value, key: Any) -> Value:
    """`value[key]` for numbers, slices, new axes and an ellipsis; a list of indices becomes a gather."""
    graph = converter.graph
    entries = list(key) if isinstance(key, (list, tuple)) else [key]
    used = sum(1 for entry in entries if entry is not None and entry is not ...)
    if ... in [entry for entry in entries if not isinstance(entry, (Tensor, np.ndarray))]:
        place = next(i for i, entry in enumerate(entries) if entry is ...)
        entries[place : place + 1] = [slice(None)] * (value.rank - used)
    lists = [i for i, entry in enumerate(entries) if _is_list(entry)]
    begin: list[int] = []
    end: list[int] = []
    strides: list[int] = []
    masks: dict[str, Any] = {"beginMask": 0, "endMask": 0, "newAxisMask": 0, "shrinkAxisMask": 0}
    for position, entry in enumerate(entries):
        bit = 1 << position
        if entry is None:
            begin, end, strides = [*begin, 0], [*end, 0], [*strides, 1]
            masks["newAxisMask"] |= bit
            continue
        if isinstance(entry, slice) or position in lists:
            limits = entry if isinstance(entry, slice) else slice(None)
            start, stop, step = (_number(converter, item) for item in (limits.start, limits.stop, limits.step))
            begin, end, strides = [*begin, start or 0], [*end, stop or 0], [*strides, 1 if step is None else step]
            masks["beginMask"] |= bit if start is None else 0
            masks["endMask"] |= bit if stop is None else 0
            continue
        index = integers(converter, entry)[0]
        begin, end, strides = [*begin, index], [*end, index + 1], [*strides, 1]
        masks["shrinkAxisMask"] |= bit
    result = graph.one("stridedSlice", value, begin=begin, end=end, strides=strides, **masks)
    if len(lists) > 1:
        raise ExportError(f"{graph.scope}: indexing by several lists at once is not supported")
    for position in lists:
        axis = sum(1 for entry in entries[:position] if entry is None or isinstance(entry, slice))
        result = graph.one("gather", result, value_of(converter, entries[position], "int32"), axis=axis)
    return result


def _is_list(entry: Any) -> bool:
    if isinstance(entry, Tensor):
        return entry.rank > 0
    return isinstance(entry, (list, tuple)) or (isinstance(entry, np.ndarray) and entry.ndim > 0)


def _number(converter: Converter, item: Any) -> int | None:
    return None if item is None else integers(converter, item)[0]


@operator("take", "gather")
def take(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The slices along an axis that indices name; Keras 3 counts negative ones from the end."""
    graph = converter.graph
    value, indices = value_of(converter, arguments[0]), value_of(converter, arguments[1], "int32")
    axis, lead = options.get("axis"), int(options.get("batch_dims") or 0)
    if axis is None and options["function"] == "take" and value.rank > 1:
        raise ExportError(f"{graph.scope}: indices over all axes go through the batch; give them an axis")
    place = lead if axis is None else int(integers(converter, axis)[0]) % value.rank
    if indices.dtype == "float32":
        indices = graph.one("cast", indices, to="int32")
    if options["function"] == "take":
        wrapped = graph.one("add", indices, graph.constant(value.shape[place], indices.dtype))
        is_negative = graph.one("less", indices, graph.constant(0, indices.dtype))
        indices = graph.one("select", is_negative, wrapped, indices)
    return Tensor(graph.one("gather", value, indices, axis=place, batchDimensions=lead % (indices.rank + 1)))


@operator("tile")
def tile(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    return Tensor(converter.graph.one("tile", value, multiples=integers(converter, options["repeats"])))


@operator("repeat")
def repeat(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, axis = value_of(converter, arguments[0]), options.get("axis")
    if axis is None:
        value, axis = converter.graph.one("reshape", value, shape=[math.prod(value.shape)]), 0
    counts = integers(converter, options["repeats"])
    made = counts[0] * value.shape[axis] if len(counts) == 1 else sum(counts)
    converter.graph.bounds.hold(converter.graph.scope, made)
    index = np.repeat(np.arange(value.shape[axis]), counts[0] if len(counts) == 1 else counts)
    return Tensor(converter.graph.one("gather", value, converter.graph.constant(index), axis=int(axis)))


@operator("broadcast_to")
def broadcast_to(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    shape = [1 if extent is None else extent for extent in _listed(options["shape"])]
    return Tensor(
        converter.graph.one("broadcastTo", value_of(converter, arguments[0]), shape=integers(converter, shape))
    )


def _check_range(converter: Converter, numbers: list[Any]) -> None:
    start, stop = (numbers[0], numbers[1]) if len(numbers) > 1 else (0, numbers[0])
    step = numbers[2] if len(numbers) > 2 else 1
    if step:
        converter.graph.bounds.hold(converter.graph.scope, (stop - start) / step)


def _listed(shape: Any) -> list[Any]:
    return list(shape) if isinstance(shape, (list, tuple)) else [shape]


@operator("flip")
def flip(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    return Tensor(converter.graph.one("reverse", value, axes=axes_of(converter, options.get("axis"), value.rank)))


@operator("pad")
def pad(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """A number around the tensor, or what mirroring, repeating the edge or going round makes of it."""
    graph, mode = converter.graph, str(options.get("mode") or "constant").lower()
    value, widths = value_of(converter, arguments[0]), integers(converter, options["pad_width"])
    if len(widths) in (1, 2) and value.rank > 1:
        widths = (widths * 2 if len(widths) == 1 else widths) * value.rank
    if len(widths) != 2 * value.rank or min(widths) < 0:
        raise ExportError(f"{graph.scope}: the paddings {str(widths)[:60]} do not fit a tensor of shape {value.shape}")
    if mode in ("reflect", "symmetric"):
        limits = [extent - (mode == "reflect") for extent in value.shape]
        if any(width > limits[index // 2] for index, width in enumerate(widths)):
            raise ExportError(f"{graph.scope}: a padding by '{mode}' is wider than the tensor of shape {value.shape}")
        return Tensor(graph.one("mirrorPad", value, paddings=widths, mode=mode))
    if mode in ("edge", "wrap"):
        for axis, (before, after) in enumerate(zip(widths[::2], widths[1::2])):
            if before or after:
                extent = value.shape[axis]
                graph.bounds.hold(graph.scope, value.data.size // extent * (extent + before + after))
                places = np.arange(-before, extent + after)
                places = np.clip(places, 0, extent - 1) if mode == "edge" else places % extent
                value = graph.one("gather", value, graph.constant(places, "int32"), axis=axis)
        return Tensor(value)
    if mode != "constant":
        raise ExportError(f"{graph.scope}: padding by '{mode[:40]}' is not supported")
    fill = options.get("constant_values") or 0
    fill = fill.value.data.item() if isinstance(fill, Tensor) and fill.value.is_constant else fill
    return Tensor(graph.one("pad", value, paddings=widths, value=float(fill)))


@operator("one_hot")
def one_hot(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    depth = integers(converter, options["num_classes"])[0]
    made = converter.graph.one(
        "oneHot",
        value,
        depth=depth,
        axis=-1 if options.get("axis") is None else int(options["axis"]),
        elementType="float32",
    )
    return Tensor(cast_to(converter, made, options["dtype"]) if options.get("dtype") else made)


@operator("triu", "tril")
def triangle(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    keep = (np.tril if options["function"] == "tril" else np.triu)(
        np.ones(value.shape[-2:]), int(options.get("k") or 0)
    )
    graph = converter.graph
    return Tensor(graph.one("select", graph.constant(keep != 0, "bool"), value, graph.constant(0, value.dtype)))


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


@operator("hstack", "vstack")
def stacked(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    values = same_type(converter, [value_of(converter, item) for item in arguments[0]])
    axis = 0 if options["function"] == "vstack" or values[0].rank == 1 else 1
    return Tensor(converter.graph.one("concatenate", *values, axis=axis))


@operator("ravel")
def ravel(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    return Tensor(converter.graph.one("reshape", value, shape=[math.prod(value.shape)]))
