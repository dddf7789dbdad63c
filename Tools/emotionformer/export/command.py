"""The command `Tools/export`: a saved Keras model in, a model package out."""

from __future__ import annotations

import argparse
import os
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import say, tell
from emotionformer.errors import ExportError, ToolError
from emotionformer.export.arguments import (
    KIND_OPTION,
    KINDS,
    LOGITS_OPTION,
    PROBABILITIES_OPTION,
    SIGMOID_OPTION,
    parser,
)
from emotionformer.export.bounds import Bounds
from emotionformer.export.custom import Meanings, load_custom
from emotionformer.export.declared import declared_inputs
from emotionformer.export.inputs import Inputs, described
from emotionformer.export.layer import Layer
from emotionformer.export.model import Converted, convert, read_model
from emotionformer.export.outputs import Statement, check_kind, check_rows
from emotionformer.export.package import PACKAGE, Package, SelfTest
from emotionformer.export.reading.folder import (
    DEVIATION_OPTION,
    LABELS_OPTION,
    MEAN_OPTION,
    Metadata,
    Roles,
    find_roles,
    read_labels,
)
from emotionformer.export.reading.saved_model import is_saved_model, refusal
from emotionformer.export.reading.source import KerasSource, SourceFile, open_source
from emotionformer.export.readings import Readings
from emotionformer.export.rows import Shorter, open_shapes, prove_rows
from emotionformer.export.selftest import examples, expected, prepared, tolerance
from emotionformer.export.specification import CLIP, PROBABILITIES, SCORES, InputSpecification

MAXIMUM_MESSAGE = 800
# How far Keras may be from float32 where it computes in half precision, relative to the largest magnitude.
HALF = {"float16": 0.02, "bfloat16": 0.1}


