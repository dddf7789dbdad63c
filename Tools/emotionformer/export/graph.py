"""The graph under construction. Every node is evaluated as it is made, so each value's shape and type are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.bounds import Bounds
from emotionformer.export.evaluation.execution import KERNELS, evaluate, widened


@dataclass(eq=False)
class Value:
    """A tensor in the graph: its element type and, for the probe input, its content (floats as float64)."""

    name: str
    dtype: str
    data: np.ndarray
    node: Node | None = None
    is_constant: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape)

    @property
    def rank(self) -> int:
        return self.data.ndim


@dataclass(eq=False)
class Node:
    name: str
    operation: str
    inputs: list[Value | None]
    outputs: list[Value]
    attributes: dict[str, Any]
    weights: dict[str, str]
    named: bool = False


class Names:
    """Names that are taken. The next free number of each is known: thousands of one name would take for ever else."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """The name, or the name with the lowest free number from 2 on."""
        candidate = name
        if name in self._taken:
            number = self._next.get(name, 2)
            while (candidate := f"{name}#{number}") in self._taken:
                number += 1
            self._next[name] = number + 1
        self._taken.add(candidate)
        return candidate

    def discard(self, name: str) -> None:
        self._taken.discard(name)
        base, _, number = name.rpartition("#")
        if base in self._next and number.isdecimal():
            self._next[base] = min(self._next[base], max(int(number), 2))


@dataclass(frozen=True)
class Weight:
    """A tensor of the weight file: a name and what it holds."""

    name: str
    array: np.ndarray


@lru_cache(maxsize=1)
def operation_table() -> dict[str, dict[str, Any]]:
    """The committed table of operations, by name."""
    path = Path(__file__).parents[1] / "operations.json"
    return {row["name"]: row for row in json.loads(path.read_text("utf-8"))}


class Graph:
    """Nodes in the order they were made, and the tensors they use."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds(limited=False)
        self.nodes: list[Node] = []
        self.inputs: list[Value] = []
        self.tensors: dict[str, np.ndarray] = {}
        self._names = Names()
        self._constants: dict[tuple[Any, ...], Value] = {}
        self.scope = ""

    def input(self, name: str, dtype: str, probe: np.ndarray) -> Value:
        value = Value(self._unique(name), dtype, widened(probe))
        self.inputs.append(value)
        return value

    def constant(self, data: Any, dtype: str | None = None, name: str = "") -> Value:
        """A value that is known now; it becomes a node, of this name if it has one, only when something uses it."""
        array = widened(np.asarray(data))
        kind = dtype or {"f": "float32", "b": "bool"}.get(array.dtype.kind, "int32")
        if array.dtype.kind not in "fiub":
            raise ExportError(f"a constant of element type {array.dtype} cannot be stored")
        if kind.startswith("float"):
            array = array.astype(np.float32).astype(np.float64)
        elif kind == "bool":
            array = array != 0
        else:
            array = array.astype(np.int64)
        return Value(name, kind, array, is_constant=True)

    def emit(
        self,
        operation: str,
        inputs: Sequence[Value | None],
        outputs: int = 1,
        weights: dict[str, Weight] | None = None,
        **attributes: Any,
    ) -> list[Value]:
        """Adds a node and returns its outputs; operands that are constants are stored first."""
        row = operation_table().get(operation)
        if row is None or operation not in KERNELS:
            raise ExportError(f"{self.scope}: the operation '{operation}' is not in the operation table")
        if inputs and not weights and all(value is not None and value.is_constant for value in inputs):
            return self._folded(operation, row, inputs, outputs, attributes)
        operands = [self._placed(value) if value is not None else None for value in inputs]
        while operands and operands[-1] is None:
            operands.pop()
        kept = _without_defaults(row, attributes)
        held = {role: weight for role, weight in (weights or {}).items() if weight is not None}
        given = [None if value is None else value.data for value in operands]
        arrays = {role: weight.array for role, weight in held.items()}
        self.bounds.compute(self.scope, operation, given, kept, arrays)
        try:
            results = evaluate(operation, given, kept, arrays, outputs)
        except (ValueError, IndexError, KeyError, TypeError, ArithmeticError) as error:
            shapes = ", ".join("–" if v is None else str(v.shape) for v in operands)
            raise ExportError(f"{self.scope}: {operation} of shapes {shapes} does not work out: {error}") from error
        for weight in held.values():
            self._store(weight)
        node = Node(
            self._unique(f"{self.scope}/{operation}" if self.scope else operation),
            operation,
            operands,
            [],
            kept,
            {role: weight.name for role, weight in held.items()},
        )
        for index, data in enumerate(results):
            name = node.name if outputs == 1 else self._unique(f"{node.name}:{index}")
            node.outputs.append(Value(name, _result_type(operation, operands, kept, data), data, node))
        self.nodes.append(node)
        return node.outputs

    def _folded(
        self,
        operation: str,
        row: dict[str, Any],
        inputs: Sequence[Value | None],
        outputs: int,
        attributes: dict[str, Any],
    ) -> list[Value]:
        """An operation on constants alone is computed here and now."""
        kept = _without_defaults(row, attributes)
        given = [value.data for value in inputs if value is not None]
        self.bounds.compute(self.scope, operation, given, kept, {})
        try:
            results = evaluate(operation, given, kept, {}, outputs)
        except (ValueError, IndexError, KeyError, TypeError, ArithmeticError) as error:
            raise ExportError(f"{self.scope}: {operation} of constants does not work out: {error}") from error
        return [self.constant(data, _result_type(operation, inputs, kept, data)) for data in results]

    def one(
        self, operation: str, *inputs: Value | None, weights: dict[str, Weight] | None = None, **attributes: Any
    ) -> Value:
        """A node with one output."""
        return self.emit(operation, inputs, 1, weights, **attributes)[0]

    def rename(self, value: Value, name: str) -> None:
        """Gives the node that made `value` a layer's name, so that intermediate tensors are found by it."""
        node = value.node
        if node is None or node.named:
            return
        node.named = True
        self._names.discard(node.name)
        node.name = self._unique(name)
        for index, output in enumerate(node.outputs):
            self._names.discard(output.name)
            output.name = node.name if len(node.outputs) == 1 else self._unique(f"{node.name}:{index}")

    def place(self, value: Value) -> Value:
        """The value itself, or the node that holds it if it is a constant."""
        return self._placed(value)

    def _placed(self, value: Value) -> Value:
        if not value.is_constant:
            return value
        key = (value.dtype, value.shape, value.data.tobytes())
        if key not in self._constants:
            label = self._unique(value.name or (f"{self.scope}/constant" if self.scope else "constant"))
            stored = value.data.astype(value.dtype)
            self.tensors[label] = stored
            node = Node(label, "constant", [], [], {}, {"value": label}, named=True)
            node.outputs.append(Value(label, value.dtype, value.data, node))
            self.nodes.append(node)
            self._constants[key] = node.outputs[0]
        return self._constants[key]

    def _store(self, weight: Weight) -> None:
        array = np.asarray(weight.array)
        stored = array.astype(np.float32) if array.dtype.kind == "f" else array
        known = self.tensors.get(weight.name)
        if known is not None and (known.shape != stored.shape or not np.array_equal(known, stored, equal_nan=True)):
            raise ExportError(f"two different weights are called '{weight.name}'")
        self.tensors[weight.name] = stored

    def _unique(self, name: str) -> str:
        return self._names.unique(name)

    def pruned(self, outputs: Sequence[Value]) -> list[Node]:
        """The nodes that the outputs depend on, in order; the others are dropped with their tensors."""
        needed = {id(value) for value in outputs}
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if any(id(value) in needed for value in node.outputs):
                kept.append(node)
                needed.update(id(value) for value in node.inputs if value is not None)
        kept.reverse()
        used = {name for node in kept for name in node.weights.values()}
        self.tensors = {name: array for name, array in self.tensors.items() if name in used}
        self.nodes = kept
        return kept


