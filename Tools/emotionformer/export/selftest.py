"""A package's self-test: inputs, and what an independent evaluation (or Keras itself) makes of them."""

from __future__ import annotations

import numpy as np

from emotionformer.export.evaluation.execution import run_graph
from emotionformer.export.graph import Graph, Node, Value
from emotionformer.export.package import InputDescription, graph_entry


def clips(description: InputDescription, count: int) -> np.ndarray:
    """Clips (N, frames, features) before normalization: smooth motion with noise, one of them with an empty end."""
    random = np.random.default_rng(20251122)
    frames, features = description.frames, description.features
    time = np.linspace(0, 1, frames)[None, :, None]
    phase, speed = random.uniform(0, 6.28, (count, 1, features)), random.uniform(1, 9, (count, 1, features))
    content = np.sin(phase + speed * time) + 0.3 * random.standard_normal((count, frames, features))
    if description.mean is not None and description.deviation is not None:
        content = content * description.deviation + description.mean
    if frames > 2 and count > 1:
        content[-1, max(1, frames * 2 // 3) :] = 0.0
    return content.astype(np.float32)


def normalized(inputs: np.ndarray, description: InputDescription) -> np.ndarray:
    """What the graph sees, in float32 as the engine computes it."""
    if description.mean is None or description.deviation is None:
        return inputs
    scale = (description.deviation + np.float32(description.epsilon)).astype(np.float32)
    return ((inputs - description.mean.astype(np.float32)) / scale).astype(np.float32)


def expected(
    graph: Graph, nodes: list[Node], probabilities: Value, logits: Value | None, inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Probabilities and logits (N, classes) of normalized clips, by the float64 evaluation."""
    entry = graph_entry(graph, nodes, [probabilities], False)
    rows, scores = [], []
    for clip in inputs:
        values = run_graph(entry, lambda name: graph.tensors[name], {graph.inputs[0].name: clip[None]})
        rows.append(values[probabilities.name][0])
        if logits is not None:
            scores.append(values[logits.name][0])
    return np.stack(rows), np.stack(scores) if scores else None
