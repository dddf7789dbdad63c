"""Pieces for the meanings of custom layers: what a layer holds, and the usual nodes made from it.

Weights of a class that Keras does not have are named by attribute in `.keras` files (`att/query_dense/0`) and by
sub-layer in `.h5` files (`multi_head_attention/query/kernel`); `components` gives both the same form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Value, Weight
from emotionformer.export.layer import Layer

PROJECTIONS = ("query", "key", "value", "output")
_PROJECTION = re.compile(r"^(?:_?(query|key|value|output)_dense|(query|key|value)|(attention_output))$")


@dataclass
class Component:
    """One sub-layer of a custom layer: its path, kind and weights by role.

    `kind` is `attention` (roles `query/kernel` … `output/bias`), `dense` (`kernel`, `bias`), `normalization` (`gamma`,
    `beta`), `table` (`value`: one array) or `other` (roles as the file has them).
    """

    path: str
    kind: str
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The path without the counters that Keras adds (`sequential_1/dense_2` → `sequential/dense`)."""
        return "/".join(re.sub(r"_\d+$", "", part) for part in self.path.split("/"))


def components(layer: Layer) -> list[Component]:
    """What a custom layer holds, in the file's order (for `.h5` the order of creation, for `.keras` alphabetical)."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    for path, array in layer.bag.items():
        parts = path.split("/")
        place, name = parts[:-1], parts[-1]
        match = _PROJECTION.match(place[-1]) if place else None
        if match and len(place) > 0:
            role = "output" if match.group(3) else match.group(1) or match.group(2)
            name = f"{role}/{_variable(name)}"
            place = place[:-1]
        groups.setdefault("/".join(place), {})[name] = array
    return [_component(path, arrays) for path, arrays in groups.items()]


def _variable(name: str) -> str:
    return {"0": "kernel", "1": "bias"}.get(name, name)


def _component(path: str, arrays: dict[str, np.ndarray]) -> Component:
    if all(f"{role}/kernel" in arrays for role in PROJECTIONS):
        return Component(path, "attention", arrays)
    shapes = [array.shape for array in arrays.values()]
    names = list(arrays)
    if set(names) == {"gamma", "beta"}:
        return Component(path, "normalization", arrays)
    if set(names) in ({"kernel", "bias"}, {"kernel"}) and len(arrays["kernel"].shape) == 2:
        return Component(path, "dense", arrays)
    values = list(arrays.values())
    if names == ["0", "1"] and [len(shape) for shape in shapes] == [2, 1] and shapes[0][1] == shapes[1][0]:
        return Component(path, "dense", {"kernel": values[0], "bias": values[1]})
    if names == ["0", "1"] and [len(shape) for shape in shapes] == [1, 1] and shapes[0] == shapes[1]:
        return Component(path, "normalization", {"gamma": values[0], "beta": values[1]})
    if len(values) == 1 and values[0].ndim in (2, 3):
        return Component(path, "table", {"value": values[0]})
    return Component(path, "other", arrays)


def component(layer: Layer, *paths: str) -> Component:
    """The component at the first of these paths that exists. `.keras` files name parts by attribute; for `.h5` files
    leave Keras's counters out and number equal names in order of creation: `layer_normalization#2` is the second."""
    found = components(layer)
    for path in paths:
        stem, _, number = path.partition("#")
        exact = [item for item in found if item.path == path]
        alike = [item for item in found if item.stem == stem]
        place = int(number or 1) - 1
        if exact or len(alike) > place:
            return exact[0] if exact else alike[place]
    raise ExportError(f"{layer.described} holds no '{paths[0]}'; it holds: {', '.join(i.path or '.' for i in found)}")


def weight(converter: Converter, layer: Layer, item: Component, role: str) -> Weight | None:
    if role not in item.arrays:
        return None
    return Weight(f"{converter.path(layer)}/{item.path}/{role}".replace("//", "/"), item.arrays[role])


def dense(converter: Converter, layer: Layer, item: Component, value: Value, activation: str = "linear") -> Value:
    """activation(value · kernel + bias); `activation` is a name of the operation table (`relu`, `gelu`, `geluTanh`)."""
    if item.kind != "dense":
        raise ExportError(f"{layer.described}: '{item.path}' is not a dense layer")
    return converter.graph.one(
        "dense", value, weights=_held(converter, layer, item, ("kernel", "bias")), activation=activation
    )


def layer_normalization(converter: Converter, layer: Layer, item: Component, value: Value, epsilon: float) -> Value:
    if item.kind != "normalization":
        raise ExportError(f"{layer.described}: '{item.path}' is not a layer normalization")
    return converter.graph.one(
        "layerNormalization", value, weights=_held(converter, layer, item, ("gamma", "beta")), epsilon=epsilon
    )


def multi_head_attention(
    converter: Converter,
    layer: Layer,
    item: Component,
    query: Value,
    value: Value | None = None,
    mask: Value | None = None,
    causal: bool = False,
) -> Value:
    """Attention of `query` to `value` (to itself if there is none)."""
    if item.kind != "attention":
        raise ExportError(f"{layer.described}: '{item.path}' is not a multi-head attention")
    weights = {}
    for role in PROJECTIONS:
        for kind in ("kernel", "bias"):
            held = weight(converter, layer, item, f"{role}/{kind}")
            if held is not None:
                weights[f"{role}{kind.capitalize()}"] = held
    kernel = item.arrays["query/kernel"]
    source = query if value is None else value
    return converter.graph.one(
        "multiHeadAttention",
        query,
        source,
        source,
        mask,
        weights=weights,
        headCount=kernel.shape[1],
        keyDimension=kernel.shape[2],
        valueDimension=item.arrays["value/kernel"].shape[2],
        causal=causal,
    )


def _held(converter: Converter, layer: Layer, item: Component, roles: tuple[str, ...]) -> dict[str, Weight]:
    found = {role: weight(converter, layer, item, role) for role in roles}
    return {role: held for role, held in found.items() if held is not None}


def sinusoidal(steps: int, width: int, interleaved: bool, longest: float = 10000.0) -> np.ndarray:
    """The usual table of sines and cosines (steps, width): by turns, or all sines before all cosines."""
    positions, columns = np.arange(steps)[:, None], np.arange(width)[None, :]
    if interleaved:
        angles = positions / longest ** (2 * (columns // 2) / width)
        return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))
    half = -(-width // 2)
    angles = positions / longest ** (2 * (columns % half) / width)
    return np.where(columns < half, np.sin(angles), np.cos(angles))
