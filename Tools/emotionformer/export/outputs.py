"""What a model's outputs are: probabilities of classes that exclude each other, or scores, where the graph proves it.

One clip's numbers prove nothing: a sigmoid near 1 sums to 1 as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.arguments import (
    KIND_OPTION,
    KINDS,
    LOGITS_OPTION,
    PROBABILITIES_OPTION,
    SIGMOID_OPTION,
)
from emotionformer.export.graph import Graph, Node, Value
from emotionformer.export.specification import (
    CLIP,
    LOGITS,
    PROBABILITIES,
    SCORES,
    VALUES,
    VECTOR,
    InputSpecification,
    OutputSpecification,
)

TOLERANCE = 1e-4
# Nodes that hand on whole rows if the last extent stays.
KEEPS_ROWS = ("identity", "reshape", "squeeze", "expandDimensions", "slice", "gather")
_MIXES_ROWS = ("add", "multiply", "divide", "reduceMean", "globalPooling1D", "concatenate", "pack", "stridedSlice")


def row_sum(value: Value) -> float | None:
    """What each row along the last axis sums to, its numbers being 0 or more; None where the graph does not say."""
    known: dict[int, float | None] = {}
    waiting = [value]
    while waiting:
        current = waiting[-1]
        node = current.node
        operands = [] if node is None or node.operation == "softmax" else [v for v in node.inputs if v is not None]
        missing = [operand for operand in operands if id(operand) not in known]
        if missing and node is not None and node.operation in (*KEEPS_ROWS, *_MIXES_ROWS):
            waiting += missing
            continue
        known[id(current)] = None if node is None else _sum(node, current, known)
        waiting.pop()
    return known[id(value)]


def _sum(node: Node, value: Value, known: dict[int, float | None]) -> float | None:
    first = node.inputs[0] if node.inputs else None
    if first is None or value.rank == 0:
        return None
    below, last = known.get(id(first)), first.rank - 1
    if node.operation == "softmax":
        axes = [axis % first.rank for axis in node.attributes.get("axes", [-1])]
        return 1.0 if axes == [last] else None
    if node.operation in KEEPS_ROWS:
        is_along = node.operation == "gather" and node.attributes.get("axis", 0) % first.rank == last
        return below if first.shape[-1:] == value.shape[-1:] and not is_along else None
    if node.operation == "globalPooling1D":
        return below if node.attributes.get("kind", "average") == "average" else None
    if node.operation == "reduceMean":
        axes = [axis % first.rank for axis in node.attributes.get("axes", [])]
        return below if axes and last not in axes else None
    if node.operation == "stridedSlice":
        masks = [node.attributes.get(name, 0) for name in ("newAxisMask", "ellipsisMask")]
        is_shrunk = node.attributes.get("shrinkAxisMask", 0) >> last & 1
        return below if not any(masks) and not is_shrunk and first.shape[-1:] == value.shape[-1:] else None
    if node.operation in ("concatenate", "pack"):
        axis = node.attributes.get("axis", 0 if node.operation == "pack" else -1) % value.rank
        sums = {known.get(id(operand)) for operand in node.inputs if operand is not None}
        return below if axis != value.rank - 1 and len(sums) == 1 else None
    if node.operation == "add" and len(node.inputs) == 2:
        second = node.inputs[1]
        other = known.get(id(second))
        same = second is not None and second.shape == first.shape
        return below + other if same and below is not None and other is not None else None
    if node.operation in ("multiply", "divide") and len(node.inputs) == 2:
        return _scaled(node, known)
    return None


def _scaled(node: Node, known: dict[int, float | None]) -> float | None:
    """A row times, or through, one positive constant."""
    first, second = node.inputs
    if node.operation == "multiply" and first is not None and _constant(first) is not None:
        first, second = second, first
    factor = None if second is None else _constant(second)
    below = known.get(id(first))
    if first is None or factor is None or below is None or factor <= 0:
        return None
    return below * factor if node.operation == "multiply" else below / factor


def _constant(value: Value) -> float | None:
    held = value.is_constant or (value.node is not None and value.node.operation == "constant")
    return float(value.data.ravel()[0]) if held and value.data.size == 1 else None


def is_distribution(value: Value) -> bool:
    """Whether the rows are certainly probabilities of two classes or more."""
    total = row_sum(value) if value.rank and value.shape[-1] > 1 else None
    return total is not None and abs(total - 1) <= 1e-6


@dataclass
class Statement:
    """What the user says that the outputs are: `whole` of a model's only output (`logits`, `probabilities`, `sigmoid`),
    `kinds` by the name of an output."""

    whole: str | None = None
    kinds: dict[str, str] = field(default_factory=dict)


class Outputs:
    """The specifications of a model's outputs, found one by one, and what its user should know of them."""

    def __init__(self, graph: Graph, statement: Statement, only: InputSpecification | None) -> None:
        """`only` is the model's only input, if it has one."""
        self.graph, self.statement = graph, statement
        self.clip = only if only is not None and only.role == CLIP else None
        self._is_one = only is not None and only.role in (CLIP, VECTOR)
        self.items: list[OutputSpecification] = []
        self.notes: list[str] = []
        self._taken: set[int] = set()

    def describe(self, results: Sequence[Value], names: Sequence[str]) -> list[OutputSpecification]:
        """The outputs in the model's order, with the logits of each softmax behind it. The only probabilities of a clip
        or a frame come first, and are called so."""
        statement = self.statement
        if statement.whole is not None and len(results) != 1:
            raise ExportError(
                f"{OPTIONS[statement.whole]}: the model has {len(results)} outputs ({', '.join(names[:20])}); say with "
                f"{KIND_OPTION} NAME=KIND what they are"
            )
        for source, (value, name) in enumerate(zip(results, names)):
            self._describe(source, self._own(value, name), name, len(results) == 1)
        found = [item for item in self.items if item.kind == PROBABILITIES]
        if self._is_one and len(found) == 1:
            self._name_as_usual(found[0])
        return self.items

    def _own(self, value: Value, name: str) -> Value:
        """A value of the graph that is no other output, no input and no constant."""
        if value.rank < 1 or value.shape[0] != 1:
            raise ExportError(
                f"output '{name}' has the shape {value.shape} for one input, expected 1 along the first axis: the "
                "batch's"
            )
        if value.node is None or value.is_constant or value.node.operation == "constant" or id(value) in self._taken:
            self.graph.scope = name
            value = self.graph.one("identity", self.graph.place(value))
        self._taken.add(id(value))
        return value

    def _describe(self, source: int, result: Value, name: str, is_alone: bool) -> None:
        stated = self.statement.kinds.get(name)
        logits: Value | None = None
        if self.statement.whole is not None:
            result, kind, logits = _as_stated(self.graph, result, self.statement.whole)
        else:
            kind, logits = _found(result)
            if stated is not None and stated != kind:
                _check_stated(name, result, kind, stated)
                kind, logits = stated, None
            self._note(name, result, kind, stated is not None, is_alone)
        self._add(name, result, kind, source)
        if logits is not None:
            self._add(f"{name}/logits", logits, LOGITS, source, is_operand=True)

    def _add(self, name: str, value: Value, kind: str, source: int, is_operand: bool = False) -> None:
        self._taken.add(id(value))
        clip = self.clip
        # As far as one number of frames tells: `rows` proves it.
        is_by_frame = clip is not None and value.rank == 3 and value.shape[1] == clip.frames
        per = "frame" if is_by_frame else "clip"
        self.items.append(OutputSpecification(self._unique(name), value, kind, per, source, is_operand))

    def _unique(self, name: str) -> str:
        taken = {item.name for item in self.items}
        number, candidate = 1, name
        while candidate in taken:
            candidate, number = f"{name}_{number}", number + 1
        return candidate

    def _name_as_usual(self, probabilities: OutputSpecification) -> None:
        """`probabilities` and `logits`, before all others."""
        usual = [probabilities]
        usual += [item for item in self.items if item.source == probabilities.source and item is not probabilities]
        others = [item for item in self.items if all(item is not one for one in usual)]
        self.items = []
        for item, name in zip(usual, (PROBABILITIES, LOGITS)):
            item.name = name
            self.items.append(item)
        for item in others:
            item.name = self._unique(item.name)
            self.items.append(item)

    def _note(self, name: str, result: Value, kind: str, is_stated: bool, is_alone: bool) -> None:
        """What a user who expects probabilities should know."""
        if is_stated or kind == PROBABILITIES or not is_number(result):
            return
        node = result.node
        function = None if node is None else _last_function(node)
        numbers = f"{result.shape[-1]} number{'s' if result.shape[-1] > 1 else ''}"
        ends = f"ends in {function}" if function else "does not end in a softmax"
        if node is not None and node.operation == "softmax":
            ends = "ends in a softmax of one number or along another axis"
        if kind == SCORES:
            way = "each by itself between 0 and 1"
            if result.shape[-1] == 1 and is_alone:
                way += f"; {SIGMOID_OPTION} makes two classes of it, 1 − p and p"
        elif result.shape[-1] == 1:
            way = "nothing says what it is"
        elif not is_alone:
            way = f"nothing says what they are: {KIND_OPTION} {name}=KIND does, one of {', '.join(KINDS)}"
        else:
            way = (
                f"nothing says what they are: {LOGITS_OPTION} if a softmax was left out, {PROBABILITIES_OPTION} if "
                f"they are probabilities all the same, {KIND_OPTION} {name}=logits for logits as they are"
            )
        verb = "is" if result.shape[-1] == 1 else "are"
        self.notes.append(f"output '{name}' {ends}: its {numbers} {verb} called {kind} ({way})")


