"""Conversion of layer, batch, group, RMS and unit normalization."""

from __future__ import annotations

from typing import Any

from emotionformer.export.conversion import Converter, Result, handles, tensor
from emotionformer.export.graph import Call, Graph, Tensor, Value
from emotionformer.export.layer import Layer


def axes_of(layer: Layer, default: int = -1) -> list[int]:
    axis = layer.option("axis", default)
    return [int(item) for item in axis] if isinstance(axis, (list, tuple)) else [int(axis)]


def scaled_by_variance(graph: Graph, value: Value, axes: list[int], epsilon: float) -> Value:
    """x / √(variance + ε): what Keras 3 makes of `rms_scaling`. The mean stays in, and no bias is added."""
    along: dict[str, Any] = {"axes": axes, "keepDimensions": True}
    mean = graph.one("reduceMean", value, **along)
    spread = graph.one("reduceMean", graph.one("squaredDifference", value, mean), **along)
    raised = graph.one("add", spread, graph.constant(float(epsilon), "float32"))
    return graph.one("multiply", value, graph.one("reciprocalSquareRoot", raised))


@handles("LayerNormalization")
def layer_normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    axes = [axis - given.rank if axis >= 0 else axis for axis in axes_of(layer)]
    if layer.option("rms_scaling", False):
        graph = converter.graph
        scaled = scaled_by_variance(graph, given.value, axes, layer.option("epsilon", 1e-3))
        if "gamma" in layer.arrays:
            shape = [extent if axis - given.rank in axes else 1 for axis, extent in enumerate(given.value.shape)]
            scale = graph.constant(layer.weight("gamma").reshape(shape), "float32")
            scaled = graph.one("multiply", scaled, scale)
        return Tensor(scaled, given.mask)
    value = converter.graph.one(
        "layerNormalization",
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
    """Channels in groups; mean and variance over all other axes and the channels of a group."""
    given, graph = tensor(call.first, layer), converter.graph
    axis, value = axes_of(layer)[0] % given.rank, given.value
    order = [other for other in range(given.rank) if other != axis] + [axis]
    if axis != given.rank - 1:
        value = graph.one("transpose", value, permutation=order)
    shape = list(value.shape)
    channels, groups = shape[-1], int(layer.option("groups", 32))
    groups = channels if groups == -1 else groups
    if groups < 1 or channels % groups:
        raise layer.refuse(f"{channels} channels do not split into {groups} groups")
    split = graph.one("reshape", value, shape=[*shape[:-1], groups, channels // groups])
    axes = [other for other in range(1, split.rank) if other != split.rank - 2]
    normal = graph.one(
        "layerNormalization", split, axes=[other - split.rank for other in axes], epsilon=layer.option("epsilon", 1e-3)
    )
    result = graph.one("reshape", normal, shape=shape)
    if "gamma" in layer.arrays:
        result = graph.one("multiply", result, graph.constant(layer.weight("gamma")))
    if "beta" in layer.arrays:
        result = graph.one("add", result, graph.constant(layer.weight("beta")))
    if axis != given.rank - 1:
        result = graph.one("transpose", result, permutation=[order.index(other) for other in range(given.rank)])
    return Tensor(result, given.mask)
