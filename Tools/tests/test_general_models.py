"""Models of any inputs and outputs: what each is, its numbers beside Keras's, and what is asked for or refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import format2
import numpy as np
import pytest
from conftest import FIXTURES, Export, Written
from exporting import BASE, failure
from test_refused_models import changed

from emotionformer.export.declared import declared_inputs
from emotionformer.export.evaluation.execution import KERNELS
from emotionformer.export.inputs import _found_role
from emotionformer.export.package import read_tensor
from emotionformer.export.reading.layer_reading import read_layer
from emotionformer.export.reading.quantized_weights import unpacked

GENERAL = FIXTURES.parent / "general"
MODELS = sorted(path for path in GENERAL.iterdir() if path.suffix in (".h5", ".keras"))
OPTIONS = {
    "open_features": ["--frames", "6"],
    "attention_pools": [
        *("--attention-layer", "FrameAttention=relu,sequence"),
        *("--attention-layer", "fixtures>ContextAttention=tanh,sum"),
    ],
    "tokens_and_positions": ["--position-layer", "tokens", "--position-layer", "PatchEncoder=projected"],
    "attention_of_two": ["--attention-layer", "tanh,sum+weights"],
}

CLIP: tuple[dict[str, str], list[tuple[str, str, str]]] = (
    {"clip": "clip"},
    [("probabilities", "probabilities", "clip"), ("logits", "logits", "clip")],
)
# What half precision is away from float32: Keras's own rounding.
HALF = {"bfloat16_weights": 0.02, "mixed_float16": 0.002}
# By the fixture's name: roles of the inputs by name, and names, kinds and rows of the outputs.
FOUND: dict[str, tuple[dict[str, str], list[tuple[str, str, str]]]] = {
    "vector": ({"input_1": "vector"}, [("probabilities", "probabilities", "clip"), ("logits", "logits", "clip")]),
    "open_features": CLIP,
    **dict.fromkeys(
        (
            *("int8_rows", "int8_weights", "int4_blocks", "int4_small_blocks", "int4_channels", "int4_rows"),
            *("bfloat16_weights", "mixed_float16", "from_saved_model", "attention_pools", "temporal_network"),
        ),
        CLIP,
    ),
    **dict.fromkeys(
        ("int8_words", "int4_words", "tokens_and_positions"),
        ({"words": "tensor"}, [("topic", "probabilities", "clip"), ("topic/logits", "logits", "clip")]),
    ),
    "one_score": ({"clip": "clip"}, [("is_fall", "scores", "clip")]),
    "labels_together": ({"clip": "clip"}, [("units", "scores", "clip"), ("valence", "values", "clip")]),
    "attention_of_two": (CLIP[0], [*CLIP[1], ("look", "values", "frame")]),
    "rows": ({"clip": "clip"}, [("probabilities", "probabilities", "frame"), ("logits", "logits", "frame")]),
    "picture": (
        {"face": "image"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip")],
    ),
    "augmented_picture": (
        {"face": "image"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip")],
    ),
    "flat_picture": (
        {"face": "tensor"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip")],
    ),
    "picture_or_landmarks": (
        {"pose": "tensor"},
        [("exercise", "probabilities", "clip"), ("exercise/logits", "logits", "clip")],
    ),
    # Its rows are those of a repeated vector, whatever frames the clip has.
    "rebuilt": ({"clip": "clip"}, [("frames", "values", "clip")]),
    "landmarks": CLIP,
    "together": (
        {"clip": "tensor", "age": "tensor", "words": "tensor"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip"), ("arousal", "values", "clip")],
    ),
    "softmax_and_values": (
        {"clip": "clip"},
        [
            ("probabilities", "probabilities", "clip"),
            ("logits", "logits", "clip"),
            ("hidden", "values", "clip"),
            ("hidden_1", "values", "clip"),
        ],
    ),
    "tokens": ({"ids": "tensor"}, [("logits", "values", "clip"), ("argmax", "values", "clip")]),
}


def fixture(name: str, generation: int = 3) -> Path:
    return next(path for path in MODELS if path.stem == f"k{generation}_{name}")


def kind(path: Path) -> str:
    return path.stem.split("_", 1)[1]


def examples(path: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs and outputs in the model's order."""
    with np.load(path.with_suffix(".npz")) as held:
        return tuple([held[key] for key in sorted(held.files) if key.startswith(part)] for part in ("input", "output"))  # type: ignore[return-value]


