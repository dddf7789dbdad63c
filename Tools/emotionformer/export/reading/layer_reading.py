"""From a model's configuration to `Layer` objects, with the variables that each class creates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emotionformer.errors import ExportError
from emotionformer.export.layer import MODEL_CLASSES, Layer, Part, Variable
from emotionformer.export.reading import quantized_weights
from emotionformer.export.reading.weight_store import snake_case

MAXIMUM_DEPTH = 32
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell")
# Class names that Keras 3 has both among its layers and among its operations.
AMBIGUOUS = {
    "Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average", "Concatenate", "Dot", "Reshape", "Softmax",
    "Identity", "Normalization", "Flatten",
}


def read_layer(entry: dict[str, Any], generation: int, depth: int = 0) -> Layer:
    """The layer that one entry of a model's `layers` describes, with everything inside it."""
    if depth > MAXIMUM_DEPTH:
        raise ExportError("the model nests layers more than 32 deep")
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        raise ExportError("the model's configuration has a layer without a class name")
    config = entry.get("config")
    class_name = entry["class_name"]
    if class_name == "Sequential" and isinstance(config, list):
        config = {"name": "sequential", "layers": config}
    if not isinstance(config, dict):
        raise ExportError(f"layer of class {class_name}: its configuration is not an object")
    registered = entry.get("registered_name") or ""
    if ">" in class_name and not registered:
        registered, class_name = class_name, class_name.split(">")[-1]
    layer = Layer(
        class_name=class_name,
        name=str(entry.get("name") or config.get("name") or class_name),
        config=config,
        generation=generation,
        module=entry.get("module") or "",
        # A class of the user's own may bear the name of one of Keras's: it then has a registered name and no module.
        registered=registered if ">" in registered or entry.get("module", "") is None else "",
        inbound=entry.get("inbound_nodes") or [],
        build=entry.get("build_config") or {},
    )
    layer.operator = is_operator(layer)
    _declare(layer, generation, depth)
    if (mode := quantization(config.get("dtype"))) is not None:
        quantized_weights.declare(layer, mode)
    return layer


def is_operator(layer: Layer) -> bool:
    """Whether the node is one function call rather than a layer (both have an `Add`; only layers can be trained)."""
    if layer.class_name in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod"):
        return True
    if layer.module.startswith("keras.src.ops"):
        return True
    if layer.generation == 2 or layer.registered or layer.class_name in MODEL_CLASSES:
        return False
    if layer.module.startswith("keras.layers") or (layer.module and not layer.module.startswith("keras.src")):
        return False
    if is_graph(layer.class_name, layer.config):
        return False
    # Without a module (`.h5`) the name decides, and where both have it, what only a layer's configuration has.
    if layer.class_name not in DECLARATIONS:
        return "trainable" not in layer.config
    return layer.class_name in AMBIGUOUS and "trainable" not in layer.config and "dtype" not in layer.config


def is_graph(class_name: Any, config: Any) -> bool:
    """Whether a configuration is a graph of layers; a subclass of a functional model is saved as one, too."""
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return class_name == "Sequential" and isinstance(config, list)
    return class_name in MODEL_CLASSES or ("input_layers" in config and "output_layers" in config)


def _declare(layer: Layer, generation: int, depth: int) -> None:
    if layer.operator:
        return
    if is_graph(layer.class_name, layer.config):
        layer.layers = [read_layer(entry, generation, depth + 1) for entry in layer.config["layers"]]
        return
    foreign = layer.module and not layer.module.startswith(("keras", "tf_keras", "tensorflow"))
    if not layer.module and layer.class_name in OWN_OPTIONS:
        foreign = OWN_OPTIONS[layer.class_name] not in layer.config
    if layer.registered or foreign or layer.class_name not in DECLARATIONS:
        layer.known = False
        return
    DECLARATIONS[layer.class_name](layer, depth)


def _plain(*variables: str) -> Callable[[Layer, int], None]:
    """A class with the given variables; `name?option` stands only if that option is not switched off."""

    def declare(layer: Layer, depth: int) -> None:
        for item in variables:
            name, _, option = item.partition("?")
            if not option or layer.option(option, True):
                layer.variables.append(Variable(name))

    return declare


def _depthwise(layer: Layer, _: int) -> None:
    layer.variables.append(Variable("depthwise_kernel", saved_as=("depthwise_kernel", "kernel")))
    if layer.option("use_bias", True):
        layer.variables.append(Variable("bias"))


def _layer_normalization(layer: Layer, _: int) -> None:
    if layer.option("scale", True) or layer.option("rms_scaling", False):
        layer.variables.append(Variable("gamma"))
    if layer.option("center", True) and not layer.option("rms_scaling", False):
        layer.variables.append(Variable("beta"))


