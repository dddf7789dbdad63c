"""The published folder as one argument: its files are found by the role they play."""

from __future__ import annotations

import codecs
import re
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.reading import saved_model
from emotionformer.export.reading.label_pickle import label_names, pickled_names
from emotionformer.export.reading.npy_file import pickled_objects, read_npy
from emotionformer.export.reading.strict_json import parse_json, read_bounded, read_json

DEPTH = 3
MAXIMUM_LABEL_BYTES = 1 << 20
MAXIMUM_NESTING = 64
MEAN_OPTION, DEVIATION_OPTION, LABELS_OPTION = "--mean", "--std", "--labels"
# What an array's name holds, and what is a whole word of it: `scaler` is no scale.
DEVIATION = ("std", "stdev", "deviation", "sigma")
SCALE = {"scale", "scales"}
VARIANCE = {"var", "variance", "variances"}
FRAMES_KEYS = (
    "max_frames", "num_frames", "n_frames", "frames", "sequence_length", "seq_len", "seq_length", "max_len",
    "max_seq_len", "maxlen", "max_length", "timesteps", "time_steps",
)
FEATURES_KEYS = ("num_features", "n_features", "features", "feature_dim", "feature_count", "input_dim")
LABEL_KEYS = (
    "class_names", "classes", "labels", "emotions", "emotion_labels", "label_names", "label_classes", "class_indices",
)


@dataclass
class Roles:
    """Which file is what. A role that nothing plays is None."""

    model: Path
    mean: Path | None = None
    deviation: Path | None = None
    labels: Path | None = None
    metadata: Path | None = None
    scaler: Path | None = None


def find_roles(folder: Path, given: Set[str] = frozenset()) -> Roles:
    """The files of a published folder; raises when the model, or a role that no option in `given` plays, is not
    unique."""
    files = sorted(_walk(folder, 0))
    models = [path for path in files if path.suffix.lower() in (".h5", ".hdf5", ".keras")]
    models = [path for path in models if not path.name.lower().endswith(".weights.h5")] or models
    if not models:
        graphs = [path for path in files if saved_model.is_saved_model(path)]
        raise saved_model.refusal(graphs[0]) if graphs else ExportError(f"{folder}: found no model (.h5 or .keras)")
    if len(models) > 1:
        names = {path.stem for path in models}
        if len(names) == 1:
            models = [path for path in models if path.suffix == ".keras"] or models
        if len(models) > 1:
            listed = ", ".join(path.relative_to(folder).as_posix() for path in models)
            raise ExportError(f"{folder}: found {len(models)} models ({listed}); give the one to export as SOURCE")
    arrays = [path for path in files if path.suffix.lower() == ".npy"]
    means = [path for path in arrays if "mean" in path.stem.lower()]
    others = [path for path in arrays if path not in means]
    variances = [path for path in others if _words(path) & VARIANCE]
    deviations = [path for path in others if path not in variances and _is_deviation(path)]
    if variances and not deviations and DEVIATION_OPTION not in given:
        name = variances[0].relative_to(folder).as_posix()
        raise ExportError(f"{folder}: {name} holds a variance: save its square root, and give that with --std")
    labels = None if LABELS_OPTION in given else _labels(files, folder)
    roles = Roles(
        model=models[0],
        mean=None if MEAN_OPTION in given else _one(means, "mean", MEAN_OPTION, folder),
        deviation=None
        if DEVIATION_OPTION in given
        else _one(deviations, "standard deviation", DEVIATION_OPTION, folder),
        labels=labels,
        metadata=_metadata([path for path in files if path != labels]),
        scaler=None if given & {MEAN_OPTION, DEVIATION_OPTION} else _scaler(files, folder),
    )
    for path in (roles.model, roles.mean, roles.deviation, roles.labels, roles.metadata, roles.scaler):
        # What a link elsewhere points at would be carried into the package.
        if path is not None and not path.resolve().is_relative_to(folder.resolve()):
            name = path.relative_to(folder).as_posix()
            raise ExportError(f"{folder}: {name} is a symbolic link that leads out of the folder: not followed")
    return roles


