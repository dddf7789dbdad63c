"""Float64 evaluation of the layer-level operations (all but the recurrent ones)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from emotionformer.export.evaluation.functions import activation, softmax

MASKED_SCORE = -1e30
Inputs = Sequence[Any]
Attributes = dict[str, Any]
Weights = dict[str, np.ndarray]


def _operand(inputs: Inputs, index: int) -> np.ndarray | None:
    return inputs[index] if index < len(inputs) else None


def _dense(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    kernel = weights["kernel"]
    if attributes.get("kernelLayout") == "outputInput":
        kernel = kernel.T
    result = inputs[0] @ kernel + weights.get("bias", 0.0)
    return [activation(attributes.get("activation", "linear"), result)]


def attend(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None, scale: float, causal: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled dot-product attention of (B, T, H, K), (B, S, H, K), (B, S, H, V): result (B, T, H, V), scores."""
    scores = np.einsum("bthk,bshk->bhts", query, key) * scale
    if mask is not None:
        if mask.ndim == 2:
            mask = mask[:, None, None, :]
        elif mask.ndim == 3:
            mask = mask[:, None]
        scores = np.where(mask, scores, MASKED_SCORE)
    if causal:
        rows, columns = scores.shape[-2:]
        scores = np.where(np.arange(columns)[None, :] <= np.arange(rows)[:, None], scores, MASKED_SCORE)
    weights = softmax(scores, (-1,))
    return np.einsum("bhts,bshv->bthv", weights, value), weights


