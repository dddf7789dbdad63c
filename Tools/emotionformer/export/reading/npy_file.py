"""Reading `.npy` files of numbers or text. NumPy's own reader evaluates the header and allocates what it asks for."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.reading.strict_json import read_bounded

MAXIMUM_BYTES = 256 << 20
MAXIMUM_HEADER = 1 << 16
MAXIMUM_PICKLE_BYTES = 16 << 20
MAXIMUM_RANK = 8
_ENTRY = re.compile(
    r"""\s*['"](descr|fortran_order|shape)['"]\s*:\s*(?:['"]([^'"]{0,20})['"]|(True|False)|\(([\d\s,]*)\))\s*,?\s*"""
)
_TYPE = re.compile(r"[<>|=]?(f[248]|[iu][1248]|b1|U[0-9]{1,5})")


def read_npy(path: Path, role: str) -> np.ndarray:
    """The array; raises `ExportError` in one line for anything that is not a whole array of numbers or text."""
    place = f"{role}: {path.name}"
    data = read_bounded(path, MAXIMUM_BYTES, "an .npy file")
    if data[:6] != b"\x93NUMPY" or len(data) < 12 or data[6] not in (1, 2, 3):
        raise ExportError(f"{place} is no .npy file (format version 1, 2 or 3)")
    width = 2 if data[6] == 1 else 4
    start = 8 + width
    length = int.from_bytes(data[8:start], "little")
    if length > MAXIMUM_HEADER or start + length > len(data):
        raise ExportError(f"{place}: its header of {length} bytes is not all there, or longer than {MAXIMUM_HEADER}")
    element, fortran, shape = _header(data[start : start + length].decode("latin-1"), place)
    content = memoryview(data)[start + length :]
    size = math.prod(shape) * element.itemsize
    if len(content) < size:
        raise ExportError(f"{place} has the shape {shape} but holds {len(content)} of its {size} bytes")
    array = np.frombuffer(content[:size], element).reshape(shape, order="F" if fortran else "C")
    if element.kind == "U":
        check_text(array, place)
    return array


def pickled_objects(path: Path) -> bytes | None:
    """The pickle in an array of objects, which NumPy writes behind its header; None for any other file."""
    data = read_bounded(path, MAXIMUM_PICKLE_BYTES, "an .npy file of names")
    if data[:6] != b"\x93NUMPY" or len(data) < 12 or data[6] not in (1, 2, 3):
        return None
    start = 10 if data[6] == 1 else 12
    length = int.from_bytes(data[8:start], "little")
    if length > MAXIMUM_HEADER or not re.search(rb"'descr'\s*:\s*'\|O'", data[start : start + length]):
        return None
    return data[start + length :]


def check_text(array: np.ndarray, place: str) -> None:
    """An array of text holds numbers of characters; NumPy crashes or gives halves of characters for some of them."""
    codes = np.ascontiguousarray(array).reshape(-1).view(np.dtype("u4").newbyteorder(array.dtype.byteorder))
    if bool(((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any()):
        raise ExportError(f"{place}: found text that holds numbers of no character")


def _header(text: str, place: str) -> tuple[np.dtype, bool, tuple[int, ...]]:
    bad = ExportError(f"{place}: its header is not that of an .npy file")
    inside = re.fullmatch(r"\s*\{(.*)\}\s*", text, re.DOTALL)
    if inside is None:
        raise bad
    found: dict[str, re.Match[str]] = {}
    position, entries = 0, inside.group(1)
    while position < len(entries):
        entry = _ENTRY.match(entries, position)
        if entry is None or entry.group(1) in found:
            raise bad if "descr" in found else ExportError(f"{place} holds no array of numbers or text")
        found[entry.group(1)], position = entry, entry.end()
    if len(found) < 3 or found["fortran_order"].group(3) is None or found["shape"].group(4) is None:
        raise bad
    kind = found["descr"].group(2) or ""
    if not _TYPE.fullmatch(kind):
        raise ExportError(f"{place} holds no array of numbers or text (its element type is '{kind}')")
    extents = [item.strip() for item in found["shape"].group(4).split(",") if item.strip()]
    if len(extents) > MAXIMUM_RANK or not all(item.isdigit() and len(item) < 19 for item in extents):
        raise ExportError(f"{place}: its shape is not a list of at most {MAXIMUM_RANK} extents")
    return np.dtype(kind), found["fortran_order"].group(3) == "True", tuple(int(item) for item in extents)
