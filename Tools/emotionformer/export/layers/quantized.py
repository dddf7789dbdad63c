"""Layers of Keras that quantize each row of their input before they multiply it with an integer kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from emotionformer.export.conversion import Converter, Result, tensor
from emotionformer.export.einsum import product
from emotionformer.export.graph import Call, Tensor, Value, Weight
from emotionformer.export.layer import Layer, Quantization, Rows
from emotionformer.export.layers.attention import _is_plain, _is_wide, _mask, deletes_masks
from emotionformer.export.layers.core import activate, activation_name, as_float


def quantizes_rows(layer: Layer) -> bool:
    held = [part.layer for part in layer.parts] if layer.class_name == "MultiHeadAttention" else [layer]
    return any(item.quantization is not None and item.quantization.rows is not None for item in held)


def convert(converter: Converter, layer: Layer, call: Call) -> Result:
    """A layer of which `quantizes_rows` is true."""
    converter.note(
        "Keras quantizes the inputs of some layers, row by row, as the package does. A number that lies between two "
        "integers can fall to either side, in Keras from one machine to the other, too"
    )
    converter.rounds = True
    if layer.class_name == "MultiHeadAttention":
        return _multi_head_attention(converter, layer, call)
    given = tensor(call.first, layer)
    value = as_float(converter.graph, given.value)
    value = _dense(converter, layer, value) if layer.class_name == "Dense" else _einsum(converter, layer, value)
    mask = given.mask if layer.class_name == "Dense" else None
    return Tensor(activate(converter, layer, value, activation_name(layer)), mask)


def _quantized(converter: Converter, rows: Rows, value: Value, axes: Sequence[int]) -> tuple[Value, Value]:
    """Whole numbers, and what they were multiplied by: one factor for all along the axes."""
    graph = converter.graph
    largest = graph.one("reduceMaximum", graph.one("absolute", value), axes=list(axes), keepDimensions=True)
    largest = graph.one("add", largest, graph.constant(rows.epsilon))
    scale = graph.one("divide", graph.constant(float(rows.high)), largest)
    whole = graph.one("round", graph.one("multiply", value, scale))
    return graph.one("clip", whole, minimum=float(rows.low), maximum=float(rows.high)), scale


def _rows(quantization: Quantization | None) -> Rows:
    assert quantization is not None and quantization.rows is not None
    return quantization.rows


def _projected(
    converter: Converter, layer: Layer, part: Layer, role: str, value: Value, kernel: np.ndarray, scale: np.ndarray
) -> Value:
    """value (…, in) · kernel (in, out), with the part's bias."""
    graph = converter.graph
    whole, factor = _quantized(converter, _rows(part.quantization), value, [value.rank - 1])
    weight = Weight(f"{converter.path(layer)}/{role}kernel", np.ascontiguousarray(kernel, np.float32))
    result = graph.one("dense", whole, weights={"kernel": weight})
    result = graph.one("divide", result, graph.one("multiply", graph.constant(scale.reshape(-1)), factor))
    if "bias" not in part.arrays:
        return result
    return graph.one("add", result, graph.constant(part.weight("bias").reshape(-1)))


def _dense(converter: Converter, layer: Layer, value: Value) -> Value:
    assert layer.quantization is not None and layer.quantization.scale is not None
    return _projected(converter, layer, layer, "", value, layer.weight("kernel"), layer.quantization.scale)


def _einsum(converter: Converter, layer: Layer, value: Value) -> Value:
    graph, quantization = converter.graph, layer.quantization
    equation = str(layer.option("equation", "")).replace(" ", "")
    left, _, output = equation.partition("->")
    first, _, second = left.partition(",")
    reduced = [axis for axis, letter in enumerate(first) if letter in second and letter not in output]
    whole, factor = _quantized(converter, _rows(quantization), value, reduced)
    kernel = graph.constant(layer.weight("kernel"))
    result = product(graph, f"{first},{second}->{output}", [whole, kernel])
    kept = [letter for letter in output if letter in first]
    order = [first.index(letter) for letter in kept]
    thin = graph.one("transpose", factor, permutation=order + reduced)
    factor = graph.one(
        "reshape", thin, shape=[factor.shape[first.index(letter)] if letter in first else 1 for letter in output]
    )
    scale = None if quantization is None else quantization.scale
    if scale is not None:
        factor = graph.one("multiply", factor, graph.constant(scale))
    result = graph.one("divide", result, factor)
    if "bias" not in layer.arrays:
        return result
    return graph.one("add", result, graph.constant(np.asarray(layer.weight("bias"))))


def _multi_head_attention(converter: Converter, layer: Layer, call: Call) -> Result:
    """The projections one by one, the attention of the heads between them."""
    graph = converter.graph
    query = tensor(call.argument(0, "query"), layer)
    value = tensor(call.argument(1, "value"), layer)
    third = call.argument(2, "key")
    key = third if isinstance(third, Tensor) else None
    parts = {part.layer.name: part.layer for part in layer.parts}
    if not _is_plain(layer, query) or _is_wide(layer, parts) or call.keywords.get("return_attention_scores"):
        raise layer.refuse("a quantized layer with scores, a gate or other axes than time is not supported")
    mask = _mask(converter, layer, call, query, value, key)
    if mask is not None:
        raise layer.refuse("a mask of a quantized layer is not supported")
    heads, dimension = parts["query"].weight("kernel").shape[1:]

    def projected(name: str, given: Tensor) -> Value:
        part = parts[name]
        kernel = part.weight("kernel")
        scale = _scale(part, kernel)
        flat = kernel.reshape(kernel.shape[0], -1)
        return _projected(converter, layer, part, f"{name}/", given.value, flat, scale)

    attended = graph.one(
        "attention",
        projected("query", query),
        projected("key", key or value),
        projected("value", value),
        headCount=heads,
        scale=1 / math.sqrt(dimension),
        causal=bool(call.keywords.get("use_causal_mask")),
    )
    part = parts["attention_output"]
    kernel = part.weight("kernel")
    flat = kernel.reshape(-1, kernel.shape[-1])
    result = _projected(converter, layer, part, "output/", attended, flat, _scale(part, kernel))
    if deletes_masks(converter):
        for operand in (query, value, key):
            if operand is not None:
                operand.mask = None
    return Tensor(result, query.mask)


def _scale(part: Layer, kernel: np.ndarray) -> np.ndarray:
    if part.quantization is not None and part.quantization.scale is not None:
        return part.quantization.scale
    outputs = kernel.shape[-1:] if part.name == "attention_output" else kernel.shape[1:]
    return np.ones(outputs, np.float32)
