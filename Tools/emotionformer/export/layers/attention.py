"""Conversion of attention layers, with the masks that each Keras generation makes of its inputs' masks."""

from __future__ import annotations

import math
import string
from dataclasses import dataclass

import numpy as np

from emotionformer.export import einsum
from emotionformer.export.conversion import Converter, Result, as_bool, handles, tensor, tensors
from emotionformer.export.graph import Call, Graph, Tensor, Value, Weight
from emotionformer.export.layer import Layer


def joined(converter: Converter, masks: list[Value | None]) -> Value | None:
    """Masks combined by "and"; None stands for all true."""
    result: Value | None = None
    for mask in masks:
        if mask is not None:
            result = mask if result is None or result is mask else converter.graph.one("logicalAnd", result, mask)
    return result


def _own_mask(call: Call, name: str, given: Tensor | None) -> Value | None:
    """`query_mask` and the like: given explicitly (Keras 3 writes them down), else what the tensor carries."""
    explicit = call.keywords.get(f"{name}_mask")
    if isinstance(explicit, Tensor):
        return explicit.value
    return given.mask if given is not None else None


@handles("MultiHeadAttention")
def multi_head_attention(converter: Converter, layer: Layer, call: Call) -> Result:
    query = tensor(call.argument(0, "query"), layer)
    value = tensor(call.argument(1, "value"), layer)
    third = call.argument(2, "key")
    key = third if isinstance(third, Tensor) else None
    parts = {part.layer.name: part.layer for part in layer.parts}
    scores = bool(call.keywords.get("return_attention_scores"))
    plain = _is_plain(layer, query)
    if not plain and (query.mask or value.mask or call.keywords.get("attention_mask") is not None):
        raise layer.refuse("a mask of an attention over other axes than time is not supported")
    mask = _mask(converter, layer, call, query, value, key) if plain else None
    by_head = mask is not None and mask.rank == 4 and mask.shape[1] != 1 and _empties_rows(converter, layer, scores)
    run = _fused if plain and not by_head and not _is_wide(layer, parts) else _spelled_out
    outputs = run(converter, layer, call, _Operands(query.value, (key or value).value, value.value, mask))
    first = Tensor(outputs[0], query.mask)
    if deletes_masks(converter) and layer.class_name == "MultiHeadAttention":
        # Keras takes the masks off its operands: a residual that uses one of them later is unmasked.
        for operand in (query, value, key):
            if operand is not None:
                operand.mask = None
    return [first, Tensor(outputs[1])] if scores else first


@dataclass
class _Operands:
    """What an attention layer attends with; the mask is in one of the shapes that the operation takes."""

    query: Value
    key: Value
    value: Value
    mask: Value | None


def _is_plain(layer: Layer, query: Tensor) -> bool:
    """Whether it attends over the one axis of time."""
    axes = layer.option("attention_axes")
    return query.rank == 3 and (axes is None or [axis % query.rank for axis in np.ravel(axes)] == [1])


def _is_wide(layer: Layer, parts: dict[str, Layer]) -> bool:
    """Whether it does more than the one operation: a gate, or an output of several axes."""
    return bool(layer.option("use_gate", False)) or parts["attention_output"].weight("kernel").ndim != 3


def _fused(converter: Converter, layer: Layer, call: Call, given: _Operands) -> list[Value]:
    """One operation for the whole layer, but for the queries that may attend to nothing."""
    parts = {part.layer.name: part.layer for part in layer.parts}
    weights: dict[str, Weight] = {}
    for role in ("query", "key", "value", "output"):
        source = parts["attention_output" if role == "output" else role]
        weights[f"{role}Kernel"] = converter.derived(layer, f"{role}/kernel", source.weight("kernel"))
        if "bias" in source.arrays:
            weights[f"{role}Bias"] = converter.derived(layer, f"{role}/bias", source.weight("bias"))
    scores = bool(call.keywords.get("return_attention_scores"))
    heads, dimension = parts["query"].weight("kernel").shape[1:]
    result, *rest = converter.graph.emit(
        "multiHeadAttention",
        [given.query, given.key, given.value, given.mask],
        2 if scores else 1,
        weights,
        headCount=heads,
        keyDimension=dimension,
        valueDimension=parts["value"].weight("kernel").shape[2],
        causal=bool(call.keywords.get("use_causal_mask")),
    )
    if given.mask is not None and _empties_rows(converter, layer, scores):
        result = _without_empty_rows(converter, given.mask, result, weights.get("outputBias"))
        rest = [_without_masked(converter, given.mask, item) for item in rest]
    return [result, *rest]


