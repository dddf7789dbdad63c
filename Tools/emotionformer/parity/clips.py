"""The inputs of a comparison: real clips and random ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emotionformer.errors import ParityError
from emotionformer.parity.litert import Array, Clip, Input

_LANDMARKS = 478
# Where a model leaves the number of frames open.
_FRAMES = 300

Shape = tuple[int, ...]
# Integers of these types are quantized numbers; wider ones may be places in a table.
_QUANTIZED = ("int8", "uint8", "int16")


def closed_shapes(inputs: list[Input]) -> list[Shape]:
    """Shapes with a batch of 1 and, where they are open too, so many frames."""
    return [
        tuple(extent if extent >= 0 else (1 if axis == 0 else _FRAMES) for axis, extent in enumerate(given.shape))
        for given in inputs
    ]


def takes_clip(shapes: list[Shape], inputs: list[Input]) -> bool:
    """Whether the model takes one clip: 1 × frames × features."""
    return len(shapes) == 1 and len(shapes[0]) == 3 and shapes[0][0] == 1 and inputs[0].dtype == np.float32


def given_runs(
    given: list[tuple[str, Path]], inputs: list[Input], seed: int
) -> tuple[list[tuple[str, Clip]], list[Shape]]:
    """The arrays of files as runs of the model, and the shapes of its inputs.

    An array has the input's shape, where open extents are its own, or that shape with runs in front of it. All inputs
    have as many runs; one with a single run is the same in all of them, and one without a file is random.
    """
    chosen: dict[int, list[Array]] = {}
    for name, file in given:
        place = _place(name, inputs)
        if place in chosen:
            raise ParityError(f"--inputs gives input '{name}' twice")
        chosen[place] = _runs(file, inputs[place])
    count = max(len(runs) for runs in chosen.values())
    for place, runs in chosen.items():
        if len(runs) not in (1, count):
            raise ParityError(f"input '{inputs[place].name}' has {len(runs)} runs, and another one {count}")
    shapes = closed_shapes(inputs)
    for place, runs in chosen.items():
        shapes[place] = runs[0].shape
    others = random_clips(1, seed, inputs, shapes)[0][1]
    clips: list[tuple[str, Clip]] = []
    for run in range(count):
        arrays = [
            chosen[place][run % len(chosen[place])] if place in chosen else others[place]
            for place in range(len(inputs))
        ]
        clips.append((f"run {run}", arrays))
    return clips, shapes


def _place(name: str, inputs: list[Input]) -> int:
    found = [place for place, input in enumerate(inputs) if input.name == name]
    if not found and name.isdecimal() and int(name) < len(inputs):
        return int(name)
    if len(found) != 1:
        names = ", ".join(f"'{input.name}'" for input in inputs)
        raise ParityError(f"the model has no input '{name}' (expected one of {names}, or its place from 0)")
    return found[0]


def _runs(file: Path, input: Input) -> list[Array]:
    array = _numbers(file)
    fits = {"f": "fiub", "i": "iu", "u": "iu", "b": "b"}[input.dtype.kind]
    if array.dtype.kind not in fits:
        raise ParityError(f"{file}: the array holds {array.dtype}, and input '{input.name}' takes {input.dtype}")
    converted = array.astype(input.dtype)
    if input.dtype.kind != "f" and not (converted == array).all():
        raise ParityError(f"{file}: the array's numbers are out of the range of {input.dtype}")

    def fits_shape(shape: Shape) -> bool:
        return len(shape) == len(input.shape) and all(b in (a, -1) for a, b in zip(shape, input.shape))

    if fits_shape(converted.shape):
        return [converted]
    if fits_shape(converted.shape[1:]):
        return list(converted)
    # Runs in place of a batch of 1.
    if input.shape and input.shape[0] in (1, -1) and fits_shape((1, *converted.shape[1:])):
        return [run[None] for run in converted]
    raise ParityError(f"{file}: the array has another shape (found {array.shape}, expected {input.shape})")


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


def random_clips(count: int, seed: int, inputs: list[Input], shapes: list[Shape]) -> list[tuple[str, Clip]]:
    """Standard normal numbers; every other clip ends in zeros, as a padded one does. Quantized integers are any of
    their type, others 0 or 1."""
    generator = np.random.default_rng(seed)
    clips = []
    for index in range(count):
        clip: Clip = []
        for input, shape in zip(inputs, shapes):
            dtype = input.dtype
            if np.issubdtype(dtype, np.floating):
                array = generator.standard_normal(shape).astype(dtype)
                if takes_clip(shapes, inputs) and index % 2:
                    array[:, int(generator.integers(shape[1] // 3, shape[1] + 1)) :] = 0
            elif dtype.name in _QUANTIZED:
                limits = np.iinfo(dtype)
                array = generator.integers(limits.min, limits.max + 1, shape).astype(dtype)
            else:
                array = generator.integers(0, 2, shape).astype(dtype)
            clip.append(array)
        clips.append((f"random {index}", clip))
    return clips


def _load(file: Path) -> Array:
    array = _numbers(file)
    if not np.isfinite(array).all():
        raise ParityError(f"{file}: the array holds NaN or infinity")
    return array.astype(np.float64)


def _numbers(file: Path) -> Array:
    try:
        array = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ParityError(f"{file}: this is not a NumPy array that can be read") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub" or array.size == 0:
        raise ParityError(f"{file}: the file holds no array of numbers")
    return array


def _features(landmarks: Array, features: int) -> Array:
    if features == _LANDMARKS:
        return landmarks[:, :, 0]
    flat = landmarks.reshape(len(landmarks), -1)
    return np.tile(flat, (1, -(-features // flat.shape[1])))[:, :features]


def _padded(clip: Array, frames: int) -> Array:
    result = np.zeros((1, frames, clip.shape[1]), np.float32)
    result[0, : len(clip)] = clip[:frames]
    return result
