"""An independent float64 evaluation of the operations that the exporter emits (see operations.json).

It gives every value its shape while a graph is built, and the expected outputs of a package's self-test. Numbers are
float64, integers int64, masks bool; an operation is a function of its operands, attributes and weights.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from emotionformer.export.evaluation import layers, recurrent, tensors, windows

Arrays = list[np.ndarray]
Kernel = Callable[[Sequence["np.ndarray | None"], dict[str, Any], dict[str, np.ndarray]], Arrays]

KERNELS: dict[str, Kernel] = {**layers.KERNELS, **recurrent.KERNELS, **tensors.KERNELS, **windows.KERNELS}


def evaluate(
    operation: str,
    inputs: Sequence[np.ndarray | None],
    attributes: dict[str, Any],
    weights: dict[str, np.ndarray],
    outputs: int,
) -> Arrays:
    """The first `outputs` results of one operation."""
    with np.errstate(all="ignore"):
        results = KERNELS[operation](inputs, attributes, {role: widened(item) for role, item in weights.items()})
    return [np.asarray(item) for item in results[:outputs]]


def widened(array: np.ndarray) -> np.ndarray:
    """Floats as float64, integers as int64, bool as it is."""
    array = np.asarray(array)
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    return array.astype(np.int64) if array.dtype.kind in "iu" else array


def run_graph(
    graph: dict[str, Any],
    read: Callable[[str], np.ndarray],
    feeds: dict[str, np.ndarray],
    rounded: Callable[[np.ndarray], np.ndarray] | None = None,
    wanted: Collection[str] | None = None,
) -> dict[str, np.ndarray]:
    """Every value of a package's graph (as its manifest has it) for the given inputs, or those that are wanted alone:
    others are dropped after their last use. `rounded` is what arithmetic of fewer bits makes of a weight, and of each
    result."""
    values = {name: widened(array) for name, array in feeds.items()}
    last = {name: index for index, node in enumerate(graph["nodes"]) for name in node.get("inputs", []) if name}
    for index, node in enumerate(graph["nodes"]):
        inputs = [None if name is None else values[name] for name in node.get("inputs", [])]
        weights = {role: read(name) for role, name in node.get("weights", {}).items()}
        if rounded is not None:
            weights = {role: rounded(array) for role, array in weights.items()}
        results = evaluate(node["operation"], inputs, node.get("attributes", {}), weights, len(node["outputs"]))
        values.update(zip(node["outputs"], results if rounded is None else map(rounded, results)))
        if wanted is not None:
            for name in {*node.get("inputs", []), *node["outputs"]}:
                if name in values and last.get(name, index) <= index and name not in wanted:
                    del values[name]
    return values
