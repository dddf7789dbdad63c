"""The way up that a container asks for."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# The first two numbers of the rows of a display matrix are 16.16 fixed point, the third of a row is 2.30.
_MATRIX_BYTES = 36


@dataclass(frozen=True)
class Orientation:
    """A display matrix without its translation: (column, row) is shown at (a·column + c·row, b·column + d·row)."""

    a: int = 1
    b: int = 0
    c: int = 0
    d: int = 1

    @staticmethod
    def from_matrix(matrix: bytes | None) -> Orientation:
        """The quarter turn, with or without mirroring, of a display matrix; upright if there is none, or if it asks for
        anything else (which players do not show either)."""
        if matrix is None or len(matrix) != _MATRIX_BYTES:
            return Orientation()
        a, b, _, c, d = struct.unpack("=9i", matrix)[:5]
        scale = max(abs(a), abs(b), abs(c), abs(d))
        if scale == 0:
            return Orientation()
        # One place of each row and column holds the scale, the other nothing, within a degree.
        signs = [
            round(value / scale) if abs(abs(round(value / scale)) * scale - abs(value)) * 50 < scale else None
            for value in (a, b, c, d)
        ]
        if None in signs or not (
            (signs[0] and signs[3] and not signs[1] and not signs[2])
            or (signs[1] and signs[2] and not signs[0] and not signs[3])
        ):
            return Orientation()
        return Orientation(*(int(sign or 0) for sign in signs))

    def shown(self, picture: Array) -> Array:
        """A picture (rows × columns × …) as it is to be shown."""
        if self.a == 0:
            # Columns are shown along rows: the new columns are the old rows.
            picture = picture.swapaxes(0, 1)
            flip_columns, flip_rows = self.c < 0, self.b < 0
        else:
            flip_columns, flip_rows = self.a < 0, self.d < 0
        if flip_rows:
            picture = picture[::-1]
        if flip_columns:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(picture)
