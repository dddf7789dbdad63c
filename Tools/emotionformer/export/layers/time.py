"""Conversion of convolutions and pooling over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotionformer.export.conversion import Converter, Result, as_bool, handles, mask_of, tensor
from emotionformer.export.graph import Call, Tensor
from emotionformer.export.layer import Layer
from emotionformer.export.layers.core import activate, inline_activation


def _single(layer: Layer, key: str, default: Any = 1) -> int:
    value = layer.option(key, default)
    return int(value[0]) if isinstance(value, (list, tuple)) else int(value)


def _last(layer: Layer) -> None:
    if layer.option("data_format", "channels_last") != "channels_last":
        raise layer.refuse("data_format channels_first is not supported")


def _geometry(layer: Layer) -> dict[str, Any]:
    _last(layer)
    return {
        "stride": _single(layer, "strides"),
        "dilation": _single(layer, "dilation_rate"),
        "padding": str(layer.option("padding", "valid")).lower(),
    }


@handles("Conv1D", "Convolution1D")
def conv1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    function, later = inline_activation(layer)
    value = converter.graph.one(
        "conv1D",
        given.value,
        weights=converter.weights(layer, kernel="kernel", bias="bias"),
        activation=function,
        groups=int(layer.option("groups", 1)),
        **_geometry(layer),
    )
    return Tensor(activate(converter, layer, value, later))


@handles("DepthwiseConv1D")
def depthwise_conv1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    function, later = inline_activation(layer)
    value = converter.graph.one(
        "depthwiseConv1D",
        given.value,
        weights=converter.weights(layer, kernel="depthwise_kernel", bias="bias"),
        activation=function,
        **_geometry(layer),
    )
    return Tensor(activate(converter, layer, value, later))


@handles("SeparableConv1D", "SeparableConvolution1D")
def separable_conv1d(converter: Converter, layer: Layer, call: Call) -> Result:
    """Depthwise, then a convolution over one step that mixes the channels."""
    given = tensor(call.first, layer)
    function, later = inline_activation(layer)
    depthwise = converter.graph.one(
        "depthwiseConv1D", given.value, weights=converter.weights(layer, kernel="depthwise_kernel"), **_geometry(layer)
    )
    value = converter.graph.one(
        "conv1D",
        depthwise,
        weights=converter.weights(layer, kernel="pointwise_kernel", bias="bias"),
        activation=function,
    )
    return Tensor(activate(converter, layer, value, later))


@handles("MaxPooling1D", "MaxPool1D", "AveragePooling1D", "AvgPool1D")
def pooling1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    _last(layer)
    size = _single(layer, "pool_size", 2)
    value = converter.graph.one(
        "pooling1D",
        given.value,
        kind="maximum" if layer.class_name.startswith("Max") else "average",
        poolSize=size,
        stride=_single(layer, "strides", size),
        padding=str(layer.option("padding", "valid")).lower(),
    )
    return Tensor(value)


@handles("GlobalMaxPooling1D", "GlobalMaxPool1D", "GlobalAveragePooling1D", "GlobalAvgPool1D")
def global_pooling1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    average = "Max" not in layer.class_name
    keep = bool(layer.option("keepdims", False))
    mask = as_bool(converter, mask_of(call, layer)) if average else None
    if layer.option("data_format", "channels_last") != "channels_last":
        if mask is not None:
            raise layer.refuse("a masked average with data_format channels_first is not supported")
        operation = "reduceMean" if average else "reduceMaximum"
        return Tensor(converter.graph.one(operation, given.value, axes=[2], keepDimensions=keep))
    value = converter.graph.one(
        "globalPooling1D", given.value, mask, kind="average" if average else "maximum", keepDimensions=keep
    )
    return Tensor(value)


@handles("ZeroPadding1D")
def zero_padding1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    amount = layer.option("padding", 1)
    before, after = (amount, amount) if isinstance(amount, int) else amount
    return Tensor(converter.graph.one("pad", given.value, paddings=[0, 0, before, after, 0, 0]))


@handles("Cropping1D")
def cropping1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    amount = layer.option("cropping", 1)
    before, after = (amount, amount) if isinstance(amount, int) else amount
    size = [-1, given.shape[1] - before - after, -1]
    return Tensor(converter.graph.one("slice", given.value, begin=[0, before, 0], size=size))


@handles("UpSampling1D")
def up_sampling1d(converter: Converter, layer: Layer, call: Call) -> Result:
    given, graph = tensor(call.first, layer), converter.graph
    graph.bounds.hold(layer.described, given.shape[1] * int(layer.option("size", 2)))
    steps = np.repeat(np.arange(given.shape[1]), int(layer.option("size", 2)))
    return Tensor(graph.one("gather", given.value, graph.constant(steps), axis=1))
