"""Predictions over time: JSON lines as `emotionformer stream --json` writes them."""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emotionformer.errors import VideoError

_MOST_LABELS = 64


@dataclass(frozen=True)
class Shown:
    """What is said from a frame on. Probabilities are in the labels' order."""

    frame: int
    label: str
    probabilities: tuple[tuple[str, float], ...]


class Timeline:
    """Predictions by the frame from which each is known; it stands until the next."""

    def __init__(self, predictions: Iterable[Shown]) -> None:
        self._predictions = sorted(predictions, key=lambda shown: shown.frame)
        self._frames = [shown.frame for shown in self._predictions]

    def at(self, frame: int) -> Shown | None:
        """The last prediction that is known at a frame; None before the first."""
        position = bisect.bisect_right(self._frames, frame)
        return self._predictions[position - 1] if position else None

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label for label, _ in self._predictions[0].probabilities) if self._predictions else ()


def read_predictions(lines: Iterable[str], place: str) -> Timeline:
    """One object a line: `frames` [first, last] of the window, or `frame`; `probabilities` by label; `label`, or
    else the most probable one; other fields are not looked at. All lines have the same labels."""
    found: list[Shown] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_shown(json.loads(line)))
        except (ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
            raise VideoError(f"{place}: line {number}: this is not a prediction ({reason})") from error
        if [label for label, _ in found[-1].probabilities] != [label for label, _ in found[0].probabilities]:
            raise VideoError(f"{place}: line {number}: the labels are not those of the lines before")
    if not found:
        raise VideoError(f"{place}: there are no predictions")
    return Timeline(found)


def _shown(line: Any) -> Shown:
    if not isinstance(line, dict):
        raise ValueError("an object is expected")
    probabilities = line.get("probabilities")
    if not isinstance(probabilities, dict) or not 0 < len(probabilities) <= _MOST_LABELS:
        raise ValueError(f"'probabilities' is not an object of 1 to {_MOST_LABELS} labels")
    pairs = tuple((label, _number(value, label)) for label, value in probabilities.items())
    window = line.get("frames")
    frame = window[-1] if isinstance(window, list) and window else line.get("frame")
    if isinstance(frame, bool) or not isinstance(frame, int) or not 0 <= frame < 1 << 53:
        raise ValueError("neither 'frames' [first, last] nor 'frame' is there")
    label = line.get("label", max(pairs, key=lambda pair: pair[1])[0])
    if not isinstance(label, str):
        raise ValueError("'label' is not a string")
    return Shown(frame, label, pairs)


def _number(value: Any, label: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not math.isfinite(value)
        or not 0 <= value <= 1.001
    ):
        raise ValueError(f"the probability of '{label}' is not a number from 0 to 1")
    return float(value)
