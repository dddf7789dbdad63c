"""Conversion of layers that pad, cut and enlarge along time and space."""

from __future__ import annotations

import math

import numpy as np

from emotionformer.export.conversion import Converter, Result, handles, tensor
from emotionformer.export.graph import Call, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.layers.core import as_float
from emotionformer.export.layers.geometry import (
    an_axis,
    as_layer,
    borders,
    channels_last,
    check_rank,
    padded,
    reshaped,
)

CUBIC_STEPS = 1024
INTERPOLATIONS = ("nearest", "bilinear", "bicubic")


@handles("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D")
def bordered(converter: Converter, layer: Layer, call: Call) -> Result:
    """Zeros before and after each axis, or as many elements less."""
    given = tensor(call.first, layer)
    check_rank(layer, given.value)
    value, is_cut = channels_last(converter, layer, given.value), layer.class_name.startswith("Cropping")
    for axis, (before, after) in enumerate(borders(layer, "cropping" if is_cut else "padding"), 1):
        if is_cut and before + after >= value.shape[axis]:
            raise layer.refuse(f"it cuts {before} and {after} off an axis of {value.shape[axis]}")
        value = padded(converter, value, axis, *((-before, -after) if is_cut else (before, after)))
    return Tensor(as_layer(converter, layer, value))


@handles("UpSampling1D", "UpSampling2D", "UpSampling3D")
def up_sampling(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    check_rank(layer, given.value)
    value, mode = channels_last(converter, layer, given.value), str(layer.option("interpolation", "nearest"))
    for axis, size in enumerate(an_axis(layer, "size", 2), 1):
        converter.graph.bounds.hold(layer.described, math.prod(value.shape) * size)
        value = resized(converter, layer, value, axis, value.shape[axis] * size, mode)
    return Tensor(as_layer(converter, layer, value))


@handles("Resizing")
def resizing(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    value, mode = channels_last(converter, layer, given.value), str(layer.option("interpolation", "bilinear"))
    if value.rank != 4:
        raise layer.refuse(f"it is called on a tensor of shape {given.shape[1:]}, expected pictures")
    target = [int(layer.option(key, 0)) for key in ("height", "width")]
    for key in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        if layer.option(key, False) and list(value.shape[1:3]) != target:
            raise layer.refuse(f"its option {key} is not supported: resize the pictures before the model")
    value = as_float(converter.graph, value)
    for axis, extent in enumerate(target, 1):
        converter.graph.bounds.hold(layer.described, math.prod(value.shape) // value.shape[axis] * extent)
        value = resized(converter, layer, value, axis, extent, mode)
    return Tensor(as_layer(converter, layer, value))


@handles("CenterCrop")
def center_crop(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    value = channels_last(converter, layer, given.value)
    target = [int(layer.option(key, 0)) for key in ("height", "width")]
    if value.rank != 4 or any(have < want for have, want in zip(value.shape[1:3], target)):
        raise layer.refuse(f"it would enlarge pictures of shape {given.shape[1:]}, which is not supported")
    for axis, extent in enumerate(target, 1):
        spare = value.shape[axis] - extent
        value = padded(converter, value, axis, -(spare // 2), spare // 2 - spare)
    return Tensor(as_layer(converter, layer, value))


def resized(converter: Converter, layer: Layer, value: Value, axis: int, extent: int, mode: str) -> Value:
    """One axis of (B, …, C) in another length, as TensorFlow does it with half-pixel centers, without antialiasing."""
    graph, before = converter.graph, value.shape[axis]
    if extent == before:
        return value
    if mode not in INTERPOLATIONS:
        raise layer.refuse(f"its interpolation '{mode[:40]}' is not supported; {', '.join(INTERPOLATIONS)} are")
    if mode == "nearest":
        places = np.floor((np.arange(extent) + 0.5) * (before / extent)).astype(np.int64)
        return graph.one("gather", value, graph.constant(np.minimum(places, before - 1)), axis=axis)
    matrix = graph.constant(interpolation(before, extent, mode), "float32")
    lead, rest = math.prod(value.shape[:axis]), math.prod(value.shape[axis + 1 :])
    made = graph.one("matmul", matrix, reshaped(converter, value, [lead, before, rest]))
    return reshaped(converter, made, [*value.shape[:axis], extent, *value.shape[axis + 1 :]])


def interpolation(before: int, after: int, mode: str) -> np.ndarray:
    """The matrix (after, before) of a bilinear or bicubic (Keys, a = −1/2) interpolation."""
    centers = (np.arange(after) + 0.5) * (before / after) - 0.5
    if mode == "bilinear":
        # Beyond the first and the last center the picture goes on as it ends.
        centers = np.clip(centers, 0, before - 1)
    else:
        # TensorFlow takes the cubic weights from a table.
        centers = np.floor(centers) + np.rint((centers - np.floor(centers)) * CUBIC_STEPS) / CUBIC_STEPS
    distance = np.abs(centers[:, None] - np.arange(before)[None])
    if mode == "bilinear":
        return np.maximum(1 - distance, 0)
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    weights = np.where(distance <= 1, near, np.where(distance < 2, far, 0))
    return weights / weights.sum(axis=1, keepdims=True)
