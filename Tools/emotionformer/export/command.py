"""The command `Tools/export`: a saved Keras model in, a model package out."""

from __future__ import annotations

import argparse
import math
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
    DEFAULT_FRAMES,
    LOGITS_OPTION,
    ORDERS,
    PROBABILITIES_OPTION,
    SIDES,
    SIGMOID_OPTION,
    TRUNCATIONS,
    parser,
)
from emotionformer.export.bounds import ADVICE, CLIP_ELEMENTS, Bounds
from emotionformer.export.custom import Meanings, load_custom
from emotionformer.export.layer import Layer
from emotionformer.export.model import Converted, convert, input_shape, read_model
from emotionformer.export.outputs import check_rows
from emotionformer.export.package import PACKAGE, InputDescription, Package, SelfTest
from emotionformer.export.reading.folder import (
    DEVIATION_OPTION,
    FEATURES_KEYS,
    FRAMES_KEYS,
    LABELS_OPTION,
    MEAN_OPTION,
    Metadata,
    Roles,
    find_roles,
    fitted,
    read_array,
    read_labels,
)
from emotionformer.export.reading.scaler_pickle import scaler_statistics
from emotionformer.export.reading.source import KerasSource, SourceFile, open_source
from emotionformer.export.readings import Readings
from emotionformer.export.selftest import clips, expected, normalized

MAXIMUM_MESSAGE = 800


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
        Readings.parse(arguments.transformer_block, arguments.position_layer),
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
    description, extents = _input(arguments, roles, model, metadata)
    sources = list(source.files)
    for path in (roles.mean, roles.deviation, roles.scaler, label_file, roles.metadata, arguments.custom):
        if path is not None and path.name not in {item.name for item in sources}:
            sources.append(SourceFile.of(path))
    inputs = clips(description, arguments.self_test_clips)
    prepared = normalized(inputs, description)
    size = f"{description.frames} frames × {description.features} features"
    progress.say(f"Converting {_count(model)} layers for {size}")
    made = convert(source, model, description.frames, extents, prepared[:1], meanings, _stated(arguments), bounds)
    meanings.readings.check_used()
    open_time = description.padding_side == "none"
    if open_time:
        _check_open(source, model, description, extents, prepared[:1], meanings, arguments, made)
    classes = made.probabilities.shape[-1]
    if labels is not None and len(labels) != classes:
        raise ExportError(f"{len(labels)} labels ({', '.join(labels[:20])}) for {classes} outputs")
    if labels is not None and len(set(labels)) != len(labels):
        raise ExportError(f"a label occurs twice: {', '.join(labels[:20])}")
    progress.say("Computing the self-test")
    test = _self_test(arguments, roles, source, made, inputs, prepared, extents, bounds, progress)
    carried: dict[str, Any] = dict(metadata.content)
    if made.notes:
        carried["exportNotes"] = made.notes
    package = Package(
        name=arguments.name or arguments.output.absolute().name,
        graph=made.graph,
        nodes=made.nodes,
        probabilities=made.probabilities,
        logits=made.logits,
        input=description,
        open_time=open_time,
        labels=labels,
        metadata=carried,
        license=arguments.license,
        citation=arguments.citation,
        sources=sources,
        self_test=test,
    )
    return package, made.notes


def _stated(arguments: argparse.Namespace) -> str | None:
    """What the user says that the model's outputs are."""
    given = {
        LOGITS_OPTION: ("logits", arguments.from_logits),
        PROBABILITIES_OPTION: ("probabilities", arguments.from_probabilities),
        SIGMOID_OPTION: ("sigmoid", arguments.from_sigmoid),
    }
    options = [option for option, (_, is_given) in given.items() if is_given]
    if len(options) > 1:
        raise ExportError(f"{' and '.join(options)}: the outputs are one or the other")
    return given[options[0]][0] if options else None


def _count(model: Layer) -> int:
    return sum(_count(layer) if layer.layers else 1 for layer in model.layers)


def _roles(arguments: argparse.Namespace) -> Roles:
    if arguments.source.is_dir():
        given = (MEAN_OPTION, arguments.mean), (DEVIATION_OPTION, arguments.std), (LABELS_OPTION, arguments.labels)
        roles = find_roles(arguments.source, {option for option, value in given if value is not None})
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