def sources(path: Path) -> dict[str, int]:
    """Which of the model's outputs an output of the package is, logits apart."""
    names = [name for name, _, _ in FOUND[kind(path)][1] if "logits" not in name or kind(path) == "tokens"]
    if kind(path) == "softmax_and_values":
        return {"probabilities": 1, "hidden": 0, "hidden_1": 2}
    return {name: number for number, name in enumerate(names)}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_inputs_and_outputs_are_found(path: Path, export: Export) -> None:
    manifest = export(path, *OPTIONS.get(kind(path), [])).manifest
    format2.check(manifest)
    inputs, outputs = FOUND[kind(path)]
    roles = {entry["name"]: entry["role"] for entry in manifest["inputs"]}
    if kind(path) == "vector":
        assert list(roles.values()) == ["vector"]
    else:
        assert roles == inputs
    assert [(entry["name"], entry["kind"], entry["per"]) for entry in manifest["outputs"]] == outputs


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_agrees_with_keras(path: Path, export: Export) -> None:
    """Within 2e-6 of the largest magnitude; integers exactly."""
    package = export(path, *OPTIONS.get(kind(path), []))
    inputs, outputs = examples(path)
    for number in range(3):
        values = package.values(*(array[number] for array in inputs))
        for name, source in sources(path).items():
            found, golden = values[package.value(name)][0], outputs[source][number]
            assert found.shape == golden.shape
            bound = 2e-6 * max(1.0, float(np.abs(golden).max())) if golden.dtype.kind == "f" else 0
            bound = HALF.get(kind(path), bound)
            assert np.abs(found - golden).max() <= bound, name
    assert np.abs(outputs[0][0].astype(float) - outputs[0][1]).max() > 1e-3


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_the_self_test_is_what_the_package_gives(path: Path, export: Export) -> None:
    package = export(path, *OPTIONS.get(kind(path), []), "--self-test-clips", "2")
    test = package.manifest["selfTest"]
    held = {name: read_tensor(package.folder, "selftest.bin", entry) for name, entry in test["tensors"].items()}
    assert all(len(array) == 2 for array in held.values())
    for number in range(2):
        given = [held[name][number] for name in test["inputs"].values()]
        values = package.values(*given)
        for name, entry in test["outputs"].items():
            assert np.abs(values[package.value(name)][0] - held[entry["tensor"]][number]).max() <= entry["tolerance"]


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


def kinds(package: Written) -> list[str]:
    return [entry["kind"] for entry in package.manifest["outputs"]]


def test_one_sigmoid_as_two_classes(export: Export) -> None:
    """What the user says of one sigmoid: 1 − p and p."""
    path = fixture("one_score")
    package = export(path, "--from-sigmoid", "--labels", "no,yes")
    format2.check(package.manifest)
    assert [(entry["name"], entry["kind"]) for entry in package.manifest["outputs"]] == [
        ("probabilities", "probabilities")
    ]
    inputs, outputs = examples(path)
    found = package.output("probabilities", inputs[0][0])
    assert np.allclose(found, [1 - outputs[0][0, 0], outputs[0][0, 0]], atol=2e-6)


def test_a_softmax_that_was_left_out(export: Export) -> None:
    package = export(fixture("rebuilt"), "--from-logits")
    assert kinds(package) == ["probabilities", "logits"]
    assert kinds(export(fixture("rebuilt"), "--output-kind", "logits")) == ["logits"]
    assert kinds(export(fixture("rows"), "--output-kind", "values")) == ["values"]