def is_number(value: Value) -> bool:
    return value.dtype.startswith("float")


OPTIONS = {"logits": LOGITS_OPTION, "probabilities": PROBABILITIES_OPTION, "sigmoid": SIGMOID_OPTION}


def _found(result: Value) -> tuple[str, Value | None]:
    """What the graph proves of an output, and the logits that its softmax is given."""
    node = result.node
    if node is None or not is_number(result):
        return VALUES, None
    if is_distribution(result):
        is_softmax = node.operation == "softmax" and len(node.inputs) == 1 and "beta" not in node.attributes
        return PROBABILITIES, node.inputs[0] if is_softmax else None
    function = _last_function(node)
    return {"sigmoid": SCORES, "logSoftmax": LOGITS}.get(function or "", VALUES), None


def _check_stated(name: str, result: Value, kind: str, stated: str) -> None:
    """What the user says of an output may be less than the graph proves, and nothing else."""
    option = f"{KIND_OPTION} {name}={stated}"
    if stated not in KINDS:
        raise ExportError(f"{option}: expected one of {', '.join(KINDS)}")
    if stated == VALUES:
        return
    if kind == PROBABILITIES:
        raise ExportError(f"{option}: the output ends in a softmax")
    if kind == SCORES:
        raise ExportError(f"{option}: the output ends in sigmoid: its numbers are scores")
    check_kind(option, stated, result.data)


