"""Layers whose weights Keras quantized: what the file says of it, and the weights as float32 numbers.

`model.quantize("int8")` stores an integer kernel with a scale for each output, and quantizes each row of the layer's
input as well; `int4` packs two numbers in a byte, with scales for each output or for each block of inputs, and leaves
inputs alone unless it is told otherwise. The rules are those of Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.layer import Layer, Quantization, Rows, Variable

CLASSES = ("Dense", "EinsumDense", "Embedding")
WAY_OUT = "export the float model, saved before model.quantize()"
# Keras's default for the rows of an input.
QUANTIZER = "AbsMaxQuantizer"


def declare(layer: Layer, mode: str) -> None:
    """Notes how Keras quantized the layer; raises for what is not read. `mode` is the policy's."""
    name, _, block = mode.partition("/")
    if layer.class_name not in CLASSES or name not in ("int8", "int4") or layer.registered:
        raise layer.refuse(f"Keras quantized it ({mode[:40]}), which is not read: {WAY_OUT}")
    config = layer.config.get("quantization_config")
    given = config.get("config") if isinstance(config, dict) else None
    if name == "int4" and not isinstance(given, dict):
        raise layer.refuse(f"an earlier version of Keras packed its weights (int4): {WAY_OUT}")
    rows: Rows | None = Rows() if name == "int8" and given is None and layer.class_name != "Embedding" else None
    if isinstance(given, dict):
        size = given.get("block_size")
        block = block if size is None else str(size)
        rows = _rows(layer, given.get("activation_quantizer")) if layer.class_name != "Embedding" else None
    is_grouped = name == "int4" and block.isascii() and block.isdigit()
    layer.quantization = Quantization(int(name.removeprefix("int")), is_grouped, rows)
    scale = "embeddings_scale" if layer.class_name == "Embedding" else "kernel_scale"
    layer.variables += [Variable(scale, False)]
    if is_grouped:
        layer.variables += [Variable(scale.replace("scale", "zero"), False), Variable("g_idx", False)]


def _rows(layer: Layer, entry: Any) -> Rows | None:
    if entry is None:
        return None
    config = entry.get("config") if isinstance(entry, dict) and entry.get("class_name") == QUANTIZER else None
    span = config.get("value_range") if isinstance(config, dict) else None
    is_known = (
        isinstance(config, dict)
        and isinstance(span, list)
        and len(span) == 2
        and all(type(item) is int and -128 <= item <= 127 for item in span)
        and config.get("output_dtype") == "int8"
        and config.get("axis") is None
        and isinstance(config.get("epsilon"), float)
    )
    if not is_known or not isinstance(config, dict) or span is None:
        raise layer.refuse(f"its input is quantized in a way that is not known: {WAY_OUT}")
    return Rows(span[0], span[1], config["epsilon"])


def adopt(part: Layer, held: list[Any]) -> None:
    """A part of an attention layer, of which the configuration does not say that it was quantized: the stored weights
    do. `held` are the part's variables."""
    kernel = held[0] if held else None
    if not isinstance(kernel, np.ndarray) or kernel.dtype != np.int8 or part.quantization is not None:
        return
    more = len(held) - len(part.variables)
    if more not in (1, 3):
        return
    part.quantization = Quantization(8 if kernel.ndim == 3 else 4, more == 3)
    part.variables += [Variable("kernel_scale", False)]
    if more == 3:
        part.variables += [Variable("kernel_zero", False), Variable("g_idx", False)]


def every(layer: Layer) -> Iterator[Layer]:
    yield layer
    for inner in [part.layer for part in layer.parts] + layer.layers:
        yield from every(inner)


def dequantize(model: Layer) -> None:
    """Makes float32 kernels of all integer ones, after the weights are bound."""
    layers = list(every(model))
    if all(layer.quantization is None for layer in layers):
        return
    found = {item.quantization.signature for item in layers if item.quantization is not None and _is_said(item)}
    for layer in layers:
        for part in layer.parts:
            inner = part.layer
            if inner.quantization is not None and not _is_said(inner):
                _settle(layer, inner, found)
                inner.config["num_heads"] = layer.option("num_heads", 1)
    for layer in layers:
        if layer.quantization is None:
            continue
        try:
            _dequantize(layer, layer.quantization)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise layer.refuse(f"its quantized weights do not fit each other ({error})") from error


def _is_said(layer: Layer) -> bool:
    """Whether the configuration, not the weights alone, says that the layer is quantized."""
    return "dtype" in layer.config


def _settle(layer: Layer, part: Layer, found: set[tuple[int, bool, Rows | None]]) -> None:
    """Whether an attention layer's parts quantize their inputs, too: blocks never do; the others as the model's other
    layers, if these agree."""
    quantization = part.quantization
    assert quantization is not None
    if quantization.is_grouped:
        return
    fitting = {rows for bits, is_grouped, rows in found if (bits, is_grouped) == (quantization.bits, False)}
    if len(fitting) != 1:
        raise layer.refuse(
            f"Keras quantized its parts (int{quantization.bits}), and the file does not say whether their inputs are, "
            f"too: {WAY_OUT}"
        )
    quantization.rows = fitting.pop()


