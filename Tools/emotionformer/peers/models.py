"""Builds the measured Keras models from a seed, and their TensorFlow Lite files.

Runs in an environment of its own (Tools/requirements/peers-models.txt); Tools/bench-peers calls it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np

from emotionformer.console.output import tell
from emotionformer.peers.architecture import Architecture
from emotionformer.places import FIXTURES

Array = np.ndarray[Any, np.dtype[np.float32]]
CREMAD = FIXTURES / "cremad"


def keras_model(shape: Architecture, seed: int) -> Any:
    """The functional model; weights from the seed, with norms and biases that are not trivial."""
    import tf_keras as keras

    layers = keras.layers
    keras.utils.set_random_seed(seed)
    clip = keras.Input((shape.frames, shape.features), name="clip")
    x = layers.Dense(shape.width, name="projection")(clip)
    x = x + shape.positions()[None]
    for block in range(shape.blocks):
        attended = layers.MultiHeadAttention(shape.heads, shape.width // shape.heads, name=f"block{block}_attention")(
            x, x
        )
        x = layers.LayerNormalization(epsilon=shape.epsilon, name=f"block{block}_norm1")(layers.Add()([x, attended]))
        hidden = layers.Dense(shape.feed_forward, activation="relu", name=f"block{block}_expand")(x)
        hidden = layers.Dense(shape.width, name=f"block{block}_contract")(hidden)
        x = layers.LayerNormalization(epsilon=shape.epsilon, name=f"block{block}_norm2")(layers.Add()([x, hidden]))
    if shape.lstm:
        x = layers.Bidirectional(layers.LSTM(shape.lstm, return_sequences=True), name="bilstm")(x)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    x = layers.Dense(shape.head, activation="relu", name="head")(x)
    model = keras.Model(clip, layers.Dense(shape.classes, activation="softmax", name="emotion")(x))
    random = np.random.default_rng(seed)
    for variable in model.weights:
        value = variable.numpy()
        if "gamma" in variable.name:
            variable.assign(1 + 0.2 * random.standard_normal(value.shape))
        elif "beta" in variable.name or "bias" in variable.name:
            variable.assign(value + 0.1 * random.standard_normal(value.shape))
    spread_out(model, check_clips(shape, seed))
    return model


def spread_out(model: Any, clips: Array) -> None:
    """Scales the last layer so that the clips get different classes: a wrong engine is to be seen in the outputs."""
    import tf_keras as keras

    emotion = model.get_layer("emotion")
    hidden = keras.Model(model.input, emotion.input)(clips, training=False).numpy()
    logits = hidden @ emotion.kernel.numpy() + emotion.bias.numpy()
    scale = 1 / logits.std(axis=0)
    emotion.kernel.assign(emotion.kernel * scale)
    emotion.bias.assign((emotion.bias.numpy() - logits.mean(axis=0)) * scale)


def check_clips(shape: Architecture, seed: int) -> Array:
    """Clips that every peer's outputs are compared on: four real ones and four random, each around a face of its own.

    The real ones are standardized over all of them and padded, so that people differ throughout a clip, as they do
    after the published model's normalization.
    """
    random = np.random.default_rng(seed)
    clips = np.zeros((8, shape.frames, shape.features), np.float32)
    real = []
    for index, file in enumerate(sorted(CREMAD.glob("*.npy"))[:4]):
        landmarks = np.load(file, allow_pickle=False).astype(np.float32)[: shape.frames]
        landmarks = landmarks[np.isfinite(landmarks).all(axis=(1, 2))]
        features = landmarks.reshape(len(landmarks), -1)
        real.append(features if features.shape[1] == shape.features else landmarks[:, :, index % 2])
    joined = np.concatenate(real)
    for clip, features in zip(clips, real):
        clip[: len(features)] = (features - joined.mean(0)) / (joined.std(0) + 1e-6)
    faces = random.standard_normal((4, 1, shape.features))
    clips[4:] = faces + 0.5 * random.standard_normal((4, shape.frames, shape.features))
    return clips


def convert(model: Any, shape: Architecture, batch: int, int8: bool) -> bytes:
    """The model as a TensorFlow Lite file with a fixed batch, float32 or dynamic-range int8."""
    import tensorflow as tf

    specification = tf.TensorSpec([batch, shape.frames, shape.features], tf.float32, name="clip")
    function = tf.function(lambda clip: model(clip, training=False)).get_concrete_function(specification)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    data: bytes = converter.convert()
    return data


def build(shape: Architecture, folder: Path, seed: int, batch: int) -> None:
    model = keras_model(shape, seed)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.h5")
    model.save(folder / "model.keras")
    clips = check_clips(shape, seed)
    np.save(folder / "clips.npy", clips)
    np.save(folder / "clip.npy", clips[0])
    outputs = np.asarray(model(clips, training=False))
    (folder / "keras.json").write_text(json.dumps(outputs.tolist()) + "\n", "utf-8")
    np.savez(folder / "weights.npz", **{variable.name: variable.numpy() for variable in model.weights})
    for form in ("f32", "int8"):
        for size in (1, batch):
            name = f"{form}.tflite" if size == 1 else f"{form}-batch{size}.tflite"
            (folder / name).write_bytes(convert(model, shape, size, form == "int8"))
    (folder / "built.json").write_text(
        json.dumps({"seed": seed, "batch": batch, "shape": shape.__dict__}) + "\n", "utf-8"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m emotionformer.peers.models build/peers base xyz",
    )
    parser.add_argument("folder", type=Path, help="where each model gets a folder")
    parser.add_argument("names", nargs="+", choices=list(Architecture.MEASURED), help="the models to build")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32, help="clips of the files with a batch (default: 32)")
    arguments = parser.parse_args()
    for name in arguments.names:
        tell(f"building {name}")
        build(Architecture.MEASURED[name], arguments.folder / name, arguments.seed, arguments.batch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
