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
from emotionformer.export.graph import Graph, Names, Node, Value
from emotionformer.export.reading.source import SourceFile
from emotionformer.export.specification import InputSpecification, OutputSpecification
from emotionformer.export.xxh64 import xxh64
from emotionformer.outputs import Kind, OutputFolder

ALIGNMENT = 64
VERSION = "1.0.0"
FORMAT = "emotionformer-model"
FORMAT_VERSION = 2
MAXIMUM_MANIFEST_BYTES = 64 << 20


@dataclass
class SelfTest:
    """Inputs (N, …) as callers give them and what the model makes of them, in the order of the package's inputs and
    outputs; a tolerance for each output."""

    oracle: str
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]
    tolerances: list[float]


@dataclass
class Package:
    """Everything that a package holds."""

    name: str
    graph: Graph
    nodes: list[Node]
    # In the order of the graph's inputs.
    inputs: list[InputSpecification]
    outputs: list[OutputSpecification]
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
        for item, prefix in zip(self.inputs, self._prefixes()):
            if item.mean is not None and item.deviation is not None:
                tensors[f"{prefix}/mean"] = item.mean.astype(np.float32)
                tensors[f"{prefix}/standardDeviation"] = item.deviation.astype(np.float32)
        entries, weights = write_tensors(folder / "weights.bin", tensors)
        for name, scale in scales.items():
            entries[name]["quantization"] = {"scale": scale, "axis": 0}
        manifest: dict[str, Any] = {"format": FORMAT, "formatVersion": FORMAT_VERSION, "name": self.name}
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
            self_test, held = self._self_test(self.self_test)
            self_test["tensors"], manifest["selfTestData"] = write_tensors(folder / "selftest.bin", held)
        manifest["inputs"] = [
            item.entry(value.name, prefix)
            for item, value, prefix in zip(self.inputs, self.graph.inputs, self._prefixes(), strict=True)
        ]
        manifest["outputs"] = [item.entry() for item in self.outputs]
        if self.labels is not None:
            manifest["labels"] = self.labels
        manifest["tensors"] = entries
        values = [item.value for item in self.outputs]
        manifest["graphs"] = [graph_entry(self.graph, self.nodes, values, [item.shape for item in self.inputs])]
        if self_test is not None:
            manifest["selfTest"] = self_test
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "manifest.json").write_text(text + "\n", "utf-8")

    def _prefixes(self) -> list[str]:
        """Where each input's normalization is among the tensors. A layer may be called `normalization`, too."""
        names = Names()
        for tensor in self.graph.tensors:
            names.unique(tensor.rpartition("/")[0])
        alone = len(self.inputs) == 1
        return [names.unique("normalization" if alone else f"normalization/{item.name}") for item in self.inputs]

    def _self_test(self, test: SelfTest) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The manifest's entry and the tensors that it names."""
        names = Names()
        held: dict[str, np.ndarray] = {}

        def kept(name: str, dtype: str, array: np.ndarray) -> str:
            tensor = names.unique(name)
            held[tensor] = array.astype(dtype)
            return tensor

        inputs = {
            item.name: kept(item.name, item.dtype, array) for item, array in zip(self.inputs, test.inputs, strict=True)
        }
        outputs = {
            item.name: {"tensor": kept(item.name, item.value.dtype, array), "tolerance": tolerance}
            for item, array, tolerance in zip(self.outputs, test.outputs, test.tolerances, strict=True)
        }
        return {"oracle": test.oracle, "tensors": {}, "inputs": inputs, "outputs": outputs}, held


def graph_entry(
    graph: Graph, nodes: Sequence[Node], outputs: Sequence[Value], shapes: Sequence[Sequence[int | None]]
) -> dict[str, Any]:
    """A graph as the manifest has it; `shapes` are those of its inputs."""
    return {
        "name": "main",
        "inputs": [
            {"name": value.name, "dtype": value.dtype, "shape": list(shape)}
            for value, shape in zip(graph.inputs, shapes, strict=True)
        ],
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
