"""Run by `--verify-with keras` in a Python that has TensorFlow: MODEL INPUT.npy OUTPUT.npz GENERATION."""

from __future__ import annotations

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


def main() -> None:
    model_path, input_path, output_path, generation = sys.argv[1:5]
    keras = framework(int(generation))
    model = keras.models.load_model(model_path, compile=False)
    data = np.load(input_path)
    held: dict[str, Any] = {"output": np.asarray(model(data, training=False))}
    held["oracle"] = np.asarray(f"keras {keras.__version__}")
    last = model.layers[-1]
    if getattr(last, "activation", None) is keras.activations.softmax and last.output is model.outputs[0]:
        last.activation = keras.activations.linear
        held["logits"] = np.asarray(model(data, training=False))
    np.savez(output_path, **held)


main()
