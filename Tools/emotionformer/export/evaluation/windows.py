"""Float64 evaluation of convolution and pooling over pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Inputs = Sequence[Any]
Attributes = dict[str, Any]


def _same(extent: int, reach: int, stride: int) -> tuple[int, int]:
    """Zeros before and after an axis, so that ⌈extent / stride⌉ places fit."""
    total = max((-(-extent // stride) - 1) * stride + reach - extent, 0)
    return total // 2, total - total // 2


class _Places:
    """Where a window of `size` stands in (B, H, W, C): for each of its elements, the part of the padded picture under
    it."""

    def __init__(self, x: np.ndarray, size: tuple[int, int], attributes: Attributes, fill: float) -> None:
        self.strides = attributes.get("strides", [1, 1])
        self.dilations = attributes.get("dilations", [1, 1])
        reach = [(extent - 1) * dilation + 1 for extent, dilation in zip(size, self.dilations)]
        pads = [(0, 0), (0, 0)]
        if attributes.get("padding", "valid") == "same":
            pads = [_same(*given) for given in zip(x.shape[1:3], reach, self.strides)]
        self.padded = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
        self.counts = [
            (extent - far) // stride + 1 for extent, far, stride in zip(self.padded.shape[1:3], reach, self.strides)
        ]
        if min(self.counts) < 1:
            raise ValueError("the window is larger than the picture")

    def under(self, row: int, column: int) -> np.ndarray:
        starts = [place * dilation for place, dilation in zip((row, column), self.dilations)]
        cuts = [
            slice(start, start + (count - 1) * stride + 1, stride)
            for start, count, stride in zip(starts, self.counts, self.strides)
        ]
        return self.padded[:, cuts[0], cuts[1]]


def _bias(inputs: Inputs) -> np.ndarray | float:
    return inputs[2] if len(inputs) > 2 and inputs[2] is not None else 0.0


def _conv2d(inputs: Inputs, attributes: Attributes, _: Any) -> list[np.ndarray]:
    x, weights = inputs[0], inputs[1]
    out, height, width, share = weights.shape
    groups = x.shape[-1] // share
    if x.shape[-1] != groups * share or out % groups:
        raise ValueError(f"{x.shape[-1]} channels do not fit weights of shape {weights.shape}")
    places = _Places(x, (height, width), attributes, 0.0)
    result = np.zeros((x.shape[0], *places.counts, groups, out // groups))
    split = weights.reshape(groups, out // groups, height, width, share)
    for row in range(height):
        for column in range(width):
            part = places.under(row, column).reshape(*result.shape[:3], groups, share)
            kernel = split[:, :, row, column].swapaxes(-1, -2)
            result += part @ kernel[0] if groups == 1 else (part[..., None, :] @ kernel)[..., 0, :]
    return [result.reshape(*result.shape[:3], out) + _bias(inputs)]


def _depthwise_conv2d(inputs: Inputs, attributes: Attributes, _: Any) -> list[np.ndarray]:
    x, weights, multiplier = inputs[0], inputs[1], attributes.get("multiplier", 1)
    _, height, width, channels = weights.shape
    places = _Places(x, (height, width), attributes, 0.0)
    result = np.zeros((x.shape[0], *places.counts, channels))
    for row in range(height):
        for column in range(width):
            result += np.repeat(places.under(row, column), multiplier, axis=-1) * weights[0, row, column]
    return [result + _bias(inputs)]


def _pooling2d(inputs: Inputs, attributes: Attributes, _: Any) -> list[np.ndarray]:
    x, size = inputs[0], tuple(attributes["poolSize"])
    is_maximum = attributes["kind"] == "maximum"
    places = _Places(x, size, attributes, -np.inf if is_maximum else 0.0)
    cells = [(row, column) for row in range(size[0]) for column in range(size[1])]
    if is_maximum:
        result = places.under(0, 0)
        for row, column in cells[1:]:
            result = np.maximum(result, places.under(row, column))
        return [result]
    inside = _Places(np.ones((1, *x.shape[1:3], 1)), size, attributes, 0.0)
    total, count = np.zeros(places.under(0, 0).shape), np.zeros(inside.under(0, 0).shape)
    for row, column in cells:
        total += places.under(row, column)
        count += inside.under(row, column)
    return [total / count]


KERNELS = {"conv2D": _conv2d, "depthwiseConv2D": _depthwise_conv2d, "pooling2D": _pooling2d}
