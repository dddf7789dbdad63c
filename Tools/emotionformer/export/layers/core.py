"""Conversion of dense, activation, dropout-like, embedding, masking and rescaling layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotionformer.export.conversion import HANDLERS, Converter, Result, as_bool, handles, mask_of, tensor
from emotionformer.export.graph import Call, Graph, Tensor, Value, Weight
from emotionformer.export.layer import Layer
from emotionformer.export.reading.layer_reading import read_layer

# Keras's names for activation functions → the operation table's, the same in both generations unless said below.
FUNCTIONS = {
    "linear": "linear", "relu": "relu", "relu6": "relu6", "leaky_relu": "leakyRelu", "elu": "elu", "selu": "selu",
    "celu": "celu", "silu": "silu", "swish": "silu", "hard_silu": "hardSilu", "hard_swish": "hardSilu",
    "mish": "mish", "sigmoid": "sigmoid", "softplus": "softplus", "softsign": "softsign", "tanh": "tanh",
    "exponential": "exponential", "exp": "exponential", "log_sigmoid": "logSigmoid", "hard_tanh": "reluN1To1",
    "squareplus": "squareplus", "soft_shrink": "softShrink", "hard_shrink": "hardShrink", "tanh_shrink": "tanhShrink",
    "threshold": "threshold", "sparse_plus": "sparsePlus", "sparse_sigmoid": "sparseSigmoid", "gelu": "gelu",
}
PARAMETERLESS = {
    "linear", "relu", "relu6", "reluN1To1", "relu0To1", "elu", "selu", "gelu", "geluTanh", "silu", "hardSilu", "mish",
    "sigmoid", "hardSigmoid", "hardSigmoidKeras2", "softplus", "softsign", "tanh", "exponential", "logSigmoid",
}
# Layers without weights that may be given as another layer's activation.
LAYERS_AS_ACTIVATION = ("LeakyReLU", "ReLU", "ELU", "ThresholdedReLU", "Softmax")
WITH_DEFAULTS = {
    2: {"leakyRelu": {"alpha": 0.2}},
    3: {
        "leakyRelu": {"alpha": 0.2},
        "squareplus": {"alpha": 4.0},
        "softShrink": {"threshold": 0.5},
        "hardShrink": {"threshold": 0.5},
        "celu": {"alpha": 1.0},
        "threshold": {"threshold": 0.0, "value": 0.0},
    },
}


def activation_name(layer: Layer, key: str = "activation", default: str = "linear") -> str:
    """The activation a layer's configuration names: text, or an object with a class or function name."""
    found: Any = layer.config.get(key, default)
    if isinstance(found, dict):
        inner = found.get("config")
        if isinstance(inner, str):
            found = inner
        elif found.get("class_name") in ("function", "builtin_function") and isinstance(inner, dict):
            found = inner.get("name")
        else:
            return str(found.get("registered_name") or found.get("class_name"))
    return "linear" if found is None else str(found)


def function_of(layer: Layer, name: str) -> str | None:
    """The operation table's name of an activation; None for softmax and log-softmax, which are not functions of one
    element."""
    bare = name.split(">")[-1].split(".")[-1]
    if bare in ("softmax", "log_softmax", "Softmax"):
        return None
    if bare == "hard_sigmoid":
        return "hardSigmoidKeras2" if layer.generation == 2 else "hardSigmoid"
    if bare not in FUNCTIONS or (">" in name and bare not in FUNCTIONS):
        raise layer.refuse(f"its activation '{name}' is not known; give the layer's meaning with --custom FILE.py")
    return FUNCTIONS[bare]


def inline_activation(layer: Layer) -> tuple[str, str | dict[str, Any] | None]:
    """What the layer's own operation can compute, and the activation that needs a node of its own (None if none)."""
    found = layer.config.get("activation")
    if isinstance(found, dict) and found.get("class_name") in LAYERS_AS_ACTIVATION:
        return "linear", found
    name = activation_name(layer)
    function = function_of(layer, name)
    if function in PARAMETERLESS:
        return function, None
    return "linear", name


def activate(converter: Converter, layer: Layer, value: Value, name: str | dict[str, Any] | None) -> Value:
    """A node for an activation given by its Keras name, or by a layer that stands in its place."""
    if name is None or name == "linear":
        return value
    if isinstance(name, dict):
        inner = read_layer({"name": layer.name, **name}, layer.generation)
        result = HANDLERS[inner.class_name](converter, inner, Call([Tensor(value)]))
        return tensor(result, layer).value
    function = function_of(layer, name)
    if function is None:
        operation = "softmax" if "log" not in name else "logSoftmax"
        return converter.graph.one(operation, value)
    defaults: dict[str, Any] = WITH_DEFAULTS[layer.generation].get(function, {})
    return converter.graph.one("activation", value, function=function, **defaults)


