"""Configurations that ask for far more than their size explains: one line of error before it is computed."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from exporting import BASE, failure

from emotionformer.errors import ExportError
from emotionformer.export import bounds, functional
from emotionformer.export.bounds import Bounds, estimate
from emotionformer.export.command import main
from emotionformer.export.conversion import Converter
from emotionformer.export.dispatch import handler
from emotionformer.export.evaluation.execution import evaluate
from emotionformer.export.graph import Graph, Names


def saved(tmp_path: Path, model: dict[str, Any]) -> Path:
    """A `.keras` file of a model without weights."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_group("layers")
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(model))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
        archive.writestr("model.weights.h5", weights.getvalue())
    return path


def layer(kind: str, name: str = "", **config: Any) -> dict[str, Any]:
    named = {"name": name or kind.lower(), "trainable": True, "dtype": "float32", **config}
    return {"module": "keras.layers", "class_name": kind, "config": named, "registered_name": None}


def start(*shape: Any) -> dict[str, Any]:
    return layer("InputLayer", "input", batch_shape=[None, *shape])


def sequence(*layers: dict[str, Any]) -> dict[str, Any]:
    numbered = [{**item, "config": {**item["config"], "name": f"layer{index}"}} for index, item in enumerate(layers)]
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "model", "layers": numbered}}


def called(item: dict[str, Any], *inputs: tuple[str, int]) -> dict[str, Any]:
    """The layer, called once on each of the tensors."""

    def reference(name: str, node: int) -> dict[str, Any]:
        history = {"shape": [None, 4, 3], "dtype": "float32", "keras_history": [name, node, 0]}
        return {"class_name": "__keras_tensor__", "config": history}

    nodes = [{"args": [reference(*each)], "kwargs": {}} for each in inputs]
    return {**item, "name": item["config"]["name"], "inbound_nodes": nodes}


def functional_model(name: str, layers: list[dict[str, Any]], output: tuple[str, int]) -> dict[str, Any]:
    config = {
        "name": name,
        "trainable": True,
        "layers": [called(start(4, 3)), *layers],
        "input_layers": [["input", 0, 0]],
        "output_layers": [[*output, 0]],
    }
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def tower(depth: int) -> dict[str, Any]:
    """A model that calls a model twice, which calls a model twice, …"""
    inner = called(layer("Identity", "inner"), ("input", 0), ("inner", 0))
    for _ in range(depth):
        model = functional_model("inner", [inner], ("inner", 1))
        inner = called(model, ("input", 0), ("inner", 0))
    return functional_model("model", [inner], ("inner", 1))


def bidirectional(depth: int) -> dict[str, Any]:
    inner = layer("LSTM", units=2)
    for _ in range(depth):
        inner = layer("Bidirectional", layer=inner)
    return inner


