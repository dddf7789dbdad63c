"""What stands beside a model: labels, statistics, scalers."""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import FIXTURES, Export
from exporting import BASE, LABELS, failure

from emotionformer.errors import ExportError
from emotionformer.export.command import main
from emotionformer.export.reading.folder import find_roles


def test_statistics_follow_the_layout(export: Export, tmp_path: Path) -> None:
    """Statistics for each landmark and axis, (478, 3), in the features' own order."""
    points = np.arange(1434, dtype=np.float32).reshape(478, 3) + 1
    np.save(tmp_path / "mean.npy", points)
    np.save(tmp_path / "std.npy", points)
    options = ["--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")]
    path = FIXTURES / "k3_pre_norm_gelu_positions.keras"
    for layout, expected in (("xyz-interleaved", points.ravel()), ("xyz-planar", points.T.ravel())):
        package = export(path, *options, "--layout", layout)
        assert np.array_equal(package.tensor("normalization/mean"), expected)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffAngry\nDisgust\nFear\nHappy\nNeutral\nSad",
        '\ufeff["Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad"]',
        '{"Sad": 5, "Angry": 0, "Disgust": 1, "Fear": 2, "Happy": 3, "Neutral": 4}',
        '{"class_indices": {"Angry": 0, "Disgust": 1, "Fear": 2, "Happy": 3, "Neutral": 4, "Sad": 5}}',
    ],
    ids=["text with a mark", "JSON with a mark", "name to index", "class indices"],
)
def test_label_files(export: Export, tmp_path: Path, content: str) -> None:
    path = tmp_path / ("labels.json" if content.strip("\ufeff")[0] in "[{" else "labels.txt")
    path.write_text(content, "utf-8")
    assert export(BASE, "--labels", str(path)).manifest["labels"] == LABELS.split(",")


@pytest.mark.parametrize("kind", ["U", "O"])
def test_label_arrays(export: Export, tmp_path: Path, kind: str) -> None:
    """`numpy.save` of an encoder's classes: text, or objects, which NumPy pickles."""
    np.save(tmp_path / "classes.npy", np.array(LABELS.split(","), dtype=object if kind == "O" else kind))
    assert export(BASE, "--labels", str(tmp_path / "classes.npy")).manifest["labels"] == LABELS.split(",")


@pytest.mark.parametrize("name", ["", "a\tb"])
def test_a_name_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """No reader of packages takes it."""
    (tmp_path / "labels.json").write_text(json.dumps([*"abcde", name]))
    assert "name 5 is empty" in failure(capsys, tmp_path, str(BASE), "--labels", str(tmp_path / "labels.json"))


def test_floats_are_no_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "classes.npy", np.arange(6.0))
    assert "expected text or whole numbers" in failure(
        capsys, tmp_path, str(BASE), "--labels", str(tmp_path / "classes.npy")
    )


def test_a_folder_s_list_of_names(export: Export, tmp_path: Path) -> None:
    """It is no metadata, and counts only where there is no pickle."""
    folder = tmp_path / "published"
    folder.mkdir()
    shutil.copy(BASE, folder / "model.keras")
    (folder / "class_names.json").write_text(json.dumps(LABELS.split(",")))
    package = export(folder)
    assert package.manifest["labels"] == LABELS.split(",") and "metadata" not in package.manifest
    (folder / "label_encoder.pkl").write_bytes(pickle.dumps(np.array(LABELS.split(",")[::-1])))
    assert export(folder).manifest["labels"] == LABELS.split(",")[::-1]


@pytest.mark.parametrize("names", [{"0": 1, "1": 0, "2": 2}, {"0": "a", "2": "b"}, {"2": "a", "3": "b", "4": "c"}])
def test_a_map_of_numbers_that_are_no_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: dict[str, Any]
) -> None:
    """Digits on both sides are an order and its inverse: nothing says which."""
    (tmp_path / "labels.json").write_text(json.dumps(names))
    options = ["--labels", str(tmp_path / "labels.json")]
    assert "holds no list of class names" in failure(capsys, tmp_path, str(BASE), *options)


@pytest.mark.parametrize("numbers", [(0, 1, 3), (0, 1, 1), (0, 1, 2.0), (0, 1, True), (1, 2, 3)])
def test_a_map_whose_numbers_are_no_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], numbers: tuple[Any, ...]
) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(dict(zip("abc", numbers))))
    assert "holds no list of class names" in failure(capsys, tmp_path, str(BASE), "--labels", str(path))


def pickled_scaler(monkeypatch: pytest.MonkeyPatch, name: str = "StandardScaler", **state: Any) -> bytes:
    """What scikit-learn pickles of a scaler."""
    module = ModuleType("sklearn.preprocessing._data")
    kind = type(name, (), {"__module__": module.__name__, "__qualname__": name})
    setattr(module, name, kind)
    for part in ("sklearn", "sklearn.preprocessing"):
        monkeypatch.setitem(sys.modules, part, ModuleType(part))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    scaler = kind()
    scaler.__dict__.update(state)
    return pickle.dumps(scaler)


def published(tmp_path: Path, scaler: bytes) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    shutil.copy(BASE, folder / "model.keras")
    (folder / "scaler.pkl").write_bytes(scaler)
    return folder


