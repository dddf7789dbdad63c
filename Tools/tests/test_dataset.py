"""Tools/dataset: every reading of the published file, bad files, splits, and bounded memory."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from emotionformer.dataset.arguments import parsed_shares
from emotionformer.dataset.command import main
from emotionformer.dataset.index import Clip
from emotionformer.dataset.splits import counts, split_by_clip, split_by_subject
from emotionformer.fixtures.make_landmark_parquet import NAMES, clip_names, frames_of, write

CLIPS = 7


@pytest.fixture
def table() -> pa.Table:
    """Seven clips, as the published file has them."""
    rows: dict[str, list[Any]] = {"video_filename": [], "frame_num": [], "emotion": []}
    values = []
    for clip, (video, emotion) in enumerate(clip_names(CLIPS)):
        found = frames_of(clip, 1)
        rows["video_filename"] += [video] * len(found)
        rows["frame_num"] += range(len(found))
        rows["emotion"] += [emotion] * len(found)
        values.append(found)
    columns = dict(zip(NAMES, np.concatenate(values).T))
    return pa.table({**{name: pa.array(column) for name, column in rows.items()}, **columns})


def convert(table: pa.Table | Path, folder: Path, *options: str, **writing: Any) -> dict[str, dict[str, str]]:
    """The rows of labels.csv by clip."""
    file = table if isinstance(table, Path) else folder / "file.parquet"
    if isinstance(table, pa.Table):
        parquet.write_table(table, file, **writing)
    assert main([str(file), "-o", str(folder / "out"), *options]) == 0
    with (folder / "out" / "labels.csv").open(encoding="utf-8", newline="") as lines:
        return {row["clip"]: row for row in csv.DictReader(lines)}


def clip_of(folder: Path, name: str) -> np.ndarray[Any, Any]:
    return np.asarray(np.load(folder / "out" / "clips" / f"{name}.npy", allow_pickle=False))


def check_all(folder: Path) -> None:
    for clip, (video, _) in enumerate(clip_names(CLIPS)):
        found = clip_of(folder, video.removesuffix(".flv"))
        assert found.dtype == np.float32 and np.array_equal(found, frames_of(clip, 1).reshape(-1, 478, 3))


def test_the_published_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "file.parquet", CLIPS)
    rows = convert(tmp_path / "file.parquet", tmp_path)
    check_all(tmp_path)
    assert rows["clips/1001_IEO_DIS_XX.npy"] == {
        "clip": "clips/1001_IEO_DIS_XX.npy", "label": "Disgust", "split": "", "subject": "1001",
        "frames": str(len(frames_of(1, 1))), "video": "1001_IEO_DIS_XX.flv",
    }  # fmt: skip
    assert len(rows) == CLIPS and "interleaved" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.parquet", "out"]


def test_rows_and_columns_in_any_order(table: pa.Table, tmp_path: Path) -> None:
    """Frames go by their numbers, coordinates by their names, whatever the row groups."""
    generator = np.random.default_rng(5)
    shuffled = table.take(generator.permutation(table.num_rows))
    names = list(generator.permutation(table.column_names))
    convert(shuffled.select(names), tmp_path, row_group_size=30)
    check_all(tmp_path)


def test_strips_of_columns(table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row group that is large for the memory is read some columns at a time, with the same result."""
    from emotionformer.dataset import command
    from emotionformer.dataset.clips import write_clips

    strips = []
    original = write_clips

    def narrow(file: Any, layout: Any, index: Any, folder: Path, memory: int, update: Any) -> Any:
        return original(file, layout, index, folder, 20_000, lambda done, total: strips.append(done))

    monkeypatch.setattr(command, "write_clips", narrow)
    convert(table, tmp_path)
    check_all(tmp_path)
    assert len(strips) > 50


@pytest.mark.parametrize("kind", [pa.float64(), pa.float16()])
def test_numbers_of_other_widths(table: pa.Table, kind: pa.DataType, tmp_path: Path) -> None:
    fields = [pa.field(f.name, kind) if f.name in NAMES else f for f in table.schema]
    convert(table.cast(pa.schema(fields), safe=False), tmp_path)
    expected = frames_of(0, 1).astype(kind.to_pandas_dtype()).astype(np.float32)
    assert np.array_equal(clip_of(tmp_path, "1001_IEO_ANG_XX"), expected.reshape(-1, 478, 3))


