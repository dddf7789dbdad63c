"""The training recipe's parts that need no TensorFlow: clips, splits, batches, early stopping, scores, curves."""

from __future__ import annotations

import csv
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

from emotionformer.errors import TrainError
from emotionformer.training import assess, camera, mesh
from emotionformer.training.arguments import CONDITIONS
from emotionformer.training.batches import (
    Augmentation,
    Statistics,
    batches,
    class_weights,
    padded,
    prepared,
    reflected,
    targets_of,
)
from emotionformer.training.clips import (
    ClipSet,
    PackedClip,
    Row,
    assign_splits,
    dataset_sets,
    read_rows,
    synthetic_set,
    write_dataset,
)
from emotionformer.training.command import main
from emotionformer.training.curves import curves, ticks
from emotionformer.training.fit import History, Schedule
from emotionformer.training.generator import SHIFTS, Conditions
from emotionformer.training.network import Shape, sinusoids


def face_clip(frames: int = 30, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    face = mesh.neutral() / 40 + (0.5, 0.4, 0.0)
    return (face + 0.001 * random.standard_normal((frames, 478, 3))).astype(np.float32)


def clip_set(count: int = 6) -> ClipSet:
    made = ClipSet()
    for index in range(count):
        made.add(PackedClip.of(face_clip(20 + index, index)), "ab"[index % 2], f"person {index // 2}")
    return made


def test_packing_drops_frames_without_a_face_and_is_finer_than_the_noise() -> None:
    clip = face_clip()
    clip[3:5] = np.nan
    packed = PackedClip.of(clip)
    assert packed.values.dtype == np.int16 and len(packed.values) == 28
    np.testing.assert_allclose(packed.frames(), np.delete(clip, (3, 4), axis=0).reshape(28, -1), atol=2e-5)


def test_saved_clips_come_back(tmp_path: Path) -> None:
    first = clip_set()
    first.save(tmp_path / "part.npz")
    second = ClipSet()
    second.load(tmp_path / "part.npz")
    assert (second.labels, second.subjects) == (first.labels, first.subjects)
    for one, two in zip(first.clips, second.clips, strict=True):
        np.testing.assert_array_equal(one.frames(), two.frames())
    assert [path.name for path in tmp_path.iterdir()] == ["part.npz"]


def test_synthetic_parts_are_kept_and_not_made_again(tmp_path: Path) -> None:
    def make(people: int) -> ClipSet:
        return synthetic_set(tmp_path, "train", 5, people, 2, Conditions(), jobs=1)

    first = make(2)
    (part,) = tmp_path.iterdir()
    before = part.stat().st_mtime_ns
    again = make(2)
    assert part.stat().st_mtime_ns == before and again.labels == first.labels and len(set(first.subjects)) == 2


def dataset(folder: Path, rows: list[tuple[str, str, str, str]]) -> Path:
    folder.mkdir()
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("clip", "label", "subject", "split"), *rows])
    for index, (name, *_) in enumerate(rows):
        if not name.startswith(".."):
            np.save(folder / name, face_clip(8, index))
    return folder


def test_a_datasets_own_splits_are_followed(tmp_path: Path) -> None:
    rows = [("a.npy", "x", "1", "train"), ("b.npy", "y", "1", "train")]
    rows += [("c.npy", "x", "2", "val"), ("d.npy", "y", "3", "test")]
    sets = dataset_sets(dataset(tmp_path / "set", rows), 300, (0.1, 0.1), 1)
    found = {split: made.labels for split, made in sets.items()}
    assert found == {"train": ["x", "y"], "validation": ["x"], "test": ["y"]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("../x.npy", "a", "", ""), "outside"),
        (("x.npy", "", "", ""), "line 2"),
        (("x.npy", "a", "", "both"), "the split 'both'"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, row: tuple[str, str, str, str], message: str) -> None:
    with pytest.raises(TrainError, match=message):
        read_rows(dataset(tmp_path / "set", [row]))


def test_a_subject_in_two_splits_is_refused(tmp_path: Path) -> None:
    rows = [Row(tmp_path, "a", "1", "train"), Row(tmp_path, "a", "1", "test")]
    with pytest.raises(TrainError, match="two splits"):
        assign_splits(rows, (0.1, 0.1), 1)


def test_no_subject_is_in_two_random_splits() -> None:
    rows = [Row(Path("x"), "a", f"person {index % 20}", None) for index in range(200)]
    chosen = assign_splits(rows, (0.1, 0.2), 7)
    where: dict[str, set[str]] = {}
    for row, split in zip(rows, chosen, strict=True):
        where.setdefault(row.subject, set()).add(split)
    assert all(len(splits) == 1 for splits in where.values())
    assert (chosen.count("validation"), chosen.count("test")) == (20, 40)
    assert chosen == assign_splits(rows, (0.1, 0.2), 7) != assign_splits(rows, (0.1, 0.2), 8)