@handles("Dense")
def dense(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    function, later = inline_activation(layer)
    value = dense_node(
        converter,
        given.value,
        converter.weight(layer, "kernel"),
        converter.weights(layer, bias="bias").get("bias"),
        function,
    )
    return Tensor(activate(converter, layer, value, later), given.mask)


def dense_node(
    converter: Converter, value: Value, kernel: Weight, bias: Weight | None, function: str = "linear"
) -> Value:
    """A dense node; integers and masks are converted first."""
    weights = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
    return converter.graph.one("dense", as_float(converter.graph, value), weights=weights, activation=function)


def as_float(graph: Graph, value: Value) -> Value:
    return value if value.dtype == "float32" else graph.one("cast", value, to="float32")


@handles("Activation")
def activation(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    _, later = inline_activation(layer)
    name = activation_name(layer) if later is None else later
    if name == "linear":
        return given
    return Tensor(activate(converter, layer, as_float(converter.graph, given.value), name), given.mask)


@handles("ReLU")
def relu(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    slope, cut = layer.option("negative_slope", 0.0), layer.option("threshold", 0.0)
    maximum = layer.option("max_value")
    value = converter.graph.one(
        "activation", given.value, function="relu", alpha=slope or None, threshold=cut or None, maximum=maximum
    )
    return Tensor(value, given.mask)


@handles("LeakyReLU")
def leaky_relu(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    slope = layer.option("negative_slope", layer.option("alpha", 0.3))
    return Tensor(converter.graph.one("activation", given.value, function="leakyRelu", alpha=slope), given.mask)


@handles("ELU")
def elu(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    alpha = layer.option("alpha", 1.0)
    return Tensor(converter.graph.one("activation", given.value, function="elu", alpha=alpha), given.mask)


@handles("ThresholdedReLU")
def thresholded_relu(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    theta = layer.option("theta", 1.0)
    return Tensor(converter.graph.one("activation", given.value, function="threshold", threshold=theta), given.mask)


@handles("PReLU")
def prelu(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    alpha = converter.graph.constant(layer.weight("alpha"))
    return Tensor(converter.graph.one("prelu", given.value, alpha), given.mask)


@handles("Softmax")
def softmax(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    axis = layer.option("axis", -1)
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    mask = as_bool(converter, mask_of(call, layer))
    value = converter.graph.one("softmax", given.value, mask, axes=axes)
    if mask is not None and layer.generation == 3 and converter.version >= (3, 10):
        value = converter.graph.one("select", mask, value, converter.graph.constant(0.0))
    return Tensor(value, given.mask)


@handles(
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise", "GaussianDropout",
    "AlphaDropout", "ActivityRegularization", "StochasticDepth",
)
def dropped(_: Converter, layer: Layer, call: Call) -> Result:
    """Layers that do nothing when a model predicts."""
    return tensor(call.first, layer)


@handles("LayerScale")
def layer_scale(converter: Converter, layer: Layer, call: Call) -> Result:
    """Each channel times a number, as ConvNeXt of keras.applications has it."""
    given = tensor(call.first, layer)
    gamma = converter.graph.constant(layer.weight("gamma"), "float32", f"{converter.path(layer)}/gamma")
    return Tensor(converter.graph.one("multiply", as_float(converter.graph, given.value), gamma))


@handles("Identity")
def identity(_: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    return Tensor(given.value, given.mask if layer.generation == 3 else None)


@handles("Embedding")
def embedding(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    table = layer.weight("embeddings")
    indices = given.value
    low, high = indices.data.min(initial=0), indices.data.max(initial=0)
    if indices.dtype != "float32" and not (low >= 0 and high < table.shape[0]):
        raise layer.refuse(f"its indices run from {low} to {high}, its table has {table.shape[0]} rows")
    value = converter.graph.one("embedding", indices, weights={"table": converter.weight(layer, "embeddings")})
    mask = None
    if layer.option("mask_zero", False):
        mask = converter.graph.one("notEqual", indices, converter.graph.constant(0, indices.dtype))
    return Tensor(value, mask)


@handles("Masking")
def masking(converter: Converter, layer: Layer, call: Call) -> Result:
    given, graph = tensor(call.first, layer), converter.graph
    number = layer.option("mask_value", 0.0)
    if given.rank == 3:
        value, mask = graph.emit("masking", [given.value], 2, maskValue=number)
        return Tensor(value, mask)
    # The operation takes clips; rows of pictures, and vectors, are masked by operations of their own.
    value = as_float(graph, given.value)
    kept = graph.one("notEqual", value, graph.constant(float(number)))
    wide = graph.one("reduceAny", kept, axes=[-1], keepDimensions=True)
    mask = graph.one("squeeze", wide, axes=[-1])
    return Tensor(graph.one("select", wide, value, graph.constant(0.0)), mask)


@handles("Rescaling")
def rescaling(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    value = as_float(converter.graph, given.value)
    scale, offset = np.asarray(layer.option("scale", 1.0)), np.asarray(layer.option("offset", 0.0))
    if scale.ndim == 0 and offset.ndim == 0:
        value = converter.graph.one("rescaling", value, scale=float(scale), offset=float(offset))
    else:
        value = converter.graph.one("multiply", value, converter.graph.constant(scale, "float32"))
        value = converter.graph.one("add", value, converter.graph.constant(offset, "float32"))
    return Tensor(value, given.mask if layer.generation == 3 else None)


@handles("Normalization")
def normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    given = tensor(call.first, layer)
    value, graph = as_float(converter.graph, given.value), converter.graph
    if layer.option("mean") is not None:
        mean, variance = np.asarray(layer.config["mean"]), np.asarray(layer.config["variance"])
    else:
        mean, variance = layer.weight("mean"), layer.weight("variance")
    axes = layer.config.get("axis", -1)
    axes = [] if axes is None else [axes] if isinstance(axes, int) else list(axes)
    shape = [1] * value.rank
    for axis in axes:
        shape[axis] = value.shape[axis]
    if mean.ndim == value.rank:
        shape = list(mean.shape)
    mean = np.broadcast_to(mean, shape) if mean.size == 1 else mean.reshape(shape)
    variance = np.broadcast_to(variance, shape) if variance.size == 1 else variance.reshape(shape)
    deviation = np.maximum(np.sqrt(variance.astype(np.float32)), np.float32(1e-7))
    mean_value, deviation_value = graph.constant(mean, "float32"), graph.constant(deviation, "float32")
    if layer.option("invert", False):
        result = graph.one("add", graph.one("multiply", value, deviation_value), mean_value)
    else:
        result = graph.one("divide", graph.one("subtract", value, mean_value), deviation_value)
    return Tensor(result, given.mask if layer.generation == 3 else None)
