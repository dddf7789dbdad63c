"""Activation functions in float64, under the names of the operation table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717
_erf = np.vectorize(math.erf, otypes=[np.float64])


def erf(x: np.ndarray) -> np.ndarray:
    return _erf(x) if np.size(x) else np.asarray(x, np.float64)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, 0.0)


def _elu(x: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def activation(function: str, x: np.ndarray, parameters: dict[str, Any] | None = None) -> np.ndarray:
    """One activation function, element by element; `parameters` as the operation `activation` has them."""
    given = parameters or {}
    alpha, limit, cut = given.get("alpha"), given.get("maximum"), given.get("threshold")
    if function == "linear":
        return x
    if function == "relu":
        base = 0.0 if cut is None else cut
        top = x if limit is None else np.minimum(x, limit)
        # 0 · −∞ is no number, and nothing is left of −∞ without a slope.
        below = (alpha or 0.0) * (np.maximum(x, np.finfo(np.float64).min) - base)
        return np.where(x > base, top, below) + 0.0
    if function in ("relu6", "relu0To1", "reluN1To1"):
        low, high = {"relu6": (0, 6), "relu0To1": (0, 1), "reluN1To1": (-1, 1)}[function]
        return np.clip(x, low, high)
    if function == "leakyRelu":
        return np.where(x < 0, (0.2 if alpha is None else alpha) * x, x)
    if function == "elu":
        return _elu(x, 1.0 if alpha is None else alpha)
    if function == "selu":
        return SELU_SCALE * _elu(x, SELU_ALPHA)
    if function == "celu":
        scale = 1.0 if alpha is None else alpha
        return np.maximum(x, 0) + np.minimum(0, scale * np.expm1(np.minimum(x, 0) / scale))
    if function == "gelu":
        return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))
    if function == "geluTanh":
        return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
    if function == "silu":
        return x * sigmoid(x)
    if function == "hardSilu":
        return x * np.clip(x + 3, 0, 6) / 6
    if function == "mish":
        return x * np.tanh(softplus(x))
    if function == "sigmoid":
        return sigmoid(x)
    if function == "hardSigmoid":
        return np.clip(x + 3, 0, 6) / 6
    if function == "hardSigmoidKeras2":
        return np.clip(0.2 * x + 0.5, 0, 1)
    if function == "softplus":
        return softplus(x)
    if function == "softsign":
        return x / (1 + np.abs(x))
    if function == "tanh":
        return np.tanh(x)
    if function == "exponential":
        return np.exp(x)
    if function == "logSigmoid":
        return -softplus(-x)
    if function == "squareplus":
        return (x + np.sqrt(x * x + (4.0 if alpha is None else alpha))) / 2
    if function == "softShrink":
        edge = 0.5 if cut is None else cut
        return np.where(x > edge, x - edge, np.where(x < -edge, x + edge, 0.0))
    if function == "hardShrink":
        return np.where(np.abs(x) > (0.5 if cut is None else cut), x, 0.0)
    if function == "tanhShrink":
        return x - np.tanh(x)
    if function == "threshold":
        return np.where(x > (cut or 0.0), x, given.get("value") or 0.0)
    if function == "sparsePlus":
        return np.where(x <= -1, 0.0, np.where(x < 1, (x + 1) ** 2 / 4, x))
    if function == "sparseSigmoid":
        return np.where(x <= -1, 0.0, np.where(x < 1, (x + 1) / 2, 1.0))
    raise KeyError(function)


def softmax(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    shifted = np.exp(x - np.max(x, axis=axes, keepdims=True))
    return shifted / np.sum(shifted, axis=axes, keepdims=True)
