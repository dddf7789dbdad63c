"""Conversion of layers that encode categories, of augmentation, which rests when a model predicts, and of wrappers that
only train."""

from __future__ import annotations

import numpy as np

from emotionformer.export.conversion import Converter, Result, handles, tensor
from emotionformer.export.graph import Call, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.layers.core import as_float, embedding

# Keras's augmentation that leaves its input as it is when a model predicts.
AUGMENTATION = (
    "AugMix CutMix MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast "
    "RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue "
    "RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear "
    "RandomTranslation RandomWidth RandomZoom"
).split()


@handles(*AUGMENTATION)
def augmentation(converter: Converter, layer: Layer, call: Call) -> Result:
    return Tensor(as_float(converter.graph, tensor(call.first, layer).value))


@handles("RandomCrop")
def random_crop(converter: Converter, layer: Layer, call: Call) -> Result:
    value = tensor(call.first, layer).value
    target = (layer.option("height"), layer.option("width"))
    if value.rank != 4 or value.shape[1:3] != target:
        raise layer.refuse(f"it crops pictures of shape {value.shape[1:]}: crop them before the model")
    return Tensor(as_float(converter.graph, value))


@handles("SpectralNormalization")
def spectral_normalization(converter: Converter, layer: Layer, call: Call) -> Result:
    """The layer inside, whose kernel is stored as training left it."""
    return converter.call(layer.parts[0].layer, call)


@handles("ReversibleEmbedding")
def reversible_embedding(converter: Converter, layer: Layer, call: Call) -> Result:
    """The table by index, or, in reverse, the products with all its rows."""
    graph = converter.graph
    if not call.keywords.get("reverse", call.argument(1, "reverse", False)):
        return embedding(converter, layer, call)
    given = tensor(call.first, layer)
    tied = bool(layer.option("tie_weights", True))
    table = layer.weight("embeddings").T if tied else layer.weight("reverse_embeddings")
    kernel = converter.derived(layer, "reverse", table)
    value = graph.one("dense", as_float(graph, given.value), weights={"kernel": kernel})
    cap = layer.option("logit_soft_cap")
    if cap is not None:
        value = graph.one("rescaling", value, scale=1 / float(cap))
        value = graph.one("rescaling", graph.one("activation", value, function="tanh"), scale=float(cap))
    return Tensor(value)


@handles("Discretization")
def discretization(converter: Converter, layer: Layer, call: Call) -> Result:
    """How many of the boundaries each number reaches."""
    boundaries = layer.option("bin_boundaries")
    if not isinstance(boundaries, list) or not boundaries:
        raise layer.refuse(
            "the file holds no bin_boundaries: those that Keras 2 adapted are not saved as such. Build the model with "
            "Discretization(bin_boundaries=…)"
        )
    graph, value = converter.graph, as_float(converter.graph, tensor(call.first, layer).value)
    graph.bounds.hold(layer.described, value.data.size * len(boundaries))
    wide = graph.one("expandDimensions", value, axis=-1)
    reached = graph.one("greaterEqual", wide, graph.constant(np.asarray(boundaries, np.float64), "float32"))
    bins = graph.one("reduceSum", graph.one("cast", reached, to="int32"), axes=[-1])
    return Tensor(encoded(converter, layer, bins, str(layer.option("output_mode", "int")), len(boundaries) + 1))


@handles("CategoryEncoding")
def category_encoding(converter: Converter, layer: Layer, call: Call) -> Result:
    if call.keywords.get("count_weights") is not None:
        raise layer.refuse("count_weights are not supported")
    value, mode = tensor(call.first, layer).value, str(layer.option("output_mode", "multi_hot"))
    if value.dtype == "float32":
        value = converter.graph.one("cast", value, to="int32")
    return Tensor(encoded(converter, layer, value, mode, int(layer.option("num_tokens", 0))))


def encoded(converter: Converter, layer: Layer, indices: Value, mode: str, depth: int) -> Value:
    """Indices (B, …) as Keras encodes them: as they are, each by itself, which there are, or how many of each."""
    graph = converter.graph
    if mode == "int":
        return indices
    if mode not in ("one_hot", "multi_hot", "binary", "count") or depth < 1:
        raise layer.refuse(f"its output_mode '{mode[:40]}' with {depth} categories is not supported")
    if mode == "one_hot" and indices.rank > 1 and indices.shape[-1] == 1:
        indices = graph.one("squeeze", indices, axes=[-1])
    graph.bounds.hold(layer.described, indices.data.size * depth)
    hot = graph.one("oneHot", indices, depth=depth)
    if mode == "one_hot":
        return hot
    if layer.generation == 2 and indices.rank > 2:
        raise layer.refuse(f"output_mode '{mode}' of indices of shape {indices.shape[1:]} is not supported")
    axis = 1 if indices.rank > 1 else 0
    return graph.one("reduceSum" if mode == "count" else "reduceMaximum", hot, axes=[axis])
