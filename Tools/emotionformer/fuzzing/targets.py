"""What is fuzzed: how a case of each kind is made from the committed fixtures."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import sys
import types
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from emotionformer.fuzzing.hdf5 import change_hdf5
from emotionformer.fuzzing.values import (
    TEXTS,
    changed_bytes,
    changed_json,
    changed_json_bytes,
    changed_npy,
    changed_pickle,
    json_bytes,
)
from emotionformer.places import FIXTURES

KERAS = FIXTURES / "keras"
GENERAL = FIXTURES / "general"
SMALL = "k3_sequential.keras"
NAMES = ["Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad"]
# A case of a target: files are made in the folder, the exporter's arguments are the result.
Target = Callable[[Path, Random], list[str]]


@lru_cache(maxsize=2)
def _models(ending: str) -> list[Path]:
    return sorted(path for folder in (KERAS, GENERAL) for path in folder.glob(f"*.{ending}"))


def h5(folder: Path, random: Random) -> list[str]:
    path = folder / "model.h5"
    shutil.copyfile(random.choice(_models("h5")), path)
    change_hdf5(path, random)
    return [str(path), *_options(random)]


def keras(folder: Path, random: Random) -> list[str]:
    path = folder / "model.keras"
    _change_archive(random.choice(_models("keras")), path, random)
    return [str(path), *_options(random)]


def labels(folder: Path, random: Random) -> list[str]:
    """A label encoder's pickle beside a whole model."""
    path = folder / "label_encoder.pkl"
    data = random.choice(_pickles())
    data = changed_pickle(data, random) if random.random() < 0.85 else changed_bytes(data, random)
    if random.random() < 0.05:
        data = zlib.compress(data)
    path.write_bytes(data)
    return [str(KERAS / SMALL), "--labels", str(path), "--self-test-clips", "1"]


def published(folder: Path, random: Random) -> list[str]:
    """A published folder, one or two of whose files are changed."""
    model = folder / "model.keras"
    shutil.copyfile(KERAS / SMALL, model)
    frames, features = _shape()
    document = {
        "version": "1.0",
        "max_frames": frames,
        "num_features": features,
        "class_names": NAMES,
        "accuracy": 0.93,
        "training": {"epochs": 40, "classes": {str(index): name for index, name in enumerate(NAMES)}},
    }
    held: dict[str, bytes] = {
        "metadata.json": json_bytes(document),
        "label_encoder.pkl": random.choice(_pickles()),
        "global_mean.npy": _npy(np.full(features, 0.5, np.float32)),
        "global_std.npy": _npy(np.full((1, 1, features), 2.0)),
        "names.txt": "\n".join(NAMES).encode(),
        "names.json": json_bytes(random.choice((NAMES, {"labels": NAMES}, {"0": "a", "1": "b"}))),
        "names.npy": _npy(np.array(NAMES)),
    }
    arguments = [str(folder), "--self-test-clips", "1"]
    chosen = "label_encoder.pkl"
    if random.random() < 0.4:
        chosen = random.choice(("names.txt", "names.json", "names.npy"))
        arguments += ["--labels", str(folder / chosen)]
    if random.random() < 0.2:
        held.pop("label_encoder.pkl")
    held = {name: data for name, data in held.items() if not name.startswith("names") or name == chosen}
    for name in random.sample(sorted(held), random.choice((1, 1, 2))):
        data = held[name]
        match name.rsplit(".")[-1]:
            case "json":
                data = changed_json_bytes(data, random)
            case "npy":
                data = changed_npy(data, random)
            case "pkl":
                data = changed_pickle(data, random)
            case _:
                texts = random.choice(TEXTS).encode("utf-8", "replace")
                data = changed_bytes(data, random) if random.random() < 0.5 else texts
        held[name] = data
    for name, data in held.items():
        (folder / name).write_bytes(data)
    if random.random() < 0.1:
        _change_archive(KERAS / SMALL, model, random)
    return arguments


TARGETS: dict[str, Target] = {"h5": h5, "keras": keras, "pickle": labels, "folder": published}


def _options(random: Random) -> list[str]:
    more: tuple[list[str], ...] = (
        [],
        [],
        ["--from-logits"],
        ["--frames", "6"],
        ["--pad-side", "none"],
        ["--input-role", "tensor"],
        ["--output-kind", "values"],
        ["--attention-layer", "tanh,sum", "--position-layer", "add", "--tcn-layer", "keras-tcn"],
    )
    return ["--self-test-clips", "1", *random.choice(more)]


def _change_archive(source: Path, target: Path, random: Random) -> None:
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chosen = random.random()
    if chosen < 0.6:
        members["config.json"] = json_bytes(changed_json(json.loads(members["config.json"]), random))
    elif chosen < 0.66:
        name = random.choice(("config.json", "metadata.json"))
        members[name] = changed_json_bytes(members[name], random)
    elif chosen < 0.9:
        weights = target.with_name("weights.h5")
        weights.write_bytes(members["model.weights.h5"])
        change_hdf5(weights, random)
        members["model.weights.h5"] = weights.read_bytes()
        weights.unlink()
    elif chosen < 0.95:
        name = random.choice(sorted(members))
        members[random.choice((f"../{name}", f"/{name}", f"x/{name}", "é"))] = members.pop(name)
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    if random.random() < 0.9:
        method = zipfile.ZIP_STORED
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, data in members.items():
            archive.writestr(name, data)
            if random.random() < 0.005:
                archive.writestr(name, data)
    if chosen >= 0.9:
        target.write_bytes(changed_bytes(target.read_bytes(), random))


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@lru_cache(maxsize=1)
def _shape() -> tuple[int, int]:
    """Frames and features of the small model."""
    config = json.loads(zipfile.ZipFile(KERAS / SMALL).read("config.json"))["config"]
    shapes = [layer["config"].get("batch_shape") for layer in config["layers"]]
    shape = next(shape for shape in shapes if shape)
    return shape[1] or 5, shape[2]


@lru_cache(maxsize=1)
def _pickles() -> list[bytes]:
    """Label encoders as scikit-learn and joblib write them, without either."""
    with _modules("sklearn.preprocessing._label") as module:
        made = type("LabelEncoder", (), {"__module__": module.__name__})
        module.LabelEncoder = made  # type: ignore[attr-defined]
        encoder: Any = made()
        result = []
        for kind in ("U", "S", object):
            encoder.classes_ = np.array(NAMES, dtype=kind)
            result += [pickle.dumps(encoder, protocol) for protocol in range(6)]
        result += [pickle.dumps(item) for item in (NAMES, dict(enumerate(NAMES)), np.array(NAMES))]
    return result


@contextmanager
def _modules(name: str) -> Iterator[types.ModuleType]:
    parts = name.split(".")
    names = [".".join(parts[: index + 1]) for index in range(len(parts))]
    before = {each: sys.modules.get(each) for each in names}
    for each in names:
        sys.modules[each] = types.ModuleType(each)
    try:
        yield sys.modules[name]
    finally:
        for each, module in before.items():
            if module is None:
                del sys.modules[each]
            else:
                sys.modules[each] = module