def _walk(folder: Path, depth: int) -> list[Path]:
    found: list[Path] = []
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_file():
            found.append(entry)
        elif entry.is_dir() and depth < DEPTH:
            found += _walk(entry, depth + 1)
    return found


def _words(path: Path) -> set[str]:
    return set(re.split(r"[^a-z]+", path.stem.lower()))


def _is_deviation(path: Path) -> bool:
    return any(word in path.stem.lower() for word in DEVIATION) or bool(_words(path) & SCALE)


def _one(fitting: list[Path], role: str, option: str, folder: Path) -> Path | None:
    preferred = [path for path in fitting if "global" in path.stem.lower()]
    fitting = preferred if len(fitting) > 1 and len(preferred) == 1 else fitting
    if len(fitting) > 1:
        listed = ", ".join(path.relative_to(folder).as_posix() for path in fitting)
        raise ExportError(f"{folder}: found {len(fitting)} files for the {role} ({listed}); choose one with {option}")
    return fitting[0] if fitting else None


def _pickles(files: list[Path]) -> list[Path]:
    return [path for path in files if path.suffix.lower() in (".pkl", ".pickle", ".joblib")]


def _is_scaler(path: Path) -> bool:
    return "scaler" in path.stem.lower()


def _scaler(files: list[Path], folder: Path) -> Path | None:
    found = [path for path in _pickles(files) if _is_scaler(path)]
    if len(found) > 1:
        listed = ", ".join(path.relative_to(folder).as_posix() for path in found)
        raise ExportError(f"{folder}: found {len(found)} scalers ({listed}); give --mean and --std as .npy files")
    return found[0] if found else None


def _labels(files: list[Path], folder: Path) -> Path | None:
    def named(paths: list[Path]) -> list[Path]:
        return [path for path in paths if any(word in path.stem.lower() for word in ("label", "encoder", "class"))]

    pickles = [path for path in _pickles(files) if not _is_scaler(path)]
    lists = [] if pickles else named([path for path in files if path.suffix.lower() in (".json", ".txt")])
    chosen = named(pickles) or pickles + lists
    if len(chosen) > 1:
        listed = ", ".join(path.relative_to(folder).as_posix() for path in chosen)
        raise ExportError(f"{folder}: found {len(chosen)} files of class names ({listed}); choose one with --labels")
    return chosen[0] if chosen else None


def _metadata(files: list[Path]) -> Path | None:
    documents = [path for path in files if path.suffix.lower() == ".json"]
    named = [path for path in documents if "metadata" in path.stem.lower() or "meta" in path.stem.lower()]
    return named[0] if named else documents[0] if len(documents) == 1 else None


@dataclass
class Metadata:
    """The published metadata: carried through whole; used for what is recognized."""

    content: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Metadata:
        return cls.of(read_json(path), path.name)

    @classmethod
    def of(cls, content: Any, place: str) -> Metadata:
        if _depth(content) > MAXIMUM_NESTING:
            raise ExportError(f"{place}: nested more than {MAXIMUM_NESTING} deep")
        return cls(content if isinstance(content, dict) else {"content": content})

    def number(self, keys: tuple[str, ...]) -> int | None:
        for key in keys:
            value = self.content.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 20:
                return value
        return None

    def labels(self) -> list[str] | None:
        for key in LABEL_KEYS:
            value = self.content.get(key)
            if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
                return value
            if isinstance(value, dict) and value:
                are_numbers = all(_is_number(item) for item in value)
                names = _names_of_numbers(value) if are_numbers else _names_by_number(value)
                if names is not None:
                    return names
        return None


def _names_of_numbers(value: dict[str, Any]) -> list[str] | None:
    """The names of a map from number to name, if the numbers are 0, 1, 2, … or 1, 2, 3, …."""
    names = {int(number): name for number, name in value.items()}
    first = 0 if 0 in names else 1
    ordered = [names.get(number) for number in range(first, first + len(value))]
    found = [name for name in ordered if isinstance(name, str)]
    return found if len(found) == len(value) else None


