"""`--custom` files: what they may import."""

from __future__ import annotations

from pathlib import Path

import pytest

from emotionformer.errors import ExportError
from emotionformer.export.custom import load_custom

EARLIER = """
from emotionformer import blocks
from emotionformer.conversion import Converter
from emotionformer.graph import Call, Tensor
from emotionformer.layer import Layer

import emotionformer.custom as now

assert (blocks, Converter, Call, Tensor, Layer) == (now.blocks, now.Converter, now.Call, now.Tensor, now.Layer)
LAYERS = {"Halve": lambda converter, layer, call: call.first}
"""


def test_imports_of_earlier_versions_still_work(tmp_path: Path) -> None:
    path = tmp_path / "custom.py"
    path.write_text(EARLIER)
    assert list(load_custom(path)) == ["Halve"]


def test_other_imports_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "custom.py"
    path.write_text("import emotionformer.nothing_of_the_kind\n")
    with pytest.raises(ExportError, match="custom.py: ModuleNotFoundError"):
        load_custom(path)
