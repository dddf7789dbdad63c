"""Tools/landmarks from the command line to its files, with a detector and a camera that stand in for the real ones.

The camera plays a real CREMA-D video as OpenCV gives it: rows of blue, green, red; the clock is the test's own.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from emotionformer.console.progress import Progress
from emotionformer.errors import CameraLost, VideoError
from emotionformer.landmarks import command, reading
from emotionformer.landmarks.arguments import parser
from emotionformer.landmarks.detectors import DetectorOptions
from emotionformer.landmarks.reading import Reading, frame_count, frames
from emotionformer.landmarks.sources import Camera, Pictures, VideoFile
from emotionformer.places import FIXTURES

Array = np.ndarray[Any, np.dtype[Any]]

VIDEO = FIXTURES / "cremad" / "1001_DFA_HAP_XX.flv"
MILLISECOND = 1_000_000
# What a camera does at one reading: a picture after so many milliseconds, none after so many, Ctrl-C.
PICTURE, NOTHING, INTERRUPT = "picture", "nothing", "interrupt"


@pytest.fixture(scope="module")
def pictures() -> list[Array]:
    """The first frames of the video, RGB."""
    return [frame.picture for _, frame in zip(range(12), frames(VideoFile(VIDEO, "clip"), Reading()))]


class StandIn:
    """OpenCV's `VideoCapture` and the clock that it moves."""

    def __init__(self, pictures: list[Array], script: list[tuple[str, int]], opens: bool = True) -> None:
        self.now = 5_000 * MILLISECOND
        self.opens = opens
        self.released = 0
        self.number: int | None = None
        self._pictures = iter(pictures)
        self._script = iter(script)

    def VideoCapture(self, number: int) -> StandIn:
        self.number = number
        return self

    def isOpened(self) -> bool:
        return self.opens

    def read(self) -> tuple[bool, Array | None]:
        """What the script says; an unplugged camera answers at once, for ever."""
        event, milliseconds = next(self._script, (NOTHING, 0))
        self.now += milliseconds * MILLISECOND
        if event == INTERRUPT:
            raise KeyboardInterrupt
        return (True, next(self._pictures)[..., ::-1].copy()) if event == PICTURE else (False, None)

    def release(self) -> None:
        self.released += 1

    COLOR_BGR2RGB = 4

    def cvtColor(self, picture: Array, code: int) -> Array:
        assert code == self.COLOR_BGR2RGB
        return np.ascontiguousarray(picture[..., ::-1])

    def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1e9)


class Detector:
    """A face whose first numbers tell the picture's brightness and the time that the detector was given."""

    def __init__(self, absent: Callable[[int], bool] = lambda index: False) -> None:
        self.milliseconds: list[int] = []
        self._absent = absent

    def faces(self, picture: Array, milliseconds: int) -> list[Array]:
        assert picture.dtype == np.uint8 and picture.flags.c_contiguous
        self.milliseconds.append(milliseconds)
        if self._absent(len(self.milliseconds) - 1):
            return []
        face = np.full((478, 3), 0.5, np.float32)
        face[0, :2] = picture.mean(), milliseconds
        return [face]

    def __enter__(self) -> Detector:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Callable[..., StandIn]:
    """Puts a camera in OpenCV's place."""

    def put(pictures: list[Array], script: list[tuple[str, int]], opens: bool = True) -> StandIn:
        camera = StandIn(pictures, script, opens)
        monkeypatch.setitem(sys.modules, "cv2", camera)
        monkeypatch.setattr(reading, "time", SimpleNamespace(monotonic_ns=lambda: camera.now, sleep=camera.sleep))
        return camera

    return put


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Detector:
    """Puts a detector in MediaPipe's place."""
    found = Detector()

    def opened(task: Path | None, options: DetectorOptions) -> Detector:
        return found

    monkeypatch.setattr(command, "open_detector", opened)
    return found