def _batch_normalization(layer: Layer, _: int) -> None:
    if layer.option("scale", True):
        layer.variables.append(Variable("gamma"))
    if layer.option("center", True):
        layer.variables.append(Variable("beta"))
    layer.variables += [Variable("moving_mean", False), Variable("moving_variance", False)]


def _normalization(layer: Layer, _: int) -> None:
    if layer.config.get("mean") is None:
        layer.variables += [Variable("mean", False), Variable("variance", False), Variable("count", False)]


def _recurrent(layer: Layer, depth: int) -> None:
    cell = Layer(f"{layer.class_name}Cell", "cell", layer.config, layer.generation)
    _cell(cell, depth)
    layer.parts.append(Part(("cell",), cell))


def _cell(layer: Layer, _: int) -> None:
    layer.variables += [Variable("kernel"), Variable("recurrent_kernel")]
    if layer.option("use_bias", True):
        layer.variables.append(Variable("bias"))


def _rnn(layer: Layer, depth: int) -> None:
    entry = layer.option("cell")
    if not isinstance(entry, dict) or entry.get("class_name") not in (*CELLS, "StackedRNNCells"):
        name = str(entry.get("class_name"))[:40] if isinstance(entry, dict) else "none"
        raise layer.refuse(
            f"its cell is of class {name}, expected {', '.join(CELLS)} or StackedRNNCells of them; use --custom FILE.py"
        )
    layer.parts.append(Part(("cell",), read_layer(entry, layer.generation, depth + 1)))


def _stacked(layer: Layer, depth: int) -> None:
    entries = layer.option("cells")
    if not isinstance(entries, list) or not entries:
        raise layer.refuse("its configuration has no 'cells'")
    counters: dict[str, int] = {}
    for entry in entries:
        name = entry.get("class_name") if isinstance(entry, dict) else None
        if name not in CELLS:
            raise layer.refuse(
                f"it has a cell of class {str(name)[:40]}, expected {', '.join(CELLS)}; use --custom FILE.py"
            )
        key = snake_case(name)
        number = counters[key] = counters.get(key, -1) + 1
        place = f"cells/{key}_{number}" if number else f"cells/{key}"
        layer.parts.append(Part((place,), read_layer(entry, layer.generation, depth + 1)))


def _discretization(layer: Layer, _: int) -> None:
    if layer.generation == 2 and layer.option("num_bins") is not None:
        layer.variables.append(Variable("summary", False))


def _spectral(layer: Layer, depth: int) -> None:
    layer.variables += [Variable("kernel", repeated=True), Variable("vector_u", False)]
    _time_distributed(layer, depth)


def _reversible(layer: Layer, _: int) -> None:
    layer.variables.append(Variable("embeddings"))
    if not layer.option("tie_weights", True):
        layer.variables.append(Variable("reverse_embeddings"))


def _bidirectional(layer: Layer, depth: int) -> None:
    inner = _inner(layer, "layer")
    # Read twice, so a tower of them would be read 2ⁿ times.
    if inner.get("class_name") in ("Bidirectional", "TimeDistributed") or is_graph("", inner.get("config")):
        raise layer.refuse(f"its layer is a {inner.get('class_name')}, expected a recurrent layer")
    forward = read_layer(inner, layer.generation, depth + 1)
    entry = layer.config.get("backward_layer")
    if isinstance(entry, dict):
        backward = read_layer(entry, layer.generation, depth + 1)
    else:
        mirrored = {**forward.config, "go_backwards": not forward.config.get("go_backwards", False)}
        backward = read_layer({"class_name": forward.class_name, "config": mirrored}, layer.generation, depth + 1)
    layer.parts += [Part(("forward_layer", "layer"), forward), Part(("backward_layer",), backward)]


def _time_distributed(layer: Layer, depth: int) -> None:
    inner = read_layer(_inner(layer, "layer"), layer.generation, depth + 1)
    if inner.quantization is not None:
        raise layer.refuse(
            "Keras quantized its layer, and then leaves the scales out inside of TimeDistributed: "
            f"{quantized_weights.WAY_OUT}"
        )
    layer.parts.append(Part(("layer",), inner))


def _inner(layer: Layer, key: str) -> dict[str, Any]:
    entry = layer.config.get(key)
    if not isinstance(entry, dict):
        raise layer.refuse(f"its configuration has no '{key}'")
    return entry


def _attention(layer: Layer, _: int) -> None:
    names = [("query", "query"), ("key", "key"), ("value", "value"), ("output", "attention_output")]
    if layer.option("use_gate", False):
        # In the order in which Keras makes them.
        names.insert(2, ("gate", "gate"))
    for role, saved in names:
        part = Layer("EinsumDense", saved, {"trainable": layer.option("trainable", True)}, layer.generation)
        part.variables.append(Variable("kernel"))
        if layer.option("use_bias", True):
            part.variables.append(Variable("bias"))
        layer.parts.append(Part((f"{role}_dense", f"_{role}_dense"), part))


