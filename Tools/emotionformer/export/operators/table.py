"""The function calls that a functional model's graph may hold, under one name for both Keras generations.

Each is a function of the converter, the positional arguments and the named ones; tensors arrive as `Tensor`, all else
as plain Python values. `keras2` and `keras3` translate what each generation writes. Here are the table and what reads
arguments; the functions are in `arithmetic`, `products`, `reductions` and `shapes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter, as_tensor
from emotionformer.export.graph import Tensor, Value
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


def floats(converter: Converter, value: Value) -> Value:
    return value if value.dtype == "float32" else converter.graph.one("cast", value, to="float32")


def booleans(converter: Converter, value: Value) -> Value:
    return value if value.dtype == "bool" else converter.graph.one("cast", value, to="bool")


# Types narrower than those a graph computes in: their bits, and whether they have a sign.
NARROW = {"int8": (8, True), "uint8": (8, False), "int16": (16, True), "uint16": (16, False)}


def cast_to(converter: Converter, value: Value, dtype: Any, fits: bool = False) -> Value:
    """A cast to the element types that a graph computes in. Whole numbers beyond a narrower one wrap around, as in
    TensorFlow, which leaves open what becomes of fractions beyond it; `fits` says that nothing is beyond."""
    name = str(dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype)
    if name.startswith(("float", "bfloat", "half", "double")):
        target = "float32"
    elif name in ("bool", "int64", "int32"):
        target = name
    elif name.startswith(("int", "uint")):
        target = "int32"
    else:
        raise ExportError(f"{converter.graph.scope}: a cast to '{name}' is not supported")
    result = value if value.dtype == target else converter.graph.one("cast", value, to=target)
    return result if fits or value.dtype == "bool" or name not in NARROW else _wrapped(converter, result, *NARROW[name])


def _wrapped(converter: Converter, value: Value, bits: int, has_sign: bool) -> Value:
    graph, half = converter.graph, 1 << bits - 1
    if not has_sign:
        return graph.one("floorModulo", value, graph.constant(1 << bits, "int32"))
    moved = graph.one("add", value, graph.constant(half, "int32"))
    moved = graph.one("floorModulo", moved, graph.constant(1 << bits, "int32"))
    return graph.one("subtract", moved, graph.constant(half, "int32"))