def _without_defaults(row: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that differ from the table's defaults; an attribute the table does not have is a mistake."""
    known = {entry["name"]: entry for entry in row["attributes"]}
    result: dict[str, Any] = {}
    for name, value in attributes.items():
        if name not in known:
            raise ExportError(f"operation '{row['name']}' has no attribute '{name}'")
        if value is None or ("default" in known[name] and known[name]["default"] == value):
            continue
        entry = known[name]
        if entry["kind"] == "text" and value not in entry["allowed"]:
            raise ExportError(f"operation '{row['name']}': {name} cannot be '{value}'")
        if entry["kind"] == "integers":
            value = [int(item) for item in value]
        elif entry["kind"] == "integer":
            value = int(value)
        elif entry["kind"] == "number":
            value = float(value)
        result[name] = value
    return result


def _result_type(operation: str, inputs: Sequence[Value | None], attributes: dict[str, Any], data: np.ndarray) -> str:
    if data.dtype.kind == "b":
        return "bool"
    if operation == "cast":
        return attributes["to"]
    if data.dtype.kind == "f":
        return "float32"
    if operation in ("argMaximum", "argMinimum"):
        return attributes.get("elementType", "int64")
    kinds = [value.dtype for value in inputs if value is not None and value.dtype not in ("bool", "float32")]
    return attributes.get("elementType") or (kinds[0] if kinds else "int32")


@dataclass(eq=False)
class Tensor:
    """What flows between Keras layers: a value and the mask that Keras would carry along with it."""

    value: Value
    mask: Value | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def rank(self) -> int:
        return self.value.rank


@dataclass
class Call:
    """One call of a layer: positional and keyword arguments, with tensors as `Tensor`."""

    arguments: list[Any]
    keywords: dict[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> Any:
        """The first argument; a layer that was called by keyword alone has it under the first name."""
        if self.arguments:
            return self.arguments[0]
        return next(iter(self.keywords.values()), None)

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        if len(self.arguments) > position:
            return self.arguments[position]
        found = self.keywords.get(name)
        return default if found is None else found
