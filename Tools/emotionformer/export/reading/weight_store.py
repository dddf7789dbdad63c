"""Where a saved model's weights lie: by layer and name in `.h5`, by a walk over class counters in `.keras`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.reading.hdf5_tree import MAXIMUM_OBJECTS, StoredGroup


@dataclass
class NamedWeight:
    """One weight of an `.h5` file with the name it was saved under (`b0_mha/query/kernel`)."""

    name: str
    stored: Any

    def read(self) -> np.ndarray:
        return _array(self.stored, self.name)


@dataclass
class WeightGroup:
    """One group of a `.keras` weight file: its own variables in order and its named children."""

    path: str
    own: list[Any] = field(default_factory=list)
    label: str = ""
    children: dict[str, WeightGroup] = field(default_factory=dict)
    counted: int | None = None

    def total(self) -> int:
        """How many variables stand in this group and below it."""
        if self.counted is None:
            self.counted = len(self.own) + sum(child.total() for child in self.children.values())
        return self.counted

    def child(self, *names: str) -> WeightGroup | None:
        """The first of the named children that holds a variable, else the first that exists. A name may be a path."""
        found = [group for name in names if (group := self._below(name)) is not None]
        return next((group for group in found if group.total()), found[0] if found else None)

    def _below(self, path: str) -> WeightGroup | None:
        group: WeightGroup | None = self
        for name in path.split("/"):
            group = None if group is None else group.children.get(name)
        return group

    def read(self, index: int) -> np.ndarray:
        return _array(self.own[index], f"{self.path}/vars/{index}")


def _array(stored: Any, name: str) -> np.ndarray:
    if not isinstance(stored, np.ndarray):
        raise ExportError(f"weight '{name}' is missing from the file")
    return stored


class FlatStore:
    """The group `model_weights` of an `.h5` file: a list of named weights for each top-level layer."""

    def __init__(self, group: Any, file_name: str) -> None:
        self.file_name = file_name
        self.layers: dict[str, list[NamedWeight]] = {}
        listed = 0
        for layer in group.attributes.get("layer_names", []):
            holder = group.find(layer)
            if not isinstance(holder, StoredGroup):
                raise ExportError(f"{file_name}: the group of layer '{layer}' is missing")
            if layer in self.layers:
                raise ExportError(f"{file_name}: layer_names has '{layer}' twice")
            # `a`, `/a` and `a/` are the same group.
            listed += len(holder.attributes.get("weight_names", []))
            if listed > MAXIMUM_OBJECTS:
                raise ExportError(f"{file_name}: its layers name more than {MAXIMUM_OBJECTS} weights")
            self.layers[layer] = [
                NamedWeight(re.sub(r":\d+$", "", name), holder.find(name))
                for name in holder.attributes.get("weight_names", [])
            ]

    def of_layer(self, name: str) -> list[NamedWeight]:
        return self.layers.get(name, [])


class ArchiveStore:
    """The file `model.weights.h5` of a `.keras` archive as a tree of groups."""

    def __init__(self, root: StoredGroup, file_name: str) -> None:
        self.file_name = file_name
        self.root = _group(root, "")


WeightStore = FlatStore | ArchiveStore


def _group(group: StoredGroup, path: str) -> WeightGroup:
    result = WeightGroup(path)
    for name, item in group.members.items():
        if not isinstance(item, StoredGroup):
            continue
        if name == "vars":
            result.label = item.text("name") or ""
            keys = [key for key in item.members if key.isascii() and key.isdigit() and len(key) < 10]
            result.own = [item.members[key] for key in sorted(keys, key=int)]
        else:
            # Some versions of Keras 2 joined the parts with a backslash instead of making a group for each.
            parts = name.split("\\")
            place = result
            for part in parts[:-1]:
                place = place.children.setdefault(part, WeightGroup(f"{place.path}/{part}"))
            child = _group(item, f"{place.path}/{parts[-1]}".lstrip("/"))
            place.children[parts[-1]] = child
    return result


def snake_case(class_name: str) -> str:
    """The name that Keras derives from a class (`MultiHeadAttention` → `multi_head_attention`)."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return f"private{name}" if name.startswith("_") else name