def _dot_attention(layer: Layer, _: int) -> None:
    if layer.option("use_scale", layer.class_name == "AdditiveAttention"):
        layer.variables.append(Variable("scale"))
    if layer.option("score_mode", "dot") == "concat":
        layer.variables.append(Variable("concat_score_weight"))


def _einsum_dense(layer: Layer, _: int) -> None:
    layer.variables.append(Variable("kernel"))
    if layer.config.get("bias_axes") is not None:
        layer.variables.append(Variable("bias"))


def quantization(dtype: Any) -> str | None:
    """How Keras quantized a layer with this element type policy; None for a policy of plain numbers."""
    if isinstance(dtype, dict):
        config = dtype.get("config")
        if not isinstance(config, dict):
            return None
        if isinstance(config.get("mode"), str):
            return str(config["mode"])[:40]
        if isinstance(config.get("policy_map"), dict):
            return next((mode for item in config["policy_map"].values() if (mode := quantization(item))), None)
        dtype = config.get("name")
    return dtype.split("_from_")[0][:40] if isinstance(dtype, str) and "_from_" in dtype else None


NOTHING = _plain()
WITHOUT_WEIGHTS = (
    "InputLayer Activation Add Subtract Multiply Average Maximum Minimum Concatenate Dot Masking MaxPooling1D "
    "MaxPool1D AveragePooling1D AvgPool1D GlobalMaxPooling1D GlobalMaxPool1D GlobalAveragePooling1D GlobalAvgPool1D "
    "MaxPooling2D MaxPool2D AveragePooling2D AvgPool2D GlobalMaxPooling2D GlobalMaxPool2D GlobalAveragePooling2D "
    "GlobalAvgPool2D MaxPooling3D MaxPool3D AveragePooling3D AvgPool3D GlobalMaxPooling3D GlobalMaxPool3D "
    "GlobalAveragePooling3D GlobalAvgPool3D AdaptiveAveragePooling1D AdaptiveAveragePooling2D "
    "AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D "
    "Flatten Reshape Permute RepeatVector Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise "
    "GaussianDropout AlphaDropout ActivityRegularization Rescaling ReLU LeakyReLU ELU Softmax ThresholdedReLU "
    "ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D "
    "Resizing CenterCrop Identity UnitNormalization CategoryEncoding Lambda "
    # What rests when a model predicts.
    "AugMix CutMix MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast "
    "RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight "
    "RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness "
    "RandomShear RandomTranslation RandomWidth RandomZoom"
).split()

# What the configuration of these classes has in every version of Keras. In an `.h5` file nothing else tells them from
# classes of the user's own that have the same names, as many attention layers have.
OWN_OPTIONS = {
    "Attention": "use_scale",
    "AdditiveAttention": "use_scale",
    "MultiHeadAttention": "num_heads",
    "LayerNormalization": "epsilon",
    "LayerScale": "projection_dim",
    "StochasticDepth": "drop_path_rate",
}

DECLARATIONS: dict[str, Callable[[Layer, int], None]] = {
    **dict.fromkeys(WITHOUT_WEIGHTS, NOTHING),
    "Dense": _plain("kernel", "bias?use_bias"),
    "EinsumDense": _einsum_dense,
    **{
        f"{name}{rank}D{end}": _plain("kernel", "bias?use_bias")
        for name in ("Conv", "Convolution")
        for rank in (1, 2, 3)
        for end in ("", "Transpose")
    },
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    **{
        f"Separable{name}{rank}D": _plain("depthwise_kernel", "pointwise_kernel", "bias?use_bias")
        for name in ("Conv", "Convolution")
        for rank in (1, 2)
    },
    "LayerNormalization": _layer_normalization,
    "BatchNormalization": _batch_normalization,
    "SyncBatchNormalization": _batch_normalization,
    "GroupNormalization": _plain("gamma?scale", "beta?center"),
    "RMSNormalization": _plain("scale"),
    "Normalization": _normalization,
    "Discretization": _discretization,
    "SpectralNormalization": _spectral,
    "Embedding": _plain("embeddings"),
    "ReversibleEmbedding": _reversible,
    # Of keras.applications.
    "LayerScale": lambda layer, _: layer.variables.append(Variable("gamma", saved_as=("gamma", "variable"))),
    "StochasticDepth": NOTHING,
    "PReLU": _plain("alpha"),
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "SimpleRNN": _recurrent,
    "LSTMCell": _cell,
    "GRUCell": _cell,
    "SimpleRNNCell": _cell,
    "StackedRNNCells": _stacked,
    "ConvLSTM1D": _recurrent,
    "ConvLSTM2D": _recurrent,
    "ConvLSTM3D": _recurrent,
    "RNN": _rnn,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "MultiHeadAttention": _attention,
    "GroupQueryAttention": _attention,
    "GroupedQueryAttention": _attention,
    "Attention": _dot_attention,
    "AdditiveAttention": _dot_attention,
}
