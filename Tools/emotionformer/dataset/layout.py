"""How a Parquet file holds landmarks: found from its schema, never assumed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as types

from emotionformer.errors import DatasetError, reason

Array = np.ndarray[Any, np.dtype[Any]]

LANDMARKS = 478
_VIDEO = ("video_filename", "video", "filename", "file", "clip")
_FRAME = ("frame_num", "frame_number", "frame", "frame_idx", "frame_index")
_LABEL = ("emotion", "label", "class")
_SPLIT = ("split", "subset", "fold")
_COORDINATE = re.compile(r"([xyz])_?(\d{1,6})|(?:landmark|lm|point)?_?(\d{1,6})_([xyz])", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """Which columns are what. A row is a frame; its features are scalar columns or one column of lists."""

    video: str
    frame: str | None
    label: str | None
    split: str | None
    columns: tuple[str, ...]
    """Scalar columns in the order in which they are written, or the one column of lists."""
    features: int | None
    """Features of a frame; None for a column of lists, whose first row tells."""
    landmarks: int | None
    """Landmarks of three coordinates, if the features are such."""
    is_nested: bool
    description: str

    def values(self, batch: pa.RecordBatch) -> Array:
        """The features of a batch's rows (rows × features, float32), NaN for what is missing."""
        if self.is_nested:
            return _nested_values(batch.column(0))
        try:
            columns = [column.cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False) for column in batch.columns]
        except pa.ArrowInvalid as error:
            raise DatasetError(f"a feature is not a number ({reason(error)})") from error
        return np.stack(columns, axis=1)


def find_layout(schema: pa.Schema, features: str) -> Layout:
    """The layout of a file; `features` is auto, landmarks, raw, x, y or z."""
    names: list[str] = list(schema.names)
    video = _named(names, _VIDEO)
    if video is None:
        raise DatasetError(f"no column names the video (expected {', '.join(_VIDEO)}; found {_some(names)})")
    frame, label, split = _named(names, _FRAME), _named(names, _LABEL), _named(names, _SPLIT)
    keys = (video, frame, label, split)
    numeric = [field.name for field in schema if field.name not in keys and _is_number(field.type)]
    lists = [field.name for field in schema if field.name not in keys and _is_list(field.type)]
    coordinates = {_coordinate(name): name for name in numeric if _coordinate(name)}
    count = len(coordinates) // 3
    complete = count > 0 and set(coordinates) == {(axis, index) for axis in "xyz" for index in range(count)}

    def layout(columns: list[str], landmarks: int | None, nested: bool, description: str) -> Layout:
        width = None if nested else len(columns)
        return Layout(video, frame, label, split, tuple(columns), width, landmarks, nested, description)

    if features in ("x", "y", "z"):
        axis = [coordinates[(features, i)] for i in range(len(coordinates)) if (features, i) in coordinates]
        if not axis:
            raise DatasetError(f"there are no columns {features}_0, {features}_1, … (found {_some(numeric)})")
        return layout(axis, None, False, f"a row a frame, {len(axis)} columns {axis[0]} … {axis[-1]}")
    if features != "raw" and complete:
        ordered = [coordinates[(axis, index)] for index in range(count) for axis in "xyz"]
        order = "interleaved" if [name for name in numeric if _coordinate(name)] == ordered else "put in order by name"
        extra = len(numeric) - len(ordered)
        ignored = f"; {extra} other columns are left out" if extra else ""
        return layout(
            ordered, count, False, f"a row a frame, {count} landmarks in columns {ordered[0]} … {ordered[-1]} "
            f"({order}){ignored}"
        )  # fmt: skip
    if len(lists) == 1 and not coordinates:
        return layout(lists, None, True, f"a row a frame, one column '{lists[0]}' of {schema.field(lists[0]).type}")
    if features == "landmarks":
        raise DatasetError(f"there are no complete columns x_0, y_0, z_0, … (found {_some(numeric + lists)})")
    if not numeric:
        raise DatasetError(f"no column holds features (found {_some(names)})")
    return layout(
        numeric, None, False, f"a row a frame, {len(numeric)} columns {numeric[0]} … {numeric[-1]}, as stored"
    )


def _coordinate(name: str) -> tuple[str, int] | None:
    match = _COORDINATE.fullmatch(name)
    if not match:
        return None
    axis, index = (match[1], match[2]) if match[1] else (match[4], match[3])
    return axis.lower(), int(index)


def _named(names: list[str], wanted: tuple[str, ...]) -> str | None:
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in wanted if name in lower), None)


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f", … ({len(names)} columns)" if len(names) > 6 else "") if names else "none"


def _is_number(kind: pa.DataType) -> bool:
    return bool(types.is_floating(kind) or types.is_integer(kind) or types.is_decimal(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _nested_values(column: pa.Array) -> Array:
    """Lists of numbers, of lists of numbers, or of structures x, y, z, one for each row, of one length. A row without a
    list, or with an empty one, is NaN throughout."""
    rows: list[Array | None] = []
    for value in column:
        flat: list[float] = []
        _flatten(value.as_py(), flat)
        rows.append(np.array(flat, np.float32) if flat else None)
    lengths = {len(row) for row in rows if row is not None}
    if len(lengths) > 1:
        raise DatasetError(f"the lists of frames differ in length (found {min(lengths)} and {max(lengths)})")
    width = lengths.pop() if lengths else 0
    return (
        np.stack([np.full(width, np.nan, np.float32) if row is None else row for row in rows])
        if rows
        else np.empty((0, width), np.float32)
    )


def _flatten(value: Any, into: list[float]) -> None:
    if value is None:
        return
    if isinstance(value, dict):
        lower = {key.lower(): item for key, item in value.items()}
        value = [lower[axis] for axis in "xyz"] if {"x", "y", "z"} <= set(lower) else list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, (int, float)):
                into.append(float(item))
            elif item is None:
                into.append(float("nan"))
            else:
                _flatten(item, into)
        return
    raise DatasetError(f"a frame's list holds something that is not a number (found {type(value).__name__})")
