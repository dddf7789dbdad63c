"""A copy of a video with what was found drawn in. It has the original's times, and no sound."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np

from emotionformer.console.progress import Progress
from emotionformer.errors import OutputError, VideoError, reason
from emotionformer.landmarks.overlay import Overlay
from emotionformer.landmarks.panel import arrangement
from emotionformer.landmarks.predictions import Timeline
from emotionformer.landmarks.reading import Frame
from emotionformer.outputs import OutputFile

Array = np.ndarray[Any, np.dtype[Any]]

_TIME_BASE = Fraction(1, 90000)
_COMMENT = "Written by Tools/landmarks --annotate"


def annotate(
    frames: Iterable[Frame], faces: Array, timeline: Timeline, note: str, output: Path, progress: Progress
) -> None:
    """Writes the video whole or not at all. `faces` is frames × 478 × 3 in the frames' order."""
    try:
        with OutputFile(output, "video of Tools/landmarks", is_annotated) as made:
            _write(frames, faces, timeline, note, made.path, progress)
            made.keep()
    except OutputError as error:
        raise VideoError(str(error)) from error
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(f"{output}: the video cannot be written ({reason(error)})") from error


def is_annotated(path: Path) -> bool:
    """Whether a file is a video that `annotate` wrote."""
    try:
        with av.open(str(path)) as container:
            return bool(container.metadata.get("comment") == _COMMENT)
    except (av.error.FFmpegError, OSError, ValueError):
        return False


def _write(
    frames: Iterable[Frame], faces: Array, timeline: Timeline, note: str, file: Path, progress: Progress
) -> None:
    with av.open(str(file), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata["comment"] = _COMMENT
        stream: Any = None
        overlay: Overlay | None = None
        size = (0, 0)
        for index, frame in enumerate(frames):
            if index >= len(faces):
                break
            if stream is None or overlay is None:
                size = _size(frame)
                plan = arrangement(*size, len(timeline.labels))
                overlay = Overlay(plan, timeline.labels, note)
                stream = _stream(container, plan.width, plan.height)
            elif _size(frame) != size:
                raise VideoError(f"frame {index}: the pictures differ in size, which an annotated video cannot show")
            face = faces[index] if np.isfinite(faces[index]).all() else None
            picture = av.VideoFrame.from_ndarray(overlay.drawn(frame.picture, face, timeline.at(index)), format="rgb24")
            picture.pts = round(frame.time / _TIME_BASE)
            picture.time_base = _TIME_BASE
            container.mux(stream.encode(picture))
            progress.update(index + 1)
        if stream is None:
            raise VideoError("there is no frame to draw in")
        container.mux(stream.encode(None))


def _size(frame: Frame) -> tuple[int, int]:
    """Width and height."""
    return frame.picture.shape[1], frame.picture.shape[0]


def _stream(container: Any, width: int, height: int) -> Any:
    """H.264 where this PyAV has an encoder for it, else MPEG-4; 4:2:0, which every player shows."""
    has_x264 = "libx264" in av.codec.codecs_available
    stream = container.add_stream("libx264" if has_x264 else "mpeg4", rate=30)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.time_base = stream.codec_context.time_base = _TIME_BASE
    if has_x264:
        stream.options = {"crf": "20", "preset": "veryfast"}
    else:
        stream.bit_rate = max(1_000_000, width * height * 6)
    return stream
