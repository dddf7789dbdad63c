"""Giving each layer its weights, by the order and the names that each Keras generation saves them under.

`.h5`: every top-level layer has one list, the trainable weights of everything inside it first, then the others, each
in the order of creation. `.keras`: every layer has a group of its own, found by walking attribute names; in a list of
layers the group is called after the class, with a counter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.layer import Layer, Variable
from emotionformer.export.reading.quantized_weights import adopt
from emotionformer.export.reading.weight_store import (
    ArchiveStore,
    FlatStore,
    NamedWeight,
    WeightGroup,
    WeightStore,
    snake_case,
)

# Older releases of Keras 2 saved a model's layers under other attributes than `layers`.
LAYER_LISTS = ("layers", "_layer_checkpoint_dependencies", "_self_tracked_trackables", "_layers")


def bind(model: Layer, store: WeightStore) -> None:
    """Fills `arrays` (or `bag`) of every layer inside `model`; raises when a weight is missing or left over."""
    if isinstance(store, FlatStore):
        for layer in model.layers:
            _bind_flat(layer, store.of_layer(layer.name), store.file_name)
    else:
        _bind_model(model, store.root, store)


def _bind_flat(layer: Layer, weights: list[NamedWeight], file_name: str) -> None:
    if not layer.known:
        layer.bag = {_below(layer, weight.name): weight.read() for weight in weights}
        return
    opaque = [inner for inner, _ in _every(layer, True) if not inner.known]
    if opaque:
        by_part: dict[str, list[NamedWeight]] = {}
        for weight in weights:
            for part in dict.fromkeys(weight.name.split("/")):
                by_part.setdefault(part, []).append(weight)
        taken: set[int] = set()
        for inner in opaque:
            mine = [weight for weight in by_part.get(inner.name, []) if id(weight) not in taken]
            inner.bag = {_below(inner, weight.name): weight.read() for weight in mine}
            taken.update(id(weight) for weight in by_part.pop(inner.name, []))
        weights = [weight for weight in weights if id(weight) not in taken]
    places = [place for place in _variables(layer, True) if place[2]] + [
        place for place in _variables(layer, True) if not place[2]
    ]
    if len(places) != len(weights):
        raise ExportError(
            f"{file_name}: {layer.described} needs {len(places)} weights, the file has {len(weights)}"
            + ("" if weights else " (its group is empty or missing)")
        )
    for (owner, variable, _), weight in zip(places, weights):
        # Keras numbers the variables that have no name of their own.
        name = re.sub(r"^variable_\d+$", "variable", weight.name.split("/")[-1])
        if name not in variable.names:
            raise ExportError(
                f"{file_name}: {layer.described}: found weight '{weight.name}' where '{variable.names[0]}' "
                f"of '{owner.name}' was expected"
            )
        owner.arrays[variable.role] = weight.read()


def _below(layer: Layer, name: str) -> str:
    """A weight's path inside its layer (`block/ffn/dense/kernel` in `block` → `ffn/dense/kernel`)."""
    parts = name.split("/")
    return "/".join(parts[parts.index(layer.name) + 1 :]) if layer.name in parts[:-1] else name


def _every(layer: Layer, trainable: bool) -> Iterator[tuple[Layer, bool]]:
    """The layer and everything inside it, outer before inner, with whether training is switched on all the way."""
    trainable = trainable and layer.config.get("trainable", True) is not False
    yield layer, trainable
    for inner in [part.layer for part in layer.parts] + layer.layers:
        yield from _every(inner, trainable)


def _variables(layer: Layer, trainable: bool) -> list[tuple[Layer, Variable, bool]]:
    return [
        (owner, variable, variable.trainable and on)
        for owner, on in _every(layer, trainable)
        for variable in owner.variables
        if not variable.repeated
    ]


def _bind_model(model: Layer, group: WeightGroup, store: ArchiveStore) -> None:
    attribute = next((name for name in LAYER_LISTS if name in group.children), "layers")
    holder = group.children.get(attribute) or WeightGroup(f"{group.path}/layers".lstrip("/"))
    counters: dict[str, int] = {}
    by_label = {child.label: child for child in holder.children.values() if child.label}
    for layer in model.layers:
        if layer.class_name == "InputLayer" and model.class_name == "Sequential":
            continue
        base = snake_case(layer.class_name)
        number = counters[base] = counters.get(base, -1) + 1
        key = base if number == 0 else f"{base}_{number}"
        found = by_label.get(layer.name) or holder.children.get(key) or WeightGroup(f"{holder.path}/{key}")
        if attribute == "_layer_checkpoint_dependencies" and found.total():
            # That list names a layer with weights twice, and the counter goes on although nothing is saved again.
            counters[base] += 1
        _bind_group(layer, found, store)


def _bind_group(layer: Layer, group: WeightGroup, store: ArchiveStore, is_part: bool = False) -> None:
    if layer.layers:
        _bind_model(layer, group, store)
        return
    if not layer.known:
        layer.bag = dict(_bag(group, ""))
        return
    if is_part and len(group.own) > len(layer.variables):
        adopt(layer, group.own)
    if len(group.own) != len(layer.variables):
        raise ExportError(
            f"{store.file_name}: {layer.described} needs {len(layer.variables)} weights, "
            f"the file has {len(group.own)} in '{group.path}'"
        )
    for index, variable in enumerate(layer.variables):
        layer.arrays[variable.role] = group.read(index)
    for part in layer.parts:
        child = group.child(*part.attributes)
        found = child or WeightGroup(f"{group.path}/{part.attributes[0]}")
        _bind_group(part.layer, found, store, layer.class_name == "MultiHeadAttention")


def _bag(group: WeightGroup, prefix: str) -> Iterator[tuple[str, np.ndarray]]:
    for index in range(len(group.own)):
        yield f"{prefix}{index}", group.read(index)
    for name, child in group.children.items():
        yield from _bag(child, f"{prefix}{name}/")
