"""Function calls that choose and multiply: where, matmul, einsum, tensordot, softmax."""

from __future__ import annotations

import math
from typing import Any

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter, as_bool
from emotionformer.export.einsum import product
from emotionformer.export.graph import Tensor
from emotionformer.export.operators.table import Options, booleans, floats, integers, operator, pair, value_of


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
    flips: dict[str, Any] = {
        "transposeFirst": bool(options.get("transpose_a") or options.get("adjoint_a")),
        "transposeSecond": bool(options.get("transpose_b") or options.get("adjoint_b")),
    }
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
        left, right = (
            [axis % value.rank for axis in integers(converter, item)] for item, value in zip(axes, (first, second))
        )
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


@operator("dot_product_attention")
def dot_product_attention(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Attention of (B, T, N, H), (B, S, N, H), (B, S, N, V) → (B, T, N, V)."""
    graph = converter.graph
    items = list(arguments) + [options[key] for key in ("query", "key", "value")[len(arguments) :] if key in options]
    query, key, value = (floats(converter, value_of(converter, item)) for item in items[:3])
    if options.get("bias") is not None or query.rank != 4 or key.shape[2] != query.shape[2]:
        raise ExportError(f"{graph.scope}: dot_product_attention with a bias or grouped heads is not supported")
    mask = options.get("mask")
    kept = None if mask is None else as_bool(converter, value_of(converter, mask))
    heads, width = query.shape[2], query.shape[3]
    flat = [graph.one("reshape", x, shape=[1, x.shape[1], heads * x.shape[3]]) for x in (query, key, value)]
    made = graph.one(
        "attention",
        *flat,
        kept,
        headCount=heads,
        causal=bool(options.get("is_causal")),
        scale=float(options.get("scale") or 1 / math.sqrt(width)),
    )
    return Tensor(graph.one("reshape", made, shape=[1, query.shape[1], heads, value.shape[3]]))
