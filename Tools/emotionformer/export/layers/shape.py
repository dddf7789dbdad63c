"""Conversion of Flatten, Reshape, Permute, RepeatVector and EinsumDense."""

from __future__ import annotations

import math

import numpy as np

from emotionformer.export.bounds import product as bounded_product
from emotionformer.export.conversion import Converter, Result, handles, tensor
from emotionformer.export.einsum import product
from emotionformer.export.graph import Call, Tensor
from emotionformer.export.layer import Layer
from emotionformer.export.layers.core import activate, activation_name


@handles("Flatten")
def flatten(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    value = given.value
    if layer.option("data_format", "channels_last") == "channels_first" and value.rank > 2:
        order = [0, *range(2, value.rank), 1]
        value = converter.graph.one("transpose", value, permutation=order)
    batch = value.shape[0]
    return Tensor(converter.graph.one("reshape", value, shape=[batch, math.prod(value.shape[1:])]))


@handles("Reshape")
def reshape(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    target = list(layer.option("target_shape", []))
    total = math.prod(given.shape[1:])
    if -1 in target:
        known = bounded_product(extent for extent in target if extent != -1)
        target[target.index(-1)] = total // max(known, 1)
    if bounded_product(target) != total:
        raise layer.refuse(f"cannot reshape {given.shape[1:]} to {tuple(target[:6])}")
    return Tensor(converter.graph.one("reshape", given.value, shape=[given.shape[0], *target]))


@handles("Permute")
def permute(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    return Tensor(converter.graph.one("transpose", given.value, permutation=[0, *layer.option("dims", [])]))


@handles("RepeatVector")
def repeat_vector(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    value = converter.graph.one("expandDimensions", given.value, axis=1)
    multiples = [1] * value.rank
    multiples[1] = int(layer.option("n", 1))
    return Tensor(converter.graph.one("tile", value, multiples=multiples))


@handles("EinsumDense")
def einsum_dense(converter: Converter, layer: Layer, call: Call) -> Result:
    given, graph = tensor(call.first, layer), converter.graph
    kernel = graph.constant(layer.weight("kernel"))
    value = product(graph, str(layer.option("equation", "")), [given.value, kernel])
    if "bias" in layer.arrays:
        value = graph.one("add", value, graph.constant(np.asarray(layer.weight("bias"))))
    return Tensor(activate(converter, layer, value, activation_name(layer)))
