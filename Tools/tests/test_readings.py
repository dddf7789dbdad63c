"""Custom layers that look like others: what a file does not say is asked for, never assumed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import FIXTURES, UNSAID, Export

from emotionformer.errors import ExportError
from emotionformer.export import recognition
from emotionformer.export.blocks import Component
from emotionformer.export.command import main
from emotionformer.export.conversion import Converter
from emotionformer.export.dispatch import handler
from emotionformer.export.graph import Call, Graph, Tensor
from emotionformer.export.keras_worker import custom_objects
from emotionformer.export.layer import Layer
from emotionformer.export.readings import BlockReading, Readings

RECOGNIZED, LOOKALIKES = FIXTURES / "k3_custom_recognized.keras", FIXTURES / "k3_custom_lookalikes.keras"
POSITIONS = UNSAID["custom_lookalikes"][2:]
BLOCK = UNSAID["custom_lookalikes"][:2]


def refusal(capsys: pytest.CaptureFixture[str], folder: Path, source: Path, *options: str) -> str:
    """The one line that a failing export prints."""
    assert main([str(source), "-o", str(folder / "made"), *options]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("export: ")]
    assert len(lines) == 1 and not (folder / "made").exists()
    return lines[0]


@pytest.mark.parametrize("source", [RECOGNIZED, LOOKALIKES], ids=["as its name says", "otherwise"])
def test_a_block_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: Path) -> None:
    """Also one that is keras.io's own: the two files differ in nothing that says which it is."""
    line = refusal(capsys, tmp_path, source, "--position-layer", "add")
    assert "TransformerBlock" in line and "block" in line
    assert "--transformer-block NORMS,ACTIVATION,EPSILON[,causal]" in line and "--custom" in line


@pytest.mark.parametrize("source", [RECOGNIZED, LOOKALIKES], ids=["added", "otherwise"])
def test_a_table_of_positions_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: Path) -> None:
    line = refusal(capsys, tmp_path, source, *BLOCK)
    assert "Position" in line and "--position-layer" in line and "--custom" in line
    assert all(name in line for name in ("add", "scaled", "table"))


@pytest.mark.parametrize(
    "options",
    [
        [*POSITIONS, "--transformer-block", "post-norm,relu,1e-6"],
        [*POSITIONS, "--transformer-block", "pre-norm,relu,1e-2,causal"],
        [*POSITIONS, "--transformer-block", "pre-norm,gelu,1e-2"],
        [*POSITIONS, "--transformer-block", "pre-norm,gelu,1e-3,causal"],
        [*POSITIONS, "--transformer-block", "post-norm,gelu,1e-2,causal"],
        [*BLOCK, "--position-layer", "PositionEmbedding=add", "--position-layer", "PositionalEmbedding=scaled"],
        [*BLOCK, "--position-layer", "PositionEmbedding=table", "--position-layer", "PositionalEmbedding=add"],
    ],
)
def test_another_reading_shows(export: Export, options: list[str]) -> None:
    """The negative control of the fixture: each part of a reading changes what comes out."""
    golden = np.load(LOOKALIKES.with_suffix(".npz"))
    package = export(LOOKALIKES, *options)
    assert np.abs(package.output("probabilities", golden["input"][0]) - golden["output"][0]).max() > 2e-5


def test_a_reading_is_noted_in_the_package(export: Export) -> None:
    notes = export(LOOKALIKES, *UNSAID["custom_lookalikes"]).manifest["metadata"]["exportNotes"]
    assert any("--transformer-block pre-norm,gelu,0.01,causal" in note for note in notes)
    assert any("PositionEmbedding: read as --position-layer table" in note for note in notes)


def test_a_custom_file_needs_no_reading(export: Export, tmp_path: Path) -> None:
    """`--custom` stands before what is recognized; the pieces of `blocks` are enough for the block."""
    custom = tmp_path / "mine.py"
    custom.write_text(
        "from emotionformer.custom import Tensor, blocks\n"
        "def block(converter, layer, call):\n"
        "    x, graph = call.first.value, converter.graph\n"
        "    def part(name): return blocks.component(layer, name)\n"
        "    def norm(name, x): return blocks.layer_normalization(converter, layer, part(name), x, 1e-2)\n"
        "    y = blocks.multi_head_attention(converter, layer, part('att'), norm('layernorm1', x), causal=True)\n"
        "    x = graph.one('add', x, y)\n"
        "    y = blocks.dense(converter, layer, part('ffn/layers/dense'), norm('layernorm2', x), 'gelu')\n"
        "    y = blocks.dense(converter, layer, part('ffn/layers/dense_1'), y)\n"
        "    return Tensor(graph.one('add', x, y))\n"
        "LAYERS = {'TransformerBlock': block}\n"
    )
    golden = np.load(LOOKALIKES.with_suffix(".npz"))
    package = export(LOOKALIKES, *POSITIONS, "--custom", str(custom))
    assert np.abs(package.output("probabilities", golden["input"][0]) - golden["output"][0]).max() <= 2e-6