STEADY = [(PICTURE, 33)] * 4
# Two pictures are left out, one reading gives nothing, and the time goes on.
DROPS = [*STEADY, (PICTURE, 100), (NOTHING, 40), (PICTURE, 33), (PICTURE, 33)]
DROPPED = [0, 33, 66, 99, 199, 282, 315]


def test_a_camera_s_pictures_and_times(pictures: list[Array], stand: Callable[..., StandIn]) -> None:
    """Pictures are RGB, each once, in order, with the time since the first one on the wall's clock."""
    camera = stand(pictures, [(NOTHING, 500), *DROPS])
    found = [frame for _, frame in zip(range(len(DROPPED)), frames(Camera(3), Reading()))]
    assert camera.number == 3
    # The short sleep after a reading without a picture is ten milliseconds.
    assert [frame.time * 1000 for frame in found] == DROPPED
    assert all(np.array_equal(frame.picture, picture) for frame, picture in zip(found, pictures))
    # The order of colors is a fact of this video that a test can lose.
    assert not np.array_equal(found[0].picture, pictures[0][..., ::-1])


def test_an_unplugged_camera_ends_in_an_error(pictures: list[Array], stand: Callable[..., StandIn]) -> None:
    """Silence is borne for two seconds, whether a reading answers at once or after a driver's timeout."""
    for end in ([], [(NOTHING, 10_000)]):
        camera = stand(pictures, [*DROPS, *end])
        before, seen = camera.now, 0
        with pytest.raises(CameraLost, match="camera 0: it gives no more pictures"):
            for _ in frames(Camera(0), Reading()):
                seen += 1
        assert seen == len(DROPPED) and camera.released == 1
        assert camera.now - before < 15_000 * MILLISECOND


def test_a_detector_that_takes_long_is_no_silence(pictures: list[Array], stand: Callable[..., StandIn]) -> None:
    camera = stand(pictures, [(PICTURE, 33), (NOTHING, 33), (PICTURE, 33)])
    found = []
    for _, frame in zip(range(2), frames(Camera(0), Reading())):
        found.append(frame.time)
        camera.now += 9_000 * MILLISECOND
    assert found == [0, Fraction(9076, 1000)]


def test_a_camera_that_cannot_be_opened(stand: Callable[..., StandIn]) -> None:
    camera = stand([], [], opens=False)
    with pytest.raises(VideoError, match="camera 7: it cannot be opened"):
        next(frames(Camera(7), Reading()))
    assert camera.released == 1


def test_a_camera_resampled_and_stopped(pictures: list[Array], stand: Callable[..., StandIn]) -> None:
    """--fps evens the camera's times, --seconds ends the recording and gives the camera back."""
    camera = stand(pictures, [(PICTURE, 30), (PICTURE, 37), (PICTURE, 31), (PICTURE, 70), (PICTURE, 60)])
    found = frames(Camera(0), Reading(fps=Fraction(30), seconds=Fraction(1, 10)))
    assert [frame.time for frame in found] == [0, Fraction(1, 30), Fraction(2, 30)]
    del found
    assert camera.released == 1


def run(*arguments: str | Path) -> int:
    return command.main(["--verbose", *(str(argument) for argument in arguments)])


