"""Run by `--verify-with keras` in a Python that has TensorFlow: TASK.json OUTPUT.npz. The task names the model, its
inputs (beside it as `input0.npy` …) and outputs."""

from __future__ import annotations

import inspect
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np


def framework(generation: int) -> Any:
    """The Keras of that generation, for inference."""
    if generation == 2:
        try:
            import tf_keras
        except ModuleNotFoundError:
            import tensorflow

            if int(tensorflow.keras.__version__.split(".")[0]) != 2:
                raise
            return tensorflow.keras
        return tf_keras
    import keras

    return keras


def custom_objects(keras: Any, path: str) -> dict[str, Any]:
    """The layer classes that a Python file has, and its own functions (activations, initializers)."""
    held = runpy.run_path(path)
    return {
        name: item
        for name, item in held.items()
        if (inspect.isclass(item) and issubclass(item, keras.layers.Layer))
        or (inspect.isfunction(item) and item.__module__ == held["__name__"])
    }


def listed(outputs: Any, names: list[str]) -> list[np.ndarray]:
    """The outputs in the model's order; a model may give a dictionary."""
    if isinstance(outputs, dict):
        outputs = [outputs[name] for name in names]
    if not isinstance(outputs, (list, tuple)):
        outputs = [outputs]
    arrays = [np.asarray(output) for output in outputs]
    # NumPy has no bfloat16 of its own.
    return [array if array.dtype.kind in "fiub" else array.astype(np.float32) for array in arrays]


def main() -> None:
    task_path, output_path = sys.argv[1:3]
    task = json.loads(Path(task_path).read_text("utf-8"))
    keras = framework(task["generation"])
    given = custom_objects(keras, task["classes"]) if task["classes"] else {}
    model = keras.models.load_model(task["model"], compile=False, custom_objects=given)
    arrays = [np.load(Path(task_path).with_name(f"input{number}.npy")) for number in range(len(task["inputs"]))]
    structure = getattr(model, "_inputs_struct", None)
    by_name = dict(zip(task["inputs"], arrays))
    data: Any = by_name if isinstance(structure, dict) else arrays if len(arrays) > 1 else arrays[0]
    found = listed(model(data, training=False), task["outputs"])
    held: dict[str, Any] = {f"output{number}": output for number, output in enumerate(found)}
    held["oracle"] = np.asarray(f"keras {keras.__version__}")
    last = model.layers[-1]
    is_softmax = getattr(last, "activation", None) is keras.activations.softmax
    if is_softmax and len(model.outputs) == 1 and last.output is model.outputs[0]:
        last.activation = keras.activations.linear
        held["logits"] = listed(model(data, training=False), task["outputs"])[0]
    np.savez(output_path, **held)


if __name__ == "__main__":
    main()
