"""Layers that Keras does not have: recognized where configuration and weights leave no doubt.

Where they leave one thing open, the user is asked for it (`Readings`); everything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from emotionformer.export import blocks
from emotionformer.export.arguments import BLOCK_FORM, BLOCK_OPTION
from emotionformer.export.blocks import Component, component, components
from emotionformer.export.conversion import ADVICE, Converter, Result, as_bool, tensor, without_mask
from emotionformer.export.graph import Call, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.layers.core import activation_name, function_of
from emotionformer.export.pooling import attention_layer, pools_by_attention
from emotionformer.export.positions import CHECK, position_layer, unknown_options
from emotionformer.export.reading.own_classes import is_own, reason
from emotionformer.export.readings import ACTIVATIONS, BlockReading, Readings
from emotionformer.export.temporal_network import CLASS, temporal_network

BLOCK_CLASSES = ("TransformerBlock", "TransformerEncoder", "TransformerEncoderBlock", "TransformerLayer")


def recognized(converter: Converter, layer: Layer, call: Call, readings: Readings) -> Result:
    """The meaning of a layer of a class that is not Keras's own."""
    if layer.class_name == "Lambda":
        raise layer.refuse(f"{_lambda(layer)}; {ADVICE}")
    package = layer.registered.split(">")[0]
    if package in ("keras_hub", "keras_nlp", "KerasHub", "KerasNLP") and layer.class_name in LIBRARY:
        return LIBRARY[layer.class_name](converter, layer, call)
    if readings.names_block(layer):
        return _transformer_block(converter, layer, call, readings.block(layer))
    if readings.names_attention(layer):
        return attention_layer(converter, layer, call, readings.attention(layer))
    if readings.names_network(layer) or layer.class_name == CLASS:
        return temporal_network(converter, layer, call, readings.network(layer))
    if readings.names_position(layer) or re.search(r"position", layer.class_name, re.IGNORECASE):
        return position_layer(converter, layer, call, readings.position(layer))
    if layer.class_name in BLOCK_CLASSES:
        return _transformer_block(converter, layer, call, readings.block(layer))
    if is_own(layer):
        raise layer.refuse(f"{reason(layer)}; {ADVICE}")
    if re.search(r"attention", layer.class_name, re.IGNORECASE) and pools_by_attention(layer):
        return attention_layer(converter, layer, call, readings.attention(layer))
    held = ", ".join(f"{item.path or '.'} ({item.kind})" for item in components(layer)) or "no weights"
    advice = ADVICE
    if _ordered_parts(layer) is not None:
        name = layer.class_name
        advice = f"if it is a block like keras.io's, say so with {BLOCK_OPTION} {name}={BLOCK_FORM}, or {ADVICE}"
    raise layer.refuse(f"this class is not Keras's own (the file holds {held}); {advice}")


def _lambda(layer: Layer) -> str:
    """What the file says of the function. A name is no proof: a function of the user's own may bear the name of one of
    Keras's, and the file says no module."""
    function = layer.config.get("function")
    name = function.get("config") if isinstance(function, dict) else function
    if isinstance(name, str) and name.isprintable() and len(name) < 100:
        return f"a Lambda with the function '{name}' of the model's own code, which the file does not hold"
    return "a Lambda holds Python bytecode, which is never run"


# What keras.io's TransformerBlock holds: by attribute (.keras), by sub-layer and order (.h5).
BLOCK_ATTRIBUTES = {
    "att": "attention",
    "ffn/layers/dense": "dense",
    "ffn/layers/dense_1": "dense",
    "layernorm1": "normalization",
    "layernorm2": "normalization",
}
BLOCK_ORDER = [
    ("multi_head_attention", "attention"),
    ("dense", "dense"),
    ("dense", "dense"),
    ("layer_normalization", "normalization"),
    ("layer_normalization", "normalization"),
]


def _ordered_parts(layer: Layer) -> list[Component] | None:
    """Attention, inner and outer dense layer, first and second norm, if that is what the layer holds."""
    held = {item.path: item for item in components(layer)}
    ordered = list(held.values())
    if {path: item.kind for path, item in held.items()} == BLOCK_ATTRIBUTES:
        return [held[path] for path in BLOCK_ATTRIBUTES]
    if [(item.stem.removeprefix("sequential/"), item.kind) for item in ordered] == BLOCK_ORDER:
        return ordered
    return None


def _block_parts(layer: Layer, given: Tensor) -> list[Component]:
    """The parts, which fit each other and the input."""
    parts = _ordered_parts(layer)
    if parts is None:
        found = ", ".join(f"{item.path or '.'} ({item.kind})" for item in components(layer)) or "no weights"
        raise layer.refuse(f"its parts ({found}) are not those of keras.io's block, so their order is open; {ADVICE}")
    _, inner, outer, _, _ = parts
    width = given.shape[-1]
    if inner.arrays["kernel"].shape[0] != width or outer.arrays["kernel"].shape != inner.arrays["kernel"].shape[::-1]:
        raise layer.refuse(f"its dense layers do not fit its input; {ADVICE}")
    return parts


