"""Reading a saved Keras model: `.h5` files and `.keras` archives of Keras 2 and Keras 3."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py

from .errors import ExportError
from .weight_store import ArchiveStore, FlatStore, WeightStore

MAXIMUM_MEMBER_BYTES = 4 << 30
MAXIMUM_EXPANSION = 200


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
        raise ExportError(f"{path}: no such file")
    if zipfile.is_zipfile(path):
        return _open_archive(path)
    if h5py.is_hdf5(path):
        return _open_h5(path)
    raise ExportError(f"{path.name}: neither an HDF5 (.h5) nor a Keras (.keras) file")


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _open_h5(path: Path) -> KerasSource:
    try:
        handle = h5py.File(path, "r")
    except OSError as error:
        raise ExportError(f"{path.name}: damaged HDF5 file ({error})") from error
    if "model_config" not in handle.attrs:
        if "layer_names" in handle.attrs or "layers" in handle or path.name.endswith(".weights.h5"):
            raise ExportError(
                f"{path.name} holds weights alone; the attribute 'model_config' (the architecture) is missing. "
                "Save the whole model with model.save(...) and export that file"
            )
        raise ExportError(f"{path.name}: an HDF5 file without the attribute 'model_config': not a saved Keras model")
    root = _parse_json(_text(handle.attrs["model_config"]), f"{path.name}: model_config")
    version = _text(handle.attrs.get("keras_version", ""))
    if "model_weights" not in handle:
        raise ExportError(f"{path.name} holds an architecture but no group 'model_weights': the weights are missing")
    return KerasSource(path, "h5", version, root, FlatStore(handle["model_weights"], path.name), [SourceFile.of(path)])


def _open_archive(path: Path) -> KerasSource:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            for wanted, meaning in (("config.json", "the architecture"), ("model.weights.h5", "the weights")):
                if wanted not in names:
                    raise ExportError(f"{path.name}: the archive has no {wanted} ({meaning} are missing)")
            root = _parse_json(_read(archive, "config.json", path).decode("utf-8"), f"{path.name}: config.json")
            version = ""
            if "metadata.json" in names:
                metadata = _parse_json(_read(archive, "metadata.json", path).decode("utf-8"), "metadata.json")
                version = str(metadata.get("keras_version", ""))
            handle = h5py.File(io.BytesIO(_read(archive, "model.weights.h5", path)), "r")
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError, EOFError) as error:
        raise ExportError(f"{path.name}: damaged Keras archive ({error})") from error
    return KerasSource(path, "keras", version, root, ArchiveStore(handle, path.name), [SourceFile.of(path)])


def _read(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """A member's bytes; one that claims to be absurdly larger than it is stored is refused."""
    info = archive.getinfo(name)
    expands = info.file_size > MAXIMUM_EXPANSION * max(info.compress_size, 1)
    if info.file_size > MAXIMUM_MEMBER_BYTES or (info.file_size > 64 << 20 and expands):
        raise ExportError(f"{path.name}: {name} claims {info.file_size} bytes: refused")
    return archive.read(name)


def _parse_json(text: str, place: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{place}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise ExportError(f"{place}: found {type(value).__name__}, expected an object")
    return value