NOTES = {
    "one_score": "ends in sigmoid: its 1 number is called scores (each by itself between 0 and 1; --from-sigmoid",
    "rebuilt": "does not end in a softmax: its 4 numbers are called values (nothing says what they are: --from-logits",
}


@pytest.mark.parametrize("name", NOTES)
def test_what_is_no_probability_is_said(name: str, export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    export(fixture(name))
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Note: output")]
    assert len([note for note in notes if NOTES[name] in note]) == 1


def test_rows_of_frames_are_proven(export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    """A vector that is repeated as often as there are frames has no rows of frames."""
    doubt = "has as many rows as the clip has frames, and nothing proves that they are the frames'"
    export(fixture("rebuilt"))
    assert f"output 'frames' {doubt}" in " ".join(capsys.readouterr().err.split())
    manifest = export(fixture("rows")).manifest
    assert [entry["per"] for entry in manifest["outputs"]] == ["frame", "frame"]
    assert doubt not in " ".join(capsys.readouterr().err.split())


def test_other_models_say_nothing(export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    export(BASE)
    assert "Note:" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["int8_rows", "int4_rows"])
def test_rows_that_are_not_quantized_show(name: str, export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same layers without rounding their inputs."""
    path = fixture(name)
    package = export(path)
    inputs, outputs = examples(path)
    monkeypatch.setitem(KERNELS, "round", lambda given, *_: [given[0]])
    difference = np.abs(package.output("probabilities", inputs[0][0]) - outputs[0][0]).max()
    assert difference > 1e-4
    assert package.manifest["selfTest"]["outputs"]["probabilities"]["tolerance"] == 2e-2


def test_blocks_have_zero_points(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: blocks whose zero point is left out."""
    path = fixture("int4_small_blocks")
    inputs, outputs = examples(path)
    take = np.take
    shifts = [0]

    def without(array: np.ndarray, *given: Any, **named: Any) -> np.ndarray:
        shifts[0] += 1
        # Zero points are asked for first, then scales.
        return take(array, *given, **named) * (0 if shifts[0] % 2 else 1)

    monkeypatch.setattr(np, "take", without)
    package = export(path)
    monkeypatch.undo()
    assert np.abs(package.output("probabilities", inputs[0][0]) - outputs[0][0]).max() > 1e-3


def test_two_numbers_in_a_byte() -> None:
    """The low half first; an odd number of columns leaves the last half unused."""
    packed = np.array([[0x21, 0xF8 - 256, 0x07]], np.int8)
    assert unpacked(packed, 5).tolist() == [[1, 2, -8, -1, 7]]
    assert unpacked(packed, 6).tolist() == [[1, 2, -8, -1, 7, 0]]
    with pytest.raises(ValueError, match="for 7 columns"):
        unpacked(packed, 7)


@pytest.mark.parametrize("name", HALF)
def test_half_precision_is_said(name: str, export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it would change, and the measured difference is of that size."""
    path = fixture(name)
    package = export(path)
    (note,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Note: ")]
    match = re.search(r"would differ by about (\S+) in the probabilities", note)
    assert match and "the package all in float32" in note
    inputs, outputs = examples(path)
    found = max(
        float(np.abs(package.output("probabilities", clip) - golden).max())
        for clip, golden in zip(inputs[0], outputs[0])
    )
    assert found / 10 < float(match[1]) < 10 * found


@pytest.mark.parametrize(
    "options",
    [
        ["FrameAttention=tanh,sequence", "ContextAttention=tanh,sum"],
        ["FrameAttention=relu,sequence", "ContextAttention=sigmoid,sum"],
    ],
)
def test_another_reading_of_attention_shows(options: list[str], export: Export) -> None:
    """The negative control of the fixture: each part of a reading changes what comes out."""
    path = fixture("attention_pools")
    inputs, outputs = examples(path)
    package = export(path, *(item for option in options for item in ("--attention-layer", option)))
    assert np.abs(package.output("probabilities", inputs[0][0]) - outputs[0][0]).max() > 1e-4


@pytest.mark.parametrize(
    "name,options,expected",
    [
        ("attention_pools", [], "say it with --attention-layer FrameAttention=ACTIVATION,OUTPUT, such as tanh,sum"),
        ("attention_pools", ["--attention-layer", "tanh"], "found the output '', expected one of sum"),
        ("attention_pools", ["--attention-layer", "wavy,sum"], "found the activation 'wavy', expected one of"),
        ("vector", ["--attention-layer", "tanh,sum"], "tanh,sum: the model has no layer that takes it"),
        ("temporal_network", ["--tcn-layer", "mine"], "--tcn-layer mine: expected keras-tcn"),
        (
            "tokens_and_positions",
            [],
            "--position-layer TokenAndPositionEmbedding=R, R one of tokens (rows of a table by number + the table of",
        ),
        (
            "tokens_and_positions",
            ["--position-layer", "add"],
            "and --position-layer add does not fit what it holds: say it with --position-layer",
        ),
        ("vector", ["--tcn-layer", "keras-tcn"], "the model has no layer that takes it"),
    ],
)
def test_attention_and_networks_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, options: list[str], expected: str
) -> None:
    assert expected in failure(capsys, tmp_path, str(fixture(name)), *options)


def without_module(entry: dict[str, Any]) -> None:
    entry["module"] = "mine"


NETWORKS: dict[str, tuple[Any, list[str], str | None]] = {
    "a class of another module": (without_module, [], "--tcn-layer TCN=keras-tcn if it is the library's"),
    "said to be the library's": (without_module, ["--tcn-layer", "keras-tcn"], None),
    "a norm": (lambda entry: entry["config"].update(use_batch_norm=True), [], "use_batch_norm is not supported"),
    "a state": (lambda entry: entry["config"].update(return_state=True), [], "return_state is not supported"),
    "no dilations": (lambda entry: entry["config"].pop("dilations"), [], "--tcn-layer TCN=keras-tcn"),
    "one block less": (lambda entry: entry["config"].update(dilations=[1]), [], "weights that are not the library's"),
    "one block more": (lambda entry: entry["config"].update(dilations=[1, 2, 4]), [], "no kernel of 'residual_block_2"),
    "a padding": (lambda entry: entry["config"].update(padding="valid"), [], "its options are not known"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_temporal_network_is_the_librarys_or_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], export: Export, name: str
) -> None:
    edit, options, expected = NETWORKS[name]

    def each(config: Any) -> None:
        for entry in config["config"]["layers"]:
            if entry["class_name"] == "TCN":
                edit(entry)

    path = changed(tmp_path, each, str(fixture("temporal_network")))
    if expected is None:
        inputs, outputs = examples(fixture("temporal_network"))
        package = export(path, *options)
        assert np.abs(package.output("probabilities", inputs[0][0]) - outputs[0][0]).max() <= 2e-6
        assert any("--tcn-layer" in note for note in package.manifest["metadata"]["exportNotes"])
    else:
        assert expected in failure(capsys, tmp_path, str(path), *options)


def test_the_rules_of_the_format_can_fail(export: Export) -> None:
    """The negative control of the validator."""
    edits: list[Any] = [
        lambda m: m["inputs"][0].update(role="tensor"),
        lambda m: m["inputs"][0].update(features=9),
        lambda m: m["outputs"][0].update(per="frame"),
        lambda m: m["outputs"].reverse(),
        lambda m: m["selfTest"]["inputs"].update(clip="logits"),
        lambda m: m.update(formatVersion=1),
    ]
    for edit in edits:
        manifest = export(BASE).manifest
        edit(manifest)
        with pytest.raises(AssertionError):
            format2.check(manifest)
