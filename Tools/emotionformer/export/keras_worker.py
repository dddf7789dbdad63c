"""Run by `--verify-with keras` in a Python that has TensorFlow: MODEL INPUT.npy OUTPUT.npz GENERATION [CLASSES.py]."""

from __future__ import annotations

import inspect
import runpy
import sys
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


def main() -> None:
    model_path, input_path, output_path, generation = sys.argv[1:5]
    keras = framework(int(generation))
    given = custom_objects(keras, sys.argv[5]) if len(sys.argv) > 5 else {}
    model = keras.models.load_model(model_path, compile=False, custom_objects=given)
    data = np.load(input_path)
    held: dict[str, Any] = {"output": np.asarray(model(data, training=False))}
    held["oracle"] = np.asarray(f"keras {keras.__version__}")
    last = model.layers[-1]
    if getattr(last, "activation", None) is keras.activations.softmax and last.output is model.outputs[0]:
        last.activation = keras.activations.linear
        held["logits"] = np.asarray(model(data, training=False))
    np.savez(output_path, **held)


if __name__ == "__main__":
    main()
