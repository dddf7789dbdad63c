"""The pictures of a source with their times."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from typing import Any

import av
import av.error
import numpy as np

from emotionformer.errors import CameraLost, VideoError, reason
from emotionformer.landmarks.orientation import Orientation
from emotionformer.landmarks.sources import Camera, Pictures, Source, VideoFile
from emotionformer.landmarks.timing import Timed, placed, resampled, steady_rate

Array = np.ndarray[Any, np.dtype[Any]]
Frame = Timed[Array]

_PICTURE_RATE = Fraction(30)
_COMMON_RATES = tuple(
    Fraction(numerator, denominator)
    for numerator, denominator in [
        (30000, 1001), (25, 1), (30, 1), (24000, 1001), (24, 1), (60000, 1001), (60, 1), (50, 1), (15, 1),
    ]
)  # fmt: skip
# Enough packets to tell a constant rate from a variable one, in bounded memory.
_MOST_TIMES = 1_000_000
# A camera may leave out pictures; one that gives none for so long, in nanoseconds, is gone.
_LONGEST_SILENCE = 2_000_000_000


@dataclass(frozen=True)
class Reading:
    """How a source is read."""

    fps: Fraction | None = None
    seconds: Fraction | None = None
    as_stored: bool = False


def frames(source: Source, how: Reading) -> Iterator[Frame]:
    """RGB pictures (rows × columns × 3, uint8), upright, with rising times from 0.

    Raises VideoError for what cannot be read or decoded, at the frame where that shows.
    """
    if isinstance(source, VideoFile):
        found = _video(source, how.as_stored)
    elif isinstance(source, Pictures):
        found = _pictures(source, how.fps or _PICTURE_RATE, how.as_stored)
    else:
        found = _camera(source)
    if how.fps is not None and not isinstance(source, Pictures):
        found = resampled(found, how.fps)
    if how.seconds is not None:
        limit = how.seconds
        found = takewhile(lambda frame: frame.time < limit, found)
    return found


def frame_count(source: Source, how: Reading) -> int | None:
    """About how many frames there will be, for a progress bar."""
    if isinstance(source, Pictures):
        shown = len(source.files)
        return shown if how.seconds is None else min(shown, math.ceil(how.seconds * (how.fps or _PICTURE_RATE)))
    if isinstance(source, Camera):
        return None
    with _opened(source) as container:
        stream = container.streams.video[0]
        seconds = float(container.duration or 0) / av.time_base
        rate = how.fps or stream.average_rate or Fraction(0)
        if how.seconds is not None:
            seconds = min(seconds, float(how.seconds))
        return round(seconds * float(rate)) or None


def _opened(source: VideoFile) -> Any:
    try:
        container = av.open(str(source.path.absolute()), metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"{source.path}: this is not a video that can be read ({reason(error)})") from error
    if not container.streams.video:
        container.close()
        raise VideoError(f"{source.path}: the file has no pictures")
    return container


def _steady_rate(source: VideoFile) -> Fraction | None:
    """The constant rate of a video, from its packets, which need not be decoded for this."""
    with _opened(source) as container:
        stream = container.streams.video[0]
        ticks: list[int] = []
        for packet in container.demux(stream):
            if packet.pts is not None and not packet.is_discard:
                ticks.append(packet.pts)
            if len(ticks) > _MOST_TIMES:
                return None
        base = stream.time_base
        stated = [rate for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate) if rate]
        return steady_rate([tick * base for tick in sorted(ticks)], base, [*stated, *_COMMON_RATES])


def _video(source: VideoFile, as_stored: bool) -> Iterator[Frame]:
    try:
        rate = _steady_rate(source)
        with _opened(source) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            fallback = stream.average_rate or _PICTURE_RATE
            start: Fraction | None = None
            last: Fraction | None = None
            for picture in container.decode(stream):
                if picture.pts is None:
                    # A stream without times of its own, such as raw H.264.
                    time = Fraction(0) if last is None else last + 1 / fallback
                else:
                    shown = picture.pts * (picture.time_base or stream.time_base)
                    start = shown - (last or 0) if start is None else start
                    time = placed(shown, start, rate)
                if last is not None and time <= last:
                    continue
                last = time
                yield Timed(time, _upright(picture, as_stored))
            if last is None:
                raise VideoError(f"{source.path}: the video has no frame")
    except (av.error.FFmpegError, OSError, MemoryError) as error:
        raise VideoError(f"{source.path}: the video cannot be decoded ({reason(error)})") from error


def _upright(picture: Any, as_stored: bool) -> Array:
    # Rows of some widths are padded; the detectors want none of that.
    array: Array = np.ascontiguousarray(picture.to_ndarray(format="rgb24"))
    if as_stored:
        return array
    matrix = picture.side_data.get("DISPLAYMATRIX")
    return Orientation.from_matrix(bytes(matrix) if matrix is not None else None).shown(array)


def _pictures(source: Pictures, rate: Fraction, as_stored: bool) -> Iterator[Frame]:
    import cv2

    flags = cv2.IMREAD_COLOR | (cv2.IMREAD_IGNORE_ORIENTATION if as_stored else 0)
    for index, file in enumerate(source.files):
        try:
            # Not `imread`, which cannot open every name on every system.
            array = cv2.imdecode(np.fromfile(file, np.uint8), flags)
        except (OSError, cv2.error):
            array = None
        if array is None:
            raise VideoError(f"{file}: this is not a picture that can be read")
        yield Timed(index / rate, cv2.cvtColor(array, cv2.COLOR_BGR2RGB))


def _camera(source: Camera) -> Iterator[Frame]:
    import cv2

    capture = cv2.VideoCapture(source.number)
    try:
        if not capture.isOpened():
            raise VideoError(f"camera {source.number}: it cannot be opened (is it there, and may this user use it?)")
        start: int | None = None
        silent: int | None = None
        while True:
            asked = time.monotonic_ns()
            found, array = capture.read()
            now = time.monotonic_ns()
            if not found:
                silent = asked if silent is None else silent
                if now - silent >= _LONGEST_SILENCE:
                    raise CameraLost(f"camera {source.number}: it gives no more pictures (was it unplugged?)")
                time.sleep(0.01)
                continue
            silent = None
            start = now if start is None else start
            yield Timed(Fraction(now - start, 1_000_000_000), cv2.cvtColor(array, cv2.COLOR_BGR2RGB))
    finally:
        capture.release()
