"""What the inputs of a model are taken for, and options that say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import format2
import numpy as np
import pytest
from conftest import FIXTURES, Export
from exporting import failure
from general import fixture

from emotionformer.export.declared import declared_inputs
from emotionformer.export.inputs import _found_role
from emotionformer.export.package import read_tensor
from emotionformer.export.reading.layer_reading import read_layer


def test_a_clip_in_the_models_own_axes(export: Export) -> None:
    package = export(fixture("landmarks"))
    assert package.input["shape"] == [1, 6, 5, 2]
    assert (package.input["features"], package.input["frameShape"]) == (10, [5, 2])


def test_a_picture_or_landmarks_is_asked_for(export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    for name, given in (("flat_picture", "face"), ("picture_or_landmarks", "pose")):
        path = fixture(name)
        export(path)
        note = f"a picture or landmarks of frames: it is taken as a tensor; --input-role {given}=image or {given}=clip"
        assert note in " ".join(capsys.readouterr().err.split())
    assert export(path, "--input-role", "image").input["role"] == "image"
    clip = export(path, "--input-role", "pose=clip").input
    assert (clip["role"], clip["frames"], clip["features"], clip["frameShape"]) == ("clip", 28, 99, [33, 3])


# Shapes, the layers that come first, and what the input is; a question mark stands for the note.
ROLES: list[tuple[tuple[int | None, ...], str, str]] = [
    ((30, 21, 3), "TimeDistributed LSTM", "clip"),
    ((30, 33, 3), "TimeDistributed LSTM", "clip"),
    ((300, 478, 3), "Reshape LSTM", "clip"),
    ((None, 50, 3), "TimeDistributed LSTM", "clip"),
    ((30, 50, 2), "TimeDistributed LSTM", "clip"),
    ((30, 50, 3), "TimeDistributed LSTM", "tensor?"),
    ((68, 68, 3), "Flatten Dense", "tensor?"),
    ((64, 64, 4), "Flatten Dense", "tensor?"),
    ((64, 64, 3), "Flatten Dense", "tensor?"),
    ((64, 64, 3), "Rescaling Conv2D", "image"),
    ((64, 64, 3), "RandomFlip RandomZoom Resizing BatchNormalization SeparableConv2D", "image"),
    ((None, None, 3), "Resizing Flatten", "image"),
    ((64, 64, 3), "MaxPooling2D Flatten", "image"),
    ((64, 64, 3), "RandomFlip Flatten", "image"),
    ((64, 64, 1), "Conv2D", "image"),
    ((30, 33, 3), "BatchNormalization Conv2D", "tensor?"),
    ((20, 20, 3), "AveragePooling2D", "tensor?"),
    ((30, 21, 3), "Dropout Conv2D", "tensor?"),
    ((30, 21, 2), "GlobalAveragePooling2D", "tensor?"),
    ((64, 64, 3), "Dense Conv2D", "tensor?"),
    ((6, 5, 2), "TimeDistributed Conv2D", "clip"),
]


@pytest.mark.parametrize("shape,classes,expected", ROLES)
def test_pictures_are_no_clips(shape: tuple[int | None, ...], classes: str, expected: str) -> None:
    inner = {"class_name": "Flatten", "module": "keras.layers", "config": {"name": "inner"}}
    start = {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, *shape]}}
    layers: list[dict[str, Any]] = [start]
    layers += [
        {"class_name": name, "module": "keras.layers", "config": {"name": name.lower(), "layer": inner}}
        for name in classes.split()
    ]
    for generation in (2, 3):
        model = read_layer({"class_name": "Sequential", "config": {"name": "row", "layers": layers}}, generation)
        (item,) = declared_inputs(model)
        notes: list[str] = []
        assert _found_role(item, "float32", 1, notes) + "?" * len(notes) == expected


IDLE: dict[str, tuple[str, list[str], str]] = {
    "missing values of a picture": ("picture", ["--missing-value", "zeros"], "no clip and no vector (image)"),
    "a layout of a picture": ("picture", ["--layout", "xyz-planar"], "--layout: the model takes no clip"),
    "features of a picture": ("picture", ["--features", "3"], "--features: the model takes no clip"),
    "frames of a picture": ("picture", ["--frames", "30"], "--frames 30: the model takes no clip and leaves no frames"),
    "an epsilon of a picture": ("picture", ["--epsilon", "1e-8"], "--epsilon: the model takes no clip and no vector"),
    "frames of a vector": ("vector", ["--frames", "30"], "leaves no frames open (vector)"),
    "padding of a vector": ("vector", ["--pad-value", "1"], "--pad-value: the model takes no clip (vector)"),
    "padding of tensors": ("together", ["--pad-side", "end"], "no clip (tensor, tensor, tensor)"),
    "missing values of tensors": ("together", ["--missing-value", "keep"], "no clip and no vector (tensor, tensor,"),
    "frames of tensors": ("together", ["--frames", "6"], "leaves no frames open (tensor, tensor, tensor)"),
    "an epsilon alone": ("landmarks", ["--epsilon", "1e-8"], "--epsilon: there is no standard deviation"),
}


@pytest.mark.parametrize("name", IDLE)
def test_an_option_that_would_do_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    model, options, expected = IDLE[name]
    assert expected in failure(capsys, tmp_path, str(fixture(model)), *options)


def test_normalization_of_clips_and_vectors(export: Export, tmp_path: Path) -> None:
    """The graph sees (x − mean) / (deviation + epsilon), in the model's own axes."""
    for name, features in (("landmarks", 10), ("vector", 42)):
        mean, deviation = np.linspace(-1, 1, features), np.linspace(0.5, 2, features)
        np.save(tmp_path / "mean.npy", mean)
        np.save(tmp_path / "std.npy", deviation)
        options = ["--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy"), "--epsilon", "0.5"]
        package = export(fixture(name), *options)
        format2.check(package.manifest)
        test = package.manifest["selfTest"]
        held = {key: read_tensor(package.folder, "selftest.bin", entry) for key, entry in test["tensors"].items()}
        (clip,) = (held[key][0] for key in test["inputs"].values())
        first = next(iter(test["outputs"]))
        normal = ((clip - mean.astype("f4")) / (deviation.astype("f4") + np.float32(0.5))).astype("f4")
        golden = held[test["outputs"][first]["tensor"]][0]
        assert np.abs(package.output(first, normal) - golden).max() <= 2e-6
        assert np.abs(package.output(first, clip) - golden).max() > 1e-4


