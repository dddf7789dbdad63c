"""From layers to a graph: runs a model's configuration as Keras would, emitting nodes instead of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.graph import Call, Graph, Names, Tensor, Value, Weight
from emotionformer.export.layer import Layer

Result = Tensor | list[Tensor]
Handler = Callable[["Converter", Layer, Call], Result]

MAXIMUM_NOTES = 100

# The way out of a layer whose meaning the file does not say.
ADVICE = "give its meaning with --custom FILE.py (Tools/examples shows how)"

HANDLERS: dict[str, Handler] = {}


def handles(*class_names: str) -> Callable[[Handler], Handler]:
    """Registers a function as the conversion of layers of these classes."""

    def register(function: Handler) -> Handler:
        for name in class_names:
            HANDLERS[name] = function
        return function

    return register


class Converter:
    """Holds the graph and what is asked again and again: weights by layer, constants, the rules of the generation.

    `handler` converts a layer of any kind.
    """

    def __init__(self, graph: Graph, generation: int, keras_version: str, handler: Handler) -> None:
        self.graph, self.generation, self._handler = graph, generation, handler
        self.version = _version(keras_version)
        self.notes: list[str] = []
        # Whether the graph rounds numbers to whole ones, so that small differences can become large.
        self.rounds = False
        # `float16` or `bfloat16` where Keras computes some layers in it.
        self.narrow: str | None = None
        self._paths: dict[int, str] = {}
        self._taken = Names()
        self._prefix: list[str] = []

    def note(self, text: str) -> None:
        """Something the user should know; said once."""
        if len(self.notes) < MAXIMUM_NOTES and text not in self.notes:
            self.notes.append(text)

    def path(self, layer: Layer) -> str:
        """A unique name for a layer: its own, below the models that contain it."""
        key = id(layer)
        if key not in self._paths:
            self._paths[key] = self._taken.unique("/".join([*self._prefix, layer.name]))
        return self._paths[key]

    def weight(self, layer: Layer, role: str) -> Weight:
        return Weight(f"{self.path(layer)}/{role}", layer.weight(role))

    def weights(self, layer: Layer, **roles: str) -> dict[str, Weight]:
        """The layer's weights that exist, under the operation's role names."""
        return {ours: self.weight(layer, theirs) for ours, theirs in roles.items() if theirs in layer.arrays}

    def derived(self, layer: Layer, role: str, array: np.ndarray) -> Weight:
        """A weight that is made from the layer's own by moving its elements around."""
        return Weight(f"{self.path(layer)}/{role}", np.asarray(array, np.float32))

    def call(self, layer: Layer, call: Call) -> list[Tensor]:
        """Runs one layer; gives its outputs in order."""
        self.graph.bounds.call(layer.described)
        outer_scope = self.graph.scope
        self.narrow = narrower(self.narrow, half_precision(layer.config.get("dtype")))
        self.graph.scope = self.path(layer)
        try:
            result = self._handler(self, layer, call)
        finally:
            self.graph.scope = outer_scope
        outputs = result if isinstance(result, list) else [result]
        for index, output in enumerate(outputs):
            suffix = "" if len(outputs) == 1 else f":{index}"
            inside = output.value.node is not None and output.value.node.name.startswith(f"{self.path(layer)}/")
            if inside and not layer.is_model:
                self.graph.rename(output.value, f"{self.path(layer)}{suffix}")
        return outputs

    @contextmanager
    def inside(self, model: Layer) -> Iterator[None]:
        """The names of a model's layers begin with its own."""
        self._prefix.append(model.name)
        try:
            yield
        finally:
            self._prefix.pop()


def tensor(argument: Any, layer: Layer) -> Tensor:
    """An argument that must be one tensor."""
    if isinstance(argument, list) and len(argument) == 1:
        argument = argument[0]
    if not isinstance(argument, Tensor):
        raise layer.refuse(f"found {type(argument).__name__} where a tensor was expected")
    return argument


def tensors(argument: Any, layer: Layer) -> list[Tensor]:
    """An argument that must be a list of tensors."""
    items = list(argument.values()) if isinstance(argument, dict) else argument
    if isinstance(items, Tensor):
        return [items]
    if not isinstance(items, (list, tuple)):
        raise layer.refuse(f"found {type(argument).__name__} where a list of tensors was expected")
    return [tensor(item, layer) for item in items]


def as_tensor(converter: Converter, argument: Any, dtype: str | None = None) -> Tensor:
    """A tensor, or a number or array as a constant."""
    if isinstance(argument, Tensor):
        return argument
    if isinstance(argument, (bool, int, float, list, tuple, np.ndarray, np.generic)):
        try:
            return Tensor(converter.graph.constant(np.asarray(argument), dtype))
        except (ValueError, TypeError) as error:
            raise ExportError(f"{converter.graph.scope}: an argument is not an array of numbers ({error})") from error
    raise ExportError(f"{converter.graph.scope}: found {type(argument).__name__}, expected a tensor or a number")


def mask_of(call: Call, layer: Layer, name: str = "mask") -> Value | None:
    """The mask a layer sees: given explicitly, else the one that its first argument carries."""
    given = call.keywords.get(name)
    if isinstance(given, Tensor):
        return given.value
    if isinstance(given, (list, tuple)):
        return next((item.value for item in given if isinstance(item, Tensor)), None)
    if given is not None:
        raise layer.refuse(f"its {name} is {type(given).__name__}, expected a tensor")
    first = call.first
    if isinstance(first, (list, tuple)):
        first = first[0] if first else None
    return first.mask if isinstance(first, Tensor) else None


def without_mask(layer: Layer, given: Tensor) -> None:
    """For custom layers: whether one heeds its input's mask and hands it on, the file does not say."""
    if given.mask is not None:
        raise layer.refuse(f"its input carries a mask, and the file does not say what becomes of it; {ADVICE}")


def as_bool(converter: Converter, mask: Value | None) -> Value | None:
    """A mask as bool; Keras casts whatever it is given."""
    if mask is None or mask.dtype == "bool":
        return mask
    return converter.graph.one("cast", mask, to="bool")


def _version(text: str) -> tuple[int, ...]:
    parts = text.split("-")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())


def narrower(first: str | None, second: str | None) -> str | None:
    """The element type of fewer digits."""
    return "bfloat16" if "bfloat16" in (first, second) else first or second


def half_precision(dtype: Any) -> str | None:
    """The half precision that a layer's policy computes in."""
    if isinstance(dtype, dict):
        config = dtype.get("config")
        if isinstance(config, dict) and isinstance(config.get("policy_map"), dict):
            held = [half_precision(item) for item in [config.get("default_policy"), *config["policy_map"].values()]]
            return next((kind for kind in held if kind is not None), None)
        dtype = config.get("source_name") or config.get("name") if isinstance(config, dict) else None
    name = dtype.rpartition("_from_")[2] if isinstance(dtype, str) else ""
    kind = name.removeprefix("mixed_")
    return kind if kind in ("float16", "bfloat16") else None
