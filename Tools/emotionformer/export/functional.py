"""Running Functional and Sequential models: which layer is called on which tensors, in both config generations."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter, tensors
from emotionformer.export.graph import Call, Tensor
from emotionformer.export.layer import Layer

Outputs = dict[tuple[str, int], list[Tensor]]


class _NotReadyError(Exception):
    """A node's operand has not been computed yet."""

    def __init__(self, key: tuple[str, int]) -> None:
        super().__init__()
        self.key = key


def run_model(converter: Converter, model: Layer, call: Call) -> list[Tensor]:
    """The outputs of a model (the main one or one nested in another) for the tensors it is called on."""
    given = tensors(call.first, model)
    # A model that is called again is looked through again.
    size = sum(1 + _leaves(layer.inbound) for layer in model.layers)
    converter.graph.bounds.spend(model.described, 500 * size)
    mask = call.keywords.get("mask")
    if isinstance(mask, Tensor) and len(given) == 1:
        given = [Tensor(given[0].value, mask.value)]
    if model.class_name == "Sequential":
        return _run_sequential(converter, model, given)
    return _run_functional(converter, model, given)


def _run_sequential(converter: Converter, model: Layer, given: list[Tensor]) -> list[Tensor]:
    current = given
    for layer in model.layers:
        if layer.class_name == "InputLayer":
            continue
        current = converter.call(layer, Call([current[0] if len(current) == 1 else current]))
    return current


def _run_functional(converter: Converter, model: Layer, given: list[Tensor]) -> list[Tensor]:
    by_name = {layer.name: layer for layer in model.layers}
    starts = references(model.config.get("input_layers"))
    if len(starts) != len(given):
        raise model.refuse(f"called on {len(given)} tensors, expected {len(starts)}")
    done: Outputs = {(name, node): [value] for (name, node, _), value in zip(starts, given)}
    first = _first_nodes(model)
    calls = [
        (layer, index + first[layer.name], node)
        for layer in model.layers
        for index, node in enumerate(layer.inbound)
        if layer.class_name != "InputLayer"
    ]
    # In the order of the file, each as soon as its operands are there; who waits is not asked again before.
    turn, ready = 0, [(0, number) for number in range(len(calls))]
    waiting: dict[tuple[str, int], list[int]] = {}
    while ready:
        turn, number = heappop(ready)
        layer, index, node = calls[number]
        try:
            prepared = _call_of(layer, node, done, by_name)
        except _NotReadyError as missing:
            converter.graph.bounds.spend(layer.described, 2000 * _leaves(node))
            waiting.setdefault(missing.key, []).append(number)
            continue
        done[layer.name, index] = converter.call(layer, prepared)
        for other in waiting.pop((layer.name, index), []):
            heappush(ready, (turn + (other < number), other))
    if waiting:
        left = calls[min(min(numbers) for numbers in waiting.values())][0]
        raise ExportError(f"model '{model.name}': layer '{left.name}' waits for a tensor that nothing makes")
    outputs = []
    for name, stated, index in references(model.config.get("output_layers")):
        node = _call_number(model, by_name.get(name), stated)
        if (name, node) not in done or index >= len(done[name, node]):
            raise ExportError(f"model '{model.name}': its output '{name}' is not made by any layer")
        outputs.append(done[name, node][index])
    return outputs


def _call_number(model: Layer, layer: Layer | None, stated: int) -> int:
    """The number of the call that an output comes from. Keras 3, too, counts a nested functional model's own making
    there, though not among the arguments of calls; before the first call is the last."""
    if model.generation == 2 or layer is None or not layer.is_model or layer.class_name == "Sequential":
        return stated
    return stated - 1 if stated > 0 else len(layer.inbound) - 1


def _leaves(node: Any) -> int:
    if not isinstance(node, (dict, list, tuple)):
        return 1
    return 1 + sum(_leaves(inner) for inner in (node.values() if isinstance(node, dict) else node))


def _first_nodes(model: Layer) -> dict[str, int]:
    """The number of each layer's first call. Keras 2 counts a nested model's own making as its call 0."""
    referred: set[tuple[str, int]] = set()

    def collect(item: Any) -> None:
        if _is_reference(item):
            referred.add((item[0], item[1]))
            item = item[3:]
        for inner in item.values() if isinstance(item, dict) else item if isinstance(item, (list, tuple)) else ():
            if isinstance(inner, (list, tuple, dict)):
                collect(inner)

    if model.generation == 2:
        collect(model.config.get("output_layers"))
        for layer in model.layers:
            collect(layer.inbound)
    return {
        layer.name: 1 if model.generation == 2 and layer.is_model and (layer.name, 0) not in referred else 0
        for layer in model.layers
    }


