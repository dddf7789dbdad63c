"""The inputs of a comparison: real clips and random ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ParityError
from emotionformer.parity.litert import Array, Clip

_LANDMARKS = 478
# Where a model leaves the number of frames open.
_FRAMES = 300

Inputs = list[tuple[tuple[int, ...], Any]]


def closed_shapes(inputs: Inputs) -> list[tuple[int, ...]]:
    """Shapes with a batch of 1 and, where they are open too, so many frames."""
    return [
        tuple(extent if extent >= 0 else (1 if axis == 0 else _FRAMES) for axis, extent in enumerate(shape))
        for shape, _ in inputs
    ]


def takes_clip(shapes: list[tuple[int, ...]], inputs: Inputs) -> bool:
    """Whether the model takes one clip: 1 × frames × features."""
    return len(shapes) == 1 and len(shapes[0]) == 3 and shapes[0][0] == 1 and inputs[0][1] == np.float32


def real_clips(files: list[Path], shape: tuple[int, ...]) -> list[tuple[str, Clip]]:
    """Clips from files, each with a name, for a model of 1 × frames × features.

    Landmarks (frames × 478 × 3) become features: all three coordinates for 1,434, x for 478, and for any other number
    the first so many of the 1,434. They are standardized, feature by feature over all files, cut and padded with zeros.
    Arrays of the model's own features (frames × features, or clips before them) are taken as they are.
    """
    frames, features = shape[1], shape[2]
    landmarks: list[tuple[str, Array]] = []
    clips: list[tuple[str, Array]] = []
    for file in files:
        array = _load(file)
        name = file.name.split(".")[0]
        if array.ndim == 3 and array.shape[1:] == (_LANDMARKS, 3):
            landmarks.append((name, _features(array, features)))
        elif array.ndim == 2 and array.shape[1] == features:
            clips.append((name, array))
        elif array.ndim == 3 and array.shape[2] == features:
            clips += [(f"{name}[{index}]", clip) for index, clip in enumerate(array)]
        else:
            raise ParityError(
                f"{file}: the array holds no clips (found {array.shape}, expected frames × 478 × 3 or … × {features})"
            )
    if landmarks:
        every = np.concatenate([clip for _, clip in landmarks])
        mean, deviation = every.mean(0), every.std(0) + 1e-6
        clips = [(name, (clip - mean) / deviation) for name, clip in landmarks] + clips
    return [(name, [_padded(clip, frames)]) for name, clip in clips]


def random_clips(count: int, seed: int, inputs: Inputs, shapes: list[tuple[int, ...]]) -> list[tuple[str, Clip]]:
    """Standard normal numbers; every other clip ends in zeros, as a padded one does. Integers are 0 or 1."""
    generator = np.random.default_rng(seed)
    clips = []
    for index in range(count):
        clip: Clip = []
        for (_, dtype), shape in zip(inputs, shapes):
            if np.issubdtype(dtype, np.floating):
                array = generator.standard_normal(shape).astype(dtype)
                if takes_clip(shapes, inputs) and index % 2:
                    array[:, int(generator.integers(shape[1] // 3, shape[1] + 1)) :] = 0
            else:
                array = generator.integers(0, 2, shape).astype(dtype)
            clip.append(array)
        clips.append((f"random {index}", clip))
    return clips


def _load(file: Path) -> Array:
    try:
        array = np.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ParityError(f"{file}: this is not a NumPy array that can be read") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu" or array.size == 0:
        raise ParityError(f"{file}: the file holds no array of numbers")
    if not np.isfinite(array).all():
        raise ParityError(f"{file}: the array holds NaN or infinity")
    return array.astype(np.float64)


def _features(landmarks: Array, features: int) -> Array:
    if features == _LANDMARKS:
        return landmarks[:, :, 0]
    flat = landmarks.reshape(len(landmarks), -1)
    return np.tile(flat, (1, -(-features // flat.shape[1])))[:, :features]


def _padded(clip: Array, frames: int) -> Array:
    result = np.zeros((1, frames, clip.shape[1]), np.float32)
    result[0, : len(clip)] = clip[:frames]
    return result