class Progress:
    """Lines on standard error for steps that take over a second."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def say(self, text: str) -> None:
        tell(text)

    def step(self, text: str) -> None:
        if time.monotonic() - self.last > 1.0:
            self.say(text)
        self.last = time.monotonic()


def run(arguments: argparse.Namespace) -> None:
    """One export; raises `ExportError` before anything is left behind."""
    progress = Progress()
    PACKAGE.check(arguments.output)
    roles = _roles(arguments)
    if not 1 <= arguments.self_test_clips <= 100:
        raise ExportError(f"--self-test-clips {arguments.self_test_clips}: expected 1 … 100")
    if arguments.keras_classes and not arguments.verify_with:
        raise ExportError("--keras-classes goes with --verify-with keras")
    meanings = Meanings(
        load_custom(arguments.custom) if arguments.custom else {},
        Readings.parse(
            arguments.transformer_block, arguments.position_layer, arguments.attention_layer, arguments.tcn_layer
        ),
    )
    progress.say(f"Reading {roles.model.name}")
    source = open_source(roles.model)
    bounds = Bounds(source.path.stat().st_size, not arguments.no_limits)
    with bounds.in_memory():
        package, notes = _converted(arguments, roles, source, meanings, bounds, progress)
    package.write(arguments.output)
    for note in notes:
        progress.say(f"Note: {note}")
    parameters = sum(array.size for array in package.graph.tensors.values())
    oracle = package.self_test.oracle if package.self_test else ""
    progress.say(f"Wrote {arguments.output}: {len(package.nodes)} nodes, {parameters:,} numbers, oracle {oracle}")


def _converted(
    arguments: argparse.Namespace,
    roles: Roles,
    source: KerasSource,
    meanings: Meanings,
    bounds: Bounds,
    progress: Progress,
) -> tuple[Package, list[str]]:
    """The model with everything that goes into its package, and what its user should know."""
    model = read_model(source)
    metadata = Metadata.read(roles.metadata) if roles.metadata else Metadata()
    labels, label_file = _labels(arguments, roles, metadata)
    inputs = described(arguments, roles, declared_inputs(model), metadata)
    sources = list(source.files)
    for path in (roles.mean, roles.deviation, roles.scaler, label_file, roles.metadata, arguments.custom):
        if path is not None and path.name not in {item.name for item in sources}:
            sources.append(SourceFile.of(path))
    given = examples(inputs.items, inputs.limits, arguments.self_test_clips)
    graph_inputs = [prepared(array, item) for array, item in zip(given, inputs.items)]
    statement = _statement(arguments)

    def conversion(probes: Sequence[np.ndarray], bounds: Bounds) -> Converted:
        return convert(source, model, inputs.items, probes, meanings, statement, bounds)

    progress.say(f"Converting {_count(model)} layers for {_size(inputs)}")
    made = conversion([array[:1] for array in graph_inputs], bounds)
    meanings.readings.check_used()
    clip = inputs.clip
    if clip is not None:
        shorter = Shorter(conversion, graph_inputs[0][:1], Bounds(source.path.stat().st_size, not arguments.no_limits))
        prove_rows(made, shorter)
        if clip.padding_side == "none":
            open_shapes(made, shorter)
    _check_labels(labels, made)
    progress.say("Computing the self-test")
    test = _self_test(
        arguments, roles, source, made, inputs.items, given, graph_inputs, statement, bounds, progress
    )
    notes = inputs.notes + made.notes
    carried: dict[str, Any] = dict(metadata.content)
    if notes:
        carried["exportNotes"] = notes
    if clip is not None:
        clip.name = CLIP
    package = Package(
        name=arguments.name or arguments.output.absolute().name,
        graph=made.graph,
        nodes=made.nodes,
        inputs=inputs.items,
        outputs=made.outputs,
        labels=labels,
        metadata=carried,
        license=arguments.license,
        citation=arguments.citation,
        sources=sources,
        self_test=test,
    )
    return package, notes


def _size(inputs: Inputs) -> str:
    if inputs.clip is not None:
        return f"{inputs.clip.frames} frames × {inputs.clip.features} features"
    return ", ".join(f"{item.name} ({' × '.join(str(extent) for extent in item.extents)})" for item in inputs.items)


def _check_labels(labels: list[str] | None, made: Converted) -> None:
    """Labels name the last axis of the first output."""
    if labels is None:
        return
    first = made.outputs[0]
    classes = first.value.shape[-1] if first.value.rank > 1 else 1
    listed = ", ".join(labels[:20])
    if len(labels) != classes:
        advice = f"; {SIGMOID_OPTION} makes two of one sigmoid" if (len(labels), classes) == (2, 1) else ""
        raise ExportError(f"{len(labels)} labels ({listed}) for {classes} outputs{advice}")
    if len(set(labels)) != len(labels):
        raise ExportError(f"a label occurs twice: {listed}")


def _statement(arguments: argparse.Namespace) -> Statement:
    """What the user says that the model's outputs are."""
    given = {
        LOGITS_OPTION: ("logits", arguments.from_logits),
        PROBABILITIES_OPTION: ("probabilities", arguments.from_probabilities),
        SIGMOID_OPTION: ("sigmoid", arguments.from_sigmoid),
    }
    options = [option for option, (_, is_given) in given.items() if is_given]
    if len(options) > 1:
        raise ExportError(f"{' and '.join(options)}: the outputs are one or the other")
    if options and arguments.output_kind:
        raise ExportError(f"{options[0]} and {KIND_OPTION}: the outputs are one or the other")
    kinds: dict[str, str] = {}
    for text in arguments.output_kind:
        name, _, kind = text.rpartition("=")
        if kind not in KINDS:
            raise ExportError(f"{KIND_OPTION} {text}: expected one of {', '.join(KINDS)}")
        if name in kinds:
            raise ExportError(f"{KIND_OPTION}: given twice for {name or 'the output'}")
        kinds[name] = kind
    return Statement(given[options[0]][0] if options else None, kinds)


def _count(model: Layer) -> int:
    return sum(_count(layer) if layer.layers else 1 for layer in model.layers)


def _roles(arguments: argparse.Namespace) -> Roles:
    if arguments.source.is_dir():
        given = (MEAN_OPTION, arguments.mean), (DEVIATION_OPTION, arguments.std), (LABELS_OPTION, arguments.labels)
        roles = find_roles(arguments.source, {option for option, value in given if value is not None})
    elif is_saved_model(arguments.source):
        raise refusal(arguments.source)
    else:
        roles = Roles(arguments.source)
    roles.mean = arguments.mean or roles.mean
    roles.deviation = arguments.std or roles.deviation
    if roles.mean is not None or roles.deviation is not None:
        roles.scaler = None
    if (roles.mean is None) != (roles.deviation is None):
        missing = DEVIATION_OPTION if roles.deviation is None else MEAN_OPTION
        raise ExportError(f"mean and standard deviation go together: {missing} is missing")
    both = [path for path in (roles.mean, roles.deviation) if path is not None and path.is_file()]
    if len(both) == 2 and both[0].samefile(both[1]):
        raise ExportError(f"{roles.mean} cannot be both the mean and the standard deviation")
    return roles


def _labels(arguments: argparse.Namespace, roles: Roles, metadata: Metadata) -> tuple[list[str] | None, Path | None]:
    if arguments.labels:
        return read_labels(arguments.labels)
    if roles.labels is not None:
        return read_labels(str(roles.labels))
    return metadata.labels(), None


