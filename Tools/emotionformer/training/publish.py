"""The trained model as a folder of the published kind, and as a package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import TrainError
from emotionformer.outputs import Kind, OutputFolder
from emotionformer.places import TOOLS
from emotionformer.training.batches import Statistics

# How clips must be prepared; Tools/export takes them as options, metadata.json tells people.
PREPARATION = {"paddingOrder": "after", "padSide": "end", "padValue": 0.0, "truncate": "end", "missingFrame": "drop"}


def own_names(folder: Path) -> Callable[[str], bool] | None:
    """The names of what `write_folder` writes; None if the folder holds no trained model of ours."""
    metadata = folder / "assets" / "metadata.json"
    try:
        if metadata.is_symlink() or metadata.stat().st_size > 1 << 24:
            return None
        content = json.loads(metadata.read_text("utf-8"))
        stem = file_stem(str(content["name"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if not {"trainedOn", "preparation", "network"} <= set(content):
        return None
    assets = ("global_mean.npy", "global_std.npy", "label_encoder.pkl", "metadata.json")
    names = {f"{stem}.h5", f"{stem}_optimized.tflite", *(f"assets/{name}" for name in assets)}
    return (names | {"history.json", "curves.svg", "assessment.json", "assessment.md"}).__contains__


TRAINED = Kind("folder of Tools/train", own_names)


def file_stem(name: str) -> str:
    """A model's name as a file name."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "model"


def to_tflite(model: Any, frames: int, features: int) -> bytes:
    """The model for one clip as TensorFlow Lite, weights in 8 bits (dynamic range)."""
    import tensorflow as tf

    signature = [tf.TensorSpec((1, frames, features), tf.float32, name="landmarks")]
    function = tf.function(lambda clip: model(clip, training=False), input_signature=signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def write_folder(
    folder: Path,
    model: Any,
    statistics: Statistics,
    classes: list[str],
    metadata: dict[str, Any],
    extra: dict[str, str],
) -> None:
    """Writes the .h5, the .tflite, `assets/` and further text files; replaces an older folder of its own whole."""
    import joblib
    from sklearn.preprocessing import LabelEncoder

    with OutputFolder(folder, TRAINED) as output:
        partial = output.path
        assets, stem = partial / "assets", file_stem(str(metadata["name"]))
        assets.mkdir()
        model.save(partial / f"{stem}.h5", include_optimizer=False)
        (partial / f"{stem}_optimized.tflite").write_bytes(to_tflite(model, *model.input_shape[1:]))
        np.save(assets / "global_mean.npy", statistics.mean)
        np.save(assets / "global_std.npy", statistics.deviation)
        joblib.dump(LabelEncoder().fit(classes), assets / "label_encoder.pkl")
        (assets / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", "utf-8")
        for name, text in extra.items():
            (partial / name).write_text(text, "utf-8")
        output.keep()


def export(folder: Path, package: Path, license: str, citation: str) -> None:
    """Makes a package with Tools/export; Keras itself is the oracle of its self-test."""
    command = [
        str(TOOLS / "export"),
        *(str(folder), "-o", str(package), "--padding-order", str(PREPARATION["paddingOrder"])),
        *("--verify-with", "keras", "--self-test-clips", "1", "--license", license, "--citation", citation),
    ]
    environment = {**os.environ, "EMOTIONFORMER_KERAS_PYTHON": sys.executable}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        lines = [line for line in run.stderr.splitlines() if line.strip()] or ["no message"]
        raise TrainError(f"the package could not be made: {lines[-1]}")


def load_folder(folder: Path) -> tuple[Any, Statistics, dict[str, Any]]:
    """The model, the statistics and the metadata of a folder that `write_folder` wrote."""
    import tf_keras as keras

    models, assets = sorted(folder.glob("*.h5")), folder / "assets"
    if len(models) != 1:
        raise TrainError(f"{folder}: expected one .h5 file, found {len(models)}")
    try:
        metadata = json.loads((assets / "metadata.json").read_text("utf-8"))
        mean, deviation = (np.load(assets / name, allow_pickle=False) for name in ("global_mean.npy", "global_std.npy"))
    except (OSError, ValueError) as error:
        raise TrainError(f"{folder}: not a folder of Tools/train ({error})") from error
    return keras.models.load_model(models[0], compile=False), Statistics(mean, deviation), metadata
