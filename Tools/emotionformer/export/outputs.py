"""What a model's output is: probabilities of classes that exclude each other where the graph proves it.

One clip's numbers prove nothing: a sigmoid near 1 sums to 1 as well.
"""

from __future__ import annotations

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.arguments import LOGITS_OPTION, PROBABILITIES_OPTION, SIGMOID_OPTION
from emotionformer.export.graph import Graph, Node, Tensor, Value

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


def chosen(outputs: list[Tensor], name: str) -> Tensor:
    """The one output that is a clip's probabilities."""
    if len(outputs) == 1:
        return outputs[0]
    fitting = [out for out in outputs if is_distribution(out.value)]
    if len(fitting) != 1:
        raise ExportError(f"the model '{name}' has {len(outputs)} outputs, and not exactly one is a softmax")
    return fitting[0]


def ends(graph: Graph, result: Value, stated: str | None) -> tuple[Value, Value | None]:
    """Probabilities and logits of an output of shape (1, classes); `stated` is the user's word: `logits`,
    `probabilities`, `sigmoid`, or None."""
    node = result.node
    if node is None:
        raise ExportError("the model's output is its input, or a constant")
    classes, function = result.shape[-1], _last_function(node)
    found = f"the model ends in {function}" if function else "the model does not end in a softmax"
    is_one_sigmoid = classes == 1 and function == "sigmoid"
    if stated == "sigmoid":
        if not is_one_sigmoid:
            raise ExportError(f"{SIGMOID_OPTION}: {found}, with {classes} outputs; expected one sigmoid")
        graph.scope = ""
        other = graph.one("rescaling", result, scale=-1.0, offset=1.0)
        return graph.one("concatenate", other, result, axis=-1), None
    if classes < 2:
        way = f"say {SIGMOID_OPTION} for two classes, 1 − p and p" if is_one_sigmoid else "it cannot be exported"
        raise ExportError(
            f"the model gives {classes} number for a clip{f' ({function})' if function else ''}, and a package holds "
            f"the probabilities of two classes or more: {way}"
        )
    if is_distribution(result):
        if stated == "logits":
            raise ExportError(f"{LOGITS_OPTION}: the model ends in a softmax already; leave the option out")
        is_softmax = node.operation == "softmax" and len(node.inputs) == 1 and "beta" not in node.attributes
        return result, node.inputs[0] if is_softmax else None
    if stated == "logits":
        if function == "sigmoid":
            raise ExportError(f"{LOGITS_OPTION}: {found}: its outputs are scores that do not exclude each other")
        graph.scope = ""
        return graph.one("softmax", result), result
    if stated == "probabilities":
        check_rows(result.data)
        return result, None
    if function == "sigmoid":
        raise ExportError(
            f"{found}: its {classes} outputs are scores that do not exclude each other, and a package holds "
            "probabilities that do. Train it with softmax in place of sigmoid"
        )
    raise ExportError(
        f"{found}, so nothing says what its {classes} outputs are: {LOGITS_OPTION} if a softmax was left out, "
        f"{PROBABILITIES_OPTION} if they are probabilities all the same; other numbers cannot be exported"
    )


def check_rows(rows: np.ndarray) -> None:
    """Raises unless all rows are probabilities."""
    bad = (rows.min(axis=-1) < 0) | ~(np.abs(rows.sum(axis=-1) - 1) <= TOLERANCE)
    if bad.any():
        row = rows.reshape(-1, rows.shape[-1])[np.argmax(bad.ravel())]
        raise ExportError(
            f"{PROBABILITIES_OPTION}: the outputs of a clip lie between {row.min():.3g} and {row.max():.3g} and sum to "
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
