"""What becomes of a frame without a face."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from emotionformer.landmarks.writing import Sink

Array = np.ndarray[Any, np.dtype[Any]]


class MissingFaces:
    """Hands frames on: `nan` keeps a frame without a face as such, `drop` leaves it out, `repeat` puts the last face in
    its place (before the first face there is none: those frames stay without)."""

    def __init__(self, policy: str, sinks: list[Sink]) -> None:
        self._policy = policy
        self._sinks = sinks
        self._last: Array | None = None
        self.frames = 0
        self.faces = 0

    def add(self, frame: int, time: Fraction, face: Array | None) -> None:
        self.frames += 1
        if face is not None:
            self.faces += 1
            self._last = face
        elif self._policy == "drop":
            return
        elif self._policy == "repeat":
            face = self._last
        for sink in self._sinks:
            sink.add(frame, time, face)
