"""From an opened Keras file to a converted graph with its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.arguments import KIND_OPTION
from emotionformer.export.bounds import Bounds
from emotionformer.export.conversion import Converter
from emotionformer.export.custom import Meanings
from emotionformer.export.declared import MAXIMUM_VALUES, output_names
from emotionformer.export.dispatch import handler
from emotionformer.export.functional import run_model
from emotionformer.export.graph import Call, Graph, Node, Tensor
from emotionformer.export.layer import Layer
from emotionformer.export.outputs import Outputs, Statement
from emotionformer.export.reading.binding import bind
from emotionformer.export.reading.layer_reading import is_graph, read_layer
from emotionformer.export.reading.quantized_weights import dequantize
from emotionformer.export.reading.source import KerasSource
from emotionformer.export.specification import CLIP, InputSpecification, OutputSpecification


@dataclass
class Converted:
    """A model as a graph. `output_names` are Keras's, `notes` are things its user should know. `rounds` and `narrow`
    are the converter's."""

    graph: Graph
    nodes: list[Node]
    outputs: list[OutputSpecification]
    output_names: list[str]
    rounds: bool = False
    narrow: str | None = None
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
    dequantize(model)
    return model


def convert(
    source: KerasSource,
    model: Layer,
    inputs: Sequence[InputSpecification],
    probes: Sequence[np.ndarray],
    meanings: Meanings,
    statement: Statement,
    bounds: Bounds,
) -> Converted:
    """Builds the graph for inputs of the probes' extents: arrays of one input each, as the graph takes them."""
    graph = Graph(bounds)
    converter = Converter(graph, source.generation, source.keras_version, handler(meanings.custom, meanings.readings))
    clip = inputs[0] if len(inputs) == 1 and inputs[0].role == CLIP else None
    starts = [
        graph.input("input" if clip is not None else item.name, item.dtype, probe)
        for item, probe in zip(inputs, probes, strict=True)
    ]
    given = [Tensor(start) for start in starts]
    results = [item.value for item in run_model(converter, model, Call([given]))]
    if len(results) > MAXIMUM_VALUES:
        raise ExportError(f"the model has {len(results)} outputs, expected at most {MAXIMUM_VALUES}")
    names = output_names(model, len(results))
    statement = _named(statement, names)
    unknown = [name for name in statement.kinds if name not in names]
    if unknown:
        raise ExportError(f"{KIND_OPTION} {unknown[0]}: the model has no output of this name: {', '.join(names)}")
    # The clip of this conversion, which may have fewer frames.
    here = None if clip is None else replace(clip, frames=probes[0].shape[1])
    found = Outputs(graph, statement, here if clip is not None else inputs[0] if len(inputs) == 1 else None)
    outputs = found.describe(results, names)
    nodes = graph.pruned([item.value for item in outputs])
    return Converted(
        graph,
        nodes,
        outputs,
        names,
        converter.rounds,
        converter.narrow,
        converter.notes + found.notes,
    )


def _named(statement: Statement, names: Sequence[str]) -> Statement:
    """What is said without a name goes for the only output."""
    if "" not in statement.kinds:
        return statement
    if len(names) != 1 or len(statement.kinds) != 1:
        kind = statement.kinds[""]
        raise ExportError(f"{KIND_OPTION} {kind}: the model has {len(names)} outputs ({', '.join(names)}): say NAME=")
    return replace(statement, kinds={names[0]: statement.kinds[""]})
