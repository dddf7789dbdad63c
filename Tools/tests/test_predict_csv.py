"""`emotionformer predict --csv` is a table that pandas reads at once."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_engine import run

from emotionformer.places import FIXTURES

pytestmark = pytest.mark.executable

FOLDER = FIXTURES / "attention"


def test_windows_are_a_data_frame(tmp_path: Path) -> None:
    """A row a window, numbers as numbers, names with commas and quotes as they are."""
    name = 'a "first", clip.npy'
    clip = np.random.default_rng(1).normal(0, 1, (20, 5)).astype(np.float32)
    clip[8:12] = np.nan
    np.save(tmp_path / name, clip)
    done = run("predict", "--csv", "--window", "4", "--hop", "4", "--model", FOLDER / "blocks.package", tmp_path / name)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(io.StringIO(done.stdout))
    labels = [f"class{index}" for index in range(6)]
    assert list(table.columns) == ["clip", "index", "start_frame", "end_frame", "label", *labels]
    assert set(table["clip"]) == {name}
    # The window from 8 has no face.
    assert list(table["start_frame"]) == [0, 4, 12, 16]
    assert (table["end_frame"] - table["start_frame"] == 4).all()
    assert all(kind == np.float64 for kind in table[labels].dtypes)
    assert np.abs(table[labels].sum(axis=1) - 1).max() < 1e-6
    assert list(table[labels].idxmax(axis=1)) == list(table["label"])
