"""The model: the published kind of sequence transformer, in stock Keras pieces.

Keras 2 (tf_keras) on purpose: its .h5 keeps operators between layers, here those that make the mask, and loads without
custom objects; Keras 3 writes them to .h5 but cannot load them again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from emotionformer.errors import TrainError

LANDMARK_FEATURES = 1434


@dataclass(frozen=True)
class Shape:
    """What the network is made of."""

    frames: int = 300
    features: int = LANDMARK_FEATURES
    classes: int = 6
    pool: int = 10  # frames averaged into one step
    center: bool = True  # place and size of the face are taken out, axis by axis, inside the model
    width: int = 64
    heads: int = 4
    blocks: int = 2
    forward: int = 128
    bilstm: int = 0  # units of each direction; 0: none
    dropout: float = 0.2

    def checked(self) -> Shape:
        """Itself, if a model can be made of it."""
        if self.frames % self.pool:
            raise TrainError(f"--pool {self.pool} does not divide --frames {self.frames}")
        if self.width % self.heads:
            raise TrainError(f"--heads {self.heads} does not divide --width {self.width}")
        if self.center and self.features != LANDMARK_FEATURES:
            raise TrainError(f"centering needs {LANDMARK_FEATURES} features a frame, found {self.features}")
        return self

    def without_pool(self) -> Shape:
        """The same network after its pooling, with the same weights: training feeds it steps instead of frames."""
        return replace(self, frames=self.frames // self.pool, pool=1)

    def described(self) -> dict[str, Any]:
        return asdict(self)


def sinusoids(steps: int, width: int) -> np.ndarray:
    """The table of "Attention Is All You Need" (1, steps, width): sine at even columns, cosine at odd ones."""
    angle = np.arange(steps)[:, None] / 10000 ** (2 * (np.arange(width)[None, :] // 2) / width)
    return np.where(np.arange(width) % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)[None]


def build(shape: Shape, name: str = "emotionformer") -> Any:
    """The Keras model: frames × features → probabilities. Steps that hold only padding (zeros) are masked.

    Normalized clip → mean over `pool` frames → each axis to mean 0, deviation 1 over the landmarks → fixed
    standardization → dense → + positions → post-norm encoder blocks → optional bidirectional LSTM → mean over
    time → dense → softmax.
    """
    import tensorflow as tf
    import tf_keras as keras

    layers = keras.layers
    steps = shape.frames // shape.pool
    clip = keras.Input((shape.frames, shape.features), name="landmarks")
    x = layers.AveragePooling1D(shape.pool, name="slower")(clip) if shape.pool > 1 else clip
    if shape.center:
        points = shape.features // 3
        x = layers.Reshape((steps, points, 3), name="points")(x)
        x = layers.Permute((1, 3, 2), name="axes")(x)
        x = layers.LayerNormalization(epsilon=1e-6, center=False, scale=False, name="centered")(x)
        x = layers.Reshape((steps, shape.features), name="planar")(x)
    kept = tf.reduce_any(tf.not_equal(x, 0.0), axis=-1)
    rows = kept[:, tf.newaxis, :]
    x = layers.BatchNormalization(center=False, scale=False, epsilon=1e-8, name="standardized", trainable=False)(x)
    x = layers.Dropout(shape.dropout / 2, name="dropout_input")(x)
    x = layers.Dense(shape.width, name="projection")(x)
    x = x + sinusoids(steps, shape.width)
    for block in range(1, shape.blocks + 1):
        attention = layers.MultiHeadAttention(shape.heads, shape.width // shape.heads, name=f"attention_{block}")
        attended = attention(x, x, attention_mask=rows)
        attended = layers.Dropout(shape.dropout, name=f"dropout_attention_{block}")(attended)
        x = layers.LayerNormalization(epsilon=1e-6, name=f"attention_norm_{block}")(layers.Add()([x, attended]))
        hidden = layers.Dense(shape.forward, activation="relu", name=f"expand_{block}")(x)
        hidden = layers.Dense(shape.width, name=f"contract_{block}")(hidden)
        hidden = layers.Dropout(shape.dropout, name=f"dropout_forward_{block}")(hidden)
        x = layers.LayerNormalization(epsilon=1e-6, name=f"forward_norm_{block}")(layers.Add()([x, hidden]))
    if shape.bilstm:
        x = layers.Bidirectional(layers.LSTM(shape.bilstm, return_sequences=True), name="bilstm")(x, mask=kept)
    x = layers.GlobalAveragePooling1D(name="mean_over_time")(x, mask=kept)
    x = layers.Dropout(shape.dropout, name="dropout_head")(x)
    x = layers.Dense(shape.width, activation="relu", name="head")(x)
    emotion = layers.Dense(shape.classes, activation="softmax", name="emotion")(x)
    return keras.Model(clip, emotion, name=name)


def standardize(model: Any, shape: Shape, batches: list[np.ndarray]) -> None:
    """Sets the fixed standardization to what normalized, padded clips (N, frames, features) have there."""
    import tf_keras as keras

    layer = model.get_layer("standardized")
    before = keras.Model(model.inputs, layer.input)
    count, total, squares = 0, np.zeros(shape.features), np.zeros(shape.features)
    for clips in batches:
        values = np.asarray(before.predict_on_batch(clips), dtype=np.float64).reshape(-1, shape.features)
        values = values[(values != 0).any(axis=-1)]
        count += len(values)
        total += values.sum(axis=0)
        squares += np.square(values).sum(axis=0)
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 1e-10)
    layer.set_weights([mean.astype(np.float32), variance.astype(np.float32)])
