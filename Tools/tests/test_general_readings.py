"""Quantized weights, half precision, and layers of people's own whose reading is asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import format2
import numpy as np
import pytest
from conftest import Export
from exporting import BASE, failure
from general import HALF, examples, fixture
from test_refused_models import changed

from emotionformer.export.evaluation.execution import KERNELS
from emotionformer.export.reading.quantized_weights import unpacked


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