@pytest.mark.parametrize("spelling", ["{axis}{index}", "{axis}_{index}", "landmark_{index}_{axis}", "{upper}_{index}"])
def test_spellings_of_the_columns(table: pa.Table, spelling: str, tmp_path: Path) -> None:
    def spelled(name: str) -> str:
        axis, _, index = name.partition("_")
        return spelling.format(axis=axis, index=index, upper=axis.upper()) if name in NAMES else name

    convert(table.rename_columns([spelled(name) for name in table.column_names]), tmp_path)
    check_all(tmp_path)


@pytest.mark.parametrize("nesting", ["flat", "fixed", "points", "structures"])
def test_one_column_of_lists(table: pa.Table, nesting: str, tmp_path: Path) -> None:
    values = np.stack([table[name].to_numpy() for name in NAMES], axis=1)
    points = values.reshape(len(values), 478, 3)
    if nesting == "flat":
        column = pa.array(values.tolist(), pa.list_(pa.float32()))
    elif nesting == "fixed":
        column = pa.array(values.tolist(), pa.list_(pa.float32(), 1434))
    elif nesting == "points":
        column = pa.array(points.tolist(), pa.list_(pa.list_(pa.float32())))
    else:
        kind = pa.list_(pa.struct([(axis, pa.float32()) for axis in "xyz"]))
        column = pa.array([[dict(zip("xyz", point)) for point in frame] for frame in points.tolist()], kind)
    narrow = table.select(["video_filename", "frame_num", "emotion"]).append_column("landmarks", column)
    convert(narrow, tmp_path)
    check_all(tmp_path)


def test_478_features_a_frame(table: pa.Table, tmp_path: Path) -> None:
    """The model card's reading: one scalar a landmark, of whatever name; or one coordinate on request."""
    raw = table.select(["video_filename", "frame_num", "emotion", *NAMES[:478]])
    raw = raw.rename_columns(["video_filename", "frame_num", "emotion", *(str(i) for i in range(478))])
    convert(raw, tmp_path)
    assert np.array_equal(clip_of(tmp_path, "1001_IEO_ANG_XX"), frames_of(0, 1)[:, :478])
    (tmp_path / "y").mkdir()
    convert(table, tmp_path / "y", "--features", "y")
    assert np.array_equal(clip_of(tmp_path / "y", "1001_IEO_ANG_XX"), frames_of(0, 1)[:, 1::3])
    (tmp_path / "raw").mkdir()
    convert(table, tmp_path / "raw", "--features", "raw")
    assert np.array_equal(clip_of(tmp_path / "raw", "1001_IEO_ANG_XX"), frames_of(0, 1))


def test_missing_numbers_make_a_frame_without_a_face(table: pa.Table, tmp_path: Path) -> None:
    """NaN, infinity and nothing at all: throughout the frame."""
    column = table["y_7"].to_pylist()
    column[1], column[2], column[3] = float("nan"), float("inf"), None
    at = table.column_names.index("y_7")
    convert(table.set_column(at, "y_7", pa.array(column, pa.float32())), tmp_path)
    found = clip_of(tmp_path, "1001_IEO_ANG_XX")
    assert np.isnan(found[1:4]).all()
    assert np.array_equal(found[[0, *range(4, len(found))]],
                          frames_of(0, 1).reshape(-1, 478, 3)[[0, *range(4, len(found))]])  # fmt: skip