def test_an_open_clip_gives_open_rows(export: Export, tmp_path: Path) -> None:
    """Rows a frame of any length, from a model whose time is open."""
    package = export(FIXTURES / "k3_open_time.keras", "--frames", "9", "--pad-side", "none")
    format2.check(package.manifest)
    assert [entry["shape"] for entry in package.manifest["outputs"]] == [[1, 6], [1, 6]]


@pytest.mark.parametrize("role", ["clip", "vector", "image"])
def test_a_role_must_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str], role: str) -> None:
    message = failure(capsys, tmp_path, str(fixture("together")), "--input-role", f"words={role}")
    assert f"--input-role words={role}: the model's input is of type int32 and shape (5), expected" in message


def test_roles_by_option(export: Export, tmp_path: Path) -> None:
    """Each input that is no plain tensor is said by name; the mean goes with the only one that has one."""
    np.save(tmp_path / "mean.npy", np.ones(4))
    np.save(tmp_path / "std.npy", np.ones(4))
    given = ["--input-role", "clip=clip", "--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")]
    manifest = export(fixture("together"), *given, "--truncate", "uniform").manifest
    format2.check(manifest)
    assert [entry["role"] for entry in manifest["inputs"]] == ["clip", "tensor", "tensor"]
    assert manifest["inputs"][0]["truncation"] == "uniform" and "normalization" in manifest["inputs"][0]


WRONG: dict[str, tuple[str, list[str], str]] = {
    "no such role": ("vector", ["--input-role", "picture"], "expected one of clip, vector, image, tensor"),
    "no such input": ("together", ["--input-role", "face=image"], "no input of this name: clip, age, words"),
    "which input": ("together", ["--input-role", "clip"], "3 inputs (clip, age, words): say NAME="),
    "a role twice": ("vector", ["--input-role", "tensor", "--input-role", "vector"], "given twice"),
    "a clip's option": ("vector", ["--pad-side", "start"], "--pad-side: the model takes no clip (vector)"),
    "a mean for whom": ("together", ["--mean", "m.npy", "--std", "s.npy"], "go with one clip or one vector"),
    "a shape that is another": ("vector", ["--input-shape", "41"], "the model takes (42)"),
    "no shape": ("vector", ["--input-shape", "4x2"], "expected extents such as 30,42"),
    "no such kind": ("one_score", ["--output-kind", "score"], "expected one of probabilities, scores, logits, values"),
    "no such output": ("together", ["--output-kind", "x=values"], "no output of this name: emotion, arousal"),
    "which output": ("together", ["--output-kind", "values"], "2 outputs (emotion, arousal): say NAME="),
    "a kind twice": ("together", ["--output-kind", "arousal=values"] * 2, "given twice for arousal"),
    "a softmax in many": ("together", ["--from-logits"], "2 outputs (emotion, arousal); say with --output-kind"),
    "a softmax on a score": ("one_score", ["--from-logits"], "1 number for a clip (sigmoid)"),
    "a softmax on scores": ("labels_together", ["--output-kind", "units=logits"], "its numbers are scores"),
    "scores of a softmax": ("rows", ["--output-kind", "scores"], "the output ends in a softmax"),
    "probabilities that are none": ("rebuilt", ["--output-kind", "probabilities"], "no probabilities"),
    "scores that are none": ("rebuilt", ["--output-kind", "scores"], "expected 0 to 1"),
    "both": ("rebuilt", ["--output-kind", "values", "--from-logits"], "one or the other"),
    "labels of another count": ("rows", ["--labels", "a,b"], "2 labels (a, b) for 4 outputs"),
    "two labels of one score": ("one_score", ["--labels", "a,b"], "--from-sigmoid makes two of one sigmoid"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    model, options, expected = WRONG[name]
    monkeypatch.chdir(tmp_path)
    assert expected in failure(capsys, tmp_path, str(fixture(model)), *options)
