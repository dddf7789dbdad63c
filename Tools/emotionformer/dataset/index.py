"""Which rows are which clip's frames, read from the narrow columns alone."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from emotionformer.dataset.layout import Layout
from emotionformer.errors import DatasetError

Array = np.ndarray[Any, np.dtype[Any]]

_MOST_FRAMES = 1_000_000
# CREMA-D's codes, as they stand in its file names, and the published model's classes.
CODES = {"ANG": "Angry", "DIS": "Disgust", "FEA": "Fear", "HAP": "Happy", "NEU": "Neutral", "SAD": "Sad"}
_CREMA_D = re.compile(r"(\d{4})_[A-Z]{3}_([A-Z]{3})_[A-Z]{2}")


@dataclass
class Clip:
    """A clip of the dataset."""

    video: str
    name: str
    label: str
    split: str
    subject: str
    frames: int = 0


@dataclass
class Index:
    """For every row the clip that it is of, and its place in it: -1 for a row that is left out."""

    clips: list[Clip]
    clip_of: Array
    place_of: Array
    duplicates: int


def read_index(file: parquet.ParquetFile, layout: Layout, labels: str, gaps: str) -> Index:
    videos, emotions, splits = _Names(), _Names(), _Names()
    columns = [name for name in (layout.video, layout.frame, layout.label, layout.split) if name]
    parts: list[tuple[Array, Array, Array, Array]] = []
    for batch in file.iter_batches(batch_size=65536, columns=columns):
        count = batch.num_rows
        none = np.full(count, -1, np.int32)
        parts.append(
            (
                videos.numbers(batch.column(layout.video)),
                _frame_numbers(batch, layout),
                emotions.numbers(batch.column(layout.label)) if layout.label else none,
                splits.numbers(batch.column(layout.split)) if layout.split else none,
            )
        )
    if not parts or sum(len(part[0]) for part in parts) == 0:
        raise DatasetError("the file has no rows")
    clip_of, numbers, emotion_of, split_of = (np.concatenate(part) for part in zip(*parts))
    if (clip_of < 0).any():
        raise DatasetError(f"row {int(np.argmax(clip_of < 0))} names no video")
    if layout.frame is None:
        numbers = np.arange(len(numbers))
    first = np.unique(clip_of, return_index=True)[1]
    _check_constant(emotion_of, clip_of, first, videos.names, "emotions")
    _check_constant(split_of, clip_of, first, videos.names, "splits")
    names = _file_names(videos.names)
    clips = []
    for number, (video, row) in enumerate(zip(videos.names, first)):
        stored = emotions.names[emotion_of[row]] if emotion_of[row] >= 0 else None
        split = splits.names[split_of[row]] if split_of[row] >= 0 else ""
        match = _CREMA_D.search(video)
        clips.append(Clip(video, names[number], _label(stored, video, labels), split, match[1] if match else ""))
    places, duplicates = _places(clip_of, numbers, clips, gaps)
    return Index(clips, clip_of, places, duplicates)


class _Names:
    """Numbers for strings, in the order in which they first come."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def numbers(self, column: pa.Array) -> Array:
        try:
            text = column.cast(pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DatasetError(f"a column of names holds {column.type}") from error
        encoded = compute.dictionary_encode(text)
        known = []
        for value in encoded.dictionary.to_pylist():
            if value not in self._numbers:
                self._numbers[value] = len(self.names)
                self.names.append(value)
            known.append(self._numbers[value])
        indices = compute.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        return np.asarray(np.array([*known, -1], np.int32)[indices])


def _frame_numbers(batch: pa.RecordBatch, layout: Layout) -> Array:
    if layout.frame is None:
        return np.zeros(batch.num_rows, np.int64)
    try:
        column = batch.column(layout.frame).cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DatasetError(f"'{layout.frame}' holds something that is not a whole number") from error
    if column.null_count:
        raise DatasetError(f"'{layout.frame}' is missing in {column.null_count} rows")
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _check_constant(values: Array, clip_of: Array, first: Array, names: list[str], what: str) -> None:
    # `first` is ordered by the clips' numbers, which start at 0 without a gap.
    differs = values != values[first][clip_of]
    if differs.any():
        raise DatasetError(f"{names[clip_of[int(np.argmax(differs))]]}: rows of the video have different {what}")


def _label(stored: str | None, video: str, labels: str) -> str:
    if stored is None:
        match = _CREMA_D.search(video)
        if not match or match[2] not in CODES:
            raise DatasetError(f"{video}: there is no column of emotions, and the file name does not tell it")
        stored = match[2]
    return CODES.get(stored, stored) if labels == "names" else stored


def _file_names(videos: list[str]) -> list[str]:
    """A plain file name for each video: that of the video without folder and ending where this is unique."""
    plain = [re.sub(r"[^A-Za-z0-9._-]", "_", PurePosixPath(video.replace("\\", "/")).stem) for video in videos]
    plain = [name.lstrip(".")[:100] for name in plain]
    seen: dict[str, int] = {}
    for name in plain:
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
    return [
        name if name and seen[name.lower()] == 1 else f"{name}-{hashlib.sha256(video.encode()).hexdigest()[:12]}"
        for name, video in zip(plain, videos)
    ]


def _places(clip_of: Array, numbers: Array, clips: list[Clip], gaps: str) -> tuple[Array, int]:
    """Each row's place in its clip by frame number; of rows with the same number the first is taken."""
    order = np.lexsort((np.arange(len(numbers)), numbers, clip_of))
    sorted_clips, sorted_numbers = clip_of[order], numbers[order]
    begins = np.ones(len(order), bool)
    begins[1:] = sorted_clips[1:] != sorted_clips[:-1]
    repeated = np.zeros(len(order), bool)
    repeated[1:] = ~begins[1:] & (sorted_numbers[1:] == sorted_numbers[:-1])
    starts = np.flatnonzero(begins)
    group = np.cumsum(begins) - 1
    if gaps == "nan":
        # Floats so that no pair of numbers overflows the difference.
        far = sorted_numbers.astype(np.float64) - sorted_numbers[starts].astype(np.float64)[group]
        if far.max() >= _MOST_FRAMES:
            video = clips[sorted_clips[int(np.argmax(far))]].video
            raise DatasetError(f"{video}: the frame numbers span more than {_MOST_FRAMES} frames")
        ranks = sorted_numbers - sorted_numbers[starts][group]
    else:
        kept = np.cumsum(~repeated)
        ranks = kept - kept[starts][group]
    ends = np.append(starts[1:], len(order)) - 1
    for start, end in zip(starts, ends):
        clips[sorted_clips[start]].frames = int(ranks[end]) + 1
    places = np.empty(len(order), np.int64)
    places[order] = np.where(repeated, -1, ranks)
    return places, int(repeated.sum())
