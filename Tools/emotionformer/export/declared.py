"""What a model's configuration says of its inputs and outputs: names, shapes, types, and the layers that come first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from emotionformer.errors import ExportError
from emotionformer.export.functional import references
from emotionformer.export.layer import Layer
from emotionformer.export.layers.encoding import AUGMENTATION

# Layers that hand on each number by itself, so that the next layer sees the input's axes as they are.
PASSING = frozenset(
    (
        "InputLayer Activation Masking Dropout SpatialDropout1D SpatialDropout2D GaussianNoise GaussianDropout "
        "Identity AlphaDropout ActivityRegularization Rescaling ReLU LeakyReLU ELU ZeroPadding2D Normalization"
    ).split()
)
# Layers behind which a picture is one still, and numbers of frames are such numbers.
KEEPING = PASSING.union(
    AUGMENTATION,
    (
        "BatchNormalization SyncBatchNormalization LayerNormalization GroupNormalization UnitNormalization "
        "RMSNormalization Resizing CenterCrop RandomCrop Cropping2D UpSampling2D Concatenate Add Subtract Multiply "
        "Average Maximum Minimum"
    ).split(),
)
MAXIMUM_DEPTH = 32
# Inputs, and outputs, of a model.
MAXIMUM_VALUES = 64
# Which axis of which weight is as long as the last axis of what the layer is given.
WIDTHS = {
    "Dense": ("kernel", 0),
    "Conv1D": ("kernel", 1),
    "Convolution1D": ("kernel", 1),
    "SeparableConv1D": ("depthwise_kernel", 1),
    "DepthwiseConv1D": ("depthwise_kernel", 1),
    "LayerNormalization": ("gamma", 0),
    "BatchNormalization": ("moving_mean", 0),
    "LSTMCell": ("kernel", 0),
    "GRUCell": ("kernel", 0),
    "SimpleRNNCell": ("kernel", 0),
}
WRAPPERS = ("Bidirectional", "TimeDistributed", "RNN", "LSTM", "GRU", "SimpleRNN")


@dataclass
class DeclaredInput:
    """One input as the file has it: `shape` with the batch axis first, None where the file leaves an extent open.
    `first` are the layers that take its numbers as they are, `way` all up to the first that makes something else."""

    name: str
    shape: list[int | None]
    dtype: str
    first: list[Layer]
    way: list[Layer]

    def width(self) -> int | None:
        """The extent of the last axis, if the weights of the layers that take the input agree on it."""
        found = {_width(layer) for layer in self.first}
        return found.pop() if len(found) == 1 else None


def declared_inputs(model: Layer) -> list[DeclaredInput]:
    """The model's inputs in its own order."""
    if model.class_name == "Sequential":
        first = model.layers[0]
        if first.class_name != "InputLayer" and first.layers:
            held = declared_inputs(first)
            return [
                DeclaredInput(item.name, item.shape, item.dtype, *_takers(model, number))
                for number, item in enumerate(held)
            ]
        name = first.name if first.class_name == "InputLayer" else f"{first.name}_input"
        return [DeclaredInput(name, _shape(model, first), _element_type(first), *_takers(model, 0))]
    entry = model.config.get("input_layers")
    given = references(entry)
    if len(given) > MAXIMUM_VALUES:
        raise ExportError(f"the model has {len(given)} inputs, expected at most {MAXIMUM_VALUES}")
    names = _names(entry, given)
    by_name = {layer.name: layer for layer in model.layers}
    result = []
    for number, ((layer_name, _, _), name) in enumerate(zip(given, names)):
        layer = by_name.get(layer_name)
        if layer is None:
            raise ExportError(f"the model's input '{layer_name}' is no layer of it")
        result.append(DeclaredInput(name, _shape(model, layer), _element_type(layer), *_takers(model, number)))
    return result


def output_names(model: Layer, count: int) -> list[str]:
    """What Keras calls the model's outputs."""
    if model.class_name == "Sequential":
        last = model.layers[-1]
        names = output_names(last, count) if last.layers else [last.name]
    else:
        entry = model.config.get("output_layers")
        names = _names(entry, references(entry))
    if len(names) != count:
        return [f"output_{index}" for index in range(count)]
    return names


def _names(entry: Any, given: list[tuple[str, int, int]]) -> list[str]:
    """The keys of a dictionary, else the layers' names, on one line; a name that comes again is given a number."""
    found = [name for name, _, _ in given]
    if isinstance(entry, dict) and len(entry) == len(given):
        found = [str(key) for key in entry]
    names: list[str] = []
    for text in found:
        name = "".join("_" if ord(letter) < 32 or ord(letter) == 127 else letter for letter in text) or "_"
        number, candidate = 1, name
        while candidate in names:
            candidate, number = f"{name}_{number}", number + 1
        names.append(candidate)
    return names


