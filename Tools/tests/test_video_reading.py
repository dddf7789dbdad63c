"""Reading videos: orientation, variable rates and damage, on videos that the test makes."""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from emotionformer.errors import VideoError
from emotionformer.landmarks.orientation import Orientation
from emotionformer.landmarks.reading import Reading, frame_count, frames
from emotionformer.landmarks.sources import VideoFile

ONE, UNIT = 1 << 16, 1 << 30
# Display matrices by what they do to a picture that is stored.
TURNS: dict[str, tuple[int, int, int, int]] = {
    "upright": (1, 0, 0, 1),
    "quarter clockwise": (0, 1, -1, 0),
    "half": (-1, 0, 0, -1),
    "quarter counter-clockwise": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside down and mirrored": (1, 0, 0, -1),
    "transposed": (0, 1, 1, 0),
    "transposed the other way": (0, -1, -1, 0),
}
SHOWN: dict[str, Any] = {
    "upright": lambda p: p,
    "quarter clockwise": lambda p: np.rot90(p, -1),
    "half": lambda p: np.rot90(p, 2),
    "quarter counter-clockwise": lambda p: np.rot90(p, 1),
    "mirrored": lambda p: p[:, ::-1],
    "upside down and mirrored": lambda p: p[::-1],
    "transposed": lambda p: p.swapaxes(0, 1),
    "transposed the other way": lambda p: np.rot90(p.swapaxes(0, 1), 2),
}


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    return struct.pack("=9i", a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, UNIT)