def _multi_head_attention(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    def project(x: np.ndarray, role: str) -> np.ndarray:
        return np.einsum("btd,dhk->bthk", x, weights[f"{role}Kernel"]) + weights.get(f"{role}Bias", 0.0)

    query, key, value = project(inputs[0], "query"), project(inputs[1], "key"), project(inputs[2], "value")
    scale = attributes.get("scale") or 1.0 / math.sqrt(attributes["keyDimension"])
    result, scores = attend(query, key, value, _operand(inputs, 3), scale, attributes.get("causal", False))
    return [np.einsum("bthv,hvo->bto", result, weights["outputKernel"]) + weights.get("outputBias", 0.0), scores]


def _attention(inputs: Inputs, attributes: Attributes, _: Weights) -> list[np.ndarray]:
    heads = attributes["headCount"]

    def split(x: np.ndarray) -> np.ndarray:
        return x.reshape(*x.shape[:2], heads, -1)

    result, scores = attend(
        split(inputs[0]),
        split(inputs[1]),
        split(inputs[2]),
        _operand(inputs, 3),
        attributes["scale"],
        attributes.get("causal", False),
    )
    return [result.reshape(*result.shape[:2], -1), scores]


def _along(x: np.ndarray, weight: np.ndarray | None, axes: list[int], otherwise: float) -> np.ndarray | float:
    """A weight that runs along the given axes, shaped to broadcast against `x`."""
    if weight is None:
        return otherwise
    shape = [1] * x.ndim
    for axis, extent in zip(sorted(axis % x.ndim for axis in axes), weight.shape):
        shape[axis] = extent
    return weight.reshape(shape)


def _layer_normalization(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    x, axes = inputs[0], list(attributes.get("axes", [-1]))
    mean = x.mean(axis=tuple(axes), keepdims=True)
    variance = np.square(x - mean).mean(axis=tuple(axes), keepdims=True)
    normal = (x - mean) / np.sqrt(variance + attributes["epsilon"])
    return [normal * _along(x, weights.get("gamma"), axes, 1.0) + _along(x, weights.get("beta"), axes, 0.0)]


def _rms_normalization(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    x, axes = inputs[0], list(attributes.get("axes", [-1]))
    scale = np.sqrt(np.square(x).mean(axis=tuple(axes), keepdims=True) + attributes["epsilon"])
    return [x / scale * _along(x, weights.get("gamma"), axes, 1.0)]


def _batch_normalization(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    x, axes = inputs[0], [attributes.get("axis", -1)]
    spread = np.sqrt(_along(x, weights["variance"], axes, 1.0) + attributes["epsilon"])
    normal = (x - _along(x, weights["mean"], axes, 0.0)) / spread
    return [normal * _along(x, weights.get("gamma"), axes, 1.0) + _along(x, weights.get("beta"), axes, 0.0)]


def _positional_encoding(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    x = inputs[0] * attributes.get("scale", 1)
    steps, width = x.shape[1:]
    if attributes.get("kind", "table") == "table":
        return [x + weights["table"][:steps]]
    positions, columns = np.arange(steps)[:, None], np.arange(width)[None, :]
    longest = attributes.get("maximumWavelength", 10000)
    if attributes.get("arrangement") == "interleaved":
        angles = positions / longest ** (2 * (columns // 2) / width)
        return [x + np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))]
    half = -(-width // 2)
    angles = positions / longest ** (2 * (columns % half) / width)
    return [x + np.where(columns < half, np.sin(angles), np.cos(angles))]


def _embedding(inputs: Inputs, _: Attributes, weights: Weights) -> list[np.ndarray]:
    return [weights["table"][np.asarray(inputs[0]).astype(np.int64)]]


def _padding(extent: int, window: int, stride: int, mode: str) -> tuple[int, int]:
    """Zeros before and after a time axis for a window (already dilated)."""
    if mode == "causal":
        return window - 1, 0
    if mode == "same":
        total = max((-(-extent // stride) - 1) * stride + window - extent, 0)
        return total // 2, total - total // 2
    return 0, 0


def _windows(x: np.ndarray, size: int, stride: int, dilation: int, mode: str, fill: float) -> np.ndarray:
    """(B, T, C) → (B, T′, K, C)."""
    reach = (size - 1) * dilation + 1
    padded = np.pad(x, ((0, 0), _padding(x.shape[1], reach, stride, mode), (0, 0)), constant_values=fill)
    starts = np.arange(0, padded.shape[1] - reach + 1, stride)
    return padded[:, starts[:, None] + np.arange(size)[None, :] * dilation, :]


def _convolution_windows(x: np.ndarray, kernel: np.ndarray, attributes: Attributes) -> np.ndarray:
    """(B, T, C) → (B, T′, K, C): what a convolution's kernel (K, …) meets at each of its steps."""
    stride, dilation = attributes.get("stride", 1), attributes.get("dilation", 1)
    return _windows(x, kernel.shape[0], stride, dilation, attributes.get("padding", "valid"), 0.0)


def _conv1d(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    kernel, groups = weights["kernel"], attributes.get("groups", 1)
    windows = _convolution_windows(inputs[0], kernel, attributes)
    parts = [
        np.einsum("btkc,kco->bto", part, block)
        for part, block in zip(np.split(windows, groups, axis=-1), np.split(kernel, groups, axis=-1))
    ]
    result = np.concatenate(parts, axis=-1) + weights.get("bias", 0.0)
    return [activation(attributes.get("activation", "linear"), result)]


def _depthwise_conv1d(inputs: Inputs, attributes: Attributes, weights: Weights) -> list[np.ndarray]:
    kernel = weights["kernel"]
    windows = _convolution_windows(inputs[0], kernel, attributes)
    result = np.einsum("btkc,kcm->btcm", windows, kernel)
    result = result.reshape(*result.shape[:2], -1) + weights.get("bias", 0.0)
    return [activation(attributes.get("activation", "linear"), result)]


def _masking(inputs: Inputs, attributes: Attributes, _: Weights) -> list[np.ndarray]:
    mask = np.any(inputs[0] != attributes.get("maskValue", 0), axis=-1)
    return [np.where(mask[..., None], inputs[0], 0.0), mask]


def _pooling1d(inputs: Inputs, attributes: Attributes, _: Weights) -> list[np.ndarray]:
    maximum = attributes.get("kind", "maximum") == "maximum"
    arguments = attributes["poolSize"], attributes["stride"], 1, attributes.get("padding", "valid")
    if maximum:
        return [_windows(inputs[0], *arguments, -np.inf).max(axis=2)]
    counts = _windows(np.ones_like(inputs[0]), *arguments, 0.0).sum(axis=2)
    return [_windows(inputs[0], *arguments, 0.0).sum(axis=2) / counts]


def _global_pooling1d(inputs: Inputs, attributes: Attributes, _: Weights) -> list[np.ndarray]:
    x, mask, keep = inputs[0], _operand(inputs, 1), attributes.get("keepDimensions", False)
    if attributes.get("kind", "average") == "maximum":
        return [x.max(axis=1, keepdims=keep)]
    if mask is None:
        return [x.mean(axis=1, keepdims=keep)]
    kept = mask[..., None]
    return [np.where(kept, x, 0.0).sum(axis=1, keepdims=keep) / kept.sum(axis=1, keepdims=keep)]


def _softmax(inputs: Inputs, attributes: Attributes, _: Weights) -> list[np.ndarray]:
    x, mask = inputs[0] * attributes.get("beta", 1), _operand(inputs, 1)
    if mask is not None:
        x = np.where(mask, x, MASKED_SCORE)
    return [softmax(x, tuple(attributes.get("axes", [-1])))]


def _log_softmax(inputs: Inputs, attributes: Attributes, _: Weights) -> list[np.ndarray]:
    axis = attributes.get("axis", -1)
    shifted = inputs[0] - inputs[0].max(axis=axis, keepdims=True)
    return [shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))]


KERNELS = {
    "constant": lambda inputs, attributes, weights: [weights["value"]],
    "dense": _dense,
    "multiHeadAttention": _multi_head_attention,
    "attention": _attention,
    "layerNormalization": _layer_normalization,
    "rmsNormalization": _rms_normalization,
    "batchNormalization": _batch_normalization,
    "positionalEncoding": _positional_encoding,
    "embedding": _embedding,
    "conv1D": _conv1d,
    "depthwiseConv1D": _depthwise_conv1d,
    "masking": _masking,
    "pooling1D": _pooling1d,
    "globalPooling1D": _global_pooling1d,
    "activation": lambda inputs, attributes, _: [
        activation(attributes.get("function", "linear"), inputs[0], attributes)
    ],
    "softmax": _softmax,
    "logSoftmax": _log_softmax,
    "rescaling": lambda inputs, attributes, _: [inputs[0] * attributes["scale"] + attributes.get("offset", 0)],
}
