"""Custom layers with a table of positions: the user says what is done with it."""

from __future__ import annotations

import re

import numpy as np

from emotionformer.export import blocks
from emotionformer.export.arguments import POSITION_OPTION, POSITIONS
from emotionformer.export.blocks import Component, components
from emotionformer.export.conversion import ADVICE, Converter, Result, tensor, without_mask
from emotionformer.export.graph import Call, Tensor, Value
from emotionformer.export.layer import Layer

PLAIN = {"name", "trainable", "dtype", "activity_regularizer", "autocast", "batch_input_shape", "batch_shape", "seed"}
SIZES = set(
    (
        "d_model embed_dim embedding_dim hidden_dim model_dim dim units output_dim num_heads n_heads heads ff_dim dff "
        "ffn_dim mlp_dim feed_forward_dim rate dropout dropout_rate key_dim head_dim max_len maxlen max_length "
        "sequence_length seq_len seq_length max_frames num_frames frames max_position max_positions max_seq_len "
        "position input_dim timesteps num_positions depth length initializer embeddings_initializer "
        "vocab_size vocabulary_size num_patches patch_size projection_dim"
    ).split()
)
CHECK = "--verify-with keras --keras-classes FILE.py checks it"


def unknown_options(layer: Layer) -> list[str]:
    return sorted(key for key in layer.config if key not in PLAIN and key not in SIZES)


def position_layer(converter: Converter, layer: Layer, call: Call, reading: str | None) -> Result:
    """A table as long as the clip, and perhaps what makes rows of the input. What is done with them stands nowhere in
    the file."""
    given = tensor(call.first, layer)
    held = components(layer)
    options = unknown_options(layer)
    if not held:
        raise layer.refuse(
            f"the file holds no table for it, and sines and cosines can be arranged in more than one way; {ADVICE}"
        )
    if options:
        raise layer.refuse(f"its options {', '.join(options)} are not known; {ADVICE}")
    fitting, table, other = _parts(held)
    if table is None or not fitting or given.rank != (2 if "tokens" in fitting else 3):
        raise layer.refuse(f"it holds more than one table; {ADVICE}")
    if reading not in fitting:
        known = ", ".join(f"{name} ({POSITIONS[name]})" for name in fitting)
        said = "" if reading is None else f", and {POSITION_OPTION} {reading} does not fit what it holds"
        raise layer.refuse(
            f"it holds a table, and the file does not say what it does with it{said}: say it with {POSITION_OPTION} "
            f"{layer.class_name}=R, R one of {known}, or {ADVICE}"
        )
    without_mask(layer, given)
    graph, x = converter.graph, given.value
    if reading == "tokens" and other is not None:
        x = _looked_up(converter, layer, x, other)
    if reading == "projected" and other is not None:
        if other.arrays["kernel"].shape[0] != given.shape[-1]:
            raise layer.refuse(f"its dense layer does not fit its input of {given.shape[-1]} features; {ADVICE}")
        x = blocks.dense(converter, layer, other, x)
    steps, width = x.shape[1:]
    if table.shape[1] != width or table.shape[0] < steps:
        raise layer.refuse(f"its table has the shape {table.shape}, its input {steps} × {width}; {ADVICE}")
    converter.note(f"{layer.class_name}: read as {POSITION_OPTION} {reading} says ({POSITIONS[reading]}); {CHECK}")
    if reading == "table":
        return Tensor(graph.constant(np.asarray(table[None, :steps], np.float32)))
    if reading == "scaled":
        x = graph.one("multiply", x, graph.constant(float(width) ** 0.5))
    weight = converter.derived(layer, "table", table)
    return Tensor(graph.one("positionalEncoding", x, weights={"table": weight}))


def _parts(held: list[Component]) -> tuple[list[str], np.ndarray | None, Component | None]:
    """The readings that fit what the layer holds, the table of positions, and the part that makes rows of the input."""
    kinds = sorted(item.kind for item in held)
    if kinds == ["table"]:
        return ["add", "scaled", "table"], _rows(held[0]), None
    if kinds == ["dense", "table"]:
        table, other = sorted(held, key=lambda item: item.kind == "dense")
        return ["projected"], _rows(table), other
    if kinds == ["table", "table"]:
        # Two tables of the same width: only their names tell them apart.
        named = [item for item in held if re.search("pos", item.path, re.IGNORECASE)]
        if len(named) == 1:
            return ["tokens"], _rows(named[0]), next(item for item in held if item is not named[0])
    return [], None, None


def _rows(item: Component) -> np.ndarray | None:
    table = item.arrays["value"]
    table = table[0] if table.ndim == 3 and table.shape[0] == 1 else table
    return table if table.ndim == 2 else None


def _looked_up(converter: Converter, layer: Layer, indices: Value, item: Component) -> Value:
    table = item.arrays["value"]
    low, high = indices.data.min(initial=0), indices.data.max(initial=0)
    if table.ndim != 2 or (indices.dtype != "float32" and not 0 <= low <= high < table.shape[0]):
        raise layer.refuse(f"its input's numbers run to {high}, its table has the shape {table.shape}")
    return converter.graph.one("embedding", indices, weights={"table": converter.derived(layer, "tokens", table)})