def _names_by_number(value: dict[str, Any]) -> list[str] | None:
    """The names of a map from name to number, if the numbers are 0, 1, 2, …, two or more."""
    if len(value) < 2:
        return None
    names = {number: name for name, number in value.items() if type(number) is int}
    return [names[number] for number in range(len(value))] if set(names) == set(range(len(value))) else None


def read_labels(argument: str) -> tuple[list[str], Path | None]:
    """`--labels`: a file (pickle, joblib, JSON, NumPy, a name a line) or the names with commas."""
    names, path = _read_names(argument)
    for index, name in enumerate(names):
        if not name or any(ord(character) < 0x20 or ord(character) == 0x7F for character in name):
            raise ExportError(f"--labels: name {index} is empty or holds a control character ({name!r})")
    return names, path


def _read_names(argument: str) -> tuple[list[str], Path | None]:
    path = Path(argument)
    if not path.is_file():
        names = [name.strip() for name in argument.split(",")]
        if len(names) < 2 or not all(names):
            raise ExportError(f"--labels: '{argument}' is neither a file nor a list A,B,C")
        return names, None
    if path.suffix.lower() in (".pkl", ".pickle", ".joblib"):
        return label_names(path), path
    if path.suffix.lower() == ".npy":
        if (objects := pickled_objects(path)) is not None:
            return pickled_names(objects, path.name), path
        array = read_array(path, "--labels", text=True)
        if array.dtype.kind == "f":
            raise ExportError(f"--labels: {path.name} holds {array.dtype} numbers, expected text or whole numbers")
        return [str(name) for name in np.ravel(array)], path
    data = read_bounded(path, MAXIMUM_LABEL_BYTES, "class names")
    if path.suffix.lower() == ".json":
        document = parse_json(data.removeprefix(codecs.BOM_UTF8), path.name)
        held = Metadata.of({"labels": document}, path.name).labels() or Metadata.of(document, path.name).labels()
        if held is None:
            raise ExportError(f"{path.name}: holds no list of class names")
        return held, path
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ExportError(f"{path.name}: no label file: not UTF-8 (byte {error.start})") from error
    return [line.strip() for line in lines if line.strip()], path


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 10


def _depth(value: Any) -> int:
    """How deep lists and objects are nested."""
    depth, level = 0, [value]
    while level := [
        inner
        for item in level
        if isinstance(item, (dict, list))
        for inner in (item.values() if isinstance(item, dict) else item)
    ]:
        depth += 1
    return depth


def read_array(path: Path, role: str, text: bool = False) -> np.ndarray:
    """An `.npy` file of finite numbers (or of text); never one with pickled objects."""
    array = read_npy(path, role)
    if array.dtype.kind not in "fiu" and not (text and array.dtype.kind == "U"):
        raise ExportError(f"{role}: {path.name} holds no array of numbers")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ExportError(f"{role}: {path.name} holds a NaN or an infinity")
    return array


def fitted(array: np.ndarray, frames: int, features: int, role: str, layout: str) -> np.ndarray:
    """Normalization statistics in a shape that broadcasts to (frames, features), as NumPy would have it."""
    shaped = array
    while shaped.ndim > 2 and shaped.shape[0] == 1:
        shaped = shaped[0]
    if shaped.shape in ((features // 3, 3), (1, features // 3, 3)) and features % 3 == 0 and shaped.size == features:
        points = shaped.reshape(features // 3, 3)
        shaped = points.T.reshape(features) if layout == "xyz-planar" else points.reshape(features)
    try:
        np.broadcast_shapes(shaped.shape, (frames, features))
        fits = shaped.ndim <= 2 and np.broadcast_shapes(shaped.shape, (frames, features)) == (frames, features)
    except ValueError:
        fits = False
    if not fits:
        raise ExportError(
            f"{role} has the shape {array.shape}, which does not fit {frames} frames × {features} features"
        )
    return shaped.astype(np.float32)
