"""The groups and data sets of an HDF5 file as plain Python objects.

HDF5 can say "the bytes are in that other file" in several ways, name a group from inside itself, and declare a
terabyte in a few bytes. A saved model needs none of it: a file that holds anything but groups and data sets with their
own bytes, each linked once, is refused, and sizes are checked before anything is read.
"""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5pl, h5s, h5t, h5z

from emotionformer.errors import ExportError

MAXIMUM_DEPTH = 64
MAXIMUM_OBJECTS = 100_000
MAXIMUM_RANK = 8
# Compressed weights expand a few times; constant ones, which are small, a thousand times.
EXPANSION = 8
FREE_EXPANSION = 64 << 20
FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
BFLOAT16 = np.dtype("V2")
LISTS = ("layer_names", "weight_names")
TEXTS = ("model_config", "keras_version", "name")


@dataclass
class StoredGroup:
    """A group: the attributes that Keras gives meaning to, and its members by name."""

    attributes: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, StoredGroup | np.ndarray] = field(default_factory=dict)

    def text(self, attribute: str) -> str | None:
        """An attribute of one string."""
        values = self.attributes.get(attribute)
        return values[0] if values else None

    def find(self, path: str) -> StoredGroup | np.ndarray | None:
        """The member at a path of names with slashes."""
        current: StoredGroup | np.ndarray | None = self
        for name in path.split("/"):
            if name:
                current = current.members.get(name) if isinstance(current, StoredGroup) else None
        return current


@dataclass
class _Census:
    """What all groups and data sets of a file have together."""

    file_size: int
    place: str
    seen: set[tuple[int, int]] = field(default_factory=set)
    stored: int = 0
    total: int = 0

    def add(self, name: str, address: tuple[int, int]) -> None:
        if address in self.seen:
            raise ExportError(f"{self.place}: '{name}' is linked a second time; a saved model links nothing twice")
        self.seen.add(address)
        if len(self.seen) > MAXIMUM_OBJECTS:
            raise ExportError(f"{self.place}: more than {MAXIMUM_OBJECTS} groups and data sets")


def read_tree(
    source: Path | bytes, place: str, file_size: int, read: Collection[str] | None, skipped: Collection[str] = ()
) -> tuple[Any, list[np.ndarray]]:
    """The file as a JSON value, and the arrays that it refers to in their order.

    All of the file is checked. Arrays are read below the root's members in `read` (all if None), without `skipped`.
    Runs in a process of its own (see `isolation`), which has nothing else open.
    """
    from emotionformer.export.reading.isolation import close_doors

    while h5pl.size():
        # No filter is loaded from a library that happens to lie on the search path.
        h5pl.remove(0)
    arrays: list[np.ndarray] = []
    try:
        handle = h5py.File(io.BytesIO(source) if isinstance(source, bytes) else source, "r")
        close_doors()
        census = _Census(file_size, place)
        root = handle.id
        info = h5o.get_info(root)
        census.add("/", (info.fileno, info.addr))
        group = h5g.open(root, b"/")
        wanted = [(name, id_) for name, id_ in _checked(group, "", 0, census)]
        document = {
            "a": _attributes(group, "/", place),
            "m": {name: tree for name, tree in wanted if (read is None or name in read) and name not in skipped},
        }
        _load(document, arrays)
    except (ExportError, MemoryError):
        raise
    except Exception as error:  # The library reports damage by whatever exception comes to hand.
        raise ExportError(f"{place}: damaged HDF5 file ({type(error).__name__}: {str(error)[:160]})") from error
    return document, arrays


def tree(document: Any, content: memoryview) -> StoredGroup:
    """What `read_tree` gave, as objects; arrays are views of `content`."""
    offset = 0

    def built(entry: Any) -> StoredGroup | np.ndarray:
        nonlocal offset
        if "m" in entry:
            return StoredGroup(entry["a"], {name: built(inner) for name, inner in entry["m"].items()})
        dtype = np.dtype(entry["d"])
        count = math.prod(entry["s"])
        array = np.frombuffer(content, dtype, count, offset) if count else np.zeros(0, dtype)
        offset += array.nbytes
        return array.reshape(entry["s"])

    result = built(document)
    assert isinstance(result, StoredGroup)
    return result


def _load(entry: dict[str, Any], arrays: list[np.ndarray]) -> None:
    for inner in entry["m"].values():
        if "m" in inner:
            _load(inner, arrays)
        else:
            array = np.ascontiguousarray(inner.pop("id")[()])
            if array.dtype == BFLOAT16:
                # The upper half of a float32.
                array = (np.atleast_1d(array).view("<u2").astype("<u4") << 16).view("<f4").reshape(array.shape)
            inner["d"] = array.dtype.str
            arrays.append(array)


def _checked(group: h5g.GroupID, path: str, depth: int, census: _Census) -> Iterator[tuple[str, dict[str, Any]]]:
    """The members of a group, each with all that is below it; nothing of their data is read."""
    if depth > MAXIMUM_DEPTH:
        raise ExportError(f"{census.place}: groups are nested more than {MAXIMUM_DEPTH} deep at '{path}'")
    for raw in group:
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ExportError(f"{census.place}: a name in the group '{path or '/'}' is not UTF-8") from error
        full = f"{path}/{name}".lstrip("/")
        kind = group.links.get_info(raw).type
        if kind != h5l.TYPE_HARD:
            described = {h5l.TYPE_EXTERNAL: "a link to another file", h5l.TYPE_SOFT: "a soft link"}
            raise ExportError(
                f"{census.place}: '{full}' is {described.get(kind, 'a link of a foreign kind')}, which no saved model "
                "has: refused. Save the model again with model.save(...)"
            )
        info = h5o.get_info(group, raw)
        census.add(full, (info.fileno, info.addr))
        if info.type == h5o.TYPE_GROUP:
            inner = h5g.open(group, raw)
            yield (
                name,
                {"a": _attributes(inner, full, census.place), "m": dict(_checked(inner, full, depth + 1, census))},
            )
        elif info.type == h5o.TYPE_DATASET:
            yield name, _dataset(h5d.open(group, raw), full, census)
        else:
            raise ExportError(f"{census.place}: '{full}' is a named type, which no saved model has: refused")


