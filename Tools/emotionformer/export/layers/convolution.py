"""Conversion of convolutions over one, two and three axes, plain, depthwise, separable and transposed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emotionformer.export.conversion import Converter, Result, handles, tensor
from emotionformer.export.graph import Call, Graph, Tensor, Value, Weight
from emotionformer.export.layer import Layer
from emotionformer.export.layers.core import activate, as_float, inline_activation
from emotionformer.export.layers.geometry import (
    an_axis,
    as_layer,
    channels_last,
    check_rank,
    padded,
    rank_of,
    reshaped,
    same_padding,
    strided,
)


def geometry(layer: Layer) -> dict[str, Any]:
    """The strides, dilations and padding of a window, one number an axis."""
    padding = str(layer.option("padding", "valid")).lower()
    allowed = ("valid", "same", "causal") if rank_of(layer) == 1 else ("valid", "same")
    if padding not in allowed:
        raise layer.refuse(f"its padding '{padding[:40]}' is not one of {', '.join(allowed)}")
    return {"strides": an_axis(layer, "strides"), "dilations": an_axis(layer, "dilation_rate"), "padding": padding}


def _over_time(
    graph: Graph, operation: str, value: Value, kernel: Weight, bias: Weight | None, window: dict[str, Any], **more: Any
) -> Value:
    """A convolution of rows in time, whose window is one number for each of its facts."""
    weights = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
    single = {"stride": window["strides"][0], "dilation": window["dilations"][0], "padding": window["padding"]}
    return graph.one(operation, value, weights=weights, **more, **single)


def _over_picture(
    graph: Graph, operation: str, value: Value, kernel: Weight, bias: Weight | None, function: str, **window: Any
) -> Value:
    """A convolution of pictures: weights are operands, and the activation is a node of its own."""
    filters = graph.constant(kernel.array, "float32", kernel.name)
    added = None if bias is None else graph.constant(bias.array, "float32", bias.name)
    value = graph.one(operation, value, filters, added, **window)
    return value if function == "linear" else graph.one("activation", value, function=function)


def convolved(
    converter: Converter,
    value: Value,
    kernel: Weight,
    bias: Weight | None,
    strides: list[int],
    dilations: list[int],
    padding: str,
    groups: int = 1,
    function: str = "linear",
) -> Value:
    """(B, …, C) → (B, …, out) with a kernel (…, C / groups, out)."""
    graph, window = converter.graph, {"strides": strides, "dilations": dilations, "padding": padding}
    if len(strides) == 1:
        return _over_time(graph, "conv1D", value, kernel, bias, window, activation=function, groups=groups)
    if len(strides) == 3:
        return _convolved_volume(converter, value, kernel, bias, strides, dilations, padding, groups, function)
    turned = Weight(kernel.name, kernel.array.transpose(3, 0, 1, 2))
    return _over_picture(graph, "conv2D", value, turned, bias, function, **window)


def _convolved_volume(
    converter: Converter,
    value: Value,
    kernel: Weight,
    bias: Weight | None,
    strides: list[int],
    dilations: list[int],
    padding: str,
    groups: int,
    function: str,
) -> Value:
    """Over a volume: the planes that the kernel spans become channels of one picture for each plane of the result."""
    graph, depth = converter.graph, kernel.array.shape[0]
    reach = (depth - 1) * dilations[0] + 1
    if padding == "same":
        value = padded(converter, value, 1, *same_padding(value.shape[1], reach, strides[0]))
    batch, extent, height, width, channels = value.shape
    places = (extent - reach) // strides[0] + 1
    converter.graph.bounds.hold(graph.scope, batch * max(places, 0) * height * width * depth * channels)
    split = [batch, places, height, width, groups, channels // groups]
    planes = [strided(converter, value, 1, k * dilations[0], strides[0], places) for k in range(depth)]
    parts = [reshaped(converter, plane, split) for plane in planes]
    joined = parts[0] if depth == 1 else graph.one("concatenate", *parts, axis=-1)
    pictures = reshaped(converter, joined, [batch * places, height, width, depth * channels])
    flat = kernel.array.transpose(1, 2, 0, 3, 4)
    flat = flat.reshape(*flat.shape[:2], -1, flat.shape[-1])
    made = convolved(
        converter, pictures, Weight(kernel.name, flat), bias, strides[1:], dilations[1:], padding, groups, function
    )
    return reshaped(converter, made, [batch, places, *made.shape[1:]])


def depthwise(
    converter: Converter, value: Value, kernel: Weight, bias: Weight | None, layer: Layer, function: str = "linear"
) -> Value:
    """Each channel by its own kernels: (…, C, multiplier)."""
    graph, window = converter.graph, geometry(layer)
    if rank_of(layer) == 1:
        return _over_time(graph, "depthwiseConv1D", value, kernel, bias, window, activation=function)
    height, width, channels, multiplier = kernel.array.shape
    flat = Weight(kernel.name, kernel.array.reshape(1, height, width, channels * multiplier))
    return _over_picture(graph, "depthwiseConv2D", value, flat, bias, function, multiplier=multiplier, **window)


def transposed(
    converter: Converter,
    value: Value,
    kernel: Weight,
    bias: Weight | None,
    strides: list[int],
    dilations: list[int],
    padding: str,
    output_padding: list[int] | None,
    function: str = "linear",
) -> Value:
    """The transpose of a convolution: zeros between the elements, then a convolution with the kernel turned round.

    The kernel is (…, out, C). Lengths and the place of the first element are TensorFlow's.
    """
    rank = len(strides)
    for index, (stride, dilation) in enumerate(zip(strides, dilations)):
        axis, extent = index + 1, value.shape[index + 1]
        reach = (kernel.array.shape[index] - 1) * dilation + 1
        extra = None if output_padding is None else output_padding[index]
        length = transposed_length(extent, reach, stride, padding, extra)
        before = max((extent - 1) * stride + reach - length, 0) // 2 if padding == "same" else 0
        converter.graph.bounds.hold(converter.graph.scope, math.prod(value.shape) * stride)
        value = _spread(converter, value, axis, stride)
        left = reach - 1 - before
        value = padded(converter, value, axis, left, length + reach - 1 - left - extent * stride)
    turned = np.flip(kernel.array, tuple(range(rank))).swapaxes(-1, -2)
    return convolved(
        converter, value, Weight(kernel.name, turned), bias, [1] * rank, dilations, "valid", function=function
    )


def transposed_length(extent: int, reach: int, stride: int, padding: str, extra: int | None) -> int:
    """How long an axis becomes; `reach` is the kernel's extent, dilated, `extra` what `output_padding` adds."""
    if padding == "same":
        return extent * stride if extra is None else (extent - 1) * stride + reach % 2 + extra
    return (extent - 1) * stride + reach + (max(reach, stride) - reach if extra is None else extra)


