"""Small packages written by hand, with any text in every place that takes one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emotionformer.export.xxh64 import xxh64


def write_package(folder: Path, texts: Sequence[str], *, has_softmax: bool = True, has_attention: bool = False) -> Path:
    """A package of 3 labels for clips of at most 4 frames × 2 features; `texts`: name, tool, source, license, citation,
    metadata, nodes, values, labels."""
    name, tool, source, license, citation, key, value, node, inner, *labels = texts
    assert len(labels) == 3
    folder.mkdir(parents=True)
    tensors: dict[str, np.ndarray] = {"k": np.array([[1, 0, 1], [0, 1, 1]], "<f4")}
    nodes = []
    hidden = "input"
    if has_attention:
        for part in ("query", "key", "value"):
            tensors[part] = np.eye(2, dtype="<f4").reshape(2, 1, 2)
        tensors["output"] = np.eye(2, dtype="<f4").reshape(1, 2, 2)
        nodes.append({
            "name": node, "operation": "multiHeadAttention", "inputs": ["input"] * 3, "outputs": ["attended"],
            "attributes": {"headCount": 1, "keyDimension": 2, "valueDimension": 2},
            "weights": {"queryKernel": "query", "keyKernel": "key", "valueKernel": "value", "outputKernel": "output"},
        })  # fmt: skip
        hidden = "attended"
    nodes += [
        {"name": node + "2", "operation": "globalPooling1D", "inputs": [hidden], "outputs": ["means"]},
        {"name": node + "3", "operation": "dense", "inputs": ["means"], "outputs": [inner], "weights": {"kernel": "k"}},
    ]
    outputs = {"probabilities": inner}
    if has_softmax:
        nodes.append({"name": node + "4", "operation": "softmax", "inputs": [inner], "outputs": [inner + "5"]})
        outputs = {"probabilities": inner + "5", "logits": inner}
    data, entries = b"", {}
    for tensor, array in tensors.items():
        data += bytes(-len(data) % 64)
        entries[tensor] = {
            "dtype": "float32",
            "shape": list(array.shape),
            "offset": len(data),
            "byteCount": array.nbytes,
        }
        data += array.tobytes()
    manifest = {
        "format": "emotionformer-model", "formatVersion": 1, "name": name, "license": license, "citation": citation,
        "metadata": {key: value},
        "producer": {"tool": tool, "version": tool, "sources": [{"name": source, "sha256": "0" * 64}]},
        "weights": {
            "file": "weights.bin", "byteCount": len(data),
            "xxh64": f"{xxh64(data)}", "sha256": hashlib.sha256(data).hexdigest(),
        },
        "input": {
            "frames": 4, "features": 2, "layout": "raw", "truncation": "end", "missingFrame": "drop",
            "padding": {"value": 0.0, "side": "end", "order": "beforeNormalization"},
        },
        "labels": labels, "tensors": entries,
        "graphs": [{
            "name": "main", "inputs": [{"name": "input", "dtype": "float32", "shape": [1, 4, 2]}],
            "outputs": list(outputs.values()), "nodes": nodes,
        }],
        "outputs": outputs,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "weights.bin").write_bytes(data)
    return folder