def _dataset(dataset: h5d.DatasetID, name: str, census: _Census) -> dict[str, Any]:
    """A data set whose declaration holds; asked in an order in which no other file can be opened."""
    place = f"{census.place}: weight '{name}'"
    properties = dataset.get_create_plist()
    layout = properties.get_layout()
    if properties.get_external_count():
        raise ExportError(f"{place} takes its bytes from another file: refused. Save the model again")
    if layout not in (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED):
        raise ExportError(f"{place} is a virtual data set, made of other files: refused. Save the model again")
    filters = [properties.get_filter(index)[0] for index in range(properties.get_nfilters())]
    for number in filters:
        if number not in FILTERS:
            raise ExportError(f"{place} is compressed by filter {number}; gzip, shuffle and fletcher32 are read")
    kind = dataset.get_type()
    shape = _shape(dataset, place)
    dtype = _element_type(kind, place)
    size, stored = math.prod(shape) * dtype.itemsize, dataset.get_storage_size()
    census.stored += stored
    census.total += size
    if census.stored > max(census.file_size, stored if filters else 0) + (1 << 16):
        raise ExportError(f"{place}: the data sets claim more bytes than the file has")
    if not filters and layout != h5d.CHUNKED and stored < size:
        raise ExportError(f"{place} has the shape {_described(shape)} but the file holds {stored} of its {size} bytes")
    if stored == 0 and size > 0:
        raise ExportError(f"{place} has the shape {_described(shape)} but was never written")
    if census.total > FREE_EXPANSION + EXPANSION * census.file_size:
        raise ExportError(
            f"{place} brings the weights to {census.total} bytes, from a file of {census.file_size}: refused"
        )
    if layout == h5d.CHUNKED:
        chunk = math.prod(properties.get_chunk()) * dtype.itemsize
        if chunk > 4 * size + (1 << 20):
            raise ExportError(f"{place} is stored in chunks of {chunk} bytes, {size} in all: refused")
    return {"s": list(shape), "id": h5py.Dataset(dataset)}


def _shape(dataset: h5d.DatasetID, place: str) -> tuple[int, ...]:
    space = dataset.get_space()
    if space.get_simple_extent_type() not in (h5s.SCALAR, h5s.SIMPLE):
        raise ExportError(f"{place} has no shape")
    shape = tuple(int(extent) for extent in space.get_simple_extent_dims())
    if len(shape) > MAXIMUM_RANK:
        raise ExportError(f"{place} has {len(shape)} axes, expected at most {MAXIMUM_RANK}")
    return shape


def _element_type(kind: h5t.TypeID, place: str) -> np.dtype[Any]:
    if kind.get_class() == h5t.OPAQUE and kind.get_size() == 2:
        # Keras hands numbers of bfloat16 to HDF5 as two bytes each; nothing else that it has is stored so.
        return BFLOAT16
    try:
        dtype = kind.dtype if kind.get_class() in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM) else None
    except (TypeError, ValueError):
        dtype = None
    if dtype is None or dtype.kind not in "fiub" or dtype.itemsize > 8 or dtype.itemsize < kind.get_size():
        raise ExportError(f"{place} has an element type that is not a number of at most 64 bits")
    return dtype


def _described(shape: tuple[int, ...]) -> str:
    return f"({', '.join(str(extent) for extent in shape)})"


def _attributes(group: h5g.GroupID, path: str, place: str) -> dict[str, list[str]]:
    """The texts that Keras writes; lists too long for one attribute are stored as `name0`, `name1`, …"""
    found: dict[str, list[str]] = {}
    for name in (*TEXTS, *LISTS):
        values = _strings(group, name, path, place)
        if values is None and name in LISTS:
            chunk = _strings(group, f"{name}0", path, place)
            number = 0
            while chunk is not None:
                values = [*(values or []), *chunk]
                number += 1
                chunk = _strings(group, f"{name}{number}", path, place)
        if values is not None:
            found[name] = values
    return found


def _strings(group: h5g.GroupID, name: str, path: str, place: str) -> list[str] | None:
    if not h5a.exists(group, name.encode()):
        return None
    attribute = h5a.open(group, name.encode())
    shape = attribute.get_space().get_simple_extent_dims() or ()
    # An empty list is stored as no floats.
    if 0 in shape:
        return []
    if attribute.get_type().get_class() != h5t.STRING:
        raise ExportError(f"{place}: the attribute '{name}' of '{path}' is not text")
    if math.prod(shape) > MAXIMUM_OBJECTS:
        raise ExportError(f"{place}: the attribute '{name}' of '{path}' is a list of {math.prod(shape)} names")
    value = h5py.AttributeManager(h5py.Group(group))[name]
    try:
        return [_text(item) for item in np.ravel(np.asarray(value, dtype=object))]
    except UnicodeError as error:
        raise ExportError(f"{place}: the attribute '{name}' of '{path}' is not UTF-8") from error


def _text(value: Any) -> str:
    text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
    text.encode("utf-8")
    return text
