"""Clips to the model's input: statistics, augmentation, padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emotionformer.errors import TrainError
from emotionformer.training import mesh
from emotionformer.training.clips import ClipSet, PackedClip


@dataclass(frozen=True)
class Statistics:
    """The global mean and standard deviation, one of each a feature."""

    mean: np.ndarray
    deviation: np.ndarray

    @staticmethod
    def of(clips: ClipSet, by_axis: bool) -> Statistics:
        """Over all frames. `by_axis`: one number for all x, one for y, one for z, so that shapes are kept."""
        features = clips.clips[0].values.shape[1]
        count, total, squares = 0, np.zeros(features), np.zeros(features)
        for clip in clips.clips:
            frames = clip.frames()
            count += len(frames)
            total += frames.sum(axis=0, dtype=np.float64)
            squares += np.square(frames).sum(axis=0, dtype=np.float64)
        mean, square = total / count, squares / count
        if by_axis:
            mean, square = (np.tile(values.reshape(-1, 3).mean(axis=0), features // 3) for values in (mean, square))
        deviation = np.sqrt(np.maximum(square - mean**2, 1e-12))
        return Statistics(mean.astype(np.float32), deviation.astype(np.float32))

    def normalized(self, frames: np.ndarray) -> np.ndarray:
        return (frames - self.mean) / self.deviation


@dataclass(frozen=True)
class Augmentation:
    """What training changes in a clip. All probabilities and ranges at 0: nothing."""

    mirror: float = 0.5  # probability; landmarks only
    crop: float = 0.3  # at most this share of the clip is cut off
    speed: float = 0.25  # played at most this much faster or slower
    lose: float = 0.05  # at most this share of the frames is lost

    def indices(self, frames: int, random: np.random.Generator) -> np.ndarray:
        """Which frames are taken, in order."""
        keep = max(round(frames * (1 - self.crop * random.random())), min(frames, 20))
        start = int(random.integers(frames - keep + 1))
        speed = np.exp(random.uniform(-1, 1) * np.log1p(self.speed))
        count = max(round(keep / speed), 1)
        taken = start + np.minimum((np.arange(count) * speed).astype(np.int64), keep - 1)
        left = taken[random.random(count) >= self.lose * random.random()]
        return left if len(left) else taken


def reflected(frames: np.ndarray) -> np.ndarray:
    """Landmarks (frames, 1434) as a mirror shows them."""
    points = frames.reshape(len(frames), mesh.LANDMARKS, 3)[:, mesh.mirror()]
    points[..., 0] = 1.0 - points[..., 0]
    return points.reshape(len(frames), -1)


def pooled(values: np.ndarray, scale: float, pool: int) -> tuple[np.ndarray, np.ndarray]:
    """Means over `pool` frames of packed values (steps, features), and how full each window is, at most 1."""
    starts = np.arange(0, len(values), pool)
    counts = np.minimum(len(values) - starts, pool).astype(np.float32)[:, None]
    sums = np.add.reduceat(values, starts, axis=0, dtype=np.int32).astype(np.float32)
    return sums * (np.float32(scale) / counts), counts / np.float32(pool)


def prepared(
    clip: PackedClip,
    statistics: Statistics,
    frames: int,
    pool: int,
    augmentation: Augmentation | None = None,
    random: np.random.Generator | None = None,
) -> np.ndarray:
    """At most `frames` frames, normalized, in steps of `pool` (steps, features).

    It is what the model's own pooling makes of the normalized clip with zeros after its end, for a tenth of the work.
    """
    if augmentation is None or random is None:
        steps, full = pooled(clip.values[:frames], clip.scale, pool)
        return statistics.normalized(steps) * full
    indices = augmentation.indices(len(clip.values), random)[:frames]
    steps, full = pooled(clip.values[indices], clip.scale, pool)
    if steps.shape[1] == 3 * mesh.LANDMARKS and random.random() < augmentation.mirror:
        steps = reflected(steps)
    return statistics.normalized(steps) * full


def padded(clips: list[np.ndarray], frames: int) -> np.ndarray:
    """Clips with zeros after their end (N, frames, features)."""
    batch = np.zeros((len(clips), frames, clips[0].shape[1]), dtype=np.float32)
    for row, clip in zip(batch, clips, strict=True):
        row[: len(clip)] = clip
    return batch


def batches(
    clips: ClipSet,
    targets: np.ndarray,
    statistics: Statistics,
    frames: int,
    pool: int,
    size: int,
    augmentation: Augmentation | None = None,
    random: np.random.Generator | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All clips once, with their targets: in order, or shuffled and augmented where there is a `random`."""
    order = np.arange(len(clips)) if random is None else random.permutation(len(clips))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        made = [prepared(clips.clips[index], statistics, frames, pool, augmentation, random) for index in chosen]
        yield padded(made, frames // pool), targets[chosen]


def targets_of(labels: list[str], classes: list[str]) -> np.ndarray:
    """Labels as numbers of their class."""
    number = {name: index for index, name in enumerate(classes)}
    strangers = sorted({label for label in labels if label not in number})
    if strangers:
        raise TrainError(f"the label '{strangers[0]}' does not occur in the training clips")
    return np.array([number[label] for label in labels], dtype=np.int64)


def class_weights(targets: np.ndarray, classes: int) -> dict[int, float]:
    """Weights that make all classes count the same: clips / (classes × clips of the class)."""
    counts = np.bincount(targets, minlength=classes)
    return {index: len(targets) / (classes * max(int(count), 1)) for index, count in enumerate(counts)}
