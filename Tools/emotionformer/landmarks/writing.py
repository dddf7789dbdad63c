"""Where landmarks go: NumPy files that appear whole or not at all, and JSON lines."""

from __future__ import annotations

import json
import os
import struct
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from emotionformer.console.output import write
from emotionformer.errors import OutputError, VideoError
from emotionformer.outputs import OutputFile

Array = np.ndarray[Any, np.dtype[Any]]

LANDMARKS = 478
_HEADER_BYTES = 192
_NUMBERS = ",".join(["[%.9g,%.9g,%.9g]"] * LANDMARKS)


class Sink(Protocol):
    """Takes the frames of one clip in order."""

    def add(self, frame: int, time: Fraction, face: Array | None) -> None: ...


class NumPyWriter:
    """Writes frames × 478 × 3 float32, NaN throughout a frame without a face, in bounded memory: beside the file, and
    in its place once `keep` is called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        try:
            self._output = OutputFile(path, "clip of Tools/landmarks", is_clip)
        except OutputError as error:
            raise VideoError(str(error)) from error
        try:
            self._file = self._output.path.open("wb")
            self._file.write(header(0))
        except OSError as error:
            self._output.remove()
            raise VideoError(f"{path}: cannot be written ({error.strerror})") from error

    def add(self, frame: int, time: Fraction, face: Array | None) -> None:
        values = np.full((LANDMARKS, 3), np.nan, "<f4") if face is None else np.asarray(face, "<f4")
        try:
            self._file.write(values.tobytes())
        except OSError as error:
            raise VideoError(f"{self.path}: cannot be written ({error.strerror})") from error
        self.count += 1

    def keep(self) -> None:
        try:
            self._file.seek(0)
            self._file.write(header(self.count))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._output.keep()
        except OutputError as error:
            raise VideoError(str(error)) from error
        except OSError as error:
            raise VideoError(f"{self.path}: cannot be written ({error.strerror})") from error

    def __enter__(self) -> NumPyWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._output.remove()


def header(count: int) -> bytes:
    """The header of a version 1.0 file with so many frames, always of the same length."""
    fields = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {LANDMARKS}, 3), }}"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", _HEADER_BYTES - 10)
    return start + fields.encode("ascii").ljust(_HEADER_BYTES - 11) + b"\n"


def is_clip(path: Path) -> bool:
    """Whether a file is a clip that `NumPyWriter` wrote."""
    frames, rest = divmod(path.stat().st_size - _HEADER_BYTES, LANDMARKS * 3 * 4)
    with path.open("rb") as file:
        return rest == 0 and file.read(_HEADER_BYTES) == header(frames)


class JSONLines:
    """One object a frame on standard output, flushed at once: clip, frame, time, landmarks; null for a frame without a
    face. The numbers read back as the same 32-bit floats."""

    def __init__(self, clip: str) -> None:
        # In ASCII: what a name holds must not reach a terminal as it is.
        self._clip = json.dumps(clip)

    def add(self, frame: int, time: Fraction, face: Array | None) -> None:
        write(json_line(self._clip, frame, time, face), flush=True)


def json_line(quoted_clip: str, frame: int, time: Fraction, face: Array | None) -> str:
    landmarks = "null"
    if face is not None and np.isfinite(face).all():
        landmarks = f"[{_NUMBERS % tuple(np.asarray(face, np.float32).ravel().tolist())}]"
    seconds = f"{float(time):.6f}".rstrip("0").rstrip(".")
    return f'{{"clip":{quoted_clip},"frame":{frame},"time":{seconds},"landmarks":{landmarks}}}\n'
