"""The rules of format 2's `inputs`, `outputs` and `selfTest`, as a second reader has them."""

from __future__ import annotations

from math import prod
from typing import Any

COMMON = {"name", "value", "dtype", "shape", "role"}
FIELDS = {
    "clip": {
        *("frames", "features", "frameShape", "layout", "normalization", "padding", "truncation"),
        *("missingFrame", "missingValue"),
    },
    "vector": {"features", "layout", "normalization", "missingValue"},
    "image": {"range"},
    "tensor": set(),
}
OPTIONAL = {"frameShape", "normalization", "range"}
KINDS = {"probabilities", "scores", "logits", "values"}


def check(manifest: dict[str, Any]) -> None:
    """Raises where a manifest breaks a rule."""
    assert manifest["format"] == "emotionformer-model" and manifest["formatVersion"] == 2
    assert "input" not in manifest
    graph, tensors = manifest["graphs"][0], manifest["tensors"]
    names = [entry["name"] for entry in manifest["inputs"]]
    assert names and len(set(names)) == len(names)
    for entry, value in zip(manifest["inputs"], graph["inputs"], strict=True):
        _check_input(entry, value, tensors)
    names = [entry["name"] for entry in manifest["outputs"]]
    assert names and len(set(names)) == len(names)
    assert [entry["value"] for entry in manifest["outputs"]] == graph["outputs"]
    assert len(set(graph["outputs"])) == len(graph["outputs"])
    clips = [entry for entry in manifest["inputs"] if entry["role"] == "clip"]
    for entry in manifest["outputs"]:
        assert set(entry) == {"name", "value", "dtype", "shape", "kind", "per"}
        assert entry["kind"] in KINDS and entry["shape"][0] == 1
        assert entry["kind"] == "values" or entry["dtype"] == "float32"
        if entry["per"] == "frame":
            assert len(clips) == 1 and entry["shape"][1] in (None, clips[0]["frames"])
        else:
            assert entry["per"] == "clip"
    if "labels" in manifest:
        assert len(manifest["labels"]) == manifest["outputs"][0]["shape"][-1]
    if "selfTest" in manifest:
        _check_self_test(manifest)


def _check_input(entry: dict[str, Any], value: dict[str, Any], tensors: dict[str, Any]) -> None:
    fields = FIELDS[entry["role"]]
    assert set(entry) <= COMMON | fields and COMMON | fields <= set(entry) | OPTIONAL
    assert (entry["value"], entry["dtype"], entry["shape"]) == (value["name"], value["dtype"], value["shape"])
    shape, role = entry["shape"], entry["role"]
    assert shape[0] == 1
    if role == "clip":
        assert shape[1] in (None, entry["frames"]) and prod(shape[2:]) == entry["features"]
        assert entry.get("frameShape", shape[2:]) == shape[2:]
        assert (shape[1] is None) == (entry["padding"]["side"] == "none")
    else:
        assert None not in shape
    if role == "vector":
        assert shape == [1, entry["features"]]
    if role == "image":
        assert len(shape) == 4
    if role in ("clip", "vector"):
        assert entry["dtype"] == "float32" and entry["missingValue"] in ("refuse", "zeros", "keep")
    for name in ("mean", "standardDeviation"):
        if "normalization" in entry:
            assert tensors[entry["normalization"][name]]["dtype"] == "float32"


def _check_self_test(manifest: dict[str, Any]) -> None:
    test = manifest["selfTest"]
    assert set(test) == {"oracle", "tensors", "inputs", "outputs"}
    assert list(test["inputs"]) == [entry["name"] for entry in manifest["inputs"]]
    assert list(test["outputs"]) == [entry["name"] for entry in manifest["outputs"]]
    counts = set()
    for entry in manifest["inputs"]:
        tensor = test["tensors"][test["inputs"][entry["name"]]]
        is_clip = entry["role"] == "clip"
        assert tensor["shape"][1:] == ([entry["frames"], entry["features"]] if is_clip else entry["shape"][1:])
        assert tensor["dtype"] == entry["dtype"]
        counts.add(tensor["shape"][0])
    for entry in manifest["outputs"]:
        held = test["outputs"][entry["name"]]
        assert set(held) == {"tensor", "tolerance"} and held["tolerance"] >= 0
        tensor = test["tensors"][held["tensor"]]
        assert len(tensor["shape"]) == len(entry["shape"]) and tensor["dtype"] == entry["dtype"]
        counts.add(tensor["shape"][0])
    assert len(counts) == 1
    used = [*test["inputs"].values(), *(held["tensor"] for held in test["outputs"].values())]
    assert sorted(used) == sorted(test["tensors"])
