"""Where a saved model's weights lie: by layer and name in `.h5`, by a walk over class counters in `.keras`."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any, Union

import h5py
import numpy as np

from .errors import ExportError


@dataclass
class NamedWeight:
    """One weight of an `.h5` file with the name it was saved under (`b0_mha/query/kernel`)."""

    name: str
    dataset: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.dataset.shape)

    def read(self) -> np.ndarray:
        return read_dataset(self.dataset, self.name)


@dataclass
class WeightGroup:
    """One group of a `.keras` weight file: its own variables in order and its named children."""

    path: str
    own: list[Any] = field(default_factory=list)
    label: str = ""
    children: dict[str, WeightGroup] = field(default_factory=dict)

    def total(self) -> int:
        """How many variables stand in this group and below it."""
        return len(self.own) + sum(child.total() for child in self.children.values())

    def child(self, *names: str) -> WeightGroup | None:
        """The first of the named children that holds a variable, else the first that exists."""
        found = [self.children[name] for name in names if name in self.children]
        return next((group for group in found if group.total()), found[0] if found else None)

    def read(self, index: int) -> np.ndarray:
        return read_dataset(self.own[index], f"{self.path}/vars/{index}")


def read_dataset(dataset: Any, name: str) -> np.ndarray:
    """A weight as an array; bfloat16 and other element types that NumPy lacks are refused by name."""
    if not isinstance(dataset, h5py.Dataset):
        raise ExportError(f"weight '{name}' is missing from the file")
    if dataset.dtype.kind not in "fiub":
        raise ExportError(f"weight '{name}' has the element type {dataset.dtype}, expected a number")
    if dataset.size > 1 << 31:
        raise ExportError(f"weight '{name}' has {dataset.size} elements: refused")
    try:
        return np.asarray(dataset[()])
    except OSError as error:
        raise ExportError(f"weight '{name}' cannot be read ({error})") from error


class FlatStore:
    """The group `model_weights` of an `.h5` file: a list of named weights for each top-level layer."""

    def __init__(self, group: h5py.Group, file_name: str) -> None:
        self.file_name = file_name
        self.layers: dict[str, list[NamedWeight]] = {}
        for layer in _chunked_names(group, "layer_names"):
            if layer not in group:
                raise ExportError(f"{file_name}: the group of layer '{layer}' is missing")
            holder = group[layer]
            self.layers[layer] = [
                NamedWeight(re.sub(r":\d+$", "", name), holder.get(name))
                for name in _chunked_names(holder, "weight_names")
            ]

    def of_layer(self, name: str) -> list[NamedWeight]:
        return self.layers.get(name, [])


class ArchiveStore:
    """The file `model.weights.h5` of a `.keras` archive as a tree of groups."""

    def __init__(self, handle: h5py.File, file_name: str) -> None:
        self.file_name = file_name
        self.root = _group(handle, "", 0)


WeightStore = Union[FlatStore, ArchiveStore]


def _group(group: h5py.Group, path: str, depth: int) -> WeightGroup:
    if depth > 64:
        raise ExportError(f"weights are nested more than 64 deep at '{path}'")
    result = WeightGroup(path)
    for name in group:
        item = group.get(name)
        if not isinstance(item, h5py.Group):
            continue
        if name == "vars":
            result.label = _text(item.attrs.get("name", ""))
            keys = [key for key in item if key.isdigit()]
            result.own = [item[key] for key in sorted(keys, key=int)]
        else:
            # Some versions of Keras 2 joined the parts with a backslash instead of making a group for each.
            parts = name.split("\\")
            place = result
            for part in parts[:-1]:
                place = place.children.setdefault(part, WeightGroup(f"{place.path}/{part}"))
            child = _group(item, f"{place.path}/{parts[-1]}".lstrip("/"), depth + 1)
            place.children[parts[-1]] = child
    return result


def _chunked_names(group: Any, attribute: str) -> list[str]:
    """A list attribute; lists too long for one attribute are stored as `name0`, `name1`, …"""
    if attribute in group.attrs:
        return [_text(item) for item in np.ravel(group.attrs[attribute])]
    names: list[str] = []
    for chunk in itertools.count():
        if f"{attribute}{chunk}" not in group.attrs:
            return names
        names.extend(_text(item) for item in np.ravel(group.attrs[f"{attribute}{chunk}"]))
    return names


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def snake_case(class_name: str) -> str:
    """The name that Keras derives from a class (`MultiHeadAttention` → `multi_head_attention`)."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return f"private{name}" if name.startswith("_") else name