def references(entry: Any) -> list[tuple[str, int, int]]:
    """`input_layers` and `output_layers` in every form: one triple, a list of triples, a dictionary."""
    if isinstance(entry, dict):
        return [item for value in entry.values() for item in references(value)]
    if isinstance(entry, (list, tuple)):
        if len(entry) == 3 and isinstance(entry[0], str) and isinstance(entry[1], int):
            return [(entry[0], int(entry[1]), int(entry[2]))]
        return [item for value in entry for item in references(value)]
    raise ExportError("the model's configuration names no input or output layers")


def _call_of(layer: Layer, node: Any, done: Outputs, by_name: dict[str, Layer]) -> Call:
    if isinstance(node, dict):
        arguments = [_third(item, done) for item in node.get("args", [])]
        return Call(arguments, {key: _third(item, done) for key, item in node.get("kwargs", {}).items()})
    return _second(layer, node, done, by_name)


def _lookup(name: str, node: int, index: int, done: Outputs) -> Tensor:
    if (name, node) not in done:
        raise _NotReadyError((name, node))
    outputs = done[name, node]
    if index >= len(outputs):
        raise ExportError(f"layer '{name}' has {len(outputs)} outputs, number {index} is asked for")
    return outputs[index]


def _third(item: Any, done: Outputs) -> Any:
    """An argument as Keras 3 writes it."""
    if isinstance(item, list):
        return [_third(inner, done) for inner in item]
    if not isinstance(item, dict):
        return item
    kind: Any = item.get("class_name")
    config: Any = item.get("config")
    if kind == "__keras_tensor__":
        name, node, index = config["keras_history"]
        return _lookup(name, node, index, done)
    if kind in ("__tensor__", "__numpy__"):
        return np.asarray(config["value"], dtype=_numpy_type(config.get("dtype")))
    if kind == "__slice__":
        return slice(*(_third(config.get(key), done) for key in ("start", "stop", "step")))
    if kind == "__ellipsis__":
        return ...
    if kind == "__tuple__":
        return [_third(inner, done) for inner in item.get("items", config or [])]
    if kind == "__bytes__" or (isinstance(kind, str) and kind.startswith("__")):
        raise ExportError(f"an argument of kind {kind} is not supported")
    if kind == "DTypePolicy":
        return config.get("name")
    if isinstance(kind, str) and "module" in item:
        return item
    return {key: _third(inner, done) for key, inner in item.items()}


def _numpy_type(name: Any) -> Any:
    text = str(name or "float32")
    return np.float32 if text == "bfloat16" else np.dtype(text)


def _is_reference(item: Any) -> bool:
    return (
        isinstance(item, (list, tuple))
        and len(item) in (3, 4)
        and isinstance(item[0], str)
        and isinstance(item[1], int)
        and not isinstance(item[1], bool)
    )


def _second(layer: Layer, node: Any, done: Outputs, by_name: dict[str, Layer]) -> Call:
    """A call as Keras 2 writes it: the first argument's structure, every leaf with the keyword arguments beside it."""
    keywords: dict[str, Any] = {}

    def first(item: Any) -> Any:
        if _is_reference(item):
            if len(item) == 4 and isinstance(item[3], dict):
                keywords.update(item[3])
            if item[0] == "_CONSTANT_VALUE":
                return np.asarray(item[2]) if isinstance(item[2], list) else item[2]
            return _lookup(item[0], item[1], item[2], done)
        if isinstance(item, dict):
            return {key: first(inner) for key, inner in item.items()}
        if isinstance(item, (list, tuple)):
            return [first(inner) for inner in item]
        return item

    def keyword(item: Any) -> Any:
        if _is_reference(item) and len(item) == 3 and item[0] in by_name:
            return _lookup(item[0], item[1], item[2], done)
        if isinstance(item, dict):
            if set(item) == {"start", "stop", "step"}:
                return slice(keyword(item["start"]), keyword(item["stop"]), keyword(item["step"]))
            return {key: keyword(inner) for key, inner in item.items()}
        if isinstance(item, (list, tuple)):
            return [keyword(inner) for inner in item]
        return item

    argument = first(node)
    # A single tensor is written as a list of one, except by operator nodes, which keep their structure.
    if isinstance(argument, list) and len(argument) == 1 and not _is_reference(node) and not layer.operator:
        argument = argument[0]
    return Call([argument], {key: keyword(item) for key, item in keywords.items()})
