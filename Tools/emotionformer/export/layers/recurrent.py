"""Conversion of LSTM, GRU, SimpleRNN, RNN over their cells, ConvLSTM, Bidirectional and TimeDistributed."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotionformer.export.conversion import Converter, Result, as_bool, handles, mask_of, tensor
from emotionformer.export.graph import Call, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.layers import conv_lstm
from emotionformer.export.layers.core import PARAMETERLESS, activation_name, function_of
from emotionformer.export.layers.merging import merged

OPERATIONS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simpleRNN"}


@handles("LSTM", "GRU", "SimpleRNN", "RNN", *conv_lstm.CLASSES)
def recurrent(converter: Converter, layer: Layer, call: Call) -> Result:
    inputs = call.first
    if isinstance(inputs, list) and inputs and isinstance(inputs[0], Tensor):
        states = _flat(inputs[1:])
        inputs = inputs[0]
    else:
        states = []
    given = call.argument(1, "sequences") if inputs is None else inputs
    initial = call.keywords.get("initial_state")
    if initial is not None:
        states = _flat(initial)
    mask = mask_of(Call([given], call.keywords), layer)
    return run_recurrent(converter, layer, tensor(given, layer), _seen(layer, call, mask, states), states, carried=mask)


def _flat(states: Any) -> list[Tensor]:
    """The states of all cells in order: Keras nests them, one list a cell."""
    if isinstance(states, Tensor):
        return [states]
    return [item for inner in states for item in _flat(inner)] if isinstance(states, (list, tuple)) else []


def _seen(layer: Layer, call: Call, mask: Value | None, states: list[Tensor]) -> Value | None:
    """The mask the recurrence computes with: Keras 3 hands on an implicit mask only to a call with one tensor."""
    explicit = isinstance(call.keywords.get("mask"), Tensor)
    return None if layer.generation == 3 and states and not explicit else mask


def run_recurrent(
    converter: Converter,
    layer: Layer,
    given: Tensor,
    mask: Value | None,
    states: list[Tensor],
    zero_masked: bool | None = None,
    carried: Value | None = None,
) -> Result:
    if layer.option("stateful", False):
        converter.note(f"{layer.described} is stateful: here every clip starts from a zero state")
    if layer.option("time_major", False):
        raise layer.refuse("time-major input is not supported")
    cell, typed = layer.parts[0].layer, as_bool(converter, mask)
    zeros = bool(layer.option("zero_output_for_mask", False) if zero_masked is None else zero_masked)
    sequences, backwards = bool(layer.option("return_sequences", False)), bool(layer.option("go_backwards", False))
    if layer.class_name in conv_lstm.CLASSES:
        # Keras 2's forgets that masked steps are to be zeros.
        zeros = zeros and layer.generation == 3
        outputs = conv_lstm.run_conv_lstm(converter, layer, given, typed, states, zeros)
    elif cell.class_name == "StackedRNNCells":
        outputs = _stacked(converter, layer, cell, given, typed, states, zeros)
    else:
        outputs = _one_cell(converter, layer, cell, "", given, typed, states, (sequences, backwards, zeros))
    if not layer.option("return_state", False):
        outputs = outputs[:1]
    if sequences:
        outputs[0].mask = carried
    return outputs if len(outputs) > 1 else outputs[0]


def _stacked(
    converter: Converter,
    layer: Layer,
    stack: Layer,
    given: Tensor,
    mask: Value | None,
    states: list[Tensor],
    zeros: bool,
) -> list[Tensor]:
    """Cells one on the other: a layer for each. What one gives at masked steps, the next, masked too, does not see."""
    graph, current = converter.graph, given
    if stack.option("reverse_state_order", False) and (states or layer.option("return_state", False)):
        raise layer.refuse("its states are in reverse order (reverse_state_order), which is not supported")
    if layer.option("go_backwards", False):
        current = Tensor(graph.one("reverse", given.value, axes=[1]))
        mask = None if mask is None else graph.one("reverse", mask, axes=[1])
    sequences, waiting = bool(layer.option("return_sequences", False)), list(states)
    made: list[Tensor] = []
    for index, part in enumerate(stack.parts):
        count = 2 if part.layer.class_name == "LSTMCell" else 1
        own, waiting = waiting[:count], waiting[count:]
        options = (sequences or part is not stack.parts[-1], False, zeros)
        outputs = _one_cell(converter, layer, part.layer, f"cells/{index}/", current, mask, own, options)
        current, made = outputs[0], made + outputs[1:]
    return [current, *made]


def _one_cell(
    converter: Converter,
    layer: Layer,
    cell: Layer,
    place: str,
    given: Tensor,
    mask: Value | None,
    states: list[Tensor],
    options: tuple[bool, bool, bool],
) -> list[Tensor]:
    """The outputs and, if the layer returns them, the states of one cell over time. `options` are: all outputs,
    backwards, zeros for masked steps."""
    kind = OPERATIONS.get(cell.class_name.removesuffix("Cell"))
    if kind is None:
        raise layer.refuse(f"its cell is of class {cell.class_name}, which is not supported; use --custom FILE.py")
    attributes: dict[str, Any] = {
        "units": cell.weight("recurrent_kernel").shape[0],
        "returnSequences": options[0],
        "goBackwards": options[1],
        "zeroOutputForMask": options[2],
        "activation": _function(layer, cell, "activation", "tanh"),
    }
    weights = {
        "kernel": converter.derived(layer, f"{place}kernel", cell.weight("kernel")),
        "recurrentKernel": converter.derived(layer, f"{place}recurrent_kernel", cell.weight("recurrent_kernel")),
    }
    bias = cell.arrays.get("bias")
    if kind != "simpleRNN":
        attributes["recurrentActivation"] = _function(layer, cell, "recurrent_activation", "sigmoid")
    if kind == "gru":
        attributes["resetAfter"] = reset = bool(cell.option("reset_after", layer.generation == 3 or _is_paired(bias)))
        if reset and bias is not None:
            pair = bias.reshape(2, -1)
            weights["recurrentBias"] = converter.derived(layer, f"{place}recurrent_bias", pair[1])
            bias = pair[0]
    if bias is not None:
        weights["bias"] = converter.derived(layer, f"{place}bias", bias)
    count = (3 if kind == "lstm" else 2) if layer.option("return_state", False) else 1
    operands = [given.value, mask, *(state.value for state in states)]
    return [Tensor(value) for value in converter.graph.emit(kind, operands, count, weights, **attributes)]


def _is_paired(bias: np.ndarray | None) -> bool:
    return bias is not None and bias.ndim == 2


def _function(layer: Layer, cell: Layer, key: str, default: str) -> str:
    function = function_of(layer, activation_name(cell, key, default))
    if function not in PARAMETERLESS:
        raise layer.refuse(f"its {key} '{activation_name(cell, key, default)}' is not supported inside a recurrence")
    return function


@handles("Bidirectional")
def bidirectional(converter: Converter, layer: Layer, call: Call) -> Result:
    """Two recurrences, the second from the end; its outputs are turned round before both are merged."""
    inputs = call.first
    extra = _flat(inputs[1:]) if isinstance(inputs, list) else []
    extra = _flat(call.keywords.get("initial_state")) or extra
    given = tensor(inputs[0] if isinstance(inputs, list) else inputs, layer)
    mask = mask_of(call, layer)
    forward, backward = layer.parts[0].layer, layer.parts[1].layer
    half = len(extra) // 2
    sequences = bool(forward.option("return_sequences", False))
    graph, scope = converter.graph, converter.graph.scope
    seen = _seen(layer, call, mask, extra)
    ahead = _direction(converter, forward, given, seen, extra[:half], f"{scope}/forward", sequences)
    back = _direction(converter, backward, given, seen, extra[half:], f"{scope}/backward", sequences)
    graph.scope = scope
    turned = graph.one("reverse", back[0].value, axes=[1]) if sequences else back[0].value
    mode = layer.config.get("merge_mode", "concat")
    kept = mask if sequences else None
    if mode is None:
        outputs = [Tensor(ahead[0].value, kept), Tensor(turned, kept)]
    elif mode == "concat":
        outputs = [Tensor(graph.one("concatenate", ahead[0].value, turned, axis=-1), kept)]
    else:
        kind = {"sum": "add", "mul": "multiply", "ave": "average"}.get(mode)
        if kind is None:
            raise layer.refuse(f"its merge_mode '{mode}' is not known")
        outputs = [Tensor(merged(converter, kind, [ahead[0].value, turned]), kept)]
    outputs += ahead[1:] + back[1:]
    return outputs if len(outputs) > 1 else outputs[0]


def _direction(
    converter: Converter,
    layer: Layer,
    given: Tensor,
    mask: Value | None,
    states: list[Tensor],
    scope: str,
    sequences: bool,
) -> list[Tensor]:
    converter.graph.scope = scope
    result = run_recurrent(converter, layer, given, mask, states, zero_masked=sequences)
    return result if isinstance(result, list) else [result]


@handles("TimeDistributed")
def time_distributed(converter: Converter, layer: Layer, call: Call) -> Result:
    """The inner layer on every step: with the steps as its batch, and back."""
    given, inner, graph = tensor(call.first, layer), layer.parts[0].layer, converter.graph
    batch, steps = given.shape[:2]
    folded = graph.one("reshape", given.value, shape=[batch * steps, *given.shape[2:]])
    outputs = converter.call(inner, Call([Tensor(folded)]))
    if len(outputs) != 1:
        raise layer.refuse("its inner layer has several outputs, which is not supported")
    value = outputs[0].value
    if value.shape[:1] != (batch * steps,):
        raise layer.refuse("its inner layer does not keep the batch axis")
    return Tensor(graph.one("reshape", value, shape=[batch, steps, *value.shape[1:]]), mask_of(call, layer))