def _dequantize(layer: Layer, quantization: Quantization) -> None:
    arrays = layer.arrays
    is_table = layer.class_name == "Embedding"
    role, scale_role = ("embeddings", "embeddings_scale") if is_table else ("kernel", "kernel_scale")
    stored, scale = arrays[role], arrays.pop(scale_role).astype(np.float32)
    zero, places = arrays.pop(scale_role.replace("scale", "zero"), None), arrays.pop("g_idx", None)
    if stored.dtype != np.int8:
        raise ValueError(f"found {stored.dtype}, expected int8")
    if quantization.bits == 8:
        kernel = stored.astype(np.float32)
        if is_table:
            arrays[role] = kernel / scale[:, None]
        elif quantization.rows is not None or (kernel.ndim == 2 and scale.ndim == 1):
            arrays[role], quantization.scale = kernel, scale
        else:
            arrays[role] = kernel / _beside(layer, scale, kernel)
        if quantization.rows is None and quantization.scale is not None:
            arrays[role], quantization.scale = kernel / quantization.scale, None
        return
    columns = _columns(layer, scale, is_table)
    numbers = unpacked(stored, columns).astype(np.float32)
    if zero is not None and places is not None:
        if places.size and not (places.min() >= 0 and places.max() < scale.shape[1 if is_table else 0]):
            raise ValueError("a block that does not exist")
        axis, groups = (1, places.astype(np.int64)) if is_table else (0, places.astype(np.int64))
        shift = np.take(zero.astype(np.float32), groups, axis=axis)
        kernel = (numbers - shift) * np.take(scale, groups, axis=axis)
    elif is_table:
        kernel = numbers / scale[:, None]
    elif quantization.rows is not None and layer.class_name == "Dense":
        kernel, quantization.scale = numbers, scale
    else:
        kernel = numbers / scale
    arrays[role] = kernel.reshape(_kernel_shape(layer, kernel)).astype(np.float32)


def unpacked(packed: np.ndarray, columns: int) -> np.ndarray:
    """Two numbers of −8 … 7 from each byte along the last axis, the low half first."""
    if packed.ndim != 2 or packed.shape[1] != -(-columns // 2):
        raise ValueError(f"bytes of shape {packed.shape} for {columns} columns")
    halves = np.stack([packed & 15, (packed >> 4) & 15], axis=-1).reshape(len(packed), -1)[:, :columns]
    return (halves ^ 8) - 8


def _columns(layer: Layer, scale: np.ndarray, is_table: bool) -> int:
    return int(layer.option("output_dim", 0)) if is_table else int(scale.shape[-1])


def _beside(layer: Layer, scale: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The scale of an einsum's outputs in the axes of its kernel."""
    equation = str(layer.option("equation", ""))
    if not equation:
        # A part of an attention layer: its kernel's last axes are the outputs' last ones.
        rank = kernel.ndim - (2 if layer.name == "attention_output" else 1)
        return scale.reshape((1,) * (kernel.ndim - rank) + scale.shape[-rank:])
    left, _, output = equation.replace("...", "").partition("->")
    term = left.split(",")[1]
    wide = scale.shape[-len(output) :] if len(output) else ()
    extents = dict(zip(output, wide))
    kept = [letter for letter in term if letter in output]
    order = [list(output).index(letter) for letter in kept]
    thin = scale.reshape(wide)
    moved = thin.transpose(order + [axis for axis in range(thin.ndim) if axis not in order])
    return moved.reshape([extents.get(letter, 1) for letter in term])


def _kernel_shape(layer: Layer, kernel: np.ndarray) -> tuple[int, ...]:
    """The axes of a kernel that was stored as rows × columns."""
    if layer.class_name in ("Dense", "Embedding"):
        return kernel.shape
    heads = layer.option("num_heads")
    if isinstance(heads, int):
        # A part of an attention layer.
        rows, columns = kernel.shape
        return (heads, rows // heads, columns) if layer.name == "attention_output" else (rows, heads, columns // heads)
    equation = str(layer.option("equation", ""))
    left, _, output = equation.replace("...", "").partition("->")
    given, _, term = left.partition(",")
    extents: dict[str, int] = {}
    for letters, shape in ((given, layer.build.get("input_shape")), (output, layer.option("output_shape"))):
        values = list(shape) if isinstance(shape, (list, tuple)) else [shape]
        for letter, extent in zip(reversed(letters), reversed(values)):
            if isinstance(extent, int):
                extents[letter] = extent
    if any(letter not in extents for letter in term):
        raise ExportError(f"{layer.described}: its quantized kernel's axes are not known: {WAY_OUT}")
    return tuple(extents[letter] for letter in term)
