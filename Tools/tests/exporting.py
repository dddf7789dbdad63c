"""What tests of the exporter share: a model to begin with, and an export that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import FIXTURES

from emotionformer.export.command import main

BASE = FIXTURES / "k3_post_norm_constant.keras"
LABELS = "Angry,Disgust,Fear,Happy,Neutral,Sad"


def failure(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> str:
    """The one line that a failing export prints; nothing is left in `folder`."""
    before = sorted(folder.iterdir())
    assert main([*arguments, "-o", str(folder / "made")]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("export: ")]
    assert len(lines) == 1
    assert sorted(folder.iterdir()) == before
    return lines[0]
