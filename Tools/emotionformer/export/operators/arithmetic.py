"""Function calls that work element by element."""

from __future__ import annotations

from typing import Any

from emotionformer.errors import ExportError
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
    "cos": "cosine", "floor": "floor", "ceil": "ceiling",
}.items():
    TABLE[_name] = _unary(_operation, True)


@operator("logical_and", "logical_or", "logical_xor")
def logical(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    first, second = (booleans(converter, value_of(converter, item)) for item in arguments[:2])
    if options["function"] == "logical_xor":
        return Tensor(converter.graph.one("logicalNot", converter.graph.one("equal", first, second)))
    operation = "logicalAnd" if options["function"] == "logical_and" else "logicalOr"
    return Tensor(converter.graph.one(operation, first, second))


@operator("bitwise_and", "bitwise_or", "bitwise_not")
def bitwise(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Of true and false alone: what Python's & and | of masks become."""
    values = [value_of(converter, item) for item in arguments]
    if any(value.dtype != "bool" for value in values):
        raise ExportError(f"{converter.graph.scope}: {options['function']} of numbers is not supported")
    if options["function"] == "bitwise_not":
        return Tensor(converter.graph.one("logicalNot", values[0]))
    return Tensor(converter.graph.one("logicalAnd" if options["function"] == "bitwise_and" else "logicalOr", *values))


@operator("logical_not")
def logical_not(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
    return Tensor(converter.graph.one("logicalNot", booleans(converter, value_of(converter, arguments[0]))))


@operator("cast")
def cast(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    dtype = options.get("dtype", arguments[1] if len(arguments) > 1 else "float32")
    return Tensor(cast_to(converter, value_of(converter, arguments[0]), dtype))


@operator("clip")
def clip(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Between two bounds, each a number or a tensor; either may be left out. Where they cross, the last one wins: the
    upper in Keras 3, as in NumPy, the lower in TensorFlow."""
    graph, value = converter.graph, value_of(converter, arguments[0])
    bounds = [(key, _number(options.get(key))) for key in ("x_min", "x_max")]
    if all(number is not None or options.get(key) is None for key, number in bounds):
        (_, low), (_, high) = bounds
        if converter.generation == 2 and low is not None and high is not None:
            high = max(low, high)
        if value.dtype != "float32" and any(isinstance(bound, float) and bound % 1 for bound in (low, high)):
            value = floats(converter, value)
        return Tensor(value if low is None and high is None else graph.one("clip", value, minimum=low, maximum=high))
    for key, _ in bounds if converter.generation == 3 else reversed(bounds):
        if options.get(key) is not None:
            first, second = pair(converter, Tensor(value), options[key])
            value = graph.one("maximum" if key == "x_min" else "minimum", first, second)
    return Tensor(value)


def _number(bound: Any) -> float | None:
    """A bound that is known now."""
    if isinstance(bound, Tensor) and bound.value.is_constant and bound.value.data.size == 1:
        return bound.value.data.item()
    return bound if isinstance(bound, (int, float)) else None


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
