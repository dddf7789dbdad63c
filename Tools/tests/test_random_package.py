"""Packages with random weights, for measurements: the graph works out, and sizes that cannot be are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotionformer.random_package.command import main

SMALL = ["--frames", "9", "--features", "5", "--width", "8", "--blocks", "1", "--heads", "2", "--feed-forward", "6"]


@pytest.mark.parametrize("extra", [[], ["--lstm", "3"]])
def test_writes_a_package(extra: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "package"
    assert main(["-o", str(folder), *SMALL, *extra]) == 0
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["inputs"][0]["frames"] == 9
    assert manifest["graphs"][0]["inputs"][0]["shape"] == [1, 9, 5]


def test_int8_kernels_are_their_float_twins_rounded(tmp_path: Path) -> None:
    assert main(["-o", str(tmp_path / "float"), *SMALL]) == 0
    assert main(["-o", str(tmp_path / "int8"), *SMALL, "--int8"]) == 0
    exact, rounded = (tensors(tmp_path / name) for name in ("float", "int8"))
    names = [name for name, (array, _) in rounded.items() if array.dtype == np.int8]
    assert "projection/kernel" in names and "block0/attention/output/kernel" in names and len(names) == 9
    for name in names:
        kernel, entry = rounded[name]
        assert entry["quantization"] == {"scale": f"{name}.scale", "axis": 0}
        scale = rounded[f"{name}.scale"][0]
        assert np.abs(kernel).max(axis=1).tolist() == [127] * len(kernel)
        # The float package has an attention layer in place of its projections, and draws them in another order.
        if name == "projection/kernel":
            assert np.abs(kernel * scale[:, None] - exact[name][0].T).max() <= scale.max() / 2 * 1.001


def tensors(folder: Path) -> dict[str, tuple[np.ndarray, dict[str, Any]]]:
    """Every tensor of a package with its entry in the manifest."""
    content = (folder / "weights.bin").read_bytes()
    entries = json.loads((folder / "manifest.json").read_text("utf-8"))["tensors"]
    return {
        name: (
            np.frombuffer(content, entry["dtype"], int(np.prod(entry["shape"])), entry["offset"]).reshape(
                entry["shape"]
            ),
            entry,
        )
        for name, entry in entries.items()
    }


def test_refuses_heads_that_do_not_divide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        main(["-o", str(tmp_path / "package"), *SMALL, "--heads", "3"])
    assert "--width 8 is not a multiple of --heads 3" in capsys.readouterr().err
    assert not (tmp_path / "package").exists()