def check_kind(option: str, kind: str, rows: np.ndarray) -> None:
    """Raises unless the numbers are what the user says of them, as far as numbers tell."""
    if kind == PROBABILITIES:
        check_rows(rows, option)
    if kind == SCORES and not ((rows >= 0) & (rows <= 1)).all():
        raise ExportError(f"{option}: its numbers lie between {rows.min():.3g} and {rows.max():.3g}, expected 0 to 1")


def _as_stated(graph: Graph, result: Value, stated: str) -> tuple[Value, str, Value | None]:
    """The model's only output as the user says: what it becomes, its kind, and its logits."""
    node = result.node
    classes, function = result.shape[-1] if result.rank > 1 else 1, None if node is None else _last_function(node)
    found = f"the model ends in {function}" if function else "the model does not end in a softmax"
    is_one_sigmoid = classes == 1 and function == "sigmoid"
    if stated == "sigmoid":
        if not is_one_sigmoid:
            raise ExportError(f"{SIGMOID_OPTION}: {found}, with {classes} outputs; expected one sigmoid")
        graph.scope = ""
        other = graph.one("rescaling", result, scale=-1.0, offset=1.0)
        return graph.one("concatenate", other, result, axis=-1), PROBABILITIES, None
    if classes < 2 or not is_number(result):
        way = f"say {SIGMOID_OPTION} for two classes, 1 − p and p" if is_one_sigmoid else "leave the option out"
        what = f"{classes} number for a clip" if is_number(result) else "integers"
        raise ExportError(
            f"{OPTIONS[stated]}: the model gives {what}{f' ({function})' if function else ''}, and probabilities are "
            f"those of two classes or more: {way}"
        )
    if is_distribution(result):
        if stated == "logits":
            raise ExportError(f"{LOGITS_OPTION}: the model ends in a softmax already; leave the option out")
        return result, *_found(result)
    if function == "sigmoid":
        raise ExportError(f"{OPTIONS[stated]}: {found}: its outputs are scores that do not exclude each other")
    if stated == "logits":
        graph.scope = ""
        return graph.one("softmax", result), PROBABILITIES, result
    check_rows(result.data)
    return result, PROBABILITIES, None


def check_rows(rows: np.ndarray, option: str = PROBABILITIES_OPTION) -> None:
    """Raises unless all rows are probabilities."""
    bad = (rows.min(axis=-1) < 0) | ~(np.abs(rows.sum(axis=-1) - 1) <= TOLERANCE)
    if bad.any():
        row = rows.reshape(-1, rows.shape[-1])[np.argmax(bad.ravel())]
        raise ExportError(
            f"{option}: the outputs of a clip lie between {row.min():.3g} and {row.max():.3g} and sum to "
            f"{row.sum():.6g}: no probabilities"
        )


def _last_function(node: Node | None) -> str | None:
    """The activation function that an output ends in, if it is one of each element alone."""
    while node is not None and node.operation in KEEPS_ROWS and node.inputs[0] is not None:
        node = node.inputs[0].node
    if node is None:
        return None
    if node.operation in ("sigmoid", "logSoftmax"):
        return node.operation
    name = node.attributes.get("function" if node.operation == "activation" else "activation")
    return str(name) if name not in (None, "linear") else None
