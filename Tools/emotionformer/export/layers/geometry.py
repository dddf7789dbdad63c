"""What layers over time and space share: settings an axis, the order of axes, padding, cutting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Value
from emotionformer.export.layer import Layer

WORDS = {"1D": 1, "2D": 2, "3D": 3}
Pairs = list[tuple[int, int]]


def rank_of(layer: Layer) -> int:
    """How many axes of time and space a class has: the number in its name (`Conv2D`, `ConvLSTM1D`,
    `Conv2DTranspose`)."""
    return next(rank for word, rank in WORDS.items() if word in layer.class_name)


def an_axis(layer: Layer, key: str, default: Any = 1) -> list[int]:
    """One number for each axis of time and space, from one number or a list."""
    rank, value = rank_of(layer), layer.option(key, default)
    numbers = list(value) if isinstance(value, (list, tuple)) else [value] * rank
    if len(numbers) == 1:
        numbers = numbers * rank
    if len(numbers) != rank or not all(isinstance(item, int) and item > 0 for item in numbers):
        raise layer.refuse(f"its {key} is {str(value)[:40]}, expected {rank} positive numbers")
    return numbers


def borders(layer: Layer, key: str) -> Pairs:
    """Numbers before and after each axis: of one number, one an axis, or a pair an axis."""
    rank, value = rank_of(layer), layer.option(key, 1)
    items = list(value) if isinstance(value, (list, tuple)) else [value] * rank
    if rank == 1 and len(items) == 2 and not isinstance(items[0], (list, tuple)):
        items = [items]
    pairs = [tuple(item) if isinstance(item, (list, tuple)) else (item, item) for item in items]
    numbers = [number for pair in pairs for number in pair]
    are_right = all(len(pair) == 2 for pair in pairs) and all(isinstance(n, int) and n >= 0 for n in numbers)
    if len(pairs) != rank or not are_right:
        raise layer.refuse(f"its {key} is {str(value)[:40]}, expected a number or a pair for each of {rank} axes")
    return [(pair[0], pair[1]) for pair in pairs]


def is_channels_first(layer: Layer) -> bool:
    return layer.option("data_format", "channels_last") == "channels_first"


def channels_last(converter: Converter, layer: Layer, value: Value) -> Value:
    """(B, …, C), whatever the order of the layer's axes."""
    if not is_channels_first(layer):
        return value
    return converter.graph.one("transpose", value, permutation=[0, *range(2, value.rank), 1])


def as_layer(converter: Converter, layer: Layer, value: Value) -> Value:
    """(B, …, C) in the order of the layer's axes."""
    if not is_channels_first(layer):
        return value
    return converter.graph.one("transpose", value, permutation=[0, value.rank - 1, *range(1, value.rank - 1)])


def check_rank(layer: Layer, value: Value) -> None:
    rank = rank_of(layer) + 2
    if value.rank != rank:
        raise layer.refuse(f"it is called on a tensor of shape {value.shape[1:]}, expected {rank - 1} axes")


def same_padding(extent: int, window: int, stride: int) -> tuple[int, int]:
    """The zeros before and after an axis for a window (already dilated), so that ⌈extent / stride⌉ places fit."""
    total = max((-(-extent // stride) - 1) * stride + window - extent, 0)
    return total // 2, total - total // 2


def padded(converter: Converter, value: Value, axis: int, before: int, after: int) -> Value:
    """Zeros before and after one axis; negative numbers cut elements off."""
    if min(before, after) < 0:
        begin = [0] * value.rank
        size = [-1] * value.rank
        begin[axis] = max(-before, 0)
        size[axis] = value.shape[axis] - begin[axis] - max(-after, 0)
        value = converter.graph.one("slice", value, begin=begin, size=size)
    widths = [0] * (2 * value.rank)
    widths[2 * axis], widths[2 * axis + 1] = max(before, 0), max(after, 0)
    return converter.graph.one("pad", value, paddings=widths) if any(widths) else value


def strided(converter: Converter, value: Value, axis: int, start: int, step: int, count: int) -> Value:
    """`count` elements of one axis, from `start` on, every `step`th."""
    begin, end, steps = [0] * value.rank, [0] * value.rank, [1] * value.rank
    begin[axis], end[axis], steps[axis] = start, start + (count - 1) * step + 1, step
    open_axes = sum(1 << other for other in range(value.rank) if other != axis)
    return converter.graph.one(
        "stridedSlice", value, begin=begin, end=end, strides=steps, beginMask=open_axes, endMask=open_axes
    )


def reshaped(converter: Converter, value: Value, shape: Sequence[int]) -> Value:
    return value if list(shape) == list(value.shape) else converter.graph.one("reshape", value, shape=list(shape))
