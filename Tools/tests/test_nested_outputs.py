"""Outputs that nested models make: Keras 3 counts a functional one's own making among its calls there alone."""

from __future__ import annotations

import pytest

from emotionformer.export.functional import _call_number
from emotionformer.export.layer import Layer


def layer(class_name: str, generation: int, calls: int = 1, *, is_model: bool = True) -> Layer:
    inner = [layer("Dense", generation, is_model=False)] if is_model else []
    return Layer(
        name="inner", class_name=class_name, config={}, generation=generation, inbound=[{}] * calls, layers=inner
    )


@pytest.mark.parametrize(
    ("inner", "stated", "number"),
    [
        (layer("Functional", 3), 1, 0),
        (layer("Functional", 3, calls=2), 2, 1),
        # As Python's index -1.
        (layer("Functional", 3, calls=2), 0, 1),
        (layer("Sequential", 3), 0, 0),
        (layer("Dense", 3, calls=2, is_model=False), 1, 1),
        (layer("Functional", 2), 1, 1),
    ],
)
def test_the_call_that_an_output_comes_from(inner: Layer, stated: int, number: int) -> None:
    assert _call_number(layer("Functional", inner.generation), inner, stated) == number
