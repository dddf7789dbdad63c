"""Function calls that work element by element."""

from __future__ import annotations

import math
from typing import Any

from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Tensor
from emotionformer.export.layers.core import FUNCTIONS, WITH_DEFAULTS
from emotionformer.export.layers.merging import same_type
from emotionformer.export.operators.table import (
    TABLE,
    Function,
    Options,
    booleans,
    cast_to,
    floats,
    operator,
    pair,
    value_of,
)


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
    parameters: dict[str, Any] = {**WITH_DEFAULTS[converter.generation].get(function, {})}
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


@operator("add_n")
def add_n(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    values = same_type(converter, [value_of(converter, item) for item in arguments[0]])
    result = values[0]
    for value in values[1:]:
        result = converter.graph.one("add", result, value)
    return Tensor(result)


@operator("bias_add")
def bias_add(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    bias = options.get("bias", arguments[1] if len(arguments) > 1 else None)
    return Tensor(converter.graph.one("add", value_of(converter, arguments[0]), value_of(converter, bias, "float32")))
