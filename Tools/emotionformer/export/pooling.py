"""Attention that pools the frames of a clip, in custom layers: the user says what the file leaves open."""

from __future__ import annotations

import numpy as np

from emotionformer.export import blocks
from emotionformer.export.arguments import ATTENTION_FORM, ATTENTION_OPTION, POOLED
from emotionformer.export.blocks import Component, components
from emotionformer.export.conversion import ADVICE, Converter, Result, tensor, without_mask
from emotionformer.export.graph import Call, Tensor, Value, Weight
from emotionformer.export.layer import Layer
from emotionformer.export.readings import ACTIVATIONS, AttentionReading


def pools_by_attention(layer: Layer) -> bool:
    """Whether the layer holds what attention over frames needs: scores of one number from the frames."""
    own, parts = _held(layer)
    denses = [part for part in parts if part.kind == "dense"]
    if own:
        return not parts and len(own) <= 3 and own[0].ndim <= 2
    return len(denses) == len(parts) and len(parts) in (1, 2, 3) and sum(_units(part) == 1 for part in parts) == 1


def attention_layer(converter: Converter, layer: Layer, call: Call, reading: AttentionReading | None) -> Result:
    """Scores of the frames, their softmax, and the weighted frames."""
    if reading is None:
        known = ", ".join(f"{name} ({meaning})" for name, meaning in POOLED.items())
        raise layer.refuse(
            "it can be attention that pools frames, and the file does not say how it computes: say it with "
            f"{ATTENTION_OPTION} {layer.class_name}={ATTENTION_FORM}, such as tanh,sum, OUTPUT one of {known}, or "
            f"{ADVICE}"
        )
    graph = converter.graph
    given = _tensors(layer, call)
    for item in given:
        without_mask(layer, item)
    # The frames are the tensor of three axes.
    wide = [item.value for item in given if item.rank == 3]
    if len(wide) != 1:
        raise layer.refuse(f"expected one tensor of frames (batch, frames, features); {ADVICE}")
    frames = wide[0]
    score = _score(converter, layer, [item.value for item in given], ACTIVATIONS[reading.activation])
    if score.shape != (1, frames.shape[1], 1):
        raise layer.refuse(f"its scores have the shape {score.shape}, expected one for each frame; {ADVICE}")
    weights = graph.one("softmax", score, axes=[1])
    weighted = graph.one("multiply", frames, weights)
    converter.note(f"{layer.class_name}: read as {ATTENTION_OPTION} {reading} says ({POOLED[reading.output]})")
    if reading.output == "sequence":
        return Tensor(weighted)
    total = Tensor(graph.one("reduceSum", weighted, axes=[1]))
    return [total, Tensor(weights)] if reading.output == "sum+weights" else total


def _tensors(layer: Layer, call: Call) -> list[Tensor]:
    first = call.first
    items = list(first) if isinstance(first, (list, tuple)) else list(call.arguments) or [first]
    items += [item for item in call.keywords.values() if isinstance(item, Tensor) and item is not first]
    return [tensor(item, layer) for item in items]


def _held(layer: Layer) -> tuple[list[np.ndarray], list[Component]]:
    """The layer's own weights in the order of creation, and its parts."""
    own = [array for path, array in layer.bag.items() if "/" not in path]
    return own, [part for part in components(layer) if part.path]


def _units(part: Component) -> int:
    return int(part.arrays["kernel"].shape[1]) if part.kind == "dense" else 0


def _score(converter: Converter, layer: Layer, given: list[Value], function: str) -> Value:
    own, parts = _held(layer)
    if own and not parts and len(given) == 1:
        return _own_score(converter, layer, given[0], own, function)
    if not own and pools_by_attention(layer):
        last = next(part for part in parts if _units(part) == 1)
        others = [part for part in parts if part is not last]
        if len(others) == len(given) == 2:
            return _added_score(converter, layer, given, others, last, function)
        if len(given) == 1 and not others:
            return blocks.dense(converter, layer, last, given[0], function)
        if len(given) == len(others) == 1:
            return blocks.dense(
                converter, layer, last, blocks.dense(converter, layer, others[0], given[0], function)
            )
    shapes = ", ".join(f"{path} {array.shape}" for path, array in layer.bag.items()) or "no weights"
    raise layer.refuse(f"its weights ({shapes}) are not those of attention over frames that is known here; {ADVICE}")


def _added_score(
    converter: Converter, layer: Layer, given: list[Value], parts: list[Component], last: Component, function: str
) -> Value:
    """Bahdanau's: a dense layer of each tensor, their sum for every frame, a dense layer of one number."""
    graph = converter.graph
    made = []
    for part, value in zip(parts, given):
        if part.arrays["kernel"].shape[0] != value.shape[-1]:
            raise layer.refuse(f"its dense layers do not fit the tensors that it is called on; {ADVICE}")
        result = blocks.dense(converter, layer, part, value)
        made.append(graph.one("expandDimensions", result, axis=1) if value.rank == 2 else result)
    total = graph.one("activation", graph.one("add", *made), function=function)
    return blocks.dense(converter, layer, last, total)


def _own_score(converter: Converter, layer: Layer, frames: Value, own: list[np.ndarray], function: str) -> Value:
    """activation(frame · W + b), and · u: by the weights' shapes, which must leave no doubt."""
    graph, (steps, width) = converter.graph, frames.shape[1:]
    kernel, *others = own
    columns = kernel.reshape(width, -1).shape[1] if kernel.ndim in (1, 2) and kernel.shape[0] == width else 0
    is_vector = len(others) > 0 and others[-1].size == columns and columns > 1
    if columns == 0 or (columns > 1) != is_vector:
        raise layer.refuse(f"its weights do not fit {width} features; {ADVICE}")
    vector = others.pop() if is_vector else None
    if is_vector and not others and vector is not None and vector.ndim == 1:
        raise layer.refuse(f"its second weight can be a bias or the scores' vector; {ADVICE}")
    weight = Weight(f"{converter.path(layer)}/kernel", kernel.reshape(width, columns))
    score = graph.one("dense", frames, weights={"kernel": weight})
    if others:
        (bias,) = others
        shapes = {(columns,): (columns,), (steps, 1): (steps, 1), (steps,): (steps, 1), (1, columns): (columns,)}
        if columns == steps or bias.shape not in shapes:
            raise layer.refuse(f"its bias of shape {bias.shape} can be added in more than one way; {ADVICE}")
        score = graph.one("add", score, graph.constant(bias.reshape(shapes[bias.shape])))
    if function != "linear":
        score = graph.one("activation", score, function=function)
    if vector is None:
        return score
    last = Weight(f"{converter.path(layer)}/vector", vector.reshape(columns, 1))
    return graph.one("dense", score, weights={"kernel": last})
