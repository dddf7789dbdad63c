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


def layers_of(model: Any) -> list[Any]:
    """A model's layers, and those of the models within it."""
    return [inner for layer in model.layers for inner in (layers_of(layer) if hasattr(layer, "layers") else [layer])]


def reset_states(model: Any) -> None:
    """A stateful layer starts from zeros, as for every clip of a package."""
    for layer in layers_of(model):
        if getattr(layer, "stateful", False):
            # Keras 3 has the first name, Keras 2 the second.
            (getattr(layer, "reset_state", None) or layer.reset_states)()


def run(model: Any, inputs: dict[str, np.ndarray], outputs: list[str]) -> list[np.ndarray]:
    """The outputs for N examples. A model whose batch is fixed gets one after the other."""
    size = model.inputs[0].shape[0]
    if size is None:
        return listed(call(model, inputs), outputs)
    rows: list[list[np.ndarray]] = []
    for row in range(len(next(iter(inputs.values())))):
        reset_states(model)
        batch = {name: np.repeat(array[row : row + 1], size, axis=0) for name, array in inputs.items()}
        rows.append([output[:1] for output in listed(call(model, batch), outputs)])
    return [np.concatenate(found) for found in zip(*rows)]


def call(model: Any, inputs: dict[str, np.ndarray]) -> Any:
    arrays = list(inputs.values())
    is_named = isinstance(getattr(model, "_inputs_struct", None), dict)
    return model(inputs if is_named else arrays if len(arrays) > 1 else arrays[0], training=False)


def main() -> None:
    task_path, output_path = sys.argv[1:3]
    task = json.loads(Path(task_path).read_text("utf-8"))
    keras = framework(task["generation"])
    given = custom_objects(keras, task["classes"]) if task["classes"] else {}
    model = keras.models.load_model(task["model"], compile=False, custom_objects=given)
    arrays = [np.load(Path(task_path).with_name(f"input{number}.npy")) for number in range(len(task["inputs"]))]
    inputs = dict(zip(task["inputs"], arrays))
    found = run(model, inputs, task["outputs"])
    held: dict[str, Any] = {f"output{number}": output for number, output in enumerate(found)}
    held["oracle"] = np.asarray(f"keras {keras.__version__}")
    last = model.layers[-1]
    is_softmax = getattr(last, "activation", None) is keras.activations.softmax
    if is_softmax and len(model.outputs) == 1 and last.output is model.outputs[0]:
        last.activation = keras.activations.linear
        held["logits"] = run(model, inputs, task["outputs"])[0]
    np.savez(output_path, **held)


if __name__ == "__main__":
    main()
