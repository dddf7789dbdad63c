"""When a frame is shown: constant and variable rates, resampling, and the timestamps that a detector is given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

Picture = TypeVar("Picture")

# A rate above which a container's word is not believed.
_HIGHEST_RATE = 1000


@dataclass(frozen=True)
class Timed(Generic[Picture]):
    """A frame and its time in seconds after the first one."""

    time: Fraction
    picture: Picture


def steady_rate(times: Sequence[Fraction], tick: Fraction, candidates: Iterable[Fraction]) -> Fraction | None:
    """The rate of frames that follow each other evenly, from times that a container rounded to its tick; None for a
    variable rate. The first candidate that fits is taken."""
    if len(times) < 2:
        return None
    start = times[0]
    for rate in candidates:
        if not 0 < rate <= _HIGHEST_RATE:
            continue
        # Each time is rounded (half a tick either way) or cut (a tick), and so is the first one.
        if all(abs(time - start - index / rate) <= tick * 3 / 2 for index, time in enumerate(times)):
            return rate
    return None


def placed(time: Fraction, start: Fraction, rate: Fraction | None) -> Fraction:
    """A container's time as seconds after the first frame, without the container's rounding if the rate is steady."""
    elapsed = time - start
    return elapsed if rate is None else Fraction(round(elapsed * rate)) / rate


def resampled(frames: Iterable[Timed[Picture]], rate: Fraction) -> Iterator[Timed[Picture]]:
    """Frames at a constant rate, each the one nearest in time (of two, the earlier), from the first frame's time to the
    last one's. One frame is held back at a time."""
    held: Timed[Picture] | None = None
    count = 0
    for frame in frames:
        while held is not None and count / rate < frame.time:
            wanted = count / rate
            if abs(frame.time - wanted) < abs(wanted - held.time):
                break
            yield Timed(wanted, held.picture)
            count += 1
        held = frame
    # Half a frame more, so that the last frame is shown even where it falls between two.
    while held is not None and count / rate < held.time + 1 / (2 * rate):
        yield Timed(count / rate, held.picture)
        count += 1


class RisingMilliseconds:
    """Whole milliseconds that rise strictly, as a detector wants them."""

    def __init__(self) -> None:
        self._last = -1

    def next(self, time: Fraction) -> int:
        self._last = max(math.floor(time * 1000), self._last + 1)
        return self._last
