"""Conversion of layer, batch, group, RMS and unit normalization."""

from __future__ import annotations

from emotionformer.export.conversion import Converter, Result, handles, tensor
from emotionformer.export.graph import Call, Tensor
from emotionformer.export.layer import Layer


def axes_of(layer: Layer, default: int = -1) -> list[int]:
    axis = layer.option("axis", default)
    return [int(item) for item in axis] if isinstance(axis, (list, tuple)) else [int(axis)]


@handles("LayerNormalization")
def layer_normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    axes = [axis - given.rank if axis >= 0 else axis for axis in axes_of(layer)]
    operation = "rmsNormalization" if layer.option("rms_scaling", False) else "layerNormalization"
    value = converter.graph.one(
        operation,
        given.value,
        weights=converter.weights(layer, gamma="gamma", beta="beta"),
        axes=sorted(axes),
        epsilon=layer.option("epsilon", 1e-3),
    )
    return Tensor(value, given.mask)


@handles("RMSNormalization")
def rms_normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    axes = [axis - given.rank if axis >= 0 else axis for axis in axes_of(layer)]
    value = converter.graph.one(
        "rmsNormalization",
        given.value,
        weights=converter.weights(layer, gamma="scale"),
        axes=sorted(axes),
        epsilon=layer.option("epsilon", 1e-6),
    )
    return Tensor(value)


@handles("BatchNormalization", "SyncBatchNormalization")
def batch_normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    axes = axes_of(layer)
    if len(axes) != 1:
        raise layer.refuse("it normalizes over several axes, which is not supported")
    axis = axes[0] - given.rank if axes[0] >= 0 else axes[0]
    value = converter.graph.one(
        "batchNormalization",
        given.value,
        weights=converter.weights(layer, gamma="gamma", beta="beta", mean="moving_mean", variance="moving_variance"),
        axis=axis,
        epsilon=layer.option("epsilon", 1e-3),
    )
    return Tensor(value, given.mask)


@handles("UnitNormalization")
def unit_normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    given, graph = tensor(call.first, layer), converter.graph
    total = graph.one("reduceSum", graph.one("square", given.value), axes=axes_of(layer), keepDimensions=True)
    scale = graph.one("reciprocalSquareRoot", graph.one("clip", total, minimum=1e-12))
    return Tensor(graph.one("multiply", given.value, scale), given.mask)


@handles("GroupNormalization")
def group_normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    """Channels in groups; mean and variance over time and the channels of a group."""
    given, graph = tensor(call.first, layer), converter.graph
    if axes_of(layer) not in ([-1], [given.rank - 1]):
        raise layer.refuse("its axis is not the last one, which is not supported")
    channels, groups = given.shape[-1], int(layer.option("groups", 32))
    groups = channels if groups == -1 else groups
    split = graph.one("reshape", given.value, shape=[1, *given.shape[1:-1], groups, channels // groups])
    axes = [axis for axis in range(1, split.rank) if axis != split.rank - 2]
    normal = graph.one(
        "layerNormalization", split, axes=[axis - split.rank for axis in axes], epsilon=layer.option("epsilon", 1e-3)
    )
    result = graph.one("reshape", normal, shape=list(given.shape))
    if "gamma" in layer.arrays:
        result = graph.one("multiply", result, graph.constant(layer.weight("gamma")))
    if "beta" in layer.arrays:
        result = graph.one("add", result, graph.constant(layer.weight("beta")))
    return Tensor(result, given.mask)