CLIP = start(4, 3)
HOSTILE = {
    "a vector repeated": (sequence(CLIP, layer("Flatten"), layer("RepeatVector", n=10**12)), "a value of 1.2e+13"),
    "steps repeated": (sequence(CLIP, layer("UpSampling1D", size=10**9)), "a value of 1.2e+10"),
    "steps doubled": (sequence(CLIP, *[layer("UpSampling1D", size=2)] * 60), "give --no-limits"),
    "zeros around": (sequence(CLIP, layer("ZeroPadding1D", padding=[10**9, 0])), "a value of 3e+09"),
    "a wide window": (
        sequence(CLIP, layer("MaxPooling1D", pool_size=10**9, strides=1, padding="same")),
        "more than 67108864",
    ),
    "many windows": (
        sequence(CLIP, layer("AdaptiveAveragePooling1D", output_size=10**9)),
        "layer1: a value of 6e+09",
    ),
    "no windows": (sequence(CLIP, layer("AdaptiveMaxPooling1D", output_size=0)), "its output_size is 0, expected"),
    "a huge picture": (
        sequence(CLIP, layer("Reshape", target_shape=[2, 2, 3]), layer("Resizing", height=10**9, width=10**9)),
        "Resizing 'layer2': a value of 6e+09",
    ),
    "a picture of many windows": (
        sequence(
            CLIP, layer("Reshape", target_shape=[2, 2, 3]),
            layer("MaxPooling2D", pool_size=10**5, strides=1, padding="same"),
        ),
        "more than 67108864",
    ),
    "more cut than there is": (sequence(CLIP, layer("Cropping1D", cropping=[10**12, 0])), "it cuts 1000000000000"),
    "strides of no length": (
        sequence(CLIP, layer("MaxPooling1D", pool_size=2, strides=[1, 2, 3])),
        "its strides is [1, 2, 3], expected 1 positive numbers",
    ),
    "many categories": (sequence(CLIP, layer("CategoryEncoding", num_tokens=10**9)), "a value of 1.2e+10"),
    "no cells": (
        sequence(CLIP, layer("RNN", cell={"class_name": "StackedRNNCells", "config": {"name": "cells", "cells": []}})),
        "its configuration has no 'cells'",
    ),
    "calls of calls": (tower(28), "calls its layers more than 20000 times"),
    "a tower of directions": (sequence(CLIP, bidirectional(28)), "its layer is a Bidirectional, expected a recurrent"),
    "many slow layers": (
        sequence(start(2000, 2000), *[layer("Activation", activation="gelu")] * 300),
        "computes far more than its size explains",
    ),
    "a shape of many extents": (
        sequence(CLIP, layer("Reshape", target_shape=[10**40] * 250_000)),
        "cannot reshape (4, 3) to (1000",
    ),
    "a shape of zero and more": (
        sequence(CLIP, layer("Reshape", target_shape=[10**40] * 250_000 + [0])),
        "cannot reshape (4, 3) to (1000",
    ),
    "many starts, many calls": (
        functional_model(
            "model",
            [
                called(
                    functional_model("inner", [called(start(4, 3))] * 20_000, ("input", 0)),
                    *[("input", 0)] * 10_000,
                )
            ],
            ("inner", 0),
        ),
        "Functional 'inner': the model computes far more than its size explains",
    ),
    "frames": (sequence(start(10**9, 3)), "takes clips of 1000000000 frames × 3 features"),
    "features": (sequence(start(4, 10**9)), "takes clips of 4 frames × 1000000000 features"),
    "frames beyond integers": (sequence(start(10**12, 3)), "has the extent 1000000000000"),
    "extents that overflow": (sequence(start(2**30, 2**30, 2**30)), "the model takes 1073741824 × 1073741824"),
    "negative frames": (sequence(start(-4, 3)), "has the extent -4, expected a number above 0"),
    "no features": (sequence(start(4, 0)), "has the extent 0, expected a number above 0"),
    "half a frame": (sequence(start(4.5, 3)), "has the extent 4.5, expected a number above 0"),
    "true frames": (sequence(start(True, 3)), "has the extent True, expected a number above 0"),
    "infinite frames": (sequence(start(1e999, 3)), "has the extent inf, expected a number above 0"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_models(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    model, expected = HOSTILE[name]
    message = failure(capsys, tmp_path, str(saved(tmp_path, model)))
    assert expected in message and len(message) < 400


def test_layers_in_the_wrong_order_are_asked_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that is written from its end: each layer is asked when its operand is there, not in each round."""
    count, asked = 300, 0
    call_of = functional._call_of

    def counted(*given: Any) -> Any:
        nonlocal asked
        asked += 1
        return call_of(*given)

    monkeypatch.setattr(functional, "_call_of", counted)
    layers = [called(layer("Activation", "last", activation="softmax"), (f"l{count}", 0))]
    for index in range(count, 0, -1):
        before = f"l{index - 1}" if index > 1 else "flat"
        layers.append(called(layer("Activation", f"l{index}", activation="tanh"), (before, 0)))
    layers.append(called(layer("Flatten", "flat"), ("input", 0)))
    path = saved(tmp_path, functional_model("model", layers, ("last", 0)))
    assert main([str(path), "-o", str(tmp_path / "made"), "--self-test-clips", "1"]) == 0
    assert asked == 2 * (count + 2) - 1
    nodes = json.loads((tmp_path / "made" / "manifest.json").read_text())["graphs"][0]["nodes"]
    assert [node["name"] for node in nodes if node["operation"] == "activation"][:3] == ["l1", "l2", "l3"]


def test_a_tensor_that_nothing_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [called(layer("Identity", "a"), ("b", 0)), called(layer("Identity", "b"), ("a", 0))]
    path = saved(tmp_path, functional_model("model", layers, ("b", 0)))
    assert failure(capsys, tmp_path, str(path)) == (
        "export: model 'model': layer 'a' waits for a tensor that nothing makes"
    )


def test_many_layers_of_one_name() -> None:
    """Each is given the next number; a name that is given back is given again."""
    names = Names()
    assert [names.unique("a") for _ in range(30_000)][::10_000] == ["a", "a#10001", "a#20001"]
    assert names.unique("a") == "a#30001"
    names.discard("a#7")
    assert [names.unique("a"), names.unique("a")] == ["a#7", "a#30002"]
    names.discard("a")
    assert names.unique("a") == "a"
    assert names.unique("b#2") == "b#2" and names.unique("b") == "b" and names.unique("b") == "b#3"


@pytest.mark.parametrize("name,small", [("CALLS", 3), ("NODES", 3), ("WORK", 1000), ("ELEMENTS", 100)])
def test_no_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, small: int
) -> None:
    """Each bound is one, and `--no-limits` takes it away."""
    monkeypatch.setattr(bounds, name, small)
    monkeypatch.setattr(bounds, "WORK_A_BYTE", 0)
    assert "If the model is your own and meant so, give --no-limits" in failure(capsys, tmp_path, str(BASE))
    assert main([str(BASE), "-o", str(tmp_path / "made"), "--no-limits"]) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MEMORY", 64 << 20)
    limits = Bounds()
    with pytest.raises(ExportError, match="^the model asks for far more memory than its size explains: refused"):
        with limits.in_memory():
            np.ones(1 << 26)
    with limits.in_memory(), limits.lifted():
        assert np.ones(1 << 24).size
    with Bounds(limited=False).in_memory():
        assert np.ones(1 << 24).size


ESTIMATED: dict[str, tuple[list[tuple[int, ...]], dict[str, Any], dict[str, tuple[int, ...]]]] = {
    "add": ([(4, 1), (1, 5)], {}, {}),
    "select": ([(1, 1), (4, 1), (1, 5)], {}, {}),
    "tile": ([(2, 3)], {"multiples": [4, 5]}, {}),
    "broadcastTo": ([(1, 3)], {"shape": [7, 3]}, {}),
    "oneHot": ([(2, 3)], {"depth": 9}, {}),
    "gather": ([(4, 5)], {"axis": 1}, {}),
    "pad": ([(2, 3)], {"paddings": [0, 4, 5, 0]}, {}),
    "matmul": ([(2, 3, 4), (2, 4, 9)], {}, {}),
    "concatenate": ([(2, 3), (2, 9)], {"axis": 1}, {}),
    "pack": ([(2, 3), (2, 3)], {"axis": 0}, {}),
    "dense": ([(2, 3)], {}, {"kernel": (3, 50)}),
    "embedding": ([(2, 3)], {}, {"table": (8, 50)}),
    "conv1D": ([(1, 6, 3)], {"padding": "same", "dilation": 2}, {"kernel": (4, 3, 40)}),
    "depthwiseConv1D": ([(1, 6, 3)], {"padding": "causal"}, {"kernel": (4, 3, 2)}),
    "pooling1D": ([(1, 6, 3)], {"poolSize": 4, "stride": 1, "padding": "same"}, {}),
}


@pytest.mark.parametrize("operation", ESTIMATED)
def test_an_estimate_is_never_too_small(operation: str) -> None:
    shapes, attributes, weights = ESTIMATED[operation]
    inputs = [np.zeros(shape) for shape in shapes]
    if operation == "gather":
        shapes, inputs = [*shapes, (3, 7)], [*inputs, np.zeros((3, 7), np.int64)]
    if operation in ("select", "embedding", "oneHot"):
        inputs[0] = inputs[0].astype(bool if operation == "select" else np.int64)
    arrays = {role: np.zeros(shape) for role, shape in weights.items()}
    made = evaluate(operation, inputs, attributes, arrays, 1)[0]
    elements, _ = estimate(operation, shapes, attributes, weights)
    assert made.size <= elements <= 6 * made.size


def test_a_graph_of_no_file_has_no_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that are made here, at random, come from nobody."""
    monkeypatch.setattr(bounds, "NODES", 0)
    graph = Graph()
    graph.one("square", graph.input("input", "float32", np.ones((1, 2))))
    assert Converter(graph, 3, "3.5.0", handler({})).graph.nodes
