"""Packages with random weights, for measurements: the graph works out, and sizes that cannot be are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emotionformer.random_package import main

SMALL = ["--frames", "9", "--features", "5", "--width", "8", "--blocks", "1", "--heads", "2", "--feed-forward", "6"]


@pytest.mark.parametrize("extra", [[], ["--lstm", "3"]])
def test_writes_a_package(extra: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "package"
    assert main(["-o", str(folder), *SMALL, *extra]) == 0
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["input"]["frames"] == 9
    assert manifest["graphs"][0]["inputs"][0]["shape"] == [1, 9, 5]


def test_refuses_heads_that_do_not_divide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-o", str(tmp_path / "package"), *SMALL, "--heads", "3"]) == 1
    assert "--width 8 is not a multiple of --heads 3" in capsys.readouterr().err
    assert not (tmp_path / "package").exists()
