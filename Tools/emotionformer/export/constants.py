"""Arrays that a layer is called with: masks, states and operands that the model's file holds itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Call, Tensor
from emotionformer.export.layer import Layer

# Keywords that take tensors. Keras 2 writes an array as a list of numbers, as it writes shapes and axes.
TENSORS = (
    "mask", "attention_mask", "query_mask", "value_mask", "key_mask", "initial_state", "query", "value", "key",
)  # fmt: skip


def with_constants(converter: Converter, layer: Layer, call: Call) -> Call:
    """The call with a constant of the graph for every array."""
    is_list = isinstance(call.first, (list, tuple))
    arguments = [_constants(converter, layer, item, False, False) for item in call.arguments]
    keywords = {
        # A layer of several inputs takes a list of masks; a state is a list of them, too.
        key: _constants(converter, layer, item, key in TENSORS, is_list or key == "initial_state")
        for key, item in call.keywords.items()
    }
    return Call(arguments, keywords)


def _constants(converter: Converter, layer: Layer, item: Any, is_tensor: bool, is_listed: bool) -> Any:
    if isinstance(item, np.ndarray) and item.ndim:
        if item.dtype.kind not in "fiub":
            raise layer.refuse(f"it is called with an array of element type {item.dtype}")
        return Tensor(converter.graph.constant(item))
    if not isinstance(item, (list, tuple)):
        return item
    if is_tensor and not is_listed and _is_array(item):
        return Tensor(converter.graph.constant(np.asarray(item)))
    return [_constants(converter, layer, inner, is_tensor, False) for inner in item]


def _is_array(item: list[Any] | tuple[Any, ...]) -> bool:
    """Whether lists in lists are numbers in the end."""
    if not item or any(isinstance(inner, (Tensor, np.ndarray)) for inner in item):
        return False
    try:
        return np.asarray(item).dtype.kind in "fiub"
    except ValueError:
        return False
