"""Writing a model package: `manifest.json`, `weights.bin`, `selftest.bin`, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ExportError, OutputError
from emotionformer.export.graph import Graph, Node, Value
from emotionformer.export.reading.source import SourceFile
from emotionformer.export.xxh64 import xxh64
from emotionformer.outputs import Kind, OutputFolder

ALIGNMENT = 64
VERSION = "1.0.0"
FORMAT = "emotionformer-model"
MAXIMUM_MANIFEST_BYTES = 64 << 20


@dataclass
class InputDescription:
    """How a clip becomes the graph's input, as the manifest says it."""

    frames: int
    features: int
    layout: str
    mean: np.ndarray | None = None
    deviation: np.ndarray | None = None
    epsilon: float = 0.0
    padding_value: float = 0.0
    padding_side: str = "end"
    padding_order: str = "beforeNormalization"
    truncation: str = "end"
    missing_frame: str = "drop"


@dataclass
class SelfTest:
    """Inputs (N, frames, features) before normalization and what the model gives for them."""

    oracle: str
    inputs: np.ndarray
    probabilities: np.ndarray
    logits: np.ndarray | None
    tolerance: dict[str, float]


@dataclass
class Package:
    """Everything that a package holds."""

    name: str
    graph: Graph
    nodes: list[Node]
    probabilities: Value
    logits: Value | None
    input: InputDescription
    open_time: bool = False
    labels: list[str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    license: str | None = None
    citation: str | None = None
    sources: list[SourceFile] = field(default_factory=list)
    self_test: SelfTest | None = None
    # Kernels (out, in) that are stored as int8, with a scale for each output: dynamic-range arithmetic.
    int8_kernels: Collection[str] = ()

    def write(self, folder: Path) -> None:
        """Replaces `folder` by the package in one step; a failure leaves what was there before."""
        try:
            with OutputFolder(folder, PACKAGE) as output:
                self._write_files(output.path)
                output.keep()
        except OutputError as error:
            raise ExportError(str(error)) from error
        except OSError as error:
            raise ExportError(f"cannot write {folder}: {error.strerror}") from error

    def _write_files(self, folder: Path) -> None:
        tensors = {name: self.graph.tensors[name] for node in self.nodes for name in node.weights.values()}
        scales: dict[str, str] = {}
        for name in [name for name in tensors if name in self.int8_kernels]:
            scales[name] = f"{name}.scale"
            tensors[name], tensors[scales[name]] = quantized_rows(tensors[name])
        normalization = None
        if self.input.mean is not None and self.input.deviation is not None:
            tensors["normalization/mean"] = self.input.mean.astype(np.float32)
            tensors["normalization/standardDeviation"] = self.input.deviation.astype(np.float32)
            normalization = {
                "mean": "normalization/mean",
                "standardDeviation": "normalization/standardDeviation",
                "epsilon": self.input.epsilon,
            }
        entries, weights = write_tensors(folder / "weights.bin", tensors)
        for name, scale in scales.items():
            entries[name]["quantization"] = {"scale": scale, "axis": 0}
        manifest: dict[str, Any] = {"format": FORMAT, "formatVersion": 1, "name": self.name}
        if self.license:
            manifest["license"] = self.license
        if self.citation:
            manifest["citation"] = self.citation
        if self.metadata:
            manifest["metadata"] = self.metadata
        manifest["producer"] = {
            "tool": "Tools/export",
            "version": VERSION,
            "sources": [{"name": item.name, "sha256": item.sha256} for item in self.sources],
        }
        manifest["weights"] = weights
        self_test = None
        if self.self_test is not None:
            held = {"input": self.self_test.inputs, "probabilities": self.self_test.probabilities}
            if self.self_test.logits is not None:
                held["logits"] = self.self_test.logits
            test_entries, data = write_tensors(
                folder / "selftest.bin", {name: array.astype(np.float32) for name, array in held.items()}
            )
            manifest["selfTestData"] = data
            self_test = {
                "oracle": self.self_test.oracle,
                "tensors": test_entries,
                "input": "input",
                "probabilities": "probabilities",
            }
            if self.self_test.logits is not None:
                self_test["logits"] = "logits"
            self_test["tolerance"] = self.self_test.tolerance
        manifest["input"] = self._input(normalization)
        if self.labels is not None:
            manifest["labels"] = self.labels
        manifest["tensors"] = entries
        manifest["graphs"] = [graph_entry(self.graph, self.nodes, [self.probabilities], self.open_time)]
        if self.logits is not None:
            manifest["graphs"][0]["outputs"].append(self.logits.name)
        manifest["outputs"] = {"probabilities": self.probabilities.name}
        if self.logits is not None:
            manifest["outputs"]["logits"] = self.logits.name
        if self_test is not None:
            manifest["selfTest"] = self_test
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "manifest.json").write_text(text + "\n", "utf-8")

    def _input(self, normalization: dict[str, Any] | None) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "frames": self.input.frames,
            "features": self.input.features,
            "layout": self.input.layout,
        }
        if normalization is not None:
            entry["normalization"] = normalization
        entry["padding"] = {
            "value": self.input.padding_value,
            "side": self.input.padding_side,
            "order": self.input.padding_order,
        }
        entry["truncation"] = self.input.truncation
        entry["missingFrame"] = self.input.missing_frame
        return entry


