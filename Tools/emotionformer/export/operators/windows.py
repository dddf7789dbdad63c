"""Function calls that pool, convolve and normalize, as the layers of the same kinds do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Tensor, Value, Weight
from emotionformer.export.layer import Layer
from emotionformer.export.layers.borders import resized
from emotionformer.export.layers.convolution import convolved, transposed
from emotionformer.export.layers.geometry import as_layer, channels_last, padded
from emotionformer.export.layers.normalization import scaled_by_variance
from emotionformer.export.layers.pooling import adapted, pooled
from emotionformer.export.operators.elementary import node
from emotionformer.export.operators.table import Options, axes_of, floats, integers, operator, value_of

SPACES = {"NCW": True, "NCHW": True, "NCDHW": True, "channels_first": True}


def _frame(converter: Converter, options: Options) -> Layer:
    """A layer that stands for the call where the layers' own functions ask for one: name and order of axes."""
    is_first = SPACES.get(str(options.get("data_format")), False)
    config = {"data_format": "channels_first" if is_first else "channels_last"}
    return Layer(str(options["function"]), converter.graph.scope or "call", config, converter.generation)


def _numbers(options: Options, key: str, rank: int, default: Any = 1) -> list[int]:
    given = options.get(key)
    given = default if given is None else given
    numbers = [int(item) for item in given] if isinstance(given, (list, tuple)) else [int(given)] * rank
    if len(numbers) == rank + 2 and rank > 0:
        # TensorFlow's own, with the batch and the channels.
        numbers = numbers[1:-1]
    return numbers * rank if len(numbers) == 1 else numbers


def _operand(converter: Converter, arguments: list[Any], options: Options) -> Value:
    value = floats(converter, value_of(converter, arguments[0]))
    if not 3 <= value.rank <= 5:
        raise ExportError(f"{converter.graph.scope}: {options['function']} of a tensor of shape {value.shape[1:]}")
    return channels_last(converter, _frame(converter, options), value)