def _projected(converter: Converter, layer: Layer, part: Layer, value: Value, bound: int) -> Value:
    """The last `bound` axes of a value times a kernel that begins with them, and the bias."""
    graph, kernel = converter.graph, part.weight("kernel")
    letters = string.ascii_lowercase
    free, made = letters[: value.rank - bound], letters[10 : 10 + kernel.ndim - bound]
    inner = letters[20 : 20 + bound]
    named = graph.constant(kernel, "float32", f"{converter.path(layer)}/{part.name}/kernel")
    result = einsum.product(graph, f"{free}{inner},{inner}{made}->{free}{made}", [value, named])
    if "bias" in part.arrays:
        bias = graph.constant(part.weight("bias"), "float32", f"{converter.path(layer)}/{part.name}/bias")
        result = graph.one("add", result, bias)
    return result


def _spelled_out(converter: Converter, layer: Layer, call: Call, given: _Operands) -> list[Value]:
    """Projections, attention and output as operations of their own: for axes other than time, for a gate, for an output
    of several axes, and where some heads have nothing to attend to."""
    graph, parts = converter.graph, {part.layer.name: part.layer for part in layer.parts}
    scores = bool(call.keywords.get("return_attention_scores"))
    if given.query.rank != 3 and (scores or call.keywords.get("use_causal_mask")):
        raise layer.refuse("scores and a causal mask of an attention over other axes than time are not supported")
    axes = layer.option("attention_axes")
    attended = [1] if axes is None and given.query.rank == 3 else list(range(1, given.query.rank - 1))
    if axes is not None:
        attended = [axis % given.query.rank for axis in np.ravel(axes).tolist()]
    free = [axis for axis in range(given.query.rank - 1) if axis not in attended]
    query, key, value = (
        _projected(converter, layer, parts[role], operand, 1)
        for role, operand in (("query", given.query), ("key", given.key), ("value", given.value))
    )
    heads, dimension = query.shape[-2:]
    order = [*free, *attended, query.rank - 2, query.rank - 1]
    flat = [_rows(graph, operand, order, len(free)) for operand in (query, key, value)]
    made, *rest = graph.emit(
        "attention",
        [*flat, given.mask],
        2 if scores else 1,
        headCount=heads,
        scale=1 / math.sqrt(dimension),
        causal=bool(call.keywords.get("use_causal_mask")),
    )
    lead = [query.shape[axis] for axis in (*free, *attended)]
    result = graph.one("reshape", made, shape=[*lead, heads, value.shape[-1]])
    if given.mask is not None and _empties_rows(converter, layer, scores):
        result = _without_empty_heads(converter, given.mask, result)
        rest = [_without_masked(converter, given.mask, item) for item in rest]
    if order != list(range(query.rank)):
        result = graph.one("transpose", result, permutation=[order.index(axis) for axis in range(query.rank)])
    if layer.option("use_gate", False):
        gate = _projected(converter, layer, parts["gate"], given.query, 1)
        result = graph.one("multiply", result, graph.one("activation", gate, function="sigmoid"))
    return [_projected(converter, layer, parts["attention_output"], result, 2), *rest]


