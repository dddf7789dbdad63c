"""Which face of several a clip is of. Landmarks are fractions of the picture; distances are measured in pixels."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# How far a face may move between two frames, in units of its own size, and be the same one.
_LONGEST_STEP = 0.5


class FaceChoice(Protocol):
    """Chooses in each frame; may remember the frames before."""

    def choose(self, faces: list[Array], width: int, height: int) -> int | None:
        """The index of a face (each 478 × 3), or None if it is none of them."""
        ...


def extent(face: Array, width: int, height: int) -> tuple[Array, Array]:
    """Center and size (x, y) of the box around a face, in pixels."""
    points = face[:, :2] * (width, height)
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, high - low


class First:
    """The detector's own first face."""

    def choose(self, faces: list[Array], width: int, height: int) -> int | None:
        return 0 if faces else None


class Largest:
    """The face with the largest box; of equals the first."""

    def choose(self, faces: list[Array], width: int, height: int) -> int | None:
        areas = [float(np.prod(extent(face, width, height)[1])) for face in faces]
        return int(np.argmax(areas)) if areas else None


class Central:
    """The face whose box's center is nearest to the picture's; of equals the first."""

    def choose(self, faces: list[Array], width: int, height: int) -> int | None:
        middle = np.array([width, height]) / 2
        distances = [float(np.linalg.norm(extent(face, width, height)[0] - middle)) for face in faces]
        return int(np.argmin(distances)) if distances else None


class Tracked:
    """The largest face of the first frame that has one, and from then on the one nearest to where it was last seen. A
    frame in which no face is within half the face's size of there has no face of this clip; after `patience` such
    frames in a row the largest face begins anew."""

    def __init__(self, patience: int = 30) -> None:
        self._patience = patience
        self._absent = 0
        self._last: tuple[Array, Array] | None = None

    def choose(self, faces: list[Array], width: int, height: int) -> int | None:
        found = None
        if self._last is None or self._absent >= self._patience:
            found = Largest().choose(faces, width, height)
        elif faces:
            center, size = self._last
            distances = [float(np.linalg.norm(extent(face, width, height)[0] - center)) for face in faces]
            nearest = int(np.argmin(distances))
            if distances[nearest] <= _LONGEST_STEP * float(size.max()):
                found = nearest
        if found is None:
            self._absent += 1
        else:
            self._absent = 0
            self._last = extent(faces[found], width, height)
        return found


CHOICES: dict[str, type[First] | type[Largest] | type[Central] | type[Tracked]] = {
    "first": First,
    "largest": Largest,
    "central": Central,
    "tracked": Tracked,
}