def test_gaps_and_repeated_frames(table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = table.slice(0, 4)
    part = part.set_column(1, "frame_num", pa.array([3, 7, 3, 4]))
    values = frames_of(0, 1).reshape(-1, 478, 3)
    convert(part, tmp_path)
    assert np.array_equal(clip_of(tmp_path, "1001_IEO_ANG_XX"), values[[0, 3, 1]])
    assert "1 rows whose frame number" in capsys.readouterr().out
    (tmp_path / "nan").mkdir()
    convert(part, tmp_path / "nan", "--gaps", "nan")
    found = clip_of(tmp_path / "nan", "1001_IEO_ANG_XX")
    assert len(found) == 5 and np.array_equal(found[[0, 1, 4]], values[[0, 3, 1]]) and np.isnan(found[2:4]).all()


def test_labels(table: pa.Table, tmp_path: Path) -> None:
    """CREMA-D's codes become the model's classes; without a column the file names tell."""
    rows = convert(table.drop_columns(["emotion", "frame_num"]), tmp_path)
    check_all(tmp_path)
    assert rows["clips/1001_IEO_SAD_XX.npy"]["label"] == "Sad"
    (tmp_path / "stored").mkdir()
    rows = convert(table.drop_columns(["emotion"]), tmp_path / "stored", "--labels", "stored")
    assert rows["clips/1001_IEO_SAD_XX.npy"]["label"] == "SAD"


def test_a_stored_split_is_carried(table: pa.Table, tmp_path: Path) -> None:
    split = ["test" if "HAP" in video else "train" for video in table["video_filename"].to_pylist()]
    rows = convert(table.append_column("split", pa.array(split)), tmp_path)
    assert [row["split"] for row in rows.values()].count("test") == 1
    assert rows["clips/1001_IEO_HAP_XX.npy"]["split"] == "test"


def test_names_that_are_no_file_names(table: pa.Table, tmp_path: Path) -> None:
    """Nothing is written outside of the folder, and clips of one name are kept apart."""
    names = {"IEO_ANG": "../../evil.flv", "IEO_DIS": "a/b.flv", "IEO_FEA": "c/b.mp4", "IEO_HAP": "..", "IEO_NEU": "B"}
    videos = [next((new for old, new in names.items() if old in video), video)
              for video in table["video_filename"].to_pylist()]  # fmt: skip
    rows = convert(table.set_column(0, "video_filename", pa.array(videos)), tmp_path)
    assert len(rows) == CLIPS and all((tmp_path / "out" / clip).is_file() for clip in rows)
    assert all((tmp_path / "out" / clip).resolve().parent == tmp_path / "out" / "clips" for clip in rows)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.parquet", "out"]


def bad_tables(table: pa.Table) -> dict[str, tuple[pa.Table, str]]:
    emotions = table["emotion"].to_pylist()
    emotions[1] = "Sad"
    videos = table["video_filename"].to_pylist()
    videos[2] = None
    return {
        "no video": (table.drop_columns(["video_filename"]), "names the video"),
        "no features": (table.select(["video_filename", "frame_num", "emotion"]), "features"),
        "no rows": (table.slice(0, 0), "no rows"),
        "two emotions": (table.set_column(2, "emotion", pa.array(emotions)), "different emotions"),
        "unnamed video": (table.set_column(0, "video_filename", pa.array(videos)), "names no video"),
        "frame numbers": (table.set_column(1, "frame_num", pa.array(["a"] * table.num_rows)), "whole number"),
    }


@pytest.mark.parametrize(
    "name", ["no video", "no features", "no rows", "two emotions", "unnamed video", "frame numbers"]
)
def test_bad_tables_are_one_line(
    table: pa.Table, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, part = bad_tables(table)[name]
    parquet.write_table(bad, tmp_path / "file.parquet")
    assert main([str(tmp_path / "file.parquet"), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and part in said
    assert [path.name for path in tmp_path.iterdir()] == ["file.parquet"]


@pytest.mark.parametrize(
    "arguments,expected",
    [
        ("", "the following arguments are required: FILE.parquet, -o/--output"),
        ("x.parquet", "the following arguments are required: -o/--output"),
        ("x.parquet -o y --memory 1", "argument --memory: a number from 64 to 1000000 is expected (found 1)"),
        ("x.parquet -o y --split a=0", "argument --split: expected NAME=SHARE,NAME=SHARE,… (found a=0)"),
    ],
)
def test_a_wrong_command_line_is_one_line(arguments: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        main(arguments.split())
    assert capsys.readouterr().err == f"dataset: {expected} (see --help)\n"


def test_far_frame_numbers_do_not_fill_the_disk(
    table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = table.slice(0, 3).set_column(1, "frame_num", pa.array([-(2**63), 0, 2**63 - 1]))
    parquet.write_table(part, tmp_path / "file.parquet")
    assert main([str(tmp_path / "file.parquet"), "-o", str(tmp_path / "out"), "--gaps", "nan"]) == 1
    assert "span more than" in capsys.readouterr().err
    assert main([str(tmp_path / "file.parquet"), "-o", str(tmp_path / "out")]) == 0


def test_damaged_files_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cut, overwritten, or something else: an error and no folder; or, where the damage is in the numbers, a folder."""
    write(tmp_path / "whole.parquet", 2)
    content = (tmp_path / "whole.parquet").read_bytes()
    generator = np.random.default_rng(7)
    file, output = tmp_path / "file.parquet", tmp_path / "out"
    codes = []
    for trial in range(12):
        damaged = bytearray(content[: int(generator.integers(0, len(content)))] if trial % 3 == 0 else content)
        for place in generator.integers(0, max(1, len(damaged)), 30) if damaged else []:
            damaged[place] = int(generator.integers(0, 256))
        file.write_bytes(damaged)
        codes.append(main([str(file), "-o", str(output)]))
        said = capsys.readouterr().err
        assert said.count("\n") == codes[-1] and output.exists() == (codes[-1] == 0)
        if output.exists():
            output.rename(tmp_path / f"out{trial}")
    assert 1 in codes
    assert main([str(tmp_path / "nowhere"), "-o", str(output)]) == 1


def test_an_existing_folder_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "file.parquet", 1)
    assert main([str(tmp_path / "file.parquet"), "-o", str(tmp_path)]) == 1
    assert "already" in capsys.readouterr().err


def _clips(count: int) -> list[Clip]:
    return [Clip(video, video, emotion, "", video[:4]) for video, emotion in clip_names(count)]


def test_a_split_is_stratified_and_seeded() -> None:
    clips, again, other = _clips(720), _clips(720), _clips(720)
    shares = parsed_shares("train=8,validation=1,test=1")
    split_by_clip(clips, shares, 42)
    split_by_clip(again[::-1], shares, 42)
    split_by_clip(other, shares, 43)
    for label in {clip.label for clip in clips}:
        found = [clip.split for clip in clips if clip.label == label]
        assert [found.count(name) for name in ("train", "validation", "test")] == [96, 12, 12]
    assert clips == again and clips != other


def test_a_split_by_subject_keeps_people_apart() -> None:
    clips = _clips(720)
    split_by_subject(clips, parsed_shares("train=0.8,test=0.2"), 1)
    people = {name: {clip.subject for clip in clips if clip.split == name} for name in ("train", "test")}
    assert len(people["train"]) == 8 and len(people["test"]) == 2 and not people["train"] & people["test"]


def test_shares() -> None:
    assert counts(10, [0.8, 0.1, 0.1]) == [8, 1, 1] and counts(7, [0.5, 0.5]) in ([4, 3], [3, 4])
    assert sum(counts(7442, [0.8, 0.1, 0.1])) == 7442 and counts(0, [1.0]) == [0]
    for text in ["", "a", "a=0", "a=-1", "a=nan", "a=1,a=2", "=1"]:
        message = rf"expected NAME=SHARE,NAME=SHARE,… \(found {text}\)"
        message = "a name occurs twice" if text == "a=1,a=2" else message
        with pytest.raises(ValueError, match=f"^{message}$"):
            parsed_shares(text)


def test_what_is_left_over_goes_to_the_largest_remainders() -> None:
    assert counts(7, [0.7, 0.15, 0.15]) == [5, 1, 1]
    assert counts(10, [0.34, 0.33, 0.33]) == [4, 3, 3]
    assert counts(2, [0.25, 0.25, 0.5]) == [1, 0, 1]


def test_the_seed_chooses_the_people() -> None:
    def validation(seed: int) -> set[str]:
        clips: Any = [SimpleNamespace(subject=str(index), video="", split="") for index in range(20)]
        split_by_subject(clips, [("train", 0.8), ("validation", 0.2)], seed)
        return {clip.subject for clip in clips if clip.split == "validation"}

    assert validation(1) == validation(1)
    assert len({frozenset(validation(seed)) for seed in range(5)}) == 5