def _rows(graph: Graph, value: Value, order: list[int], free: int) -> Value:
    """(free axes, attended axes, heads, width) in this order → (batch, steps, heads · width)."""
    if order != list(range(value.rank)):
        value = graph.one("transpose", value, permutation=order)
    shape = value.shape
    return graph.one(
        "reshape", value, shape=[math.prod(shape[:free]), math.prod(shape[free:-2]), math.prod(shape[-2:])]
    )


def _without_empty_heads(converter: Converter, mask: Value, result: Value) -> Value:
    """Zeros for the heads (B, T, heads, width) of a query that may attend to nothing."""
    graph = converter.graph
    some = graph.one("reduceAny", _with_heads(converter, mask), axes=[-1], keepDimensions=True)
    some = graph.one("transpose", some, permutation=[0, 2, 1, 3])
    return graph.one("select", some, result, graph.constant(0.0))


def _with_heads(converter: Converter, mask: Value) -> Value:
    """A mask as (B, heads or 1, T or 1, S)."""
    graph = converter.graph
    if mask.rank == 2:
        mask = graph.one("expandDimensions", mask, axis=1)
    return graph.one("expandDimensions", mask, axis=1) if mask.rank == 3 else mask


def _without_masked(converter: Converter, mask: Value, scores: Value) -> Value:
    """Zeros where the mask lets nothing through; without it, a query with nothing to attend to has equal weights."""
    return converter.graph.one("select", _with_heads(converter, mask), scores, converter.graph.constant(0.0))


def deletes_masks(converter: Converter) -> bool:
    """Whether attention and merging treat masks as Keras does since 3.7."""
    return converter.generation == 3 and converter.version >= (3, 7)


def _mask(
    converter: Converter, layer: Layer, call: Call, query: Tensor, value: Tensor, key: Tensor | None
) -> Value | None:
    graph = converter.graph
    carried = query.mask if deletes_masks(converter) else _own_mask(call, "query", query)
    query_mask = as_bool(converter, carried)
    value_mask = as_bool(converter, _own_mask(call, "value", value))
    key_mask = as_bool(converter, _own_mask(call, "key", key))
    rows = None if query_mask is None else graph.one("expandDimensions", query_mask, axis=-1)
    columns = joined(converter, [value_mask, key_mask])
    columns = None if columns is None else graph.one("expandDimensions", columns, axis=1)
    given = call.keywords.get("attention_mask")
    explicit = as_bool(converter, given.value) if isinstance(given, Tensor) else None
    window = layer.option("sliding_window")
    band = None
    if window is not None:
        distance = np.arange(query.shape[1])[:, None] - np.arange(value.shape[1])[None, :]
        band = graph.constant((np.abs(distance) < window)[None], "bool")
    automatic = joined(converter, [rows, columns, band])
    if explicit is not None and explicit.rank == 2:
        explicit = graph.one("expandDimensions", explicit, axis=0)
    if explicit is not None and automatic is not None and explicit.rank == 4:
        automatic = graph.one("expandDimensions", automatic, axis=1)
    mask = joined(converter, [explicit, automatic])
    return _attention_shape(converter, mask, query.shape[1], value.shape[1])


def _attention_shape(converter: Converter, mask: Value | None, rows: int, columns: int) -> Value | None:
    """A mask in one of the shapes that the operation takes."""
    if mask is None or mask.rank == 2:
        return mask
    wanted = (*mask.shape[:-2], mask.shape[-2], columns)
    if mask.rank == 3 and mask.shape[1] not in (1, rows):
        raise_shape = (1, rows, columns)
        return converter.graph.one("broadcastTo", mask, shape=list(raise_shape))
    if mask.shape != wanted:
        return converter.graph.one("broadcastTo", mask, shape=list(wanted))
    return converter.graph.place(mask)


def _empties_rows(converter: Converter, layer: Layer, scores: bool) -> bool:
    """From 3.10 on, Keras's own softmax gives zeros, not equal weights, where a query has no key to attend to. A
    layer without dropout takes the fused path, which does not."""
    fused = layer.option("dropout", 0.0) == 0 and not scores
    return layer.generation == 3 and converter.version >= (3, 10) and not fused