def _self_test(
    arguments: argparse.Namespace,
    roles: Roles,
    source: KerasSource,
    made: Converted,
    inputs: list[InputSpecification],
    given: list[np.ndarray],
    graph_inputs: list[np.ndarray],
    statement: Statement,
    bounds: Bounds,
    progress: Progress,
) -> SelfTest:
    graph_outputs = [item.value for item in made.outputs]
    single = "float32" if made.rounds else None
    values = expected(made.graph, made.nodes, graph_outputs, graph_inputs, single)
    for item, found in zip(made.outputs, values):
        name = made.output_names[item.source]
        if statement.whole == "probabilities" and item.kind == PROBABILITIES:
            check_rows(found)
        elif statement.kinds.get(name) == item.kind:
            check_kind(f"{KIND_OPTION} {name}={item.kind}", item.kind, found)
    oracle = "numpy-float64"
    if arguments.verify_with:
        from emotionformer.export.keras_oracle import as_exported, check_without_code, outputs_by_keras

        check_without_code(source.root)
        progress.say("Running the model in Keras")
        by_name = {item.name: array for item, array in zip(inputs, graph_inputs)}
        with bounds.lifted():
            theirs = outputs_by_keras(
                roles.model, by_name, made.output_names, source.generation, arguments.keras_classes
            )
        for number, item in enumerate(made.outputs):
            by_keras = as_exported(theirs, item, statement)
            if by_keras is None:
                continue
            if by_keras.shape != values[number].shape:
                raise ExportError(
                    f"output '{item.name}' has the shape {values[number].shape}, Keras's {by_keras.shape}: nothing "
                    "written"
                )
            allowed = 10 * tolerance(item.kind, item.value.dtype, by_keras, made.rounds)
            if made.narrow is not None:
                largest = max(1.0, float(np.abs(by_keras).max(initial=0)))
                allowed = HALF[made.narrow] * (1.0 if item.kind in (PROBABILITIES, SCORES) else largest)
            difference = float(np.abs(by_keras - values[number]).max(initial=0))
            if not difference <= allowed:
                raise ExportError(
                    f"the export and Keras differ by {difference:.2g} in the {item.name}: nothing written"
                )
            if made.narrow is None:
                values[number], oracle = by_keras, theirs.oracle
            else:
                made.notes.append(
                    f"Keras {theirs.oracle.rpartition(' ')[2]}, in {made.narrow}, differs by {difference:.2g} in the "
                    f"{item.name}"
                )
    elif made.narrow is not None:
        _note_half(made, values, expected(made.graph, made.nodes, graph_outputs, graph_inputs, made.narrow))
    for item, found in zip(made.outputs, values):
        if not np.isfinite(found).all():
            raise ExportError(f"the model gives a NaN or an infinity for the self-test's inputs ({item.name})")
    tolerances = [
        tolerance(item.kind, item.value.dtype, found, made.rounds) for item, found in zip(made.outputs, values)
    ]
    return SelfTest(oracle, given, values, tolerances)


def _note_half(made: Converted, values: list[np.ndarray], halves: list[np.ndarray]) -> None:
    """What half precision would change, estimated: Keras itself rounds in other places."""
    differences = [
        f"{float(np.abs(one - two).max(initial=0)):.1g} in the {item.name}"
        for item, one, two in zip(made.outputs, values, halves)
    ]
    made.notes.append(
        f"Keras computes some layers in {made.narrow}, the package all in float32: the same model in {made.narrow} "
        f"would differ by about {', '.join(differences)}; --verify-with keras measures it"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0, or 1 with one line on standard error (2 for wrong usage)."""
    return run_tool("export", lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    try:
        with warnings.catch_warnings():
            # NumPy warns of what a file's numbers overflow, or of its types; what becomes of them is checked.
            warnings.simplefilter("ignore")
            run(parser().parsed(arguments))
    except KeyboardInterrupt:
        say("export", "interrupted")
        return 1
    except Exception as error:  # A file can be wrong in more ways than are worth a message each.
        if os.environ.get("EMOTIONFORMER_TRACEBACK") == "1":
            for line in traceback.format_exc().splitlines():
                tell(line)
        say("export", _described(error))
        return 1
    return 0


def _described(error: Exception) -> str:
    """One line for whatever went wrong, of bounded length: names in it may come from a file."""
    if isinstance(error, ToolError):
        text = str(error)
    elif isinstance(error, OSError):
        text = f"{error.filename or ''}: {error.strerror or error}"
    elif isinstance(error, (MemoryError, RecursionError)):
        text = f"the model is too large or too deep ({type(error).__name__})"
    else:
        reason = f"{type(error).__name__}: {str(error)[:200]}; EMOTIONFORMER_TRACEBACK=1 shows where"
        text = f"the model's configuration is damaged or of an unknown form ({reason})"
    return text if len(text) <= MAXIMUM_MESSAGE else f"{text[:MAXIMUM_MESSAGE]} …"