def _transformer_block(converter: Converter, layer: Layer, call: Call, reading: BlockReading | None) -> Result:
    """A block that has the parts of keras.io's: attention, two dense layers, two norms.

    Neither configuration nor weights say its activation, the place of its norms, their epsilon or its mask.
    """
    given = tensor(call.first, layer)
    parts = _block_parts(layer, given)
    options = unknown_options(layer)
    if options:
        raise layer.refuse(f"its options {', '.join(options)} may change what it computes; {ADVICE}")
    if reading is None:
        raise layer.refuse(
            "it has the parts of keras.io's block, and the file does not say where its norms stand, its activation, "
            f"their epsilon and whether it is causal: say it with {BLOCK_OPTION} {BLOCK_FORM} "
            f"(keras.io's is post-norm,relu,1e-6), or {ADVICE}"
        )
    without_mask(layer, given)
    attention, inner, outer, first, second = parts
    graph, epsilon = converter.graph, reading.epsilon
    function = ACTIVATIONS[reading.activation]

    def attend(x: Value) -> Value:
        return blocks.multi_head_attention(converter, layer, attention, x, causal=reading.causal)

    def feed(x: Value) -> Value:
        return blocks.dense(converter, layer, outer, blocks.dense(converter, layer, inner, x, function))

    def normal(x: Value, norm: Component) -> Value:
        return blocks.layer_normalization(converter, layer, norm, x, epsilon)

    x = given.value
    if reading.pre_norm:
        x = graph.one("add", x, attend(normal(x, first)))
        x = graph.one("add", x, feed(normal(x, second)))
    else:
        x = normal(graph.one("add", x, attend(x)), first)
        x = normal(graph.one("add", x, feed(x)), second)
    converter.note(f"{layer.class_name}: read as {BLOCK_OPTION} {reading} says; {CHECK}")
    return Tensor(x)


def _sine_position_encoding(converter: Converter, layer: Layer, call: Call) -> Result:
    """KerasHub's table of sines and cosines by turns, which the model itself adds."""
    given = tensor(call.first, layer)
    table = blocks.sinusoidal(given.shape[1], given.shape[2], True, float(layer.option("max_wavelength", 10000)))
    return Tensor(converter.graph.constant(table[None]), given.mask)


def _position_embedding(converter: Converter, layer: Layer, call: Call) -> Result:
    """KerasHub's trained table of positions, which the model itself adds."""
    given = tensor(call.first, layer)
    table = np.asarray(next(iter(layer.bag.values()), np.zeros((0, 0))))
    if table.ndim != 2 or table.shape[0] < given.shape[1]:
        raise layer.refuse(f"its table of shape {table.shape} is too short for {given.shape[1]} frames")
    return Tensor(converter.graph.constant(table[None, : given.shape[1]]), given.mask)


def _transformer_encoder(converter: Converter, layer: Layer, call: Call) -> Result:
    """KerasHub's encoder, whose configuration says all there is to know."""
    given, graph = tensor(call.first, layer), converter.graph
    for key in ("padding_mask", "attention_mask"):
        if call.keywords.get(key) is not None:
            raise layer.refuse(f"an explicit {key} is not supported; {ADVICE}")
    epsilon, first = float(layer.option("layer_norm_epsilon", 1e-5)), bool(layer.option("normalize_first", False))
    function = function_of(layer, activation_name(layer, "activation", "relu")) or "linear"

    def part(name: str) -> Component:
        return component(layer, f"_{name}", name)

    kept = as_bool(converter, given.mask)
    rows = None if kept is None else graph.one("expandDimensions", kept, axis=-1)
    mask = (
        None
        if kept is None or rows is None
        else graph.one("logicalAnd", rows, graph.one("expandDimensions", kept, axis=1))
    )

    def attend(x: Value) -> Value:
        attention = part("self_attention_layer")
        made = blocks.multi_head_attention(converter, layer, attention, x, mask=mask)
        if rows is None or not layer.option("dropout", 0) or converter.version < (3, 10):
            return made
        # Keras's own softmax gives a masked query no weight at all: what is left is the output's bias.
        return graph.one("select", rows, made, graph.constant(attention.arrays["output/bias"]))

    def feed(x: Value) -> Value:
        inner = blocks.dense(converter, layer, part("feedforward_intermediate_dense"), x, function)
        return blocks.dense(converter, layer, part("feedforward_output_dense"), inner)

    def normal(x: Value, name: str) -> Value:
        return blocks.layer_normalization(converter, layer, part(name), x, epsilon)

    x = given.value
    if first:
        x = graph.one("add", x, attend(normal(x, "self_attention_layer_norm")))
        x = graph.one("add", x, feed(normal(x, "feedforward_layer_norm")))
    else:
        x = normal(graph.one("add", x, attend(x)), "self_attention_layer_norm")
        x = normal(graph.one("add", x, feed(x)), "feedforward_layer_norm")
    return Tensor(x, given.mask)


LIBRARY: dict[str, Callable[[Converter, Layer, Call], Result]] = {
    "SinePositionEncoding": _sine_position_encoding,
    "PositionEmbedding": _position_embedding,
    "TransformerEncoder": _transformer_encoder,
}
