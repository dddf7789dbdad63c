"""Float64 evaluation of the tensor operations: elementwise, products, reductions, shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from emotionformer.export.evaluation.functions import erf

Inputs = Sequence[Any]
Attributes = dict[str, Any]
Results = list[np.ndarray]


def _binary(function: Callable[[Any, Any], Any]) -> Callable[..., Results]:
    return lambda inputs, attributes, weights: [np.asarray(function(inputs[0], inputs[1]))]


def _unary(function: Callable[[Any], Any]) -> Callable[..., Results]:
    return lambda inputs, attributes, weights: [np.asarray(function(inputs[0]))]


def _reduction(function: Callable[..., Any]) -> Callable[..., Results]:
    def run(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
        axes = tuple(attributes["axes"])
        return [np.asarray(function(inputs[0], axis=axes, keepdims=attributes.get("keepDimensions", False)))]

    return run


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "f":
        return a / b
    safe = np.where(b == 0, 1, b)
    return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(safe))


def _matmul(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    first, second = inputs[0], inputs[1]
    if attributes.get("transposeFirst"):
        first = np.swapaxes(first, -1, -2)
    if attributes.get("transposeSecond"):
        second = np.swapaxes(second, -1, -2)
    return [first @ second]


def _clip(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    x = inputs[0]
    if attributes.get("minimum") is not None:
        x = np.maximum(x, attributes["minimum"])
    return [x if attributes.get("maximum") is None else np.minimum(x, attributes["maximum"])]


def _cumulative_sum(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    axis, x = attributes.get("axis", -1), inputs[0]
    if attributes.get("reverse"):
        x = np.flip(x, axis)
    total = np.cumsum(x, axis=axis)
    if attributes.get("exclusive"):
        total = total - x
    return [np.flip(total, axis) if attributes.get("reverse") else total]


def _split_sizes(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    return list(np.split(inputs[0], np.cumsum(attributes["sizes"])[:-1], axis=attributes["axis"]))


def _slice(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    entries = zip(attributes["begin"], attributes["size"])
    return [inputs[0][tuple(slice(b, None if s == -1 else b + s) for b, s in entries)]]


def _strided_slice(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    """`x[begin:end:stride, …]`: of the masks, those that the exporter writes (begin, end, new axis, shrink)."""
    index: list[Any] = []
    for position, (begin, end, stride) in enumerate(zip(attributes["begin"], attributes["end"], attributes["strides"])):

        def bit(name: str, position: int = position) -> bool:
            return bool(attributes.get(name, 0) >> position & 1)

        if bit("newAxisMask"):
            index.append(None)
        elif bit("shrinkAxisMask"):
            index.append(begin)
        elif bit("ellipsisMask"):
            index.append(...)
        else:
            index.append(slice(None if bit("beginMask") else begin, None if bit("endMask") else end, stride))
    return [inputs[0][tuple(index)]]


def _squeeze(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    axes = attributes.get("axes") or None
    return [np.squeeze(inputs[0], axis=None if axes is None else tuple(axes))]


def _pad(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    flat = attributes["paddings"]
    pairs = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)]
    return [np.pad(inputs[0], pairs, constant_values=attributes.get("value", 0))]


def _cast(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    target = attributes["to"]
    if target == "bool":
        return [np.asarray(inputs[0]) != 0]
    x = np.asarray(inputs[0])
    if target.startswith("float"):
        return [x.astype(np.float64)]
    return [np.trunc(x.astype(np.float64)).astype(np.int64)]


def _one_hot(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    hot = inputs[0][..., None] == np.arange(attributes["depth"])
    kind = attributes.get("elementType", "float32")
    typed = hot if kind == "bool" else hot.astype(np.float64 if kind.startswith("float") else np.int64)
    axis = attributes.get("axis", -1)
    return [np.moveaxis(typed, -1, axis)]


def _gather(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    source, indices, axis = inputs[0], inputs[1].astype(np.int64), attributes.get("axis", 0)
    lead = attributes.get("batchDimensions", 0)
    if not lead:
        return [np.take(source, indices, axis=axis)]
    flat = source.reshape(-1, *source.shape[lead:])
    places = indices.reshape(len(flat), *indices.shape[lead:])
    rows = [np.take(one, which, axis=axis % source.ndim - lead) for one, which in zip(flat, places)]
    return [np.stack(rows).reshape(*source.shape[:lead], *rows[0].shape)]


def _mirror_pad(inputs: Inputs, attributes: Attributes, _: Any) -> Results:
    flat = attributes["paddings"]
    return [np.pad(inputs[0], list(zip(flat[::2], flat[1::2])), mode=attributes["mode"])]


KERNELS: dict[str, Callable[..., Results]] = {
    "add": _binary(np.add),
    "subtract": _binary(np.subtract),
    "multiply": _binary(np.multiply),
    "divide": _binary(_divide),
    "floorDivide": _binary(np.floor_divide),
    "floorModulo": _binary(np.mod),
    "power": _binary(np.power),
    "maximum": _binary(np.maximum),
    "minimum": _binary(np.minimum),
    "squaredDifference": _binary(lambda a, b: np.square(a - b)),
    "equal": _binary(np.equal),
    "notEqual": _binary(np.not_equal),
    "less": _binary(np.less),
    "lessEqual": _binary(np.less_equal),
    "greater": _binary(np.greater),
    "greaterEqual": _binary(np.greater_equal),
    "logicalAnd": _binary(np.logical_and),
    "logicalOr": _binary(np.logical_or),
    "logicalNot": _unary(np.logical_not),
    "negate": _unary(np.negative),
    "absolute": _unary(np.abs),
    "square": _unary(np.square),
    "squareRoot": _unary(np.sqrt),
    "reciprocalSquareRoot": _unary(lambda x: 1.0 / np.sqrt(x)),
    "exponential": _unary(np.exp),
    "logarithm": _unary(np.log),
    "sine": _unary(np.sin),
    "cosine": _unary(np.cos),
    "floor": _unary(np.floor),
    "ceiling": _unary(np.ceil),
    "round": _unary(np.round),
    "sign": _unary(np.sign),
    "errorFunction": _unary(erf),
    "prelu": _binary(lambda x, alpha: np.where(x < 0, alpha * x, x)),
    "select": lambda inputs, attributes, weights: [np.where(inputs[0], inputs[1], inputs[2])],
    "clip": _clip,
    "matmul": _matmul,
    "reduceSum": _reduction(np.sum),
    "reduceMean": _reduction(np.mean),
    "reduceMaximum": _reduction(np.max),
    "reduceMinimum": _reduction(np.min),
    "reduceProduct": _reduction(np.prod),
    "reduceAny": _reduction(np.any),
    "reduceAll": _reduction(np.all),
    "argMaximum": lambda inputs, attributes, weights: [np.argmax(inputs[0], axis=attributes.get("axis", -1))],
    "argMinimum": lambda inputs, attributes, weights: [np.argmin(inputs[0], axis=attributes.get("axis", -1))],
    "cumulativeSum": _cumulative_sum,
    "identity": _unary(lambda x: x),
    "reshape": lambda inputs, attributes, weights: [inputs[0].reshape(attributes["shape"])],
    "transpose": lambda inputs, attributes, weights: [np.transpose(inputs[0], attributes["permutation"])],
    "expandDimensions": lambda inputs, attributes, weights: [np.expand_dims(inputs[0], attributes["axis"])],
    "squeeze": _squeeze,
    "concatenate": lambda inputs, attributes, weights: [np.concatenate(inputs, axis=attributes.get("axis", -1))],
    "splitSizes": _split_sizes,
    "slice": _slice,
    "stridedSlice": _strided_slice,
    "gather": _gather,
    "pack": lambda inputs, attributes, weights: [np.stack(inputs, axis=attributes.get("axis", 0))],
    "tile": lambda inputs, attributes, weights: [np.tile(inputs[0], attributes["multiples"])],
    "pad": _pad,
    "mirrorPad": _mirror_pad,
    "broadcastTo": lambda inputs, attributes, weights: [np.broadcast_to(inputs[0], attributes["shape"])],
    "reverse": lambda inputs, attributes, weights: [np.flip(inputs[0], tuple(attributes["axes"]))],
    "oneHot": _one_hot,
    "onesLike": _unary(np.ones_like),
    "zerosLike": _unary(np.zeros_like),
    "cast": _cast,
}