@pytest.mark.parametrize("with_mean,with_std", [(True, True), (False, True), (True, False)])
def test_a_scaler_is_the_normalization(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_mean: bool, with_std: bool
) -> None:
    """Beside an encoder or alone; scikit-learn keeps the means that a scaler without means does not use."""
    means, deviations = np.arange(478.0), np.arange(478.0) + 1
    state: dict[str, Any] = {"with_mean": with_mean, "with_std": with_std, "copy": True, "n_features_in_": 478}
    state |= {"mean_": means, "scale_": deviations if with_std else None, "n_samples_seen_": np.int64(9)}
    folder = published(tmp_path, pickled_scaler(monkeypatch, **state))
    package = export(folder)
    assert "labels" not in package.manifest
    assert np.array_equal(package.tensor("normalization/mean"), means.astype(np.float32) * with_mean)
    found = package.tensor("normalization/standardDeviation")
    assert np.array_equal(found, deviations if with_std else np.ones(478))
    assert "scaler.pkl" in [source["name"] for source in package.manifest["producer"]["sources"]]
    (folder / "label_encoder.pkl").write_bytes(pickle.dumps(np.array(LABELS.split(","))))
    assert export(folder).manifest["labels"] == LABELS.split(",")
    np.save(folder / "mean.npy", np.ones(478))
    np.save(folder / "std.npy", np.ones(478))
    assert np.array_equal(export(folder).tensor("normalization/mean"), np.ones(478))


def test_another_scaler_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than exported without it."""
    folder = published(tmp_path, pickled_scaler(monkeypatch, "MinMaxScaler", min_=np.zeros(478)))
    message = failure(capsys, tmp_path, str(folder))
    assert "scaler.pkl" in message and "MinMaxScaler" in message and "--mean" in message
    (folder / "scaler.pkl").write_bytes(pickled_scaler(monkeypatch, mean_=np.zeros(477), scale_=np.ones(477)))
    assert "scaler.pkl's mean_ has the shape (477,)" in failure(capsys, tmp_path, str(folder))
    (folder / "scaler.pkl").write_bytes(pickled_scaler(monkeypatch, with_mean=True))
    assert "was not fitted" in failure(capsys, tmp_path, str(folder))
    (folder / "scaler.pkl").write_bytes(pickle.dumps(np.ones(478)))
    assert "holds no StandardScaler" in failure(capsys, tmp_path, str(folder))


def test_a_deviation_of_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused by feature unless epsilon is positive."""
    mean, deviation = np.zeros(478), np.ones(478)
    deviation[17] = 0
    np.save(tmp_path / "mean.npy", mean)
    np.save(tmp_path / "std.npy", deviation)
    options = ["--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")]
    assert "feature 17" in failure(capsys, tmp_path, str(BASE), *options)
    assert main([str(BASE), "-o", str(tmp_path / "made"), *options, "--epsilon", "1e-6"]) == 0


def test_statistics_that_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "mean.npy", np.zeros(477))
    np.save(tmp_path / "std.npy", np.ones(477))
    message = failure(
        capsys, tmp_path, str(BASE), "--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")
    )
    assert "(477,)" in message and "478" in message


def statistics(folder: Path, *names: str) -> Path:
    """A folder with a model, and a file of numbers under each of these names."""
    folder.mkdir()
    shutil.copy(BASE, folder / "m.keras")
    for name in names:
        np.save(folder / name, np.arange(478.0) + len(name))
    return folder


@pytest.mark.parametrize(
    "mean,deviation",
    [
        ("scaler_mean.npy", "scaler_scale.npy"),
        ("globalmean.npy", "globalstd.npy"),
        ("mean.npy", "std_of_mean_removed.npy"),
        ("means-2.npy", "sigma2.npy"),
        ("mean.npy", "x-scales.npy"),
    ],
)
def test_words_of_a_name(tmp_path: Path, mean: str, deviation: str) -> None:
    if "mean" in deviation:
        # Whatever else such a name says, it is no deviation: two means.
        with pytest.raises(ExportError, match="2 files for the mean"):
            find_roles(statistics(tmp_path / "source", mean, deviation))
        return
    roles = find_roles(statistics(tmp_path / "source", mean, deviation, "scaler.npy", "standard.npy", "var.npy"))
    assert roles.mean is not None and roles.mean.name == mean
    assert roles.deviation is not None and roles.deviation.name == deviation


def test_a_scaler_s_mean_is_no_deviation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = statistics(tmp_path / "source", "scaler_mean.npy")
    (folder / "scaler.pkl").write_bytes(b"")
    assert "--std is missing" in failure(capsys, tmp_path, str(folder))
    mean = str(folder / "scaler_mean.npy")
    assert "cannot be both" in failure(capsys, tmp_path, str(folder), "--std", mean)


def test_a_variance_is_no_deviation(tmp_path: Path, capsys: pytest.CaptureFixture[str], export: Export) -> None:
    folder = statistics(tmp_path / "source", "scaler_mean.npy", "scaler_var.npy")
    message = failure(capsys, tmp_path, str(folder))
    assert "scaler_var.npy holds a variance" in message and "--std" in message
    np.save(tmp_path / "root.npy", np.full(478, 3.0))
    package = export(folder, "--std", str(tmp_path / "root.npy"))
    assert np.array_equal(package.tensor("normalization/standardDeviation"), np.full(478, 3.0))


def test_an_option_chooses_among_several(tmp_path: Path, capsys: pytest.CaptureFixture[str], export: Export) -> None:
    folder = statistics(tmp_path / "source", "mean.npy", "mean_2.npy", "std.npy")
    assert "2 files for the mean" in failure(capsys, tmp_path, str(folder))
    package = export(folder, "--mean", str(folder / "mean_2.npy"))
    assert package.tensor("normalization/mean")[0] == len("mean_2.npy")