def picture(index: int = 0, width: int = 64, height: int = 48) -> np.ndarray[Any, Any]:
    """Four quarters of different brightness, so that each way up is another picture."""
    result = np.zeros((height, width, 3), np.uint8)
    result[: height // 2, width // 2 :] = 80
    result[height // 2 :, : width // 2] = 160
    result[height // 2 :, width // 2 :] = 240
    result[:4, :4] = index
    return result


def write(path: Path, times: list[Fraction], turn: str = "upright") -> VideoFile:
    """A video with a frame at each time, and a display matrix in its track header."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 2_000_000
        stream.time_base = stream.codec_context.time_base = Fraction(1, 30000)
        for index, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24")
            frame.pts, frame.time_base = round(time * 30000), Fraction(1, 30000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    content = bytearray(path.read_bytes())
    # The box's name, version and flags, times and duration, layer and volume; then the matrix.
    start = content.index(b"tkhd") + 44
    assert struct.unpack(">9i", content[start : start + 36]) == (ONE, 0, 0, 0, ONE, 0, 0, 0, UNIT)
    a, b, c, d = TURNS[turn]
    content[start : start + 36] = struct.pack(">9i", a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, UNIT)
    path.write_bytes(content)
    return VideoFile(path, path.stem)


def alike(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> bool:
    """The same but for what the codec loses."""
    return found.shape == expected.shape and np.abs(found.astype(int) - expected).mean() < 8


@pytest.mark.parametrize("turn", TURNS)
def test_every_orientation(turn: str) -> None:
    """A display matrix moves (column, row) as the file format says; all eight turns and mirrorings."""
    a, b, c, d = TURNS[turn]
    stored = np.arange(12 * 3).reshape(3, 4, 3)
    shown = Orientation.from_matrix(matrix(a, b, c, d)).shown(stored)
    assert np.array_equal(shown, SHOWN[turn](stored))
    height, width = stored.shape[:2]
    corners = {(a * x + c * y, b * x + d * y): (y, x) for y in range(height) for x in range(width)}
    left, top = (min(corner[axis] for corner in corners) for axis in (0, 1))
    for (x, y), place in corners.items():
        assert np.array_equal(shown[y - top, x - left], stored[place])


@pytest.mark.parametrize(
    "bad",
    [
        None, b"", b"\0" * 36, b"\xff" * 36, matrix(1, 1, -1, 1), matrix(1, 0, 0, 0), matrix(0, 0, 1, 1),
        struct.pack("=9i", 46341, 46341, 0, -46341, 46341, 0, 0, 0, UNIT),
        struct.pack("=9i", *[-(1 << 31)] * 9),
    ],
)  # fmt: skip
def test_other_matrices_leave_the_picture(bad: bytes | None) -> None:
    assert Orientation.from_matrix(bad) == Orientation()


@pytest.mark.parametrize("turn", ["upright", "quarter clockwise", "half", "quarter counter-clockwise", "mirrored"])
def test_rotated_videos_are_shown_upright(turn: str, tmp_path: Path) -> None:
    source = write(tmp_path / "clip.mp4", [Fraction(i, 30) for i in range(3)], turn)
    assert alike(next(frames(source, Reading())).picture, SHOWN[turn](picture()))
    assert alike(next(frames(source, Reading(as_stored=True))).picture, picture())
    if turn != "upright":
        assert not alike(next(frames(source, Reading())).picture, picture())


@pytest.mark.parametrize("as_stored", [False, True])
def test_pictures_lie_in_one_piece(as_stored: bool, tmp_path: Path) -> None:
    """Decoders pad the rows of a width that is not a multiple of 32; a detector refuses such pictures."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 50, 38, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0, 50, 38), format="rgb24")))
        container.mux(stream.encode(None))
    found = next(frames(VideoFile(path, "clip"), Reading(as_stored=as_stored))).picture
    assert found.shape == (38, 50, 3) and found.flags.c_contiguous


def test_constant_rate(tmp_path: Path) -> None:
    """Times are those of the rate, exactly, though the container rounds them; frames are counted without decoding."""
    source = write(tmp_path / "clip.mp4", [i * Fraction(1001, 24000) for i in range(12)])
    assert [frame.time for frame in frames(source, Reading())] == [i * Fraction(1001, 24000) for i in range(12)]
    assert frame_count(source, Reading()) == 12
    # 2 before 0.1 seconds: 0, 0.0417, 0.0834.
    assert len(list(frames(source, Reading(seconds=Fraction(1, 10))))) == 3


def test_variable_rate(tmp_path: Path) -> None:
    """Frames come at the container's times; resampling takes the nearest."""
    times = [Fraction(t, 1000) for t in (0, 30, 95, 100, 220, 400)]
    source = write(tmp_path / "clip.mp4", times)
    found = list(frames(source, Reading()))
    assert [frame.time for frame in found] == times
    steady = list(frames(source, Reading(fps=Fraction(10))))
    assert [frame.time for frame in steady] == [Fraction(i, 10) for i in range(5)]
    for frame, index in zip(steady, [0, 3, 4, 4, 5]):
        assert np.array_equal(frame.picture, found[index].picture)


@pytest.mark.parametrize(
    "content,expected",
    [
        (b"", "this is not a video that can be read"),
        (b"no video" * 100, "this is not a video that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "the video cannot be decoded"),
        (b"RIFF\0\0\0\0AVI ", "this is not a video that can be read"),
    ],
    ids=["nothing", "text", "half a picture", "half a video"],
)
def test_what_is_no_video_is_one_line(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    message = re.escape(f"{path}: {expected} (Invalid data found when processing input)")
    with pytest.raises(VideoError, match=f"^{message}$"):
        list(frames(VideoFile(path, "clip"), Reading()))


def test_damaged_videos_end_or_fail_in_one_line(tmp_path: Path) -> None:
    """Cut anywhere, or with bytes overwritten: frames, or a VideoError, nothing else."""
    source = write(tmp_path / "clip.mp4", [Fraction(i, 30) for i in range(6)])
    content = source.path.read_bytes()
    generator = np.random.default_rng(3)
    outcomes = set()
    for trial in range(40):
        damaged = bytearray(content[: int(generator.integers(1, len(content)))] if trial % 2 else content)
        for place in generator.integers(0, len(damaged), 12):
            damaged[place] = int(generator.integers(0, 256))
        source.path.write_bytes(damaged)
        try:
            count = sum(1 for _ in zip(range(1000), frames(source, Reading())))
            frame_count(source, Reading())
            outcomes.add("frames")
            assert count <= 1000
        except VideoError as error:
            assert "\n" not in str(error)
            outcomes.add("error")
    assert outcomes == {"frames", "error"}
