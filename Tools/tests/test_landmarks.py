"""Tools/landmarks without a detector: its rules for arguments, names, times, faces, missing frames and output."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotionformer.console.progress import line
from emotionformer.errors import VideoError
from emotionformer.landmarks.arguments import environment, parser
from emotionformer.landmarks.faces import CHOICES, Tracked
from emotionformer.landmarks.missing import MissingFaces
from emotionformer.landmarks.panel import arrangement, bar_width
from emotionformer.landmarks.predictions import read_predictions
from emotionformer.landmarks.sources import Pictures, VideoFile, check_names, natural_key, source_at
from emotionformer.landmarks.timing import RisingMilliseconds, Timed, placed, resampled, steady_rate
from emotionformer.landmarks.writing import JSONLines, NumPyWriter, json_line

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "no video"),
        (["a.mp4"], "where to"),
        (["a.mp4", "-", "-o", "b"], "exclude"),
        (["--camera", "0", "a.mp4", "-"], "exclude"),
        (["--camera", "-1", "-"], "--camera"),
        (["a.mp4", "-", "--resume"], "--resume"),
        (["a.mp4", "-", "--task", "nowhere.task"], "nowhere.task"),
        (["a.mp4", "-", "--mediapipe", "current"], "--task"),
        (["a.mp4", "-", "--fps", "0"], "--fps"),
        (["a.mp4", "-", "--fps", "1e9"], "--fps"),
        (["a.mp4", "-", "--fps", "nan"], "--fps"),
        (["a.mp4", "-", "--confidence", "1.5"], "--confidence"),
        (["a.mp4", "-", "--faces", "best"], "--faces"),
        (["a.mp4", "-", "--model", "m"], "--annotate"),
        (["a.mp4", "b.mp4", "--annotate", "c.mp4"], "one video"),
        (["--camera", "0", "--annotate", "c.mp4"], "camera"),
        (["a.mp4", "--annotate", "c.mp4", "--missing", "drop"], "drop"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        parser().parsed(arguments)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("landmarks: ") and part in said


def test_defaults(tmp_path: Path) -> None:
    """Without a bundle the Face Mesh of 0.10.21; with one the current version."""
    task = tmp_path / "face_landmarker.task"
    task.write_bytes(b"")
    plain = parser().parsed(["a.mp4", "-"])
    assert (plain.mediapipe, plain.missing, plain.faces, plain.output) == ("0.10.21", "nan", "first", "-")
    assert plain.inputs == ["a.mp4"]
    assert parser().parsed(["a.mp4", "-o", "b", "--task", str(task)]).mediapipe == "current"
    assert parser().parsed(["a.mp4", "-", "--fps", "30000/1001"]).fps == NTSC


def test_the_legacy_version_needs_a_python_that_it_was_made_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(SystemExit, match="^2$"):
        environment(parser().parsed(["a.mp4", "-"]))
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "Python 3.9 to 3.12 (found 3.13)" in said


def test_the_video_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "a.mp4"
    video.write_bytes(b"video")
    with pytest.raises(SystemExit, match="^2$"):
        parser().parsed([str(video), "--annotate", f"{tmp_path}/../{tmp_path.name}/a.mp4"])
    assert "the video itself" in capsys.readouterr().err


def test_sources(tmp_path: Path) -> None:
    """Folders are clips of pictures in natural order; a picture is a clip; everything else is taken for a video."""
    folder = tmp_path / "take.1"
    folder.mkdir()
    for name in ["f10.png", "f2.PNG", "F1.jpg", ".hidden.png", "notes.txt"]:
        (folder / name).write_bytes(b"")
    (tmp_path / "a.b.mp4").write_bytes(b"")
    found = source_at(folder)
    assert isinstance(found, Pictures) and found.name == "take.1"
    assert [file.name for file in found.files] == ["F1.jpg", "f2.PNG", "f10.png"]
    assert source_at(folder / "f2.PNG") == Pictures(folder / "f2.PNG", "f2", (folder / "f2.PNG",))
    assert source_at(tmp_path / "a.b.mp4") == VideoFile(tmp_path / "a.b.mp4", "a.b")
    (tmp_path / "empty").mkdir()
    for path in [tmp_path / "empty", tmp_path / "nowhere.mp4"]:
        with pytest.raises(VideoError, match=path.name):
            source_at(path)


def test_two_videos_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="would be named 'x'"):
        check_names([VideoFile(tmp_path / "a" / "x.mp4", "x"), VideoFile(tmp_path / "b" / "x.flv", "x")])


def test_natural_order() -> None:
    names = ["b", "a10", "a9", "a", "A2", "10", "9", "²"]
    assert sorted(names, key=natural_key) == ["9", "10", "a", "A2", "a9", "a10", "b", "²"]


def test_a_steady_rate_is_seen_through_the_containers_rounding() -> None:
    """The times of a real Flash file, which rounds to milliseconds; a frame that is missing makes the rate variable."""
    ticks = [27, 60, 93, 127, 160, 194, 227, 260, 294, 327, 361, 394, 427, 461, 494, 527, 560, 593, 627, 660, 694]
    times = [Fraction(tick, 1000) for tick in ticks]
    assert steady_rate(times, Fraction(1, 1000), [Fraction(989, 33), Fraction(25), NTSC]) in (Fraction(989, 33), NTSC)
    assert steady_rate(times, Fraction(1, 1000), [Fraction(25), Fraction(0), NTSC]) == NTSC
    assert [placed(time, times[0], NTSC) * NTSC for time in times] == list(range(len(times)))
    assert steady_rate(times[:5] + times[6:], Fraction(1, 1000), [NTSC]) is None
    assert steady_rate(times[:1], Fraction(1, 1000), [NTSC]) is None
    assert placed(times[3], times[0], None) == Fraction(100, 1000)


def _timed(times: list[Fraction]) -> list[Timed[int]]:
    return [Timed(time, index) for index, time in enumerate(times)]


def test_resampling_takes_the_nearest_frame() -> None:
    steady = _timed([Fraction(i, 30) for i in range(60)])
    assert [frame.picture for frame in resampled(steady, Fraction(30))] == list(range(60))
    assert [frame.picture for frame in resampled(steady, Fraction(15))] == list(range(0, 60, 2))
    doubled = list(resampled(steady, Fraction(60)))
    assert [frame.picture for frame in doubled[:5]] == [0, 0, 1, 1, 2] and len(doubled) == 119
    uneven = _timed([Fraction(0), Fraction(9, 100), Fraction(31, 100), Fraction(32, 100)])
    assert [(float(frame.time), frame.picture) for frame in resampled(uneven, Fraction(10))] == [
        (0.0, 0), (0.1, 1), (0.2, 1), (0.3, 2),
    ]  # fmt: skip
    assert [frame.picture for frame in resampled(_timed([Fraction(0)]), Fraction(10))] == [0]
    assert list(resampled(_timed([]), Fraction(10))) == []


def test_a_detectors_times_rise_strictly() -> None:
    """Whole milliseconds, cut: what 0.10.21 was given when the committed landmarks were made."""
    clock = RisingMilliseconds()
    times = [Fraction(0), Fraction(1, 30), Fraction(1, 30), Fraction(1, 25), Fraction(0), Fraction(1)]
    assert [clock.next(time) for time in times] == [0, 33, 34, 40, 41, 1000]


def face(x: float, y: float, size: float) -> np.ndarray[Any, Any]:
    """A face around a center in a picture of 100 × 100."""
    grid = np.linspace(-0.5, 0.5, 478)
    return np.stack([x / 100 + grid * size / 100, y / 100 + grid * size / 100, grid], axis=1).astype(np.float32)


def test_choosing_a_face() -> None:
    faces = [face(20, 20, 10), face(80, 80, 30), face(55, 45, 8)]
    found = {name: CHOICES[name]().choose(faces, 100, 100) for name in CHOICES}
    assert found == {"first": 0, "largest": 1, "central": 2, "tracked": 1}
    assert all(CHOICES[name]().choose([], 100, 100) is None for name in CHOICES)


def test_size_is_measured_in_pixels() -> None:
    """In a wide picture, a face that is wide in pixels is the larger one."""
    wide, tall = face(50, 50, 20), face(50, 50, 20)
    wide[:, 1] = 0.5 + (wide[:, 1] - 0.5) / 4
    tall[:, 0] = 0.5 + (tall[:, 0] - 0.5) / 3
    assert CHOICES["largest"]().choose([wide, tall], 100, 100) == 1
    assert CHOICES["largest"]().choose([wide, tall], 1000, 100) == 1
    assert CHOICES["central"]().choose([face(50, 35, 5), face(40, 50, 5)], 1000, 100) == 0
    assert CHOICES["central"]().choose([face(50, 35, 5), face(40, 50, 5)], 100, 100) == 1


def test_tracking_stays_with_its_face() -> None:
    tracked = Tracked(patience=3)
    assert tracked.choose([face(20, 20, 20), face(80, 80, 10)], 100, 100) == 0
    # Another face is larger now, and the order has changed.
    assert tracked.choose([face(80, 80, 40), face(22, 21, 20)], 100, 100) == 1
    # It is gone: the other is not taken for it, until patience ends.
    others = [face(80, 80, 40)]
    assert [tracked.choose(others, 100, 100) for _ in range(4)] == [None, None, None, 0]
    assert tracked.choose([face(20, 20, 90), face(81, 80, 40)], 100, 100) == 1


class Kept:
    def __init__(self) -> None:
        self.frames: list[tuple[int, float | None]] = []

    def add(self, frame: int, time: Fraction, found: np.ndarray[Any, Any] | None) -> None:
        self.frames.append((frame, None if found is None else float(found[0, 0])))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("nan", [(0, None), (1, 1.0), (2, None), (3, 3.0)]),
        ("drop", [(1, 1.0), (3, 3.0)]),
        ("repeat", [(0, None), (1, 1.0), (2, 1.0), (3, 3.0)]),
    ],
)
def test_frames_without_a_face(policy: str, expected: list[tuple[int, float | None]]) -> None:
    kept = Kept()
    landmarks = MissingFaces(policy, [kept])
    for frame in range(4):
        landmarks.add(frame, Fraction(frame), np.full((478, 3), frame, np.float32) if frame % 2 else None)
    assert kept.frames == expected and (landmarks.frames, landmarks.faces) == (4, 2)


def test_a_numpy_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "clip.npy"
    values = np.random.default_rng(1).random((478, 3), np.float32)
    with NumPyWriter(path) as writer:
        writer.add(0, Fraction(0), values)
        writer.add(1, Fraction(1), None)
        assert not path.exists()
        writer.keep()
    array = np.load(path, allow_pickle=False)
    assert array.dtype == np.float32 and array.shape == (2, 478, 3)
    assert np.array_equal(array[0], values) and np.isnan(array[1]).all()
    assert [file.name for file in path.parent.iterdir()] == ["clip.npy"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.npy"
    with NumPyWriter(path) as writer:
        writer.add(0, Fraction(0), None)
        writer.keep()
    old = path.read_bytes()
    with pytest.raises(RuntimeError, match="^the disk$"), NumPyWriter(path) as writer:
        writer.add(0, Fraction(0), None)
        raise RuntimeError("the disk")
    assert path.read_bytes() == old and len(list(tmp_path.iterdir())) == 1
    with NumPyWriter(path) as writer:
        writer.keep()
    assert len(np.load(path)) == 0 and len(list(tmp_path.iterdir())) == 1


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "clip.npy"
    np.save(path, np.arange(3))
    old = path.read_bytes()
    with pytest.raises(VideoError, match="not a clip of Tools/landmarks exists there: not replaced"):
        NumPyWriter(path)
    assert path.read_bytes() == old and len(list(tmp_path.iterdir())) == 1


def test_json_lines_read_back_as_the_same_floats(capsys: pytest.CaptureFixture[str]) -> None:
    values = np.random.default_rng(2).standard_normal((478, 3)).astype(np.float32)
    sink = JSONLines('a "b" ü')
    sink.add(0, Fraction(0), values)
    sink.add(7, Fraction(1, 3), None)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert list(first) == ["clip", "frame", "time", "landmarks"]
    assert np.array_equal(np.array(first["landmarks"], np.float32), values)
    assert second == {"clip": 'a "b" ü', "frame": 7, "time": 0.333333, "landmarks": None}
    values[3, 1] = np.nan
    assert json.loads(json_line('"a"', 0, Fraction(100), values)) == {
        "clip": "a", "frame": 0, "time": 100, "landmarks": None,
    }  # fmt: skip


def test_predictions_stand_until_the_next() -> None:
    lines = [
        '{"clip":"a","index":0,"frames":[0,14],"label":"Sad","probabilities":{"Sad":0.7,"Happy":0.3},"framesUsed":15}',
        "",
        '{"frame":20,"probabilities":{"Sad":0.1,"Happy":0.9}}',
    ]
    timeline = read_predictions(lines, "file")
    shown = [timeline.at(frame) for frame in (0, 13, 14, 19, 20, 900)]
    assert [found.label if found else None for found in shown] == [None, None, "Sad", "Sad", "Happy", "Happy"]
    assert timeline.labels == ("Sad", "Happy")


PROBABILITIES = "line 1: this is not a prediction ('probabilities' is not an object of 1 to 64 labels)"
NUMBERS = "line 1: this is not a prediction (neither 'frames' [first, last] nor 'frame' is there)"
PROBABILITY = "line 1: this is not a prediction (the probability of 'a' is not a number from 0 to 1)"


@pytest.mark.parametrize(
    "text,expected",
    [
        ("", "there are no predictions"),
        ("no json", "line 1: this is not a prediction (Expecting value: line 1 column 1 (char 0))"),
        ("[1]", "line 1: this is not a prediction (an object is expected)"),
        ("[" * 100_000, "line 1: this is not a prediction (maximum recursion depth exceeded…"),
        ('{"frame":1}', PROBABILITIES),
        ('{"frame":1,"probabilities":{}}', PROBABILITIES),
        ('{"frame":-1,"probabilities":{"a":1}}', NUMBERS),
        ('{"frame":true,"probabilities":{"a":1}}', NUMBERS),
        ('{"probabilities":{"a":1}}', NUMBERS),
        ('{"frame":1,"probabilities":{"a":NaN}}', PROBABILITY),
        ('{"frame":1,"probabilities":{"a":2}}', PROBABILITY),
        ('{"frame":1,"probabilities":{"a":1},"label":3}', "line 1: this is not a prediction ('label' is not a string)"),
        (
            '{"frame":1,"probabilities":{"a":1}}\n{"frame":2,"probabilities":{"b":1}}',
            "line 2: the labels are not those of the lines before",
        ),
    ],
    ids=range(13),
)
def test_bad_predictions_are_one_line(text: str, expected: str) -> None:
    """What stands behind … is Python's own."""
    start = re.escape(f"file: {expected}").partition("…")[0]
    with pytest.raises(VideoError, match=f"^{start}.*$" if "…" in expected else f"^{start}$"):
        read_predictions(text.splitlines(), "file")


@pytest.mark.parametrize("size", [(480, 360), (1920, 1080), (3841, 2161), (202, 360), (1080, 1920), (1, 1), (64, 4000)])
@pytest.mark.parametrize("rows", [1, 6, 40])
def test_the_panel_never_covers_the_picture(size: tuple[int, int], rows: int) -> None:
    plan = arrangement(*size, rows)
    picture, panel = plan.picture, plan.panel
    assert plan.width % 2 == plan.height % 2 == 0
    assert panel.x >= picture.width or panel.y >= picture.height
    assert panel.x + panel.width == plan.width and panel.y + panel.height == plan.height
    assert picture.width >= size[0] and picture.height >= size[1]


def test_bars() -> None:
    assert [bar_width(value, 200) for value in (0, 0.0001, 0.001, 0.5, 1, 1.001)] == [0, 0, 1, 100, 200, 200]


def test_progress_line() -> None:
    assert line("clip", 30, 60, 2.0) == "clip " + "█" * 12 + "░" * 12 + " 30/60 15/s"
    assert line("camera-0", 30, None, 2.0) == "camera-0 30 frames 15/s"
    assert "90/60" in line("clip", 90, 60, 1.0) and len(line("x" * 500, 1, 2, 1.0)) < 80
