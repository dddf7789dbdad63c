"""Elementary functions that the operation table does not have, made of those it has, to float32's precision.

A sum of terms is cut off where the next one is below 1e-8 of the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Graph, Tensor, Value
from emotionformer.export.operators.table import TABLE, Function, Options, floats, operator, pair, value_of

LARGEST = 3.4028234663852886e38
Operand = Value | float


def node(graph: Graph, operation: str, *operands: Operand) -> Value:
    """One operation; plain numbers become constants."""
    return graph.one(operation, *(graph.constant(float(x)) if isinstance(x, (int, float)) else x for x in operands))


def polynomial(graph: Graph, x: Value, coefficients: list[float]) -> Value:
    """c₀ + x·(c₁ + x·(c₂ + …))."""
    result: Operand = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = node(graph, "add", node(graph, "multiply", x, result), coefficient)
    return result if isinstance(result, Value) else graph.constant(result)


def _small(graph: Graph, x: Value, limit: float) -> Value:
    return node(graph, "less", node(graph, "absolute", x), limit)


def expm1(graph: Graph, x: Value) -> Value:
    near = node(graph, "multiply", x, polynomial(graph, x, [1 / math.factorial(n) for n in range(1, 9)]))
    far = node(graph, "subtract", node(graph, "exponential", x), 1.0)
    return node(graph, "select", _small(graph, x, 0.5), near, far)


def log1p(graph: Graph, x: Value) -> Value:
    """Near 0 twice the area tangent of x / (2 + x)."""
    share = node(graph, "divide", x, node(graph, "add", x, 2.0))
    series = polynomial(graph, node(graph, "square", share), [2.0 / n for n in (1, 3, 5, 7, 9)])
    far = node(graph, "logarithm", node(graph, "add", x, 1.0))
    return node(graph, "select", _small(graph, x, 0.3), node(graph, "multiply", share, series), far)


def sinh(graph: Graph, x: Value) -> Value:
    series = polynomial(graph, node(graph, "square", x), [1 / math.factorial(n) for n in (1, 3, 5, 7, 9, 11)])
    up, down = node(graph, "exponential", x), node(graph, "exponential", node(graph, "negate", x))
    far = node(graph, "multiply", node(graph, "subtract", up, down), 0.5)
    return node(graph, "select", _small(graph, x, 1.0), node(graph, "multiply", x, series), far)


def cosh(graph: Graph, x: Value) -> Value:
    up, down = node(graph, "exponential", x), node(graph, "exponential", node(graph, "negate", x))
    return node(graph, "multiply", node(graph, "add", up, down), 0.5)


def signed_like(graph: Graph, x: Value, magnitude: Value) -> Value:
    """The magnitude with the sign of x; NaN stays."""
    return node(graph, "select", node(graph, "less", x, 0.0), node(graph, "negate", magnitude), magnitude)


def arcsinh(graph: Graph, x: Value) -> Value:
    a = node(graph, "absolute", x)
    square = node(graph, "square", a)
    root = node(graph, "squareRoot", node(graph, "add", square, 1.0))
    near = log1p(graph, node(graph, "add", a, node(graph, "divide", square, node(graph, "add", root, 1.0))))
    far = node(graph, "add", node(graph, "logarithm", a), math.log(2))
    return signed_like(graph, x, node(graph, "select", node(graph, "less", a, 1e9), near, far))


def arccosh(graph: Graph, x: Value) -> Value:
    t = node(graph, "subtract", x, 1.0)
    root = node(graph, "squareRoot", node(graph, "multiply", t, node(graph, "add", t, 2.0)))
    far = node(graph, "add", node(graph, "logarithm", x), math.log(2))
    return node(graph, "select", node(graph, "greater", x, 1e9), far, log1p(graph, node(graph, "add", t, root)))


def arctanh(graph: Graph, x: Value) -> Value:
    a = node(graph, "absolute", x)
    odds = node(graph, "divide", node(graph, "multiply", a, 2.0), node(graph, "subtract", 1.0, a))
    return signed_like(graph, x, node(graph, "multiply", log1p(graph, odds), 0.5))


# The series of the arc tangent up to tan(π/8), with its last terms fitted (Cephes, by S. L. Moshier).
_TANGENT = [1.0, -3.33329491539e-1, 1.99777106478e-1, -1.38776856032e-1, 8.05374449538e-2]


def _arctan_of_share(graph: Graph, a: Value) -> Value:
    """Of 0 … 1: beyond tan(π/8) it is π/4 and the arc tangent of (a − 1) / (a + 1)."""
    is_large = node(graph, "greater", a, math.tan(math.pi / 8))
    turned = node(graph, "divide", node(graph, "subtract", a, 1.0), node(graph, "add", a, 1.0))
    t = node(graph, "select", is_large, turned, a)
    angle = node(graph, "multiply", t, polynomial(graph, node(graph, "square", t), _TANGENT))
    return node(graph, "select", is_large, node(graph, "add", angle, math.pi / 4), angle)


def arctan2(graph: Graph, y: Value, x: Value) -> Value:
    """The angle of the point (x, y), −π … π."""
    a, b = node(graph, "absolute", y), node(graph, "absolute", x)
    is_steep = node(graph, "greater", a, b)
    above = node(graph, "select", is_steep, b, a)
    below = node(graph, "select", is_steep, a, b)
    is_origin = node(graph, "equal", below, 0.0)
    share = node(graph, "divide", above, node(graph, "select", is_origin, 1.0, below))
    angle = _arctan_of_share(graph, share)
    angle = node(graph, "select", is_steep, node(graph, "subtract", math.pi / 2, angle), angle)
    is_left = node(graph, "less", x, 0.0)
    angle = node(graph, "select", is_left, node(graph, "subtract", math.pi, angle), angle)
    return signed_like(graph, y, angle)


def arctan(graph: Graph, x: Value) -> Value:
    return arctan2(graph, x, graph.one("onesLike", x))


def _other_leg(graph: Graph, x: Value) -> Value:
    """√(1 − x²) without the loss of digits near 1."""
    product = node(graph, "multiply", node(graph, "subtract", 1.0, x), node(graph, "add", x, 1.0))
    return node(graph, "squareRoot", product)


def arcsin(graph: Graph, x: Value) -> Value:
    return arctan2(graph, x, _other_leg(graph, x))


def arccos(graph: Graph, x: Value) -> Value:
    return arctan2(graph, _other_leg(graph, x), x)


def is_nan(graph: Graph, x: Value) -> Value:
    return node(graph, "notEqual", x, x)


def trunc(graph: Graph, x: Value) -> Value:
    return node(graph, "select", node(graph, "less", x, 0.0), node(graph, "ceiling", x), node(graph, "floor", x))


def _cbrt(graph: Graph, x: Value) -> Value:
    return signed_like(graph, x, node(graph, "power", node(graph, "absolute", x), 1 / 3))


def _sinc(graph: Graph, x: Value) -> Value:
    angle = node(graph, "multiply", x, math.pi)
    is_zero = node(graph, "equal", x, 0.0)
    safe = node(graph, "select", is_zero, 1.0, angle)
    return node(graph, "select", is_zero, 1.0, node(graph, "divide", node(graph, "sine", angle), safe))


def _finite(graph: Graph, x: Value) -> Value:
    return node(graph, "lessEqual", node(graph, "absolute", x), LARGEST)


def _infinite(graph: Graph, x: Value) -> Value:
    return node(graph, "greater", node(graph, "absolute", x), LARGEST)


def _tan(graph: Graph, x: Value) -> Value:
    return node(graph, "divide", node(graph, "sine", x), node(graph, "cosine", x))


_UNARY: dict[str, Callable[[Graph, Value], Value]] = {
    "expm1": expm1, "log1p": log1p, "sinh": sinh, "cosh": cosh, "arcsinh": arcsinh, "arccosh": arccosh,
    "arctanh": arctanh, "arctan": arctan, "arcsin": arcsin, "arccos": arccos, "tan": _tan, "trunc": trunc,
    "cbrt": _cbrt, "sinc": _sinc, "isnan": is_nan, "isfinite": _finite, "isinf": _infinite,
    "isposinf": lambda graph, x: node(graph, "greater", x, LARGEST),
    "isneginf": lambda graph, x: node(graph, "less", x, -LARGEST),
    "reciprocal": lambda graph, x: node(graph, "divide", 1.0, x),
    "exp2": lambda graph, x: node(graph, "power", 2.0, x),
    "log2": lambda graph, x: node(graph, "multiply", node(graph, "logarithm", x), 1 / math.log(2)),
    "log10": lambda graph, x: node(graph, "multiply", node(graph, "logarithm", x), 1 / math.log(10)),
    "deg2rad": lambda graph, x: node(graph, "multiply", x, math.pi / 180),
    "rad2deg": lambda graph, x: node(graph, "multiply", x, 180 / math.pi),
    "fabs": lambda graph, x: node(graph, "absolute", x),
    "erf": lambda graph, x: node(graph, "errorFunction", x),
}


def _registered(function: Callable[[Graph, Value], Value]) -> Function:
    def run(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
        return Tensor(function(converter.graph, floats(converter, value_of(converter, arguments[0]))))

    return run


for _name, _function in _UNARY.items():
    TABLE[_name] = _registered(_function)


def _logaddexp(graph: Graph, a: Value, b: Value) -> Value:
    """log(eᵃ + eᵇ)."""
    top = node(graph, "maximum", a, b)
    distance = node(graph, "absolute", node(graph, "subtract", a, b))
    total = node(graph, "add", top, log1p(graph, node(graph, "exponential", node(graph, "negate", distance))))
    return node(graph, "select", node(graph, "equal", a, b), node(graph, "add", a, math.log(2)), total)


def _logaddexp2(graph: Graph, a: Value, b: Value) -> Value:
    two = math.log(2)
    total = _logaddexp(graph, node(graph, "multiply", a, two), node(graph, "multiply", b, two))
    return node(graph, "multiply", total, 1 / two)


def _hypot(graph: Graph, a: Value, b: Value) -> Value:
    """√(a² + b²), whose squares never overflow."""
    a, b = node(graph, "absolute", a), node(graph, "absolute", b)
    largest, least = node(graph, "maximum", a, b), node(graph, "minimum", a, b)
    safe = node(graph, "select", node(graph, "equal", largest, 0.0), 1.0, largest)
    share = node(graph, "square", node(graph, "divide", least, safe))
    return node(graph, "multiply", largest, node(graph, "squareRoot", node(graph, "add", share, 1.0)))


def _fmod(graph: Graph, a: Value, b: Value) -> Value:
    """The remainder with the sign of the first."""
    rest = node(graph, "floorModulo", node(graph, "absolute", a), node(graph, "absolute", b))
    return signed_like(graph, a, rest)


def _heaviside(graph: Graph, a: Value, b: Value) -> Value:
    right = node(graph, "select", node(graph, "greater", a, 0.0), 1.0, b)
    return node(graph, "select", node(graph, "less", a, 0.0), 0.0, right)


def _ignoring_nan(operation: str) -> Callable[[Graph, Value, Value], Value]:
    def run(graph: Graph, a: Value, b: Value) -> Value:
        other = node(graph, "select", is_nan(graph, b), a, node(graph, operation, a, b))
        return node(graph, "select", is_nan(graph, a), b, other)

    return run


_BINARY: dict[str, Callable[[Graph, Value, Value], Value]] = {
    "arctan2": arctan2, "logaddexp": _logaddexp, "logaddexp2": _logaddexp2, "hypot": _hypot, "fmod": _fmod,
    "heaviside": _heaviside, "fmax": _ignoring_nan("maximum"), "fmin": _ignoring_nan("minimum"),
}


def _registered_pair(function: Callable[[Graph, Value, Value], Value]) -> Function:
    def run(converter: Converter, arguments: list[Any], _: Options) -> Tensor:
        first, second = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
        return Tensor(function(converter.graph, first, second))

    return run


for _name, _pair_function in _BINARY.items():
    TABLE[_name] = _registered_pair(_pair_function)


@operator("isclose")
def is_close(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """|a − b| ≤ absolute tolerance + relative tolerance · |b|."""
    graph = converter.graph
    a, b = (floats(converter, value) for value in pair(converter, arguments[0], arguments[1]))
    given = [*arguments[2:], None, None]
    relative = options.get("rtol", 1e-5 if given[0] is None else given[0])
    absolute = options.get("atol", 1e-8 if given[1] is None else given[1])
    distance = node(graph, "absolute", node(graph, "subtract", a, b))
    limit = node(graph, "add", node(graph, "multiply", node(graph, "absolute", b), float(relative)), float(absolute))
    within = node(graph, "logicalAnd", node(graph, "lessEqual", distance, limit), _finite(graph, b))
    result = node(graph, "logicalOr", within, node(graph, "equal", a, b))
    if options.get("equal_nan"):
        result = node(graph, "logicalOr", result, node(graph, "logicalAnd", is_nan(graph, a), is_nan(graph, b)))
    return Tensor(result)


@operator("nan_to_num")
def nan_to_num(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Numbers in place of NaN and of infinities; an infinity without one becomes the largest number there is."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    numbers: dict[str, float] = {"nan": 0.0, "posinf": LARGEST, "neginf": -LARGEST}
    for position, key in enumerate(numbers, 1):
        given = options.get(key, arguments[position] if len(arguments) > position else None)
        if given is not None:
            numbers[key] = float(given)
    value = node(graph, "select", is_nan(graph, value), numbers["nan"], value)
    value = node(graph, "select", node(graph, "greater", value, LARGEST), numbers["posinf"], value)
    return Tensor(node(graph, "select", node(graph, "less", value, -LARGEST), numbers["neginf"], value))


@operator("round")
def rounded(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """To the nearest, ties to the even one, after so many decimals."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    decimals = int(options.get("decimals", arguments[1] if len(arguments) > 1 else 0) or 0)
    if decimals == 0:
        return Tensor(graph.one("round", value))
    factor = 10.0**decimals
    scaled = node(graph, "round", node(graph, "multiply", value, factor))
    return Tensor(node(graph, "divide", scaled, factor))
