"""Models of any inputs and outputs: what each is, its numbers beside Keras's, and what is asked for or refused."""

from __future__ import annotations

from pathlib import Path

import format2
import numpy as np
import pytest
from conftest import Export
from general import FOUND, HALF, MODELS, OPTIONS, examples, kind, sources

from emotionformer.export.package import read_tensor


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_inputs_and_outputs_are_found(path: Path, export: Export) -> None:
    manifest = export(path, *OPTIONS.get(kind(path), [])).manifest
    format2.check(manifest)
    inputs, outputs = FOUND[kind(path)]
    roles = {entry["name"]: entry["role"] for entry in manifest["inputs"]}
    if kind(path) == "vector":
        assert list(roles.values()) == ["vector"]
    else:
        assert roles == inputs
    assert [(entry["name"], entry["kind"], entry["per"]) for entry in manifest["outputs"]] == outputs


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_agrees_with_keras(path: Path, export: Export) -> None:
    """Within 2e-6 of the largest magnitude; integers exactly."""
    package = export(path, *OPTIONS.get(kind(path), []))
    inputs, outputs = examples(path)
    for number in range(3):
        values = package.values(*(array[number] for array in inputs))
        for name, source in sources(path).items():
            found, golden = values[package.value(name)][0], outputs[source][number]
            assert found.shape == golden.shape
            bound = 2e-6 * max(1.0, float(np.abs(golden).max())) if golden.dtype.kind == "f" else 0
            bound = HALF.get(kind(path), bound)
            assert np.abs(found - golden).max() <= bound, name
    assert np.abs(outputs[0][0].astype(float) - outputs[0][1]).max() > 1e-3


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_the_self_test_is_what_the_package_gives(path: Path, export: Export) -> None:
    package = export(path, *OPTIONS.get(kind(path), []), "--self-test-clips", "2")
    test = package.manifest["selfTest"]
    held = {name: read_tensor(package.folder, "selftest.bin", entry) for name, entry in test["tensors"].items()}
    assert all(len(array) == 2 for array in held.values())
    for number in range(2):
        given = [held[name][number] for name in test["inputs"].values()]
        values = package.values(*given)
        for name, entry in test["outputs"].items():
            assert np.abs(values[package.value(name)][0] - held[entry["tensor"]][number]).max() <= entry["tolerance"]
