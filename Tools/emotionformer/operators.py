"""The function calls that a functional model's graph may hold, under one name for both Keras generations.

Each is a function of the converter, the positional arguments and the named ones; tensors arrive as `Tensor`, all else
as plain Python values. `operators_keras2` and `operators_keras3` translate what each generation writes.
"""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np

from .conversion import Converter, as_tensor
from .einsum import product
from .errors import ExportError
from .graph import Tensor, Value
from .layers_core import FUNCTIONS, WITH_DEFAULTS
from .layers_merging import same_type

Options = dict[str, Any]
Function = Callable[[Converter, list[Any], Options], Any]
TABLE: dict[str, Function] = {}


def operator(*names: str) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        for name in names:
            TABLE[name] = function
        return function

    return register


def value_of(converter: Converter, argument: Any, dtype: str | None = None) -> Value:
    return as_tensor(converter, argument, dtype).value


def integers(converter: Converter, argument: Any) -> list[int]:
    """A shape, permutation or list of axes, which must be known now (a tensor that depends on shapes alone is)."""
    if isinstance(argument, Tensor):
        if not argument.value.is_constant:
            raise ExportError(f"{converter.graph.scope}: a shape that depends on the input is not supported")
        return [int(item) for item in np.ravel(argument.value.data)]
    if isinstance(argument, (list, tuple)):
        return [item for part in argument for item in integers(converter, part)]
    return [int(item) for item in np.ravel(np.asarray(argument))]


def axes_of(converter: Converter, argument: Any, rank: int) -> list[int]:
    """The axes an option names; none given means all."""
    return list(range(rank)) if argument is None else integers(converter, argument)


def pair(converter: Converter, first: Any, second: Any) -> list[Value]:
    """Two operands of one element type; a plain number takes the tensor's."""
    a, b = as_tensor(converter, first), as_tensor(converter, second)
    for own, other, raw in ((a, b, first), (b, a, second)):
        if isinstance(raw, (bool, int, float)) and not isinstance(other.value.data, bool):
            is_fraction = isinstance(raw, float) and other.value.dtype != "float32"
            if not is_fraction and not (isinstance(raw, (int, float)) and other.value.dtype == "bool"):
                own.value = converter.graph.constant(raw, other.value.dtype)
    return same_type(converter, [a.value, b.value])


