"""Float64 evaluation of LSTM, GRU and the simple recurrent layer, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from emotionformer.export.evaluation.functions import activation

Inputs = Sequence[Any]
Step = Callable[[np.ndarray, list[np.ndarray]], list[np.ndarray]]


def _unrolled(inputs: Inputs, attributes: dict[str, Any], states: list[np.ndarray], step: Step) -> list[np.ndarray]:
    """Runs `step` over time. A step that the mask drops repeats the states and the output before it."""
    x, mask = inputs[0], inputs[1] if len(inputs) > 1 else None
    times = range(x.shape[1] - 1, -1, -1) if attributes.get("goBackwards") else range(x.shape[1])
    outputs, last = [], np.zeros_like(states[0])
    for time in times:
        fresh = step(x[:, time], states)
        output = fresh[0]
        if mask is not None:
            kept = mask[:, time, None]
            fresh = [np.where(kept, new, old) for new, old in zip(fresh, states)]
            output = np.where(kept, output, np.zeros_like(last) if attributes.get("zeroOutputForMask") else last)
        states, last = fresh, output
        outputs.append(output)
    result = np.stack(outputs, axis=1) if attributes.get("returnSequences") else last
    return [result, *states]


def _initial(inputs: Inputs, index: int, units: int) -> np.ndarray:
    given = inputs[index] if len(inputs) > index else None
    return np.zeros((inputs[0].shape[0], units)) if given is None else given


def _lstm(inputs: Inputs, attributes: dict[str, Any], weights: dict[str, np.ndarray]) -> list[np.ndarray]:
    units, clip = attributes["units"], attributes.get("cellClip", 0)
    act = attributes.get("activation", "tanh")
    gate = attributes.get("recurrentActivation", "sigmoid")

    def step(x: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
        hidden, cell = states
        z = x @ weights["kernel"] + hidden @ weights["recurrentKernel"] + weights.get("bias", 0.0)
        i, f, c, o = np.split(z, 4, axis=-1)
        cell = activation(gate, f) * cell + activation(gate, i) * activation(act, c)
        if clip:
            cell = np.clip(cell, -clip, clip)
        return [activation(gate, o) * activation(act, cell), cell]

    return _unrolled(inputs, attributes, [_initial(inputs, 2, units), _initial(inputs, 3, units)], step)


def _gru(inputs: Inputs, attributes: dict[str, Any], weights: dict[str, np.ndarray]) -> list[np.ndarray]:
    units, after = attributes["units"], attributes.get("resetAfter", True)
    act = attributes.get("activation", "tanh")
    gate = attributes.get("recurrentActivation", "sigmoid")
    recurrent = weights["recurrentKernel"]

    def step(x: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
        hidden = states[0]
        xz, xr, xh = np.split(x @ weights["kernel"] + weights.get("bias", 0.0), 3, axis=-1)
        if after:
            hz, hr, hh = np.split(hidden @ recurrent + weights.get("recurrentBias", 0.0), 3, axis=-1)
            z, r = activation(gate, xz + hz), activation(gate, xr + hr)
            candidate = activation(act, xh + r * hh)
        else:
            uz, ur, uh = np.split(recurrent, 3, axis=-1)
            z, r = activation(gate, xz + hidden @ uz), activation(gate, xr + hidden @ ur)
            candidate = activation(act, xh + (r * hidden) @ uh)
        return [z * hidden + (1 - z) * candidate]

    return _unrolled(inputs, attributes, [_initial(inputs, 2, units)], step)


def _simple_rnn(inputs: Inputs, attributes: dict[str, Any], weights: dict[str, np.ndarray]) -> list[np.ndarray]:
    act = attributes.get("activation", "tanh")

    def step(x: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
        total = x @ weights["kernel"] + weights.get("bias", 0.0) + states[0] @ weights["recurrentKernel"]
        return [activation(act, total)]

    return _unrolled(inputs, attributes, [_initial(inputs, 2, attributes["units"])], step)


KERNELS = {"lstm": _lstm, "gru": _gru, "simpleRNN": _simple_rnn}
