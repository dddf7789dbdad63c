"""The function calls that a functional model's graph may hold, under one name for both Keras generations.

Each is a function of the converter, the positional arguments and the named ones; tensors arrive as `Tensor`, all else
as plain Python values. `operators_keras2` and `operators_keras3` translate what each generation writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter, as_tensor
from emotionformer.export.graph import Tensor, Value
from emotionformer.export.layers.core import FUNCTIONS, WITH_DEFAULTS
from emotionformer.export.layers.merging import same_type

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
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "power": "power",
    "maximum": "maximum",
    "minimum": "minimum",
    "floor_divide": "floorDivide",
    "mod": "floorModulo",
    "equal": "equal",
    "not_equal": "notEqual",
    "less": "less",
    "less_equal": "lessEqual",
    "greater": "greater",
    "greater_equal": "greaterEqual",
    "squared_difference": "squaredDifference",
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
    "sqrt": "squareRoot",
    "rsqrt": "reciprocalSquareRoot",
    "exp": "exponential",
    "log": "logarithm",
    "sin": "sine",
    "cos": "cosine",
    "floor": "floor",
    "ceil": "ceiling",
    "round": "round",
    "erf": "errorFunction",
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
        "cumulativeSum",
        value,
        axis=0 if axis is None else int(integers(converter, axis)[0]),
        exclusive=bool(options.get("exclusive")),
        reverse=bool(options.get("reverse")),
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


@operator("clip")
def clip(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    low, high = options.get("x_min"), options.get("x_max")
    value = value_of(converter, arguments[0])
    bounds = [item.value.data.item() if isinstance(item, Tensor) else item for item in (low, high)]
    return Tensor(converter.graph.one("clip", value, minimum=bounds[0], maximum=bounds[1]))


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
    for theirs, ours in (
        ("negative_slope", "alpha"),
        ("alpha", "alpha"),
        ("b", "alpha"),
        ("threshold", "threshold"),
        ("max_value", "maximum"),
        ("value", "value"),
        ("default_value", "value"),
    ):
        if options.get(theirs) is not None:
            parameters[ours] = options[theirs]
    return Tensor(converter.graph.one("activation", value, function=function, **parameters))