def test_a_written_dataset_is_read_again(tmp_path: Path) -> None:
    splits = ("train", "val", "test")
    items = [(face_clip(9, index), "ab"[index % 2], f"p{index}", split) for index, split in enumerate(splits)]
    assert write_dataset(tmp_path / "set", items) == 3
    sets = dataset_sets(tmp_path / "set", 300, (0.1, 0.1), 1)
    assert [len(made) for made in sets.values()] == [1, 1, 1]
    with pytest.raises(TrainError, match="exists already"):
        write_dataset(tmp_path / "set", items)


def test_statistics_by_axis_keep_the_shape_of_a_face() -> None:
    clips = clip_set()
    every = np.concatenate([clip.frames() for clip in clips.clips]).astype(np.float64)
    each, shared = Statistics.of(clips, by_axis=False), Statistics.of(clips, by_axis=True)
    np.testing.assert_allclose(each.mean, every.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(each.deviation, every.std(axis=0), rtol=0.05, atol=1e-5)
    points = every.reshape(-1, 3)
    np.testing.assert_allclose(shared.deviation[:3], points.std(axis=0), rtol=1e-3)
    assert (shared.mean.reshape(-1, 3) == shared.mean[:3]).all()


def test_mirroring_twice_changes_nothing_and_once_moves_the_face_over() -> None:
    frames = face_clip().reshape(30, -1)
    np.testing.assert_allclose(reflected(reflected(frames)), frames, atol=1e-6)
    points = reflected(frames + np.float32(0.1)).reshape(30, 478, 3)
    assert points[:, :, 0].mean() < 0.45 and (points[:, 33, 0] < points[:, 263, 0]).all()


def test_batches_are_padded_with_zeros_after_normalization_and_come_in_order_without_random() -> None:
    clips, labels = clip_set(), np.arange(6)
    statistics = Statistics.of(clips, by_axis=True)
    made = list(batches(clips, labels, statistics, 22, 1, 4))
    assert [inputs.shape for inputs, _ in made] == [(4, 22, 1434), (2, 22, 1434)]
    assert np.concatenate([truth for _, truth in made]).tolist() == list(range(6))
    np.testing.assert_allclose(made[0][0][0, :20], statistics.normalized(clips.clips[0].frames()), atol=1e-6)
    assert (made[0][0][0, 20:] == 0).all() and (made[0][0][3] != 0).any(axis=1).all()
    assert padded([np.ones((2, 3), np.float32)], 4).sum() == 6


def test_steps_are_what_the_models_pooling_makes_of_padded_frames() -> None:
    clips = clip_set()
    statistics = Statistics.of(clips, by_axis=True)
    steps, _ = next(batches(clips, np.arange(6), statistics, 30, 10, 6))
    frames, _ = next(batches(clips, np.arange(6), statistics, 30, 1, 6))
    assert steps.shape == (6, 3, 1434) and not (steps[0, 2] != 0).any() and (steps[5, 2] != 0).any()
    np.testing.assert_allclose(steps, frames.reshape(6, 3, 10, 1434).mean(axis=2), atol=1e-5)


def test_augmentation_takes_frames_in_order_and_is_the_same_for_the_same_seed() -> None:
    augmentation = Augmentation()
    for seed in range(50):
        taken = augmentation.indices(60, np.random.default_rng(seed))
        assert (np.diff(taken) >= 0).all() and taken[0] >= 0 and taken[-1] < 60 and len(taken) >= 20
    clip, statistics = clip_set().clips[0], Statistics.of(clip_set(), by_axis=True)
    one, two = (prepared(clip, statistics, 300, 10, augmentation, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    still = Augmentation(0, 0, 0, 0)
    np.testing.assert_array_equal(still.indices(60, np.random.default_rng(1)), np.arange(60))


def test_class_weights_make_classes_equal_and_strange_labels_are_refused() -> None:
    weights = class_weights(np.array([0, 0, 0, 1]), 2)
    assert weights == {0: pytest.approx(2 / 3), 1: pytest.approx(2.0)}
    with pytest.raises(TrainError, match="'z'"):
        targets_of(["a", "z"], ["a", "b"])


def row(epoch: int, loss: float) -> dict[str, float]:
    return {"epoch": epoch, "val_loss": loss, "loss": loss, "accuracy": 0.5, "val_accuracy": 0.5}


def test_early_stopping_keeps_the_best_epoch_and_halves_the_rate(tmp_path: Path) -> None:
    schedule, history = Schedule(epochs=20, patience=4, slower_after=2, rate=0.1), History(rate=0.1)
    for epoch, loss in enumerate((1.0, 0.8, 0.9, 0.9, 0.9, 0.9), 1):
        assert not history.finished(schedule)
        assert history.record(row(epoch, loss), schedule) == (epoch <= 2)
    assert history.finished(schedule) and history.best_epoch == 2 and history.rate == pytest.approx(0.025)
    history.save(tmp_path / "history.json")
    assert History.load(tmp_path / "history.json") == history
    (tmp_path / "history.json").write_text("[]")
    with pytest.raises(TrainError, match="no state"):
        History.load(tmp_path / "history.json")


def test_wilson_interval_is_the_textbooks() -> None:
    assert assess.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert assess.wilson(0, 20)[0] == pytest.approx(0.0, abs=1e-12)


def test_scores_of_a_known_case() -> None:
    said = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]])
    found = assess.scores(said, np.array([0, 0, 1, 1]), ["p", "p", "q", "q"], ["a", "b"])
    assert found["accuracy"] == 0.75 and found["confusion"] == [[2, 0], [1, 1]] and found["people"] == 2
    assert found["classes"]["a"] == pytest.approx({"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "support": 2})
    assert found["logLoss"] == pytest.approx(-np.log([0.9, 0.6, 0.7, 0.2]).mean())
    assert found["calibrationError"] == pytest.approx((0.1 + 0.4 + 0.3 + 0.8) / 4)
    text = assess.tables({"test": found}, ["a", "b"])
    assert "| test | 4 | 75.0 (50.0 … 100.0) |" in text and "| b | 1 | 1 |" in text


def test_the_conditions_are_the_generators() -> None:
    assert tuple(sorted(SHIFTS)) == CONDITIONS


def test_curves_are_svg_with_both_lines() -> None:
    text = curves([row(epoch, 1 / epoch) for epoch in range(1, 13)], best=9)
    root = xml.etree.ElementTree.fromstring(text)
    lines = root.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert [line.get("class") for line in lines] == ["train", "validation"] * 2
    assert all(len((line.get("points") or "").split()) == 12 for line in lines)
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_shapes_that_cannot_be_built_are_refused() -> None:
    refused = {
        "--pool 10 does not divide --frames 301": Shape(frames=301),
        "--heads 4 does not divide --width 65": Shape(width=65),
        "centering needs 1434 features a frame, found 478": Shape(features=478),
    }
    for message, shape in refused.items():
        with pytest.raises(TrainError, match=f"^{message}$"):
            shape.checked()
    table = sinusoids(30, 8)
    assert table.shape == (1, 30, 8) and table[0, 0].tolist() == [0, 1] * 4


def test_what_fails_fails_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dataset", "/nonexistent", "-o", "x"]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("train: ") and errors.count("\n") == 1


@pytest.mark.parametrize(
    "arguments,expected",
    [
        ("", "one of the arguments --synthetic --dataset --assess --write-dataset is required"),
        ("x", "one of the arguments --synthetic --dataset --assess --write-dataset is required"),
        ("--synthetic --dataset x", "argument --dataset: not allowed with argument --synthetic"),
        ("--synthetic", "-o FOLDER is missing"),
        ("--synthetic -o x --epochs many", "argument --epochs: invalid int value: 'many'"),
        ("--synthetic -o x --epochs 0", "--epochs 0: expected a positive number"),
        (
            "--synthetic -o x --dropout 1",
            "--bilstm must not be negative, --dropout lies in 0 … 1, --rate is positive",
        ),
        ("--synthetic -o x --shares 0.5 0.5", "--shares 0.5 0.5: positive, together less than 1"),
        ("--write-dataset x --people -1", "--people -1: expected a positive number"),
    ],
)
def test_a_wrong_command_line_is_one_line(arguments: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        main(arguments.split())
    assert capsys.readouterr().err == f"train: {expected} (see --help)\n"


def test_depth_is_counted_from_each_frames_own_mean() -> None:
    faces = np.random.default_rng(3).normal(0, 5, (2, 478, 3))
    travel = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
    image = camera.project(faces, np.zeros((2, 3)), travel, 60.0, 0.5, np.array([0.5, 0.5]), 1.5)
    assert np.abs(image[..., 2].mean(axis=1)).max() < 1e-5


@pytest.mark.parametrize("low,high", [(0.0, 1.0), (0.35, 1.0), (0.31, 0.78), (1.0, 26.0), (2.5, 7.0)])
def test_an_axis_has_ticks_inside_of_it(low: float, high: float) -> None:
    found = ticks(low, high)
    assert len(found) >= 2
    assert all(low <= tick <= high for tick in found)
