"""What `--verify-with keras` runs in Keras: a fixed batch, states, and the line of its exceptions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from emotionformer.export.keras_oracle import reason
from emotionformer.export.keras_worker import reset_states, run


class Summing:
    """A model that adds the sum of its inputs to a state, as a stateful layer does, and takes batches of one size."""

    def __init__(self, batch: int | None, stateful: bool = True) -> None:
        self.inputs = [SimpleNamespace(shape=(batch, 2))] * 2
        self.layers = [SimpleNamespace(stateful=stateful, reset_state=self.reset_state)]
        self.state = 0.0
        self.sizes: list[int] = []

    def reset_state(self) -> None:
        self.state = 0.0

    def __call__(self, given: list[np.ndarray], training: bool) -> Any:
        assert not training
        self.sizes.append(len(given[0]))
        result = self.state + sum(array.sum(axis=1) for array in given)
        self.state = float(result[0])
        return [result[:, None], result[:, None] * 2]


@pytest.mark.parametrize("batch,sizes", [(None, [3]), (1, [1, 1, 1]), (4, [4, 4, 4])])
def test_a_fixed_batch_takes_one_example_after_the_other(batch: int | None, sizes: list[int]) -> None:
    model = Summing(batch)
    first, second = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    found = run(model, {"a": first, "b": second}, ["x", "y"])
    assert model.sizes == sizes
    assert [output.tolist() for output in found] == [[[3], [7], [11]], [[6], [14], [22]]]


def test_without_a_reset_the_state_would_go_on() -> None:
    model = Summing(1, stateful=False)
    found = run(model, {"a": np.arange(6.0).reshape(3, 2), "b": np.ones((3, 2))}, ["x", "y"])
    assert found[0].tolist() == [[3], [10], [21]]


def test_stateful_layers_start_from_zeros() -> None:
    """In both generations of Keras, in models within models, and no other layer."""
    done: list[str] = []
    new = SimpleNamespace(stateful=True, reset_state=lambda: done.append("new"))
    old = SimpleNamespace(stateful=True, reset_states=lambda: done.append("old"))
    other = SimpleNamespace(stateful=False, reset_state=lambda: done.append("other"))
    reset_states(SimpleNamespace(layers=[new, SimpleNamespace(layers=[old, other]), SimpleNamespace()]))
    assert done == ["new", "old"]


def test_the_line_of_an_exception_is_said() -> None:
    lines = ["Traceback", "ValueError: Expected a batch of 1", "Arguments received by LSTM.call():", "  • mask=None"]
    assert reason(lines) == lines[1]
    assert reason(["Killed"]) == "Killed"
