"""What the tests share: exporting a fixture, and evaluating a written package."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotionformer.export.command import main
from emotionformer.export.evaluation.execution import run_graph
from emotionformer.export.package import read_tensor
from emotionformer.places import ROOT, TOOLS

FIXTURES = ROOT / "Tests" / "Fixtures" / "keras"
# What `swift test` built; tests that run it are marked `executable`.
EXECUTABLE = Path(os.environ.get("EMOTIONFORMER", ROOT / ".build" / "debug" / "emotionformer"))
EXAMPLE = TOOLS / "examples" / "custom_layers.py"

# What the fixtures' files do not say of their layers, by a part of the file's name.
UNSAID = {
    "missing_landmarks": ["--missing-value", "keep"],
    "custom_given": ["--custom", str(EXAMPLE)],
    "custom_recognized": ["--transformer-block", "post-norm,relu,1e-6", "--position-layer", "add"],
    "custom_lookalikes": [
        "--transformer-block",
        "pre-norm,gelu,1e-2,causal",
        "--position-layer",
        "PositionEmbedding=table",
        "--position-layer",
        "PositionalEmbedding=scaled",
    ],
}


def unsaid(path: Path) -> list[str]:
    """The options that a fixture needs, for what its file leaves open."""
    return [option for part, options in UNSAID.items() if part in path.stem for option in options]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Hostile files and texts are not names: what is long is shown by its start and its length."""
    if not isinstance(val, (bytes, str)) or len(val) <= 40:
        return None
    return f"{ascii(val[:24])[:40]}…{len(val)}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a build Tools/test fails, which has made one before; who runs pytest alone is told what was left out."""
    needing = [item for item in items if item.get_closest_marker("executable")]
    if not needing or EXECUTABLE.exists():
        return
    reason = f"{EXECUTABLE}: the executable is not built: swift build"
    if os.environ.get("EMOTIONFORMER_TESTS_NEED_BUILD") == "1":
        pytest.exit(f"{reason} ({len(needing)} tests need it)", returncode=1)
    for item in needing:
        item.add_marker(pytest.mark.skip(reason=reason))


@dataclass
class Written:
    """A package on disk and its manifest."""

    folder: Path
    manifest: dict[str, Any]

    def tensor(self, name: str) -> np.ndarray:
        return read_tensor(self.folder, "weights.bin", self.manifest["tensors"][name])

    @property
    def input(self) -> dict[str, Any]:
        """The only input."""
        (entry,) = self.manifest["inputs"]
        return dict(entry)

    def value(self, output: str) -> str:
        """The graph's value that an output is."""
        return next(str(entry["value"]) for entry in self.manifest["outputs"] if entry["name"] == output)

    def values(self, *given: np.ndarray) -> dict[str, np.ndarray]:
        """Every value of the graph for one example of each input, without the batch axis."""
        graph = self.manifest["graphs"][0]
        feeds = {}
        for entry, array in zip(graph["inputs"], given, strict=True):
            # An open axis has what the others leave.
            feeds[entry["name"]] = array.reshape([-1 if extent is None else extent for extent in entry["shape"]])
        return run_graph(graph, self.tensor, feeds)

    def output(self, name: str, *given: np.ndarray) -> np.ndarray:
        """An output for one example of each input, without the batch axis."""
        found: np.ndarray = self.values(*given)[self.value(name)][0]
        return found


Export = Callable[..., Written]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Exports a source into a temporary folder; the options follow."""

    def run(source: Path, *options: str) -> Written:
        folder = tmp_path / "package"
        assert main([str(source), "-o", str(folder), *options]) == 0
        return Written(folder, json.loads((folder / "manifest.json").read_text("utf-8")))

    return run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
