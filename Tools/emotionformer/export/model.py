"""From an opened Keras file to a converted graph with its probabilities and logits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.bounds import Bounds
from emotionformer.export.conversion import Converter
from emotionformer.export.custom import Meanings
from emotionformer.export.dispatch import handler
from emotionformer.export.functional import references, run_model
from emotionformer.export.graph import Call, Graph, Node, Tensor, Value
from emotionformer.export.layer import Layer
from emotionformer.export.outputs import chosen, ends
from emotionformer.export.reading.binding import bind
from emotionformer.export.reading.layer_reading import is_graph, read_layer
from emotionformer.export.reading.source import KerasSource


@dataclass
class Converted:
    """A model as a graph. `notes` are things its user should know."""

    graph: Graph
    nodes: list[Node]
    probabilities: Value
    logits: Value | None
    notes: list[str] = field(default_factory=list)


def read_model(source: KerasSource) -> Layer:
    """The model's layers with their weights."""
    if not is_graph(source.root.get("class_name"), source.root.get("config")):
        name = source.root.get("registered_name") or source.root.get("class_name")
        raise ExportError(
            f"{source.path.name}: the model is of class {name}; only Functional and Sequential models hold their graph "
            "in the file. Rebuild it with the functional API and save it again"
        )
    model = read_layer(source.root, source.generation)
    if not model.layers:
        raise ExportError(f"{source.path.name}: the model has no layers")
    bind(model, source.weights)
    return model


def input_shape(model: Layer) -> tuple[list[int | None], str]:
    """The shape of the model's one input as its configuration has it (None: open), and its element type."""
    layers = [layer for layer in model.layers if layer.class_name == "InputLayer"]
    if model.class_name != "Sequential":
        names = [name for name, _, _ in references(model.config.get("input_layers"))]
        if len(names) != 1:
            raise ExportError(f"the model has {len(names)} inputs ({', '.join(names)}), expected one: the landmarks")
        layers = [layer for layer in layers if layer.name == names[0]]
    first = layers[0] if layers else model.layers[0]
    if first.layers and not layers:
        return input_shape(first)
    shape = first.config.get("batch_shape") or first.config.get("batch_input_shape")
    if shape is None:
        shape = (
            model.config.get("build_input_shape") or model.build.get("input_shape") or first.build.get("input_shape")
        )
    if not isinstance(shape, (list, tuple)):
        raise ExportError("the model's configuration does not say the shape of its input; give --frames and --features")
    for extent in shape:
        if extent is not None and (not isinstance(extent, int) or isinstance(extent, bool) or not 0 < extent < 1 << 31):
            raise ExportError(f"the model's input has the extent {str(extent)[:40]}, expected a number above 0")
    dtype = first.config.get("dtype")
    name = dtype if isinstance(dtype, str) and layers else "float32"
    return [None if extent is None else int(extent) for extent in shape], name


def convert(
    source: KerasSource,
    model: Layer,
    frames: int,
    extents: list[int],
    probe: np.ndarray,
    meanings: Meanings,
    stated: str | None,
    bounds: Bounds,
) -> Converted:
    """Builds the graph for clips of `frames` frames. `probe` is (1, frames, features), float32, normalized.

    `extents` are the features' extents as the model has them: [478], or [478, 3]. `stated` is what the user says that
    the outputs are: `logits`, `probabilities`, or None.
    """
    graph = Graph(bounds)
    converter = Converter(graph, source.generation, source.keras_version, handler(meanings.custom, meanings.readings))
    start = graph.input("input", "float32", probe)
    current = start
    if len(extents) > 1:
        graph.scope = "input"
        current = graph.one("reshape", start, shape=[1, frames, *extents])
    outputs = run_model(converter, model, Call([Tensor(current)]))
    result = chosen(outputs, model.name).value
    if result.rank != 2 or result.shape[0] != 1:
        raise ExportError(
            f"the model's output has the shape {result.shape[1:]} for one clip, expected (classes): one row of "
            "probabilities"
        )
    probabilities, logits = ends(graph, result, stated)
    wanted = [probabilities] + ([logits] if logits is not None else [])
    return Converted(graph, graph.pruned(wanted), probabilities, logits, converter.notes)
