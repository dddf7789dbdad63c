"""Conversion of pooling over one, two and three axes, with windows, global and adaptive."""

from __future__ import annotations

import numpy as np

from emotionformer.export.conversion import Converter, Result, as_bool, handles, mask_of, tensor
from emotionformer.export.graph import Call, Graph, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.layers.geometry import (
    an_axis,
    as_layer,
    channels_last,
    check_rank,
    is_channels_first,
    rank_of,
    reshaped,
)


def pooled(converter: Converter, value: Value, kind: str, size: list[int], strides: list[int], padding: str) -> Value:
    """The largest element or the average of windows: (B, …, C) → (B, …, C)."""
    graph = converter.graph
    if len(size) == 1:
        return graph.one("pooling1D", value, kind=kind, poolSize=size[0], stride=strides[0], padding=padding)
    if len(size) == 2:
        return graph.one("pooling2D", value, kind=kind, poolSize=size, strides=strides, padding=padding)
    # Plane by plane, then over the planes: what an average counts is a product of what it counts along each axis.
    batch, depth = value.shape[:2]
    planes = reshaped(converter, value, [batch * depth, *value.shape[2:]])
    planes = pooled(converter, planes, kind, size[1:], strides[1:], padding)
    height, width, channels = planes.shape[1:]
    columns = reshaped(converter, planes, [batch, depth, height * width, channels])
    made = pooled(converter, columns, kind, [size[0], 1], [strides[0], 1], padding)
    return reshaped(converter, made, [batch, made.shape[1], height, width, channels])


def _kind(layer: Layer) -> str:
    return "maximum" if "Max" in layer.class_name else "average"


@handles(
    "MaxPooling1D", "MaxPool1D", "AveragePooling1D", "AvgPool1D", "MaxPooling2D", "MaxPool2D", "AveragePooling2D",
    "AvgPool2D", "MaxPooling3D", "MaxPool3D", "AveragePooling3D", "AvgPool3D",
)
def pooling(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    check_rank(layer, given.value)
    size = an_axis(layer, "pool_size", 2)
    value = pooled(
        converter,
        channels_last(converter, layer, given.value),
        _kind(layer),
        size,
        an_axis(layer, "strides", size),
        str(layer.option("padding", "valid")).lower(),
    )
    return Tensor(as_layer(converter, layer, value))


@handles("GlobalMaxPooling1D", "GlobalMaxPool1D", "GlobalAveragePooling1D", "GlobalAvgPool1D")
def global_pooling1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    check_rank(layer, given.value)
    keep = bool(layer.option("keepdims", False))
    mask = as_bool(converter, mask_of(call, layer)) if _kind(layer) == "average" else None
    if is_channels_first(layer):
        if mask is not None:
            raise layer.refuse("a masked average with data_format channels_first is not supported")
        return Tensor(_reduced(converter.graph, layer, given.value, [2], keep))
    value = converter.graph.one("globalPooling1D", given.value, mask, kind=_kind(layer), keepDimensions=keep)
    return Tensor(value)


@handles(
    "GlobalMaxPooling2D", "GlobalMaxPool2D", "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPooling3D",
    "GlobalMaxPool3D", "GlobalAveragePooling3D", "GlobalAvgPool3D",
)
def global_pooling(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    check_rank(layer, given.value)
    first = 2 if is_channels_first(layer) else 1
    axes = list(range(first, first + rank_of(layer)))
    return Tensor(_reduced(converter.graph, layer, given.value, axes, bool(layer.option("keepdims", False))))


def _reduced(graph: Graph, layer: Layer, value: Value, axes: list[int], keep: bool) -> Value:
    operation = "reduceMaximum" if _kind(layer) == "maximum" else "reduceMean"
    return graph.one(operation, value, axes=axes, keepDimensions=keep)


@handles(
    "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D",
)
def adaptive_pooling(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    check_rank(layer, given.value)
    value = channels_last(converter, layer, given.value)
    for axis, count in enumerate(an_axis(layer, "output_size"), 1):
        value = adapted(converter, value, axis, count, _kind(layer))
    return Tensor(as_layer(converter, layer, value))


def adapted(converter: Converter, value: Value, axis: int, count: int, kind: str) -> Value:
    """An axis in `count` windows, which overlap where they must: from ⌊i·n / count⌋ to ⌈(i + 1)·n / count⌉."""
    graph, extent = converter.graph, value.shape[axis]
    if extent == count:
        return value
    # All windows together have an element more each than the axis has, or one each.
    graph.bounds.hold(graph.scope, value.data.size // extent * count * (-(-extent // count) + 1))
    starts = np.arange(count) * extent // count
    ends = -(-(np.arange(count) + 1) * extent // count)
    size = int((ends - starts).max())
    # A shorter window has its first element again, which the average does not count.
    places = starts[:, None] + np.arange(size)[None]
    inside = places < ends[:, None]
    taken = graph.one("gather", value, graph.constant(np.where(inside, places, starts[:, None])), axis=axis)
    if kind == "maximum":
        return graph.one("reduceMaximum", taken, axes=[axis + 1])
    shares = inside / inside.sum(axis=1, keepdims=True)
    shape = [1] * taken.rank
    shape[axis], shape[axis + 1] = count, size
    return graph.one("reduceSum", graph.one("multiply", taken, graph.constant(shares.reshape(shape))), axes=[axis + 1])
