"""TensorFlow's SavedModel folders, which are not read: what to do with one."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from emotionformer.errors import ExportError

GRAPH, LAYERS = "saved_model.pb", "keras_metadata.pb"


def is_saved_model(path: Path) -> bool:
    """Whether it is a SavedModel folder, or its file."""
    return path.name == GRAPH or (path / GRAPH).is_file()


def _quoted(text: Path | str) -> str:
    """A text as Python reads it, in the quotes that a shell's own leave free."""
    return json.dumps(str(text), ensure_ascii=False)


def to_keras(folder: Path, target: str = "model.keras") -> list[str]:
    """The command that makes a `.keras` file of a folder that Keras 2 saved."""
    return [
        "python",
        "-c",
        f"import tf_keras; tf_keras.models.load_model({_quoted(folder)}, compile=False).save({_quoted(target)})",
    ]


def to_tflite(folder: Path, target: str = "model.tflite") -> list[str]:
    """The command that makes a `.tflite` of a folder without Keras's layers."""
    return [
        "python",
        "-c",
        "import tensorflow as tf; "
        f'open({_quoted(target)}, "wb").write(tf.lite.TFLiteConverter.from_saved_model({_quoted(folder)}).convert())',
    ]


def refusal(path: Path) -> ExportError:
    """What to do with a SavedModel; `path` is the folder or its file."""
    folder = path.parent if path.name == GRAPH else path
    if (folder / LAYERS).is_file():
        return ExportError(
            f"{folder} is a SavedModel folder. Make a .keras file of it, in a Python that has tensorflow and tf_keras, "
            f"and export that: {shlex.join(to_keras(folder))}"
        )
    return ExportError(
        f"{folder} is a SavedModel folder without Keras's layers. Make a .tflite file of it, in a Python that has "
        f"tensorflow, and give that to emotionformer convert: {shlex.join(to_tflite(folder))}"
    )
