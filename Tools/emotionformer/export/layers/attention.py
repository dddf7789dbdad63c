"""Conversion of attention layers, with the masks that each Keras generation makes of its inputs' masks."""

from __future__ import annotations

import numpy as np

from emotionformer.export.conversion import Converter, Result, as_bool, handles, tensor, tensors
from emotionformer.export.graph import Call, Tensor, Value, Weight
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
    _check(layer, query)
    parts = {part.layer.name: part.layer for part in layer.parts}
    kernels = {
        "query": parts["query"].weight("kernel"),
        "key": parts["key"].weight("kernel"),
        "value": parts["value"].weight("kernel"),
        "output": parts["attention_output"].weight("kernel"),
    }
    if kernels["output"].ndim != 3:
        raise layer.refuse("its output has more than one axis (output_shape), which is not supported")
    mask = _mask(converter, layer, call, query, value, key)
    weights: dict[str, Weight] = {}
    for role in ("query", "key", "value", "output"):
        source = parts["attention_output" if role == "output" else role]
        weights[f"{role}Kernel"] = converter.derived(layer, f"{role}/kernel", kernels[role])
        if "bias" in source.arrays:
            weights[f"{role}Bias"] = converter.derived(layer, f"{role}/bias", source.weight("bias"))
    scores = bool(call.keywords.get("return_attention_scores"))
    heads, dimension = kernels["query"].shape[1:]
    outputs = converter.graph.emit(
        "multiHeadAttention",
        [query.value, (key or value).value, value.value, mask],
        2 if scores else 1,
        weights,
        headCount=heads,
        keyDimension=dimension,
        valueDimension=kernels["value"].shape[2],
        causal=bool(call.keywords.get("use_causal_mask")),
    )
    result = outputs[0]
    if mask is not None and _empties_rows(converter, layer, scores):
        result = _without_empty_rows(converter, layer, mask, result, weights.get("outputBias"))
    first = Tensor(result, query.mask)
    if deletes_masks(converter):
        # Keras takes the masks off its operands: a residual that uses one of them later is unmasked.
        for operand in (query, value, key):
            if operand is not None:
                operand.mask = None
    return [first, Tensor(outputs[1])] if scores else first


def deletes_masks(converter: Converter) -> bool:
    """Whether attention and merging treat masks as Keras does since 3.7."""
    return converter.generation == 3 and converter.version >= (3, 7)


def _check(layer: Layer, query: Tensor) -> None:
    axes = layer.option("attention_axes")
    if query.rank != 3 or (axes is not None and [axis % query.rank for axis in np.ravel(axes)] != [1]):
        raise layer.refuse(f"attention over axes {axes} of a tensor of rank {query.rank} is not supported")
    if layer.option("use_gate", False):
        raise layer.refuse("its output gate (use_gate) is not supported; use --custom FILE.py")


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
    if isinstance(given, (list, np.ndarray)):
        explicit = graph.constant(np.asarray(given) != 0, "bool")
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
    if mask.shape != wanted or mask.shape[0] != 1:
        return converter.graph.one("broadcastTo", mask, shape=[1, *wanted[1:]])
    return converter.graph.place(mask)


def _empties_rows(converter: Converter, layer: Layer, scores: bool) -> bool:
    """From 3.10 on, Keras's own softmax gives zeros, not equal weights, where a query has no key to attend to. A
    layer without dropout takes the fused path, which does not."""
    fused = layer.option("dropout", 0.0) == 0 and not scores
    return layer.generation == 3 and converter.version >= (3, 10) and not fused


def _without_empty_rows(converter: Converter, layer: Layer, mask: Value, result: Value, bias: Weight | None) -> Value:
    if mask.rank == 4 and mask.shape[1] != 1:
        raise layer.refuse("an attention mask that differs from head to head is not supported")
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
