"""Makes open.tflite, a model with an open number of frames, and prints LiteRT's probabilities for the test's clips.

python make_open.py (tensorflow 2.21, ai_edge_litert 2.3)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter


def model() -> tf.keras.Model:
    layers = tf.keras.layers
    clip = tf.keras.Input((None, 6))
    hidden = layers.Dense(8, activation="relu")(clip)
    hidden = hidden + layers.MultiHeadAttention(2, 4)(hidden, hidden)
    pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(hidden))
    return tf.keras.Model(clip, layers.Dense(3, activation="softmax")(pooled))


def clip(frames: int) -> np.ndarray:
    """The numbers that the test computes too."""
    return ((np.arange(frames * 6) * 37 % 41) / 16 - 1).astype("float32").reshape(1, frames, 6)


def main() -> None:
    tf.keras.utils.set_random_seed(5)
    content = tf.lite.TFLiteConverter.from_keras_model(model()).convert()
    (Path(__file__).parent / "open.tflite").write_bytes(content)
    for frames in (4, 9):
        interpreter = Interpreter(model_content=content)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (1, frames, 6))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], clip(frames))
        interpreter.invoke()
        print(frames, interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].tolist())


if __name__ == "__main__":
    main()