def graph_entry(graph: Graph, nodes: Sequence[Node], outputs: Sequence[Value], open_time: bool) -> dict[str, Any]:
    """A graph as the manifest has it."""
    inputs = []
    for value in graph.inputs:
        shape: list[int | None] = list(value.shape)
        if open_time:
            shape[1] = None
        inputs.append({"name": value.name, "dtype": value.dtype, "shape": shape})
    return {
        "name": "main",
        "inputs": inputs,
        "outputs": [value.name for value in outputs],
        "nodes": [_node_entry(node) for node in nodes],
    }


def _node_entry(node: Node) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": node.name, "operation": node.operation}
    if node.inputs:
        entry["inputs"] = [None if value is None else value.name for value in node.inputs]
    entry["outputs"] = [value.name for value in node.outputs]
    if node.attributes:
        entry["attributes"] = node.attributes
    if node.weights:
        entry["weights"] = node.weights
    return entry


def quantized_rows(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows as int8 and their scales: the largest magnitude of a row becomes 127, as TensorFlow Lite's converter
    does."""
    largest = np.abs(kernel).max(axis=1, keepdims=True)
    scale = np.where(largest == 0, 1, largest / 127).astype(np.float32)
    return np.clip(np.rint(kernel / scale), -127, 127).astype(np.int8), scale[:, 0]


def write_tensors(path: Path, tensors: dict[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Writes tensors one after the other, each at a multiple of 64 bytes; gives their entries and the file's."""
    entries: dict[str, Any] = {}
    content = bytearray()
    for name, array in tensors.items():
        stored = np.asarray(array)
        if stored.dtype.kind == "f" and not np.isfinite(stored).all():
            raise ExportError(f"tensor '{name}' holds a NaN or an infinity")
        content.extend(bytes(-len(content) % ALIGNMENT))
        data = np.ascontiguousarray(stored).astype(stored.dtype.newbyteorder("<")).tobytes()
        entries[name] = {
            "dtype": stored.dtype.name,
            "shape": list(stored.shape),
            "offset": len(content),
            "byteCount": len(data),
        }
        content.extend(data)
    path.write_bytes(content)
    return entries, {
        "file": path.name,
        "byteCount": len(content),
        "xxh64": xxh64(bytes(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def own_names(folder: Path) -> Callable[[str], bool] | None:
    """The names of a package's own files; None if the folder holds no package. Its manifest says so, not its name:
    every web app has a manifest.json."""
    manifest = folder / "manifest.json"
    try:
        status = manifest.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAXIMUM_MANIFEST_BYTES:
            return None
        content = json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    names = {"manifest.json", "weights.bin", "selftest.bin"}
    for field_name in ("weights", "selfTestData"):
        entry = content.get(field_name)
        if isinstance(entry, dict) and isinstance(entry.get("file"), str):
            names.add(entry["file"])
    return {name for name in names if "/" not in name}.__contains__


PACKAGE = Kind("model package", own_names)


def read_tensor(folder: Path, file: str, entry: dict[str, Any]) -> np.ndarray:
    """One tensor of a written package."""
    dtype = np.dtype(entry["dtype"])
    with (folder / file).open("rb") as stream:
        stream.seek(entry["offset"])
        data = stream.read(entry["byteCount"])
    return np.frombuffer(data, dtype.newbyteorder("<")).reshape(entry["shape"])