def _without_empty_rows(converter: Converter, mask: Value, result: Value, bias: Weight | None) -> Value:
    graph = converter.graph
    if mask.rank == 4:
        mask = graph.one("squeeze", mask, axes=[1])
    some = graph.one("reduceAny", mask, axes=[-1], keepDimensions=True)
    if mask.rank == 2:
        some = graph.one("expandDimensions", some, axis=-1)
    empty = np.zeros(result.shape[-1]) if bias is None else bias.array
    return graph.one("select", some, result, graph.constant(empty))


@handles("GroupQueryAttention", "GroupedQueryAttention")
def grouped_query_attention(converter: Converter, layer: Layer, call: Call) -> Result:
    """Several query heads share one key and value head: the same kernels are repeated for each."""
    parts = {part.layer.name: part.layer for part in layer.parts}
    heads = int(layer.option("num_query_heads", 1))
    repeats = heads // max(int(layer.option("num_key_value_heads", heads)), 1)
    for name in ("key", "value"):
        part = parts[name]
        if not part.arrays.get("repeated", np.zeros(0)).size:
            part.arrays["kernel"] = np.repeat(part.arrays["kernel"], repeats, axis=1)
            if "bias" in part.arrays:
                part.arrays["bias"] = np.repeat(part.arrays["bias"], repeats, axis=0)
            part.arrays["repeated"] = np.ones(1)
    return multi_head_attention(converter, layer, call)


@handles("Attention", "AdditiveAttention")
def dot_attention(converter: Converter, layer: Layer, call: Call) -> Result:
    """Luong's and Bahdanau's attention over [query, value] or [query, value, key], built from single operations."""
    graph = converter.graph
    items = tensors(call.first, layer)
    query, value = items[0], items[1]
    key = items[2] if len(items) > 2 else value
    masks = call.keywords.get("mask")
    explicit = [item.value if isinstance(item, Tensor) else None for item in masks] if isinstance(masks, list) else None
    query_mask = explicit[0] if explicit else query.mask
    value_mask = explicit[1] if explicit and len(explicit) > 1 else value.mask
    if layer.class_name == "AdditiveAttention" or layer.option("score_mode", "dot") == "concat":
        total = graph.one(
            "add", graph.one("expandDimensions", query.value, axis=2), graph.one("expandDimensions", key.value, axis=1)
        )
        if layer.class_name == "Attention" and "scale" in layer.arrays:
            total = graph.one("multiply", total, graph.constant(layer.weight("scale")))
        scores = graph.one("activation", total, function="tanh")
        if layer.class_name == "AdditiveAttention" and "scale" in layer.arrays:
            scores = graph.one("multiply", scores, graph.constant(layer.weight("scale")))
        scores = graph.one("reduceSum", scores, axes=[-1])
        if "concat_score_weight" in layer.arrays:
            scores = graph.one("multiply", scores, graph.constant(layer.weight("concat_score_weight")))
    else:
        scores = graph.one("matmul", query.value, key.value, transposeSecond=True)
        if "scale" in layer.arrays:
            scores = graph.one("multiply", scores, graph.constant(layer.weight("scale")))
    kept: list[Value | None] = []
    if value_mask is not None:
        kept.append(graph.one("expandDimensions", as_bool(converter, value_mask), axis=-2))
    if call.keywords.get("use_causal_mask") or layer.option("causal", False):
        kept.append(graph.constant(np.tril(np.ones((1, *scores.shape[1:]))) != 0, "bool"))
    weights = graph.one("softmax", scores, joined(converter, kept))
    result = graph.one("matmul", weights, value.value)
    if query_mask is not None:
        visible = graph.one("expandDimensions", as_bool(converter, query_mask), axis=-1)
        result = graph.one("multiply", result, graph.one("cast", visible, to="float32"))
    first = Tensor(result, query_mask)
    return [first, Tensor(weights)] if call.keywords.get("return_attention_scores") else first
