"""A package's self-test: inputs, and what an independent evaluation (or Keras itself) makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from emotionformer.export.evaluation.execution import run_graph
from emotionformer.export.graph import Graph, Node, Value
from emotionformer.export.package import graph_entry
from emotionformer.export.specification import CLIP, IMAGE, PROBABILITIES, SCORES, InputSpecification

SEED = 20251122
# Integers that index no table.
INTEGERS = 8


def examples(items: Sequence[InputSpecification], limits: Sequence[int], count: int) -> list[np.ndarray]:
    """`count` examples of each input, as callers give them; `limits` are the numbers of rows that integers index."""
    random = np.random.default_rng(SEED)
    return [_examples(item, limit, count, random) for item, limit in zip(items, limits)]


def _examples(item: InputSpecification, limit: int, count: int, random: np.random.Generator) -> np.ndarray:
    if item.role == CLIP:
        return _clips(item, count, random)
    shape = (count, *item.extents)
    if item.dtype != "float32" or limit:
        highest = limit or {"bool": 2, "uint8": 256}.get(item.dtype, INTEGERS)
        return random.integers(0, min(highest, 127 if item.dtype == "int8" else 256), shape).astype(item.dtype)
    if item.role == IMAGE:
        return random.uniform(0, 1, shape).astype(np.float32)
    content = random.standard_normal(shape)
    if item.mean is not None and item.deviation is not None:
        content = content * item.deviation + item.mean
    return content.astype(np.float32)


def _clips(item: InputSpecification, count: int, random: np.random.Generator) -> np.ndarray:
    """Clips (N, frames, features): smooth motion with noise, one of them with an empty end."""
    frames, features = item.frames, item.features
    time = np.linspace(0, 1, frames)[None, :, None]
    phase, speed = random.uniform(0, 6.28, (count, 1, features)), random.uniform(1, 9, (count, 1, features))
    content = np.sin(phase + speed * time) + 0.3 * random.standard_normal((count, frames, features))
    if item.mean is not None and item.deviation is not None:
        content = content * item.deviation + item.mean
    if frames > 2 and count > 1:
        content[-1, max(1, frames * 2 // 3) :] = 0.0
    return content.astype(np.float32)


def prepared(given: np.ndarray, item: InputSpecification) -> np.ndarray:
    """What the graph sees of the examples, in float32 as the engine computes it."""
    result = given
    if item.mean is not None and item.deviation is not None:
        scale = (item.deviation + np.float32(item.epsilon)).astype(np.float32)
        result = ((given - item.mean.astype(np.float32)) / scale).astype(np.float32)
    return result.reshape(len(given), *item.extents)


def expected(
    graph: Graph,
    nodes: Sequence[Node],
    outputs: Sequence[Value],
    inputs: Sequence[np.ndarray],
    element_type: str | None = None,
) -> list[np.ndarray]:
    """The outputs (N, …) for prepared inputs (N, …), by the float64 evaluation; each result is rounded to
    `element_type`, if there is one."""
    entry = graph_entry(graph, nodes, outputs, [value.shape for value in graph.inputs])
    rows: list[list[np.ndarray]] = [[] for _ in outputs]
    for number in range(len(inputs[0])):
        feeds = {value.name: array[number : number + 1] for value, array in zip(graph.inputs, inputs)}
        rounded, names = ROUNDINGS.get(element_type or ""), {output.name for output in outputs}
        values = run_graph(entry, lambda name: graph.tensors[name], feeds, rounded, names)
        for row, output in zip(rows, outputs):
            row.append(values[output.name][0])
    return [np.stack(row) for row in rows]


def _float32(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32).astype(np.float64) if array.dtype.kind == "f" else array


def _float16(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float16).astype(np.float64) if array.dtype.kind == "f" else array


def _bfloat16(array: np.ndarray) -> np.ndarray:
    """The upper half of a float32, rounded to the nearest, ties to even."""
    if array.dtype.kind != "f":
        return array
    bits = np.atleast_1d(array.astype(np.float32)).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(np.float64).reshape(array.shape)


ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "float32": _float32,
    "float16": _float16,
    "bfloat16": _bfloat16,
}


def tolerance(kind: str, dtype: str, values: np.ndarray, rounds: bool = False) -> float:
    """The largest absolute difference from the outputs that float32 arithmetic explains; in a graph that `rounds` to
    whole numbers a small difference can become one of a whole step."""
    if not dtype.startswith("float"):
        return 0.0
    if kind in (PROBABILITIES, SCORES):
        return 2e-2 if rounds else 2e-6
    largest = max(1.0, float(np.abs(values).max(initial=0)))
    return float(f"{(5e-2 if rounds else 2e-5) * largest:.2g}")
