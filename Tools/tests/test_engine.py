"""The whole road: every fixture model, exported and run by the Swift engine, gives what Keras gave."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import EXECUTABLE, Export
from general import HALF, examples, fixture, kind, sources
from general import MODELS as GENERAL_MODELS
from general import OPTIONS as GENERAL_OPTIONS
from test_models import CLIPS, MODELS, options

from emotionformer.export.package import read_tensor, write_tensors
from emotionformer.export.xxh64 import xxh64

LEVELS = ["portable", ""]

pytestmark = pytest.mark.executable


def run(*arguments: str | Path, level: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "EMOTIONFORMER_KERNELS": level}
    return subprocess.run(
        [str(EXECUTABLE), *map(str, arguments)], capture_output=True, text=True, env=environment, check=False
    )


def predictions(package: Path, clips: np.ndarray, folder: Path, level: str = "") -> list[dict[str, Any]]:
    np.save(folder / "clips.npy", clips.astype(np.float32))
    done = run("predict", "--json", "--threads", "2", "--model", package, folder / "clips.npy", level=level)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_engine_agrees_with_keras(path: Path, export: Export, tmp_path: Path) -> None:
    """Probabilities within 2e-6 on the plain and the best level; every node within its bound of the float64
    reference."""
    golden = np.load(path.with_suffix(".npz"))
    package = export(path, *options(path)).folder
    for level in LEVELS:
        found = predictions(package, golden["input"], tmp_path, level)
        assert [row["index"] for row in found] == list(range(CLIPS))
        for row, expected in zip(found, golden["output"], strict=True):
            assert list(row["probabilities"]) == [f"class{index}" for index in range(len(expected))]
            assert np.abs(np.array(list(row["probabilities"].values())) - expected).max() <= 2e-6
    checked = run("verify", "--nodes", package)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", GENERAL_MODELS, ids=lambda path: path.name)
def test_engine_runs_models_of_any_inputs_and_outputs(path: Path, export: Export, tmp_path: Path) -> None:
    """With Keras's numbers as the self-test, in place of the float64 evaluation: on the plain and the best level."""
    package = export(path, *GENERAL_OPTIONS.get(kind(path), [])).folder
    if kind(path) not in HALF:
        hold_golden(package, path)
    for level in LEVELS:
        checked = run("verify", package, level=level)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def hold_golden(package: Path, path: Path) -> None:
    """Puts the fixture's inputs and outputs in the self-test's place; logits that were added stay as they are."""
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    test = manifest["selfTest"]
    held = {name: read_tensor(package, "selftest.bin", entry) for name, entry in test["tensors"].items()}
    inputs, outputs = examples(path)
    for entry, array in zip(manifest["inputs"], inputs):
        name = test["inputs"][entry["name"]]
        held[name] = array.reshape(held[name].shape)
    for name, source in sources(path).items():
        held[test["outputs"][name]["tensor"]] = outputs[source]
    for name in set(test["outputs"]) - set(sources(path)):
        # Of other inputs.
        test["outputs"].pop(name)
    kept = {*test["inputs"].values(), *(entry["tensor"] for entry in test["outputs"].values())}
    test["tensors"], manifest["selfTestData"] = write_tensors(
        package / "selftest.bin", {name: array for name, array in held.items() if name in kept}
    )
    (package / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def test_a_wrong_output_of_a_general_model_shows(export: Export) -> None:
    """The negative control: the golden of another example, in one of three outputs."""
    path = fixture("together")
    package = export(path).folder
    hold_golden(package, path)
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    test = manifest["selfTest"]
    held = {name: read_tensor(package, "selftest.bin", entry) for name, entry in test["tensors"].items()}
    held[test["outputs"]["arousal"]["tensor"]] = np.roll(held[test["outputs"]["arousal"]["tensor"]], 1, axis=0)
    test["tensors"], manifest["selfTestData"] = write_tensors(package / "selftest.bin", held)
    (package / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    checked = run("verify", package)
    assert checked.returncode == 3 and "arousal" in checked.stdout + checked.stderr


def test_a_dropped_bias_shows(export: Export, tmp_path: Path) -> None:
    """The negative control: one bias less, and the same comparison fails."""
    path = next(path for path in MODELS if path.stem == "k3_post_norm_constant")
    golden = np.load(path.with_suffix(".npz"))
    package = export(path).folder
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    node = next(node for node in manifest["graphs"][0]["nodes"] if node["operation"] == "layerNormalization")
    tensor = manifest["tensors"][node["weights"]["beta"]]
    data = bytearray((package / "weights.bin").read_bytes())
    data[tensor["offset"] : tensor["offset"] + tensor["byteCount"]] = bytes(tensor["byteCount"])
    manifest["weights"] |= {"sha256": hashlib.sha256(data).hexdigest(), "xxh64": xxh64(bytes(data))}
    (package / "weights.bin").write_bytes(data)
    (package / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    found = predictions(package, golden["input"], tmp_path)
    differences = [
        np.abs(np.array(list(row["probabilities"].values())) - expected).max()
        for row, expected in zip(found, golden["output"], strict=True)
    ]
    assert max(differences) > 2e-6
    assert run("verify", package).returncode == 3