def _spread(converter: Converter, value: Value, axis: int, stride: int) -> Value:
    """Each element of an axis followed by stride − 1 zeros."""
    if stride == 1:
        return value
    before, after = math.prod(value.shape[:axis]), math.prod(value.shape[axis + 1 :])
    split = converter.graph.one("reshape", value, shape=[before * value.shape[axis], 1, after])
    spread = padded(converter, split, 1, 0, stride - 1)
    shape = [*value.shape[:axis], value.shape[axis] * stride, *value.shape[axis + 1 :]]
    return converter.graph.one("reshape", spread, shape=shape)


def _weights(converter: Converter, layer: Layer, kernel: str) -> tuple[Weight, Weight | None]:
    return converter.weight(layer, kernel), converter.weights(layer, bias="bias").get("bias")


def _input(converter: Converter, layer: Layer, call: Call) -> Value:
    value = as_float(converter.graph, tensor(call.first, layer).value)
    check_rank(layer, value)
    return channels_last(converter, layer, value)


def _result(converter: Converter, layer: Layer, value: Value, later: str | dict[str, Any] | None) -> Result:
    return Tensor(as_layer(converter, layer, activate(converter, layer, value, later)))


@handles("Conv1D", "Convolution1D", "Conv2D", "Convolution2D", "Conv3D", "Convolution3D")
def convolution(converter: Converter, layer: Layer, call: Call) -> Result:
    function, later = inline_activation(layer)
    kernel, bias = _weights(converter, layer, "kernel")
    value = convolved(
        converter,
        _input(converter, layer, call),
        kernel,
        bias,
        **geometry(layer),
        groups=int(layer.option("groups", 1)),
        function=function,
    )
    return _result(converter, layer, value, later)


@handles("DepthwiseConv1D", "DepthwiseConv2D")
def depthwise_convolution(converter: Converter, layer: Layer, call: Call) -> Result:
    function, later = inline_activation(layer)
    kernel, bias = _weights(converter, layer, "depthwise_kernel")
    value = depthwise(converter, _input(converter, layer, call), kernel, bias, layer, function)
    return _result(converter, layer, value, later)


@handles("SeparableConv1D", "SeparableConvolution1D", "SeparableConv2D", "SeparableConvolution2D")
def separable_convolution(converter: Converter, layer: Layer, call: Call) -> Result:
    """Depthwise, then a convolution over one element that mixes the channels."""
    function, later = inline_activation(layer)
    kernel, bias = _weights(converter, layer, "pointwise_kernel")
    value = depthwise(
        converter, _input(converter, layer, call), converter.weight(layer, "depthwise_kernel"), None, layer
    )
    single = [1] * rank_of(layer)
    value = convolved(converter, value, kernel, bias, single, single, "valid", function=function)
    return _result(converter, layer, value, later)


@handles(
    "Conv1DTranspose", "Convolution1DTranspose", "Conv2DTranspose", "Convolution2DTranspose", "Conv3DTranspose",
    "Convolution3DTranspose",
)
def transposed_convolution(converter: Converter, layer: Layer, call: Call) -> Result:
    function, later = inline_activation(layer)
    window = geometry(layer)
    extra = layer.option("output_padding")
    if extra is not None:
        extra = list(extra) if isinstance(extra, (list, tuple)) else [extra] * rank_of(layer)
    value = transposed(
        converter,
        _input(converter, layer, call),
        *_weights(converter, layer, "kernel"),
        **window,
        output_padding=extra,
        function=function,
    )
    return _result(converter, layer, value, later)
