"""Writes the clips of a Parquet file, a strip of columns at a time, in bounded memory."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet

from emotionformer.dataset.index import Index
from emotionformer.dataset.layout import Layout
from emotionformer.errors import DatasetError

Array = np.ndarray[Any, np.dtype[Any]]

_HEADER_BYTES = 192
_BATCH_BYTES = 16 << 20


class ClipFiles:
    """The files of all clips: made at their full length, then filled row by row in any order."""

    def __init__(self, folder: Path, index: Index, shape: tuple[int, ...]) -> None:
        self._paths = [folder / f"{clip.name}.npy" for clip in index.clips]
        self._width = int(np.prod(shape))
        folder.mkdir()
        filled = np.bincount(index.clip_of[index.place_of >= 0], minlength=len(index.clips))
        for path, clip, rows in zip(self._paths, index.clips, filled):
            with path.open("wb") as file:
                file.write(header((clip.frames, *shape)))
                file.truncate(_HEADER_BYTES + clip.frames * self._width * 4)
                if rows < clip.frames:
                    gap = np.full(self._width, np.nan, "<f4").tobytes()
                    file.seek(_HEADER_BYTES)
                    for _ in range(clip.frames):
                        file.write(gap)

    def fill(self, clip: int, places: Array, values: Array, first: int) -> None:
        """Rows of a clip (rows × columns) at places, for the columns from `first` on."""
        low, high = int(places.min()), int(places.max()) + 1
        row = self._width * 4
        with self._paths[clip].open("r+b") as file:
            file.seek(_HEADER_BYTES + low * row)
            if values.shape[1] == self._width and len(places) == high - low:
                block = np.empty((high - low, self._width), "<f4")
            else:
                block = np.frombuffer(file.read((high - low) * row), "<f4").reshape(-1, self._width).copy()
                file.seek(_HEADER_BYTES + low * row)
            block[places - low, first : first + values.shape[1]] = values
            file.write(block.tobytes())


def write_clips(
    file: parquet.ParquetFile,
    layout: Layout,
    index: Index,
    folder: Path,
    memory: int,
    update: Callable[[int, int], None],
) -> tuple[tuple[int, ...], int]:
    """Writes all clips. `memory` is about how many bytes the file's pages and a batch may take; `update` is told values
    done and in all. Gives the shape of a frame, and how many frames have no landmarks."""
    width = layout.features or _nested_width(file, layout)
    count = layout.landmarks or (width // 3 if layout.is_nested and width % 3 == 0 and width >= 1404 else None)
    shape = (count, 3) if count else (width,)
    files = ClipFiles(folder, index, shape)
    missing = np.zeros(len(index.clip_of), bool)
    done, total = 0, len(index.clip_of) * width
    start = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        for first, columns in _strips(file, layout, group, memory):
            position = start
            size = max(1, min(_BATCH_BYTES, memory // 4) // (4 * max(1, width if layout.is_nested else len(columns))))
            for batch in file.iter_batches(size, row_groups=[group], columns=columns, use_threads=False):
                # The reader gives the columns in the file's order.
                values = layout.values(batch.select(columns))
                if values.shape[1] not in (0, width) and layout.is_nested:
                    raise DatasetError(f"the lists of frames differ in length (found {values.shape[1]} and {width})")
                part = slice(position, position + batch.num_rows)
                missing[part] |= ~np.isfinite(values).all(axis=1)
                if values.shape[1]:
                    _scatter(files, index.clip_of[part], index.place_of[part], values, first)
                position += batch.num_rows
                done += batch.num_rows * (width if layout.is_nested else len(columns))
                update(done, total)
            if position - start != rows:
                raise DatasetError(f"row group {group} has {position - start} rows (expected {rows})")
        start += rows
    # A frame is either there or NaN throughout.
    missing &= index.place_of >= 0
    rows_missing = np.flatnonzero(missing)
    _scatter(
        files, index.clip_of[rows_missing], index.place_of[rows_missing],
        np.broadcast_to(np.float32(np.nan), (len(rows_missing), width)), 0,
    )  # fmt: skip
    return shape, len(rows_missing)


def _scatter(files: ClipFiles, clip_of: Array, place_of: Array, values: Array, first: int) -> None:
    rows = np.flatnonzero(place_of >= 0)
    rows = rows[np.argsort(clip_of[rows], kind="stable")]
    if not len(rows):
        return
    for part in np.split(rows, np.flatnonzero(np.diff(clip_of[rows])) + 1):
        files.fill(int(clip_of[part[0]]), place_of[part], values[part], first)


def _strips(file: parquet.ParquetFile, layout: Layout, group: int, memory: int) -> Iterator[tuple[int, list[str]]]:
    """Columns that are read at the same time, and the place of the first. Each column has a page in memory, which is at
    most what it has in the row group."""
    columns = list(layout.columns)
    if layout.is_nested:
        yield 0, columns
        return
    metadata = file.metadata.row_group(group)
    wanted = set(columns)
    largest = max(
        (metadata.column(i).total_uncompressed_size for i in range(metadata.num_columns)
         if metadata.column(i).path_in_schema in wanted), default=1
    )  # fmt: skip
    # A page, its decompressed form, and the dictionary.
    strip = max(1, min(len(columns), memory // (3 * max(1, largest))))
    for first in range(0, len(columns), strip):
        yield first, columns[first : first + strip]


def _nested_width(file: parquet.ParquetFile, layout: Layout) -> int:
    for batch in file.iter_batches(16, columns=list(layout.columns), use_threads=False):
        width = layout.values(batch).shape[1]
        if width:
            return int(width)
    raise DatasetError(f"'{layout.columns[0]}' holds no features in any row")


def header(shape: tuple[int, ...]) -> bytes:
    fields = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", _HEADER_BYTES - 10)
    return start + fields.encode("ascii").ljust(_HEADER_BYTES - 11) + b"\n"
