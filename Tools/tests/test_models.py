"""Every fixture model exports, and its graph gives what Keras gave: probabilities, and each layer's own output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import FIXTURES, Export, unsaid

from emotionformer.export.evaluation.execution import run_graph
from emotionformer.export.graph import Graph, Value
from emotionformer.export.layers import normalization

MODELS = sorted(path for path in FIXTURES.iterdir() if path.suffix in (".h5", ".keras"))
CLIPS = 3


def options(path: Path) -> list[str]:
    return unsaid(path) + (["--frames", "6"] if "open_time" in path.stem else [])


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_agrees_with_keras(path: Path, export: Export) -> None:
    """Probabilities within 2e-6 of Keras's, layers within 1e-5 of their largest magnitude."""
    golden = np.load(path.with_suffix(".npz"))
    package = export(path, *options(path))
    compared = set()
    for clip in range(CLIPS):
        values = package.values(golden["input"][clip])
        output = values[package.value("probabilities")][0]
        assert np.abs(output - golden["output"][clip]).max() <= 2e-6
        for key in golden.files:
            name = key.removeprefix("layer/")
            if key.startswith("layer/") and name in values:
                expected = golden[key][clip]
                found = values[name][0]
                assert found.shape == expected.shape, name
                # Where Keras has a NaN or an infinity there is the same one.
                finite = np.isfinite(expected)
                assert np.array_equal(found[~finite], expected[~finite], equal_nan=True), name
                largest = max(1.0, float(np.abs(expected[finite]).max(initial=0)))
                assert np.abs(found[finite] - expected[finite]).max(initial=0) <= 1e-5 * largest, name
                compared.add(name)
    assert compared


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_classes_differ(path: Path) -> None:
    """A golden whose clips all look alike would prove nothing."""
    output = np.load(path.with_suffix(".npz"))["output"]
    assert np.abs(output[0] - output[1]).max() > 1e-3
    assert np.allclose(output.sum(axis=-1), 1, atol=1e-5)


def test_values_that_are_not_wanted_are_dropped(export: Export) -> None:
    """Of a graph that uses a value twice: what is left is what all values have."""
    path = FIXTURES / "k3_nested.keras"
    package, clip = export(path), np.load(path.with_suffix(".npz"))["input"][0]
    whole, graph = package.values(clip), package.manifest["graphs"][0]
    wanted = {graph["outputs"][0], graph["nodes"][0]["outputs"][0]}
    feeds = {graph["inputs"][0]["name"]: clip[None]}
    left = run_graph(graph, package.tensor, feeds, wanted=wanted)
    assert set(left) == wanted
    assert all(np.array_equal(left[name], whole[name]) for name in wanted)


def test_a_swapped_head_shows(export: Export) -> None:
    """The negative control of the tolerance: one attention head's query kernel in another's place."""
    path = FIXTURES / "k3_post_norm_constant.keras"
    golden = np.load(path.with_suffix(".npz"))
    package = export(path)
    swapped = next(name for name in package.manifest["tensors"] if name.endswith("query/kernel"))
    right = package.tensor
    package.tensor = lambda name: right(name)[:, ::-1] if name == swapped else right(name)  # type: ignore[method-assign]
    output = package.output("probabilities", golden["input"][0])
    assert np.abs(output - golden["output"][0]).max() > 2e-6


def test_a_mean_of_squares_is_no_variance(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of `rms_scaling`: divided by the root mean square, as its name has it."""
    path = FIXTURES / "k3_scaled_by_variance.keras"

    def by_squares(graph: Graph, value: Value, axes: list[int], epsilon: float) -> Value:
        return graph.one("rmsNormalization", value, axes=axes, epsilon=epsilon)

    monkeypatch.setattr(normalization, "scaled_by_variance", by_squares)
    golden = np.load(path.with_suffix(".npz"))
    output = export(path).output("probabilities", golden["input"][0])
    assert np.abs(output - golden["output"][0]).max() > 1e-3
