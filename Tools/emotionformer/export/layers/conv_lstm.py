"""Conversion of ConvLSTM over one, two and three axes: step by step, each step a few nodes."""

from __future__ import annotations

from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Graph, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.layers.convolution import convolved, geometry
from emotionformer.export.layers.core import PARAMETERLESS, activation_name, function_of
from emotionformer.export.layers.geometry import is_channels_first, rank_of, reshaped

CLASSES = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


def run_conv_lstm(
    converter: Converter, layer: Layer, given: Tensor, mask: Value | None, states: list[Tensor], zero_masked: bool
) -> list[Tensor]:
    """(B, T, …, C) → the last hidden state or all of them, and hidden and cell state if the layer returns them.

    A step that the mask drops repeats the states and the output before it, or gives zeros if `zero_masked`.
    """
    graph = converter.graph
    rank = rank_of(layer)
    if given.rank != rank + 3:
        raise layer.refuse(f"it is called on a tensor of shape {given.shape[1:]}, expected {rank + 2} axes")
    value = _turned(graph, layer, given.value, 2)
    batch, steps = value.shape[:2]
    inputs = _inputs(converter, layer, reshaped(converter, value, [batch * steps, *value.shape[2:]]))
    inputs = reshaped(converter, inputs, [batch, steps, *inputs.shape[1:]])
    parts = _each_step(graph, inputs)
    kept = None if mask is None else _each_step(graph, mask)
    hidden = _turned(graph, layer, states[0].value, 1) if states else None
    cell = _turned(graph, layer, states[1].value, 1) if len(states) > 1 else None
    order = range(steps - 1, -1, -1) if layer.option("go_backwards", False) else range(steps)
    outputs: list[Value] = []
    for time in order:
        new_hidden, new_cell = _step(converter, layer, parts[time], hidden, cell)
        output = new_hidden
        if kept is not None:
            zeros = graph.one("zerosLike", new_hidden)
            inside = reshaped(converter, kept[time], [*kept[time].shape, *[1] * (rank + 2 - kept[time].rank)])
            before = zeros if zero_masked or not outputs else outputs[-1]
            output = graph.one("select", inside, new_hidden, before)
            new_hidden = graph.one("select", inside, new_hidden, hidden or zeros)
            new_cell = graph.one("select", inside, new_cell, cell or zeros)
        hidden, cell = new_hidden, new_cell
        outputs.append(output)
    if layer.option("return_sequences", False):
        result = _restored(graph, layer, graph.one("pack", *outputs, axis=1), 2)
    else:
        result = _restored(graph, layer, outputs[-1], 1)
    made = [Tensor(result)]
    if layer.option("return_state", False) and hidden is not None and cell is not None:
        made += [Tensor(_restored(graph, layer, state, 1)) for state in (hidden, cell)]
    return made


def _each_step(graph: Graph, value: Value) -> list[Value]:
    steps = value.shape[1]
    parts = graph.emit("splitSizes", [value], steps, axis=1, sizes=[1] * steps)
    return [graph.one("squeeze", part, axes=[1]) for part in parts]


def _inputs(converter: Converter, layer: Layer, value: Value) -> Value:
    """What all steps together give the four gates."""
    inner = layer.parts[0].layer
    bias = converter.derived(layer, "bias", inner.weight("bias")) if "bias" in inner.arrays else None
    kernel = converter.derived(layer, "kernel", inner.weight("kernel"))
    return convolved(converter, value, kernel, bias, **geometry(layer))


def _step(
    converter: Converter, layer: Layer, inputs: Value, hidden: Value | None, cell: Value | None
) -> tuple[Value, Value]:
    """One step from a state; None is the zero state."""
    graph, inner = converter.graph, layer.parts[0].layer
    if hidden is not None:
        ones = [1] * rank_of(layer)
        kernel = converter.derived(layer, "recurrent_kernel", inner.weight("recurrent_kernel"))
        inputs = graph.one("add", inputs, convolved(converter, hidden, kernel, None, ones, ones, "same"))
    units = inputs.shape[-1] // 4
    i, f, c, o = graph.emit("splitSizes", [inputs], 4, axis=-1, sizes=[units] * 4)
    gate = _function(layer, "recurrent_activation", "hard_sigmoid" if layer.generation == 2 else "sigmoid")
    function = _function(layer, "activation", "tanh")
    added = graph.one("multiply", _applied(graph, gate, i), _applied(graph, function, c))
    if cell is not None:
        added = graph.one("add", graph.one("multiply", _applied(graph, gate, f), cell), added)
    return graph.one("multiply", _applied(graph, gate, o), _applied(graph, function, added)), added


def _function(layer: Layer, key: str, default: str) -> str:
    name = activation_name(layer, key, default)
    function = function_of(layer, name)
    if function not in PARAMETERLESS:
        raise layer.refuse(f"its {key} '{name}' is not supported inside a recurrence")
    return function


def _applied(graph: Graph, function: str, value: Value) -> Value:
    return value if function == "linear" else graph.one("activation", value, function=function)


def _turned(graph: Graph, layer: Layer, value: Value, lead: int) -> Value:
    """Channels last, behind `lead` axes that stay."""
    if not is_channels_first(layer):
        return value
    order = [*range(lead), *range(lead + 1, value.rank), lead]
    return graph.one("transpose", value, permutation=order)


def _restored(graph: Graph, layer: Layer, value: Value, lead: int) -> Value:
    if not is_channels_first(layer):
        return value
    order = [*range(lead), value.rank - 1, *range(lead, value.rank - 1)]
    return graph.one("transpose", value, permutation=order)
