"""What the outputs of a model are taken for."""

from __future__ import annotations

import format2
import numpy as np
import pytest
from conftest import Export, Written
from exporting import BASE
from general import examples, fixture


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