def _binary(operation: str) -> Function:
    def run(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
        first, second = pair(converter, arguments[0], arguments[1])
        if first.dtype == "bool" and operation in ("add", "subtract", "multiply", "maximum", "minimum"):
            first, second = (converter.graph.one("cast", value, to="int32") for value in (first, second))
        return Tensor(converter.graph.one(operation, first, second))

    return run


for _name, _operation in {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "power": "power", "maximum": "maximum",
    "minimum": "minimum", "floor_divide": "floorDivide", "mod": "floorModulo", "equal": "equal",
    "not_equal": "notEqual", "less": "less", "less_equal": "lessEqual", "greater": "greater",
    "greater_equal": "greaterEqual", "squared_difference": "squaredDifference",
}.items():
    TABLE[_name] = _binary(_operation)


@operator("true_divide")
def true_divide(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    values = [floats(converter, value) for value in pair(converter, arguments[0], arguments[1])]
    return Tensor(converter.graph.one("divide", *values))


@operator("divide_no_nan")
def divide_no_nan(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    graph = converter.graph
    first, second = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
    empty = graph.one("equal", second, graph.constant(0.0))
    safe = graph.one("select", empty, graph.constant(1.0), second)
    return Tensor(graph.one("select", empty, graph.constant(0.0), graph.one("divide", first, safe)))


def floats(converter: Converter, value: Value) -> Value:
    return value if value.dtype == "float32" else converter.graph.one("cast", value, to="float32")


def booleans(converter: Converter, value: Value) -> Value:
    return value if value.dtype == "bool" else converter.graph.one("cast", value, to="bool")


def _unary(operation: str, needs_float: bool = False) -> Function:
    def run(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
        value = value_of(converter, arguments[0])
        return Tensor(converter.graph.one(operation, floats(converter, value) if needs_float else value))

    return run


for _name, _operation in {"negative": "negate", "absolute": "absolute", "square": "square", "sign": "sign"}.items():
    TABLE[_name] = _unary(_operation)
for _name, _operation in {
    "sqrt": "squareRoot", "rsqrt": "reciprocalSquareRoot", "exp": "exponential", "log": "logarithm", "sin": "sine",
    "cos": "cosine", "floor": "floor", "ceil": "ceiling", "round": "round", "erf": "errorFunction",
}.items():
    TABLE[_name] = _unary(_operation, True)


@operator("log1p", "expm1", "reciprocal", "tan", "log2", "log10")
def composed(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    name, one = options["function"], graph.constant(1.0)
    if name == "log1p":
        return Tensor(graph.one("logarithm", graph.one("add", value, one)))
    if name == "expm1":
        return Tensor(graph.one("subtract", graph.one("exponential", value), one))
    if name == "reciprocal":
        return Tensor(graph.one("divide", one, value))
    if name == "tan":
        return Tensor(graph.one("divide", graph.one("sine", value), graph.one("cosine", value)))
    base = graph.constant(1 / math.log(2 if name == "log2" else 10))
    return Tensor(graph.one("multiply", graph.one("logarithm", value), base))


@operator("logical_and", "logical_or", "logical_xor")
def logical(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    first, second = (booleans(converter, value_of(converter, item)) for item in arguments[:2])
    if options["function"] == "logical_xor":
        return Tensor(converter.graph.one("logicalNot", converter.graph.one("equal", first, second)))
    operation = "logicalAnd" if options["function"] == "logical_and" else "logicalOr"
    return Tensor(converter.graph.one(operation, first, second))


@operator("logical_not")
def logical_not(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    return Tensor(converter.graph.one("logicalNot", booleans(converter, value_of(converter, arguments[0]))))


REDUCTIONS = {
    "sum": "reduceSum", "mean": "reduceMean", "max": "reduceMaximum", "min": "reduceMinimum", "prod": "reduceProduct",
    "any": "reduceAny", "all": "reduceAll",
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
    value = value_of(converter, arguments[0])
    axis = options.get("axis")
    operation = "argMaximum" if options["function"] == "argmax" else "argMinimum"
    element = options.get("dtype") or ("int32" if converter.generation == 3 else "int64")
    return Tensor(converter.graph.one(operation, value, axis=0 if axis is None else int(axis), elementType=element))


@operator("cumsum")
def cumsum(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    if options.get("dtype"):
        value = cast_to(converter, value, options["dtype"])
    axis = options.get("axis")
    result = converter.graph.one(
        "cumulativeSum", value, axis=0 if axis is None else int(integers(converter, axis)[0]),
        exclusive=bool(options.get("exclusive")), reverse=bool(options.get("reverse")),
    )
    return Tensor(result)


def cast_to(converter: Converter, value: Value, dtype: Any) -> Value:
    """A cast to the element types that a graph computes in."""
    name = str(dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype)
    if name.startswith(("float", "bfloat", "half", "double")):
        target = "float32"
    elif name in ("bool", "int64", "int32"):
        target = name
    elif name.startswith(("int", "uint")):
        target = "int32"
    else:
        raise ExportError(f"{converter.graph.scope}: a cast to '{name}' is not supported")
    return value if value.dtype == target else converter.graph.one("cast", value, to=target)


@operator("cast")
def cast(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    dtype = options.get("dtype", arguments[1] if len(arguments) > 1 else "float32")
    return Tensor(cast_to(converter, value_of(converter, arguments[0]), dtype))


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
        known = math.prod(extent for extent in extents if extent != -1)
        extents[extents.index(-1)] = math.prod(value.shape) // max(known, 1)
    return Tensor(converter.graph.one("reshape", value, shape=extents))


@operator("transpose")
def transpose(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    order = options.get("axes", options.get("perm"))
    axes = list(range(value.rank))[::-1] if order is None else [axis % value.rank for axis in integers(converter, order)]
    return Tensor(converter.graph.one("transpose", value, permutation=axes))


@operator("swapaxes", "moveaxis")
def moved(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, axes = value_of(converter, arguments[0]), None
    order = np.arange(value.rank).reshape([1] * 0 + [value.rank]).tolist()
    if options["function"] == "swapaxes":
        first, second = int(options["axis1"]) % value.rank, int(options["axis2"]) % value.rank
        order[first], order[second] = order[second], order[first]
        axes = order
    else:
        frame = np.moveaxis(np.empty([axis + 1 for axis in range(value.rank)]),
                            integers(converter, options["source"]), integers(converter, options["destination"]))
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
        sizes = [right - left for left, right in zip(edges, edges[1:])]
    else:
        count = integers(converter, options["sections"])[0]
        if extent % count:
            raise ExportError(f"{converter.graph.scope}: {extent} elements do not split into {count} equal parts")
        sizes = [extent // count] * count
    outputs = converter.graph.emit("splitSizes", [value], len(sizes), axis=axis, sizes=sizes)
    return [Tensor(output) for output in outputs]


@operator("where")
def where(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    if len(arguments) < 3 or arguments[1] is None:
        raise ExportError(f"{converter.graph.scope}: 'where' with a condition alone is not supported")
    condition = booleans(converter, value_of(converter, arguments[0]))
    first, second = pair(converter, arguments[1], arguments[2])
    return Tensor(converter.graph.one("select", condition, first, second))


@operator("matmul")
def matmul(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph = converter.graph
    first, second = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
    if second.rank == 1:
        column = graph.one("expandDimensions", second, axis=-1)
        return Tensor(graph.one("squeeze", graph.one("matmul", first, column), axes=[-1]))
    flips = {"transposeFirst": bool(options.get("transpose_a") or options.get("adjoint_a")),
             "transposeSecond": bool(options.get("transpose_b") or options.get("adjoint_b"))}
    return Tensor(graph.one("matmul", first, second, **flips))


@operator("einsum")
def einsum(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    values = [floats(converter, value_of(converter, item)) for item in arguments]
    return Tensor(product(converter.graph, str(options["subscripts"]), values))


@operator("tensordot", "dot")
def tensordot(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    first, second = (floats(converter, value_of(converter, item)) for item in arguments[:2])
    axes = options.get("axes", 1) if options["function"] == "tensordot" else None
    if axes is None:
        left, right = [first.rank - 1], [max(second.rank - 2, 0)]
    elif isinstance(axes, int):
        left, right = list(range(first.rank - axes, first.rank)), list(range(axes))
    else:
        left, right = ([axis % value.rank for axis in integers(converter, item)]
                       for item, value in zip(axes, (first, second)))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    one = [next(letters) for _ in range(first.rank)]
    two = [next(letters) for _ in range(second.rank)]
    for a, b in zip(left, right):
        two[b] = one[a]
    rest = [x for x in one if x not in two] + [x for x in two if x not in one]
    return Tensor(product(converter.graph, f"{''.join(one)},{''.join(two)}->{''.join(rest)}", [first, second]))


@operator("softmax", "log_softmax")
def softmax(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = floats(converter, value_of(converter, arguments[0]))
    axis = options.get("axis")
    axis = -1 if axis is None else axis
    if options["function"] == "log_softmax":
        return Tensor(converter.graph.one("logSoftmax", value, axis=int(axis)))
    return Tensor(converter.graph.one("softmax", value, axes=integers(converter, axis)))


@operator("clip")
def clip(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    low, high = options.get("x_min"), options.get("x_max")
    value = value_of(converter, arguments[0])
    bounds = [item.value.data.item() if isinstance(item, Tensor) else item for item in (low, high)]
    return Tensor(converter.graph.one("clip", value, minimum=bounds[0], maximum=bounds[1]))


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
        entries[place:place + 1] = [slice(None)] * (value.rank - used)
    lists = [i for i, entry in enumerate(entries) if _is_list(entry)]
    begin, end, strides, masks = [], [], [], {"beginMask": 0, "endMask": 0, "newAxisMask": 0, "shrinkAxisMask": 0}
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
        index = _number(converter, entry)
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
    value, indices = value_of(converter, arguments[0]), value_of(converter, arguments[1], "int32")
    axis = options.get("axis")
    if options.get("batch_dims"):
        raise ExportError(f"{converter.graph.scope}: a gather with batch dimensions is not supported")
    return Tensor(converter.graph.one("gather", value, indices, axis=0 if axis is None else int(axis)))


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
    index = np.repeat(np.arange(value.shape[axis]), counts[0] if len(counts) == 1 else counts)
    return Tensor(converter.graph.one("gather", value, converter.graph.constant(index), axis=int(axis)))


@operator("broadcast_to")
def broadcast_to(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    shape = [1 if extent is None else extent for extent in _listed(options["shape"])]
    return Tensor(converter.graph.one("broadcastTo", value_of(converter, arguments[0]), shape=integers(converter, shape)))


def _listed(shape: Any) -> list[Any]:
    return list(shape) if isinstance(shape, (list, tuple)) else [shape]


@operator("flip")
def flip(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    return Tensor(converter.graph.one("reverse", value, axes=axes_of(converter, options.get("axis"), value.rank)))


@operator("pad")
def pad(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    if str(options.get("mode") or "constant").lower() != "constant":
        raise ExportError(f"{converter.graph.scope}: padding by '{options['mode']}' is not supported")
    value, widths = value_of(converter, arguments[0]), integers(converter, options["pad_width"])
    if len(widths) == 2 and value.rank > 1:
        widths = widths * value.rank
    fill = options.get("constant_values") or 0
    return Tensor(converter.graph.one("pad", value, paddings=widths, value=float(fill)))


@operator("one_hot")
def one_hot(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    depth = integers(converter, options["num_classes"])[0]
    made = converter.graph.one("oneHot", value, depth=depth, axis=int(options.get("axis") if options.get("axis")
                               is not None else -1), elementType="float32")
    return Tensor(cast_to(converter, made, options["dtype"]) if options.get("dtype") else made)


@operator("triu", "tril")
def triangle(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = value_of(converter, arguments[0])
    keep = (np.tril if options["function"] == "tril" else np.triu)(np.ones(value.shape[-2:]), int(options.get("k") or 0))
    graph = converter.graph
    return Tensor(graph.one("select", graph.constant(keep != 0, "bool"), value, graph.constant(0, value.dtype)))


@operator("identity")
def identity(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    return Tensor(value_of(converter, arguments[0]))


@operator("activation")
def activation(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, name = floats(converter, value_of(converter, arguments[0])), options["name"]
    if name == "hard_sigmoid":
        function = "hardSigmoid" if converter.generation == 3 else "hardSigmoidKeras2"
    elif name == "gelu":
        function = "geluTanh" if options.get("approximate") else "gelu"
    else:
        function = FUNCTIONS[name]
    parameters = {**WITH_DEFAULTS[converter.generation].get(function, {})}
    for theirs, ours in (("negative_slope", "alpha"), ("alpha", "alpha"), ("b", "alpha"), ("threshold", "threshold"),
                         ("max_value", "maximum"), ("value", "value"), ("default_value", "value")):
        if options.get(theirs) is not None:
            parameters[ours] = options[theirs]
    return Tensor(converter.graph.one("activation", value, function=function, **parameters))