def _input(
    arguments: argparse.Namespace, roles: Roles, model: Layer, metadata: Metadata
) -> tuple[InputDescription, list[int]]:
    shape, dtype = input_shape(model)
    if not dtype.startswith("float"):
        raise ExportError(f"the model's input is of type {dtype}, expected float32 landmarks")
    if len(shape) not in (3, 4):
        raise ExportError(f"the model's input has the shape {tuple(shape[1:])}, expected (frames, features)")
    frames = _extent(shape[1], arguments.frames, metadata.number(FRAMES_KEYS), "--frames") or DEFAULT_FRAMES
    if len(shape) == 4:
        if None in shape[2:]:
            raise ExportError("the model leaves open how many landmarks a frame has")
        extents = [int(extent or 0) for extent in shape[2:]]
        if arguments.features not in (None, math.prod(extents)):
            raise ExportError(f"--features {arguments.features}: the model takes {math.prod(extents)}")
    else:
        features = _extent(shape[2], arguments.features, metadata.number(FEATURES_KEYS), "--features")
        if features is None:
            raise ExportError("the model leaves its number of features open; give --features")
        extents = [features]
    features = math.prod(extents)
    if frames * features > CLIP_ELEMENTS and arguments.frames is None and not arguments.no_limits:
        raise ExportError(f"the model takes clips of {frames} frames × {features} features: {ADVICE}")
    description = InputDescription(
        frames=frames,
        features=features,
        layout=_layout(arguments, features, extents),
        epsilon=arguments.epsilon or 0.0,
        padding_value=arguments.pad_value or 0.0,
        padding_side=SIDES[arguments.pad_side or "end"],
        padding_order=ORDERS[arguments.padding_order or "before"],
        truncation=TRUNCATIONS[arguments.truncate or "end"],
        missing_frame=arguments.missing_frame,
    )
    if roles.mean is not None and roles.deviation is not None:
        description.mean = fitted(read_array(roles.mean, "mean"), frames, features, "the mean", description.layout)
        description.deviation = fitted(
            read_array(roles.deviation, "std"), frames, features, "the standard deviation", description.layout
        )
        _check_deviation(description)
    elif roles.scaler is not None:
        means, deviations = scaler_statistics(roles.scaler)
        place = f"{roles.scaler.name}'s"
        description.mean = fitted(means, frames, features, f"{place} mean_", description.layout)
        description.deviation = fitted(deviations, frames, features, f"{place} scale_", description.layout)
        _check_deviation(description)
    if description.padding_side == "none" and shape[1] is not None:
        raise ExportError(f"--pad-side none: the model takes exactly {shape[1]} frames")
    return description, extents


def _check_deviation(description: InputDescription) -> None:
    deviation = np.asarray(description.deviation)
    shape = (1, description.features) if deviation.ndim < 2 else deviation.shape
    total = np.broadcast_to(deviation, shape) + description.epsilon
    bad = np.argwhere(total <= 0)
    if len(bad):
        raise ExportError(
            f"the standard deviation of feature {int(bad[0][-1])} is not positive; give --epsilon 1e-8 or another file"
        )


def _extent(held: int | None, asked: int | None, published: int | None, option: str) -> int | None:
    if asked is not None and asked < 1:
        raise ExportError(f"{option} {asked}: expected a positive number")
    if held is not None and asked is not None and held != asked:
        raise ExportError(f"{option} {asked}: the model takes {held}")
    return held or asked or published


def _layout(arguments: argparse.Namespace, features: int, extents: list[int]) -> str:
    layout = arguments.layout
    if layout is None:
        layout = "xyz-interleaved" if features == 1434 else "raw"
    if layout.startswith("xyz") and features % 3:
        raise ExportError(f"--layout {layout} makes three features of each landmark, the model takes {features}")
    return layout


def _check_open(
    source: KerasSource,
    model: Layer,
    description: InputDescription,
    extents: list[int],
    probe: np.ndarray,
    meanings: Meanings,
    arguments: argparse.Namespace,
    made: Converted,
) -> None:
    """A graph that any number of frames runs through is the same for one frame less."""
    if description.frames < 2:
        raise ExportError("--pad-side none needs at least two frames")
    bounds = Bounds(source.path.stat().st_size, not arguments.no_limits)
    frames = description.frames - 1
    other = convert(source, model, frames, extents, probe[:, :-1], meanings, _stated(arguments), bounds)
    for one, two in zip(made.nodes, other.nodes):
        same = (
            one.operation == two.operation
            and one.attributes == two.attributes
            and all(
                np.array_equal(made.graph.tensors[a], other.graph.tensors[b])
                for a, b in zip(one.weights.values(), two.weights.values())
            )
        )
        if not same:
            raise ExportError(f"--pad-side none: the node '{one.name}' is made for a fixed number of frames")


def _self_test(
    arguments: argparse.Namespace,
    roles: Roles,
    source: KerasSource,
    made: Converted,
    inputs: np.ndarray,
    prepared: np.ndarray,
    extents: list[int],
    bounds: Bounds,
    progress: Progress,
) -> SelfTest:
    probabilities, logits = expected(made.graph, made.nodes, made.probabilities, made.logits, prepared)
    if arguments.from_probabilities:
        check_rows(probabilities)
    oracle = "numpy-float64"
    if arguments.verify_with:
        from emotionformer.export.keras_oracle import check_without_code, outputs_by_keras

        check_without_code(source.root)
        progress.say("Running the model in Keras")
        with bounds.lifted():
            theirs = outputs_by_keras(
                roles.model, prepared, source.generation, extents, _stated(arguments), arguments.keras_classes
            )
        difference = float(np.abs(theirs.probabilities - probabilities).max())
        if not difference <= 2e-5:
            raise ExportError(f"the export and Keras differ by {difference:.2g} in the probabilities: nothing written")
        probabilities, oracle = theirs.probabilities, theirs.oracle
        logits = theirs.logits if theirs.logits is not None else logits
    if not np.isfinite(probabilities).all():
        raise ExportError("the model gives a NaN or an infinity for the self-test's clips")
    tolerance = {"probabilities": 2e-6}
    if logits is not None:
        tolerance["logits"] = float(f"{2e-5 * max(1.0, float(np.abs(logits).max())):.2g}")
    return SelfTest(oracle, inputs, probabilities, logits, tolerance)


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