def _shape(model: Layer, first: Layer) -> list[int | None]:
    shape = first.config.get("batch_shape") or first.config.get("batch_input_shape")
    if shape is None and first.class_name != "InputLayer":
        shape = (
            model.config.get("build_input_shape") or model.build.get("input_shape") or first.build.get("input_shape")
        )
    if not isinstance(shape, (list, tuple)):
        raise ExportError("the model's configuration does not say the shape of its input")
    for extent in shape:
        if extent is not None and (not isinstance(extent, int) or isinstance(extent, bool) or not 0 < extent < 1 << 31):
            raise ExportError(f"the model's input has the extent {str(extent)[:40]}, expected a number above 0")
    if not 2 <= len(shape) <= 8:
        raise ExportError(f"the model's input has {len(shape)} axes with the batch's, expected 2 to 8")
    return [None if extent is None else int(extent) for extent in shape]


def _element_type(first: Layer) -> str:
    dtype = first.config.get("dtype")
    return dtype if isinstance(dtype, str) and first.class_name == "InputLayer" else "float32"


def _takers(model: Layer, number: int) -> tuple[list[Layer], list[Layer]]:
    """The layers that take the model's input `number`: those behind what hands on each number, and all on its way."""
    first = [layer for layer in _taking(model, number, 0, _is_passing) if not _is_passing(layer)]
    return first, list(_taking(model, number, 0, _is_keeping))


def _is_passing(layer: Layer) -> bool:
    return layer.class_name in PASSING and not layer.operator


def _is_keeping(layer: Layer) -> bool:
    return layer.operator or (layer.known and layer.class_name in KEEPING)


def _passes(layer: Layer, depth: int, is_passing: Callable[[Layer], bool]) -> bool:
    """Also a model of such layers alone: augmentation is often one."""
    if not layer.layers:
        return is_passing(layer)
    return depth < MAXIMUM_DEPTH and all(_passes(inner, depth + 1, is_passing) for inner in layer.layers)


def _taking(model: Layer, number: int, depth: int, is_passing: Callable[[Layer], bool]) -> Iterator[Layer]:
    """Every layer that takes the model's input, itself or behind layers that pass it on, also inside of models."""
    if depth > MAXIMUM_DEPTH:
        return
    if model.class_name == "Sequential":
        for position, layer in enumerate(model.layers):
            if layer.layers:
                yield from _taking(layer, number if position == 0 else 0, depth + 1, is_passing)
            else:
                yield layer
            if not _passes(layer, depth, is_passing):
                return
        return
    starts = references(model.config.get("input_layers"))
    if number >= len(starts):
        return
    passed = {starts[number][0]}
    for layer in model.layers:
        taken = [name for node in layer.inbound for name in _taken(node, 0)]
        if not passed.intersection(taken):
            continue
        if layer.layers:
            given = min(taken.index(name) for name in passed if name in taken)
            yield from _taking(layer, given, depth + 1, is_passing)
        else:
            yield layer
        if _passes(layer, depth, is_passing):
            passed.add(layer.name)


def _taken(node: Any, depth: int) -> Iterator[str]:
    """The names of the layers whose outputs a call takes, in either form of a configuration."""
    if depth > MAXIMUM_DEPTH:
        return
    if isinstance(node, dict):
        history = node.get("keras_history")
        if isinstance(history, (list, tuple)) and history and isinstance(history[0], str):
            yield history[0]
            return
        for item in node.values():
            yield from _taken(item, depth + 1)
    elif isinstance(node, (list, tuple)):
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            yield node[0]
            node = node[3:]
        for item in node:
            if isinstance(item, (list, tuple, dict)):
                yield from _taken(item, depth + 1)


def _width(layer: Layer) -> int | None:
    if layer.class_name in WRAPPERS and layer.parts:
        return _width(layer.parts[0].layer)
    role, axis = WIDTHS.get(layer.class_name, ("", 0))
    held = layer.arrays.get(role)
    if held is None and layer.class_name == "LayerNormalization":
        held = layer.arrays.get("beta")
    if held is None or held.ndim <= axis or not layer.known:
        return None
    if layer.class_name.endswith("Normalization") and layer.config.get("axis") not in (-1, [-1], None, 2, [2]):
        return None
    return int(held.shape[axis])