@operator("max_pool", "average_pool")
def pool(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = _operand(converter, arguments, options)
    rank = value.rank - 2
    size = _numbers(options, "pool_size", rank, arguments[1] if len(arguments) > 1 else 2)
    strides = _numbers(options, "strides", rank, size)
    kind = "maximum" if options["function"] == "max_pool" else "average"
    result = pooled(converter, value, kind, size, strides, str(options.get("padding") or "valid").lower())
    return Tensor(as_layer(converter, _frame(converter, options), result))


@operator("adaptive_max_pool", "adaptive_average_pool")
def adaptive_pool(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = _operand(converter, arguments, options)
    kind = "maximum" if options["function"] == "adaptive_max_pool" else "average"
    for axis, count in enumerate(_numbers(options, "output_size", value.rank - 2), 1):
        value = adapted(converter, value, axis, count, kind)
    return Tensor(as_layer(converter, _frame(converter, options), value))


def _kernel(converter: Converter, arguments: list[Any], options: Options, place: int, name: str) -> Weight:
    given = arguments[place] if len(arguments) > place else options.get(name)
    value = value_of(converter, given, "float32")
    if not value.is_constant:
        raise ExportError(f"{converter.graph.scope}: a convolution with a kernel that depends on the input")
    return Weight(f"{converter.graph.scope}/{name}", value.data)


@operator("conv", "depthwise_conv", "separable_conv")
def conv(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, name = _operand(converter, arguments, options), options["function"]
    rank = value.rank - 2
    window: dict[str, Any] = {
        "strides": _numbers(options, "strides", rank),
        "dilations": _numbers(options, "dilation_rate", rank),
        "padding": str(options.get("padding") or "valid").lower(),
    }
    if name == "conv":
        kernel = _kernel(converter, arguments, options, 1, "kernel")
        groups = value.shape[-1] // kernel.array.shape[-2]
        result = convolved(converter, value, kernel, None, **window, groups=groups)
    else:
        first = "kernel" if name == "depthwise_conv" else "depthwise_kernel"
        kernel = _kernel(converter, arguments, options, 1, first)
        # One group a channel: (…, C, M) → (…, 1, C · M).
        shape = [*kernel.array.shape[:-2], 1, math.prod(kernel.array.shape[-2:])]
        turned = Weight(kernel.name, kernel.array.reshape(shape))
        result = convolved(converter, value, turned, None, **window, groups=value.shape[-1])
        if name == "separable_conv":
            ones, last = [1] * rank, _kernel(converter, arguments, options, 2, "pointwise_kernel")
            result = convolved(converter, result, last, None, ones, ones, "valid")
    return Tensor(as_layer(converter, _frame(converter, options), result))


@operator("conv_transpose")
def conv_transpose(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value = _operand(converter, arguments, options)
    rank, extra = value.rank - 2, options.get("output_padding")
    result = transposed(
        converter,
        value,
        _kernel(converter, arguments, options, 1, "kernel"),
        None,
        _numbers(options, "strides", rank),
        _numbers(options, "dilation_rate", rank),
        str(options.get("padding") or "valid").lower(),
        None if extra is None else _numbers(options, "output_padding", rank),
    )
    return Tensor(as_layer(converter, _frame(converter, options), result))


@operator("resize")
def resize(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    value, frame = _operand(converter, arguments, options), _frame(converter, options)
    target = integers(converter, options.get("size", arguments[1] if len(arguments) > 1 else None))
    for key in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias", "preserve_aspect_ratio"):
        if options.get(key):
            raise ExportError(f"{converter.graph.scope}: resizing with {key} is not supported")
    mode = str(options.get("interpolation") or options.get("method") or "bilinear")
    if value.rank != 4 or len(target) != 2:
        raise ExportError(f"{converter.graph.scope}: a tensor of shape {value.shape[1:]} cannot be resized to {target}")
    for axis, extent in enumerate(target, 1):
        converter.graph.bounds.hold(converter.graph.scope, math.prod(value.shape) // value.shape[axis] * extent)
        value = resized(converter, frame, value, axis, extent, mode)
    return Tensor(as_layer(converter, frame, value))


@operator("rgb_to_grayscale")
def rgb_to_grayscale(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, frame = converter.graph, _frame(converter, options)
    value = channels_last(converter, frame, floats(converter, value_of(converter, arguments[0])))
    shares = graph.constant(np.array([[0.2989], [0.5870], [0.1140]]), "float32")
    return Tensor(as_layer(converter, frame, graph.one("matmul", value, shares)))


@operator("extract_sequences")
def extract_sequences(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """Windows over the last axis: (…, windows, length)."""
    value = value_of(converter, arguments[0])
    length, step = int(options["sequence_length"]), int(options["sequence_stride"])
    count = (value.shape[-1] - length) // step + 1
    if length < 1 or step < 1 or count < 1:
        raise ExportError(f"{converter.graph.scope}: {value.shape[-1]} steps hold no window of {length}")
    converter.graph.bounds.hold(converter.graph.scope, value.data.size // value.shape[-1] * count * length)
    places = np.arange(count)[:, None] * step + np.arange(length)[None]
    return Tensor(converter.graph.one("gather", value, converter.graph.constant(places, "int32"), axis=value.rank - 1))


@operator("depth_to_space", "space_to_depth")
def depth_and_space(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, frame = converter.graph, _frame(converter, options)
    value = channels_last(converter, frame, value_of(converter, arguments[0]))
    size = int(options.get("block_size", arguments[1] if len(arguments) > 1 else 1))
    batch, height, width, channels = value.shape
    if options["function"] == "depth_to_space":
        split = graph.one("reshape", value, shape=[batch, height, width, size, size, channels // (size * size)])
        turned = graph.one("transpose", split, permutation=[0, 1, 3, 2, 4, 5])
        shape = [batch, height * size, width * size, channels // (size * size)]
    else:
        split = graph.one("reshape", value, shape=[batch, height // size, size, width // size, size, channels])
        turned = graph.one("transpose", split, permutation=[0, 1, 3, 2, 4, 5])
        shape = [batch, height // size, width // size, size * size * channels]
    return Tensor(as_layer(converter, frame, graph.one("reshape", turned, shape=shape)))


@operator("batch_norm")
def batch_norm(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """(x − mean) / √(variance + ε), scaled and moved."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    axis = int(options.get("axis", -1)) % value.rank
    names = ("mean", "variance", "offset", "scale")
    given = {name: options.get(name) for name in names} | dict(zip(names, arguments[1:]))

    def along(name: str) -> Value:
        shape = [1] * value.rank
        shape[axis] = value.shape[axis]
        return graph.one("reshape", floats(converter, value_of(converter, given[name])), shape=shape)

    spread = node(graph, "squareRoot", node(graph, "add", along("variance"), float(options.get("epsilon", 1e-3))))
    result = node(graph, "divide", node(graph, "subtract", value, along("mean")), spread)
    if given["scale"] is not None:
        result = node(graph, "multiply", result, along("scale"))
    return Tensor(result if given["offset"] is None else node(graph, "add", result, along("offset")))


@operator("layer_norm", "rms_norm")
def layer_norm(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    axes = sorted(axis % value.rank - value.rank for axis in axes_of(converter, options.get("axis", -1), value.rank))
    is_rms, epsilon = options["function"] == "rms_norm", options.get("epsilon")
    epsilon = 1e-7 if epsilon is None else float(epsilon)
    if options.get("rms_scaling"):
        result = scaled_by_variance(graph, value, axes, epsilon)
    else:
        result = graph.one(
            "rmsNormalization" if is_rms else "layerNormalization", value, axes=axes, epsilon=epsilon
        )
    names = ("scale",) if is_rms else ("gamma",) if options.get("rms_scaling") else ("gamma", "beta")
    given = {name: options.get(name) for name in names} | dict(zip(names, arguments[1:]))
    shape = [extent if axis - value.rank in axes else 1 for axis, extent in enumerate(value.shape)]
    for name, operation in zip(names, ("multiply", "add")):
        if given[name] is not None:
            factor = graph.one("reshape", floats(converter, value_of(converter, given[name])), shape=shape)
            result = graph.one(operation, result, factor)
    return Tensor(result)


@operator("glu")
def glu(converter: Converter, arguments: list[Any], options: Options) -> Tensor:
    """The first half of an axis, gated by the sigmoid of the second."""
    graph, value = converter.graph, floats(converter, value_of(converter, arguments[0]))
    axis = int(options.get("axis", -1)) % value.rank
    half = value.shape[axis] // 2
    if value.shape[axis] % 2:
        raise ExportError(f"{graph.scope}: {value.shape[axis]} elements have no halves")
    first, second = graph.emit("splitSizes", [value], 2, axis=axis, sizes=[half, half])
    return Tensor(graph.one("multiply", first, graph.one("activation", second, function="sigmoid")))


@operator("rfft", "fft")
def fourier(converter: Converter, arguments: list[Any], options: Options) -> list[Tensor]:
    """The real and the imaginary part of a discrete Fourier transform of the last axis, as products with sines and
    cosines."""
    graph = converter.graph
    is_real = options["function"] == "rfft"
    items = [arguments[0]] if is_real else list(arguments[0] if isinstance(arguments[0], (list, tuple)) else arguments)
    parts = [floats(converter, value_of(converter, item)) for item in items]
    extent = parts[0].shape[-1]
    length = int(options.get("fft_length") or extent) if is_real else extent
    parts = [padded(converter, part, part.rank - 1, 0, length - extent) for part in parts]
    count = length // 2 + 1 if is_real else length
    graph.bounds.hold(graph.scope, length * count)
    angles = 2 * np.pi * np.arange(length)[:, None] * np.arange(count)[None] / length
    cosines, sines = (graph.constant(wave(angles), "float32") for wave in (np.cos, np.sin))
    real, imaginary = graph.one("matmul", parts[0], cosines), graph.one("matmul", parts[0], sines)
    imaginary = graph.one("negate", imaginary)
    if len(parts) > 1:
        real = graph.one("add", real, graph.one("matmul", parts[1], sines))
        imaginary = graph.one("add", imaginary, graph.one("matmul", parts[1], cosines))
    return [Tensor(real), Tensor(imaginary)]


