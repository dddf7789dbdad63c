"""Reading a saved Keras model: `.h5` files and `.keras` archives of Keras 2 and Keras 3."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.reading.hdf5_tree import EXPANSION, FREE_EXPANSION, read_tree, tree
from emotionformer.export.reading.isolation import isolated
from emotionformer.export.reading.strict_json import MAXIMUM_BYTES, parse_json
from emotionformer.export.reading.weight_store import ArchiveStore, FlatStore, WeightStore

HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass
class SourceFile:
    """A file that went into a package: its bare name and the SHA-256 of its bytes."""

    name: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> SourceFile:
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return cls(path.name, digest.hexdigest())


@dataclass
class KerasSource:
    """A model as its file holds it: the architecture as nested dictionaries and a store of its weights."""

    path: Path
    container: str
    keras_version: str
    root: dict[str, Any]
    weights: WeightStore
    files: list[SourceFile] = field(default_factory=list)

    @property
    def generation(self) -> int:
        """2 for what TensorFlow ≤ 2.15 and `tf_keras` write, 3 for Keras 3."""
        return generation_of(self.root, self.keras_version)


def generation_of(root: dict[str, Any], version: str) -> int:
    """Keras 3 alone writes an inbound node as a dictionary of `args`; else the version number decides."""
    for layer in _layers_of(root):
        for node in layer.get("inbound_nodes") or []:
            return 3 if isinstance(node, dict) else 2
    for layer in _layers_of(root):
        config = layer.get("config") or {}
        if "batch_input_shape" in config:
            return 2
        if "batch_shape" in config or isinstance(config.get("dtype"), dict):
            return 3
    return 3 if version.split(".")[0].isdigit() and int(version.split(".")[0]) >= 3 else 2


def _layers_of(root: dict[str, Any]) -> list[dict[str, Any]]:
    config = root.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    return [layer for layer in layers or [] if isinstance(layer, dict)]


def open_source(path: Path) -> KerasSource:
    """The model in `path`; raises `ExportError` when it is none, or holds weights alone."""
    if not path.is_file():
        raise ExportError(f"{path}: no such file" if not path.exists() else f"{path}: not a regular file")
    document, content = isolated(lambda: _read(path), path.name, path.stat().st_size)
    held = document["held"]
    stored = tree(document["tree"], content)
    place = f"{path.name}: model_config" if held == "h5" else f"{path.name}: config.json"
    root = _object(document["config"].encode(), place)
    version = document["version"]
    if "metadata" in document:
        metadata = _object(document["metadata"].encode(), f"{path.name}: metadata.json")
        version = str(metadata.get("keras_version", ""))
    weights: WeightStore
    if held == "h5":
        weights = FlatStore(stored.members["model_weights"], path.name)
    else:
        weights = ArchiveStore(stored, path.name)
    return KerasSource(path, held, version, root, weights, [SourceFile.of(path)])


def _object(data: bytes, place: str) -> dict[str, Any]:
    # Keras writes infinities as arguments of operations.
    value = parse_json(data, place, finite=False)
    if not isinstance(value, dict):
        raise ExportError(f"{place}: found {type(value).__name__}, expected an object")
    return value


def _read(path: Path) -> tuple[Any, list[np.ndarray]]:
    """The file's content as plain data; runs in a process of its own."""
    with path.open("rb") as stream:
        start = stream.read(8)
    if start != HDF5 and zipfile.is_zipfile(path):
        return _read_archive(path)
    if h5py.is_hdf5(path):
        return _read_h5(path)
    raise ExportError(f"{path.name}: neither an HDF5 (.h5) nor a Keras (.keras) file")


def _read_h5(path: Path) -> tuple[Any, list[np.ndarray]]:
    name = path.name
    document, arrays = read_tree(path, name, path.stat().st_size, ("model_weights", "layers"))
    attributes, members = document["a"], document["m"]
    if not attributes.get("model_config"):
        if "layer_names" in attributes or "layers" in members or name.endswith(".weights.h5"):
            raise ExportError(
                f"{name} holds weights alone; the attribute 'model_config' (the architecture) is missing. "
                "Save the whole model with model.save(...) and export that file"
            )
        raise ExportError(f"{name}: an HDF5 file without the attribute 'model_config': not a saved Keras model")
    if "m" not in members.get("model_weights", {}):
        raise ExportError(f"{name} holds an architecture but no group 'model_weights': the weights are missing")
    version = (attributes.get("keras_version") or [""])[0]
    return {"held": "h5", "tree": document, "config": attributes["model_config"][0], "version": version}, arrays


def _read_archive(path: Path) -> tuple[Any, list[np.ndarray]]:
    result: dict[str, Any] = {"held": "keras", "version": ""}
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path)
            for wanted, meaning in (("config.json", "the architecture"), ("model.weights.h5", "the weights")):
                if wanted not in members:
                    raise ExportError(f"{path.name}: the archive has no {wanted} ({meaning} are missing)")
            result["config"] = _member(archive, members["config.json"], path).decode("utf-8")
            if "metadata.json" in members:
                result["metadata"] = _member(archive, members["metadata.json"], path).decode("utf-8")
            weights = _member(archive, members["model.weights.h5"], path)
    except (ExportError, MemoryError):
        raise
    except UnicodeDecodeError as error:
        raise ExportError(f"{path.name}: the archive's JSON is not UTF-8 (byte {error.start})") from error
    except Exception as error:  # The module reports damage by whatever exception comes to hand.
        raise ExportError(f"{path.name}: damaged Keras archive ({type(error).__name__}: {error})") from error
    place = f"{path.name}: model.weights.h5"
    result["tree"], arrays = read_tree(weights, place, max(len(weights), path.stat().st_size), None, ("optimizer",))
    return result, arrays


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The archive's members by name. Nothing is unpacked, but names that leave the archive are a sign of an attack."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename
        if name in found:
            raise ExportError(f"{path.name}: the archive holds '{name}' twice: refused")
        if name.startswith("/") or ".." in name.replace("\\", "/").split("/"):
            raise ExportError(f"{path.name}: the archive's member '{name}' lies outside of it: refused")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ExportError(f"{path.name}: the archive's member '{name}' is a symbolic link: refused")
        found[name] = info
    return found


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> bytes:
    """A member's bytes; one that claims to be absurdly larger than it is stored is refused."""
    place = f"{path.name}: {info.filename}"
    if info.flag_bits & 1:
        raise ExportError(f"{place} is encrypted: save the model again without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ExportError(f"{place} is compressed by method {info.compress_type}, expected 0 (stored) or 8 (deflated)")
    most = FREE_EXPANSION + EXPANSION * min(info.compress_size, path.stat().st_size)
    if info.filename.endswith(".json"):
        most = MAXIMUM_BYTES
    if info.file_size > most:
        raise ExportError(f"{place} claims {info.file_size} bytes, from {info.compress_size}: refused")
    return archive.read(info)
