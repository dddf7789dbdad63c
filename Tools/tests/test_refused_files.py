"""Files as Keras itself writes them, of models that the exporter refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import FIXTURES, Export
from exporting import failure

from emotionformer.fixtures.refused_cases import CASES

REFUSED = FIXTURES.parent / "refused"


@pytest.mark.parametrize("name", CASES)
def test_is_refused_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert CASES[name][2] in failure(capsys, tmp_path, str(REFUSED / f"{name}.keras"))


def test_every_file_is_tested() -> None:
    assert {path.stem for path in REFUSED.iterdir()} == set(CASES)


def test_calls_in_training_of_keras_3_are_noted(export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    """Its numbers are those of predict(), with which the fixture's are compared; model(x) would give others."""
    notes = export(FIXTURES / "k3_called_in_training.keras").manifest["metadata"]["exportNotes"]
    named = [note.partition(" is called with training=True")[0] for note in notes if "training=True" in note]
    assert named == [
        "Functional 'nested'",
        "GaussianNoise 'noise'",
        "BatchNormalization 'batch'",
        "MultiHeadAttention 'heads'",
        "Dropout 'drop'",
        "LSTM 'lstm'",
    ]