def test_a_mask_is_not_dropped() -> None:
    """Whether a custom layer heeds its input's mask and hands it on, the file does not say either."""
    graph = Graph()
    given = graph.input("input", "float32", np.zeros((1, 3, 2)))
    mask = graph.input("mask", "bool", np.ones((1, 3), bool))
    converter = Converter(graph, 3, "3.5.0", handler({}, Readings.parse([], ["add"])))
    layer = Layer("PositionEmbedding", "positions", {}, 3, known=False, bag={"table": np.ones((3, 2), np.float32)})
    assert len(converter.call(layer, Call([Tensor(given)]))) == 1
    with pytest.raises(ExportError, match="carries a mask"):
        converter.call(layer, Call([Tensor(given, mask)]))


def test_readings_go_by_class() -> None:
    readings = Readings.parse(["pre-norm,gelu,1e-3", "Mine=post-norm,relu,1e-6,causal"], ["table"])
    assert readings.block(named("Mine")) == BlockReading(False, "relu", 1e-6, True)
    assert readings.block(named("Other")) == BlockReading(True, "gelu", 1e-3)
    assert readings.position(named("Any")) == "table" and Readings().position(named("Any")) is None


def named(class_name: str, registered: str = "") -> Layer:
    return Layer(class_name, "layer", {}, 3, registered=registered, known=False)


def test_a_registered_name_says_more() -> None:
    readings = Readings.parse(["Block=post-norm,relu,1e-6", "mine>Block=pre-norm,relu,1e-6"], [])
    block = readings.block(named("Block", "mine>Block"))
    assert block is not None and block.pre_norm and readings.names_block(named("Block", "mine>Block"))
    other = readings.block(named("Block", "other>Block"))
    assert other is not None and not other.pre_norm
    readings.check_used()


@pytest.mark.parametrize(
    "options",
    [
        [*BLOCK, *POSITIONS, "--transformer-block", "Encoder=post-norm,relu,1e-6"],
        [*BLOCK, *POSITIONS, "--position-layer", "Table=add"],
        [*BLOCK, *POSITIONS, "--position-layer", "add"],
    ],
    ids=["block", "positions", "any class"],
)
def test_a_reading_that_no_layer_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    line = refusal(capsys, tmp_path, LOOKALIKES, *options)
    assert f"{options[-2]} {options[-1].split('=')[0]}" in line and "that takes it" in line


def test_a_block_whose_class_speaks_of_positions() -> None:
    """What is said of a class goes before what its name suggests."""
    given = Graph().input("input", "float32", np.zeros((1, 3, 2)))
    converter = Converter(Graph(), 3, "3.5.0", handler({}, Readings.parse(["PositionBlock=post-norm,relu,1e-6"], [])))
    with pytest.raises(ExportError, match="not those of keras.io's block"):
        converter.call(named("PositionBlock"), Call([Tensor(given)]))


def test_a_block_of_another_name_is_told_of_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Graph().input("input", "float32", np.zeros((1, 3, 2)))
    converter = Converter(Graph(), 3, "3.5.0", handler({}))
    with pytest.raises(ExportError) as plain:
        converter.call(named("Mine"), Call([Tensor(given)]))
    assert "--transformer-block" not in str(plain.value)
    held = [Component(path, kind, {}) for path, kind in recognition.BLOCK_ATTRIBUTES.items()]
    monkeypatch.setattr(recognition, "components", lambda layer: held)
    with pytest.raises(ExportError, match="--transformer-block Mine=NORMS"):
        converter.call(named("Mine"), Call([Tensor(given)]))


@pytest.mark.parametrize(
    "text", ["", "post-norm", "post-norm,relu", "norm,relu,1e-6", "pre-norm,wavy,1e-6", "pre-norm,relu,-1", "a,b,c,d"]
)
def test_a_reading_that_is_none(text: str) -> None:
    with pytest.raises(ExportError, match="--transformer-block"):
        Readings.parse([text], [])


def test_two_readings_of_one_class() -> None:
    with pytest.raises(ExportError, match="two readings for Mine"):
        Readings.parse([], ["Mine=add", "Mine=table"])


def test_keras_classes_go_with_verifying(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refusal(capsys, tmp_path, RECOGNIZED, "--keras-classes", "mine.py")
    assert "--keras-classes goes with --verify-with keras" in line


def test_keras_is_given_the_classes_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its layer classes and its own functions; nothing that it only imports but layers."""

    class Layer:
        pass

    keras = SimpleNamespace(layers=SimpleNamespace(Layer=Layer))
    monkeypatch.setitem(sys.modules, "keras_of_the_test", keras)
    path = tmp_path / "classes.py"
    path.write_text(
        "from os.path import join\n"
        "import keras_of_the_test as keras\n"
        "class Block(keras.layers.Layer): pass\n"
        "class Other: pass\n"
        "def wavy(x): return x\n"
    )
    assert set(custom_objects(keras, str(path))) == {"Block", "wavy"}