@pytest.mark.parametrize(("end", "code"), [([], 1), ([(INTERRUPT, 10)], 0)])
def test_what_a_camera_gave_is_kept(
    end: list[tuple[str, int]],
    code: int,
    pictures: list[Array],
    stand: Callable[..., StandIn],
    detector: Detector,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Unplugged: the clip as far as it went, one line, exit code 1. Ctrl-C, the usual end: no line, exit code 0."""
    camera = stand(pictures, [*DROPS, *end])
    assert run("--camera", "0", "-o", tmp_path) == code
    clip = np.load(tmp_path / "camera-0.npy", allow_pickle=False)
    assert clip.shape == (len(DROPPED), 478, 3) and [file.name for file in tmp_path.iterdir()] == ["camera-0.npy"]
    assert clip[:, 0, 1].tolist() == DROPPED == detector.milliseconds
    assert np.allclose(clip[:, 0, 0], [picture.mean() for picture in pictures[: len(DROPPED)]])
    said = capsys.readouterr().err.splitlines()
    assert len(said) == code and (not said or said[0].startswith("landmarks: camera 0: it gives no more"))
    assert camera.released == 1


def test_a_camera_s_lines(
    pictures: list[Array],
    stand: Callable[..., StandIn],
    detector: Detector,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--camera 0 -`: a line a picture with the wall's time, as `emotionformer stream -` reads them."""
    stand(pictures, [*DROPS, (INTERRUPT, 0)])
    assert run("--camera", "0", "-") == 0
    written = capsys.readouterr()
    lines = [json.loads(line) for line in written.out.splitlines()]
    assert [(line["clip"], line["frame"], round(1000 * line["time"])) for line in lines] == [
        ("camera-0", index, time) for index, time in enumerate(DROPPED)
    ]
    assert all(len(line["landmarks"]) == 478 for line in lines) and written.err == ""


def test_a_camera_that_gave_nothing_leaves_nothing(
    stand: Callable[..., StandIn], detector: Detector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand([], [])
    assert run("--camera", "0", "-o", tmp_path) == 1
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().err.count("\n") == 1


def test_a_bad_video_does_not_stop_the_others(
    detector: Detector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error for each that fails, the rest is written, exit code 1; --resume leaves those out."""
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video" * 50)
    inputs = (tmp_path / "nowhere.mp4", bad, VIDEO)
    assert run(*inputs, "-o", tmp_path / "out", "--seconds", "0.2") == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "nowhere.mp4" in said[0] and "bad.mp4" in said[1]
    assert [file.name for file in (tmp_path / "out").iterdir()] == [f"{VIDEO.stem}.npy"]
    seen = len(detector.milliseconds)
    assert seen == 6 and run(VIDEO, "-o", tmp_path / "out", "--resume") == 0 and len(detector.milliseconds) == seen


def test_variable_rate_from_file_to_lines(
    detector: Detector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Frames as they come with the container's times; --fps takes the nearest."""
    times = [0, 30, 95, 100, 220, 400]
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for time in times:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), time // 2, np.uint8), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    def lines(*options: str) -> Iterator[dict[str, Any]]:
        assert run(tmp_path / "clip.mp4", "-", *options) == 0
        return (json.loads(line) for line in capsys.readouterr().out.splitlines())

    assert [round(1000 * line["time"]) for line in lines()] == times == detector.milliseconds
    assert [line["time"] for line in lines("--fps", "10")] == [0, 0.1, 0.2, 0.3, 0.4]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_only() -> None:
    """And never where JSON lines go out, whose reader draws on the same terminal."""
    cases = [(Terminal(), False, True), (io.StringIO(), False, False), (Terminal(), True, False)]
    for stream, is_quiet, is_shown in cases:
        progress = Progress(stream, "clip", 10, is_quiet)
        progress.update(5)
        assert ("clip ████████████░" in stream.getvalue()) == is_shown
        progress.clear()
        assert stream.getvalue().endswith("\r\x1b[2K") == is_shown


def test_the_number_of_pictures_that_progress_counts() -> None:
    source = Pictures(Path("folder"), "folder", tuple(Path(f"{index}.png") for index in range(40)))
    assert frame_count(source, Reading()) == 40
    assert frame_count(source, Reading(seconds=Fraction(1, 2))) == 15
    assert frame_count(source, Reading(fps=Fraction(10), seconds=Fraction(9))) == 40
    assert frame_count(Camera(0), Reading()) is None


def test_help_says_what_was_not_tried(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^0$"):
        parser().parsed(["--help"])
    assert "a video in place of a camera only" in capsys.readouterr().out
