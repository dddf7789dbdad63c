"""Class names from a pickled scikit-learn `LabelEncoder` (pickle or joblib), without unpickling anything.

The pickle's opcodes are read one by one and interpreted here. What a pickle can make is a `LabelEncoder`, a
`StandardScaler`, NumPy arrays and scalars, and plain Python data; every other name it refers to is an error, and
nothing is ever called.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.reading.pickle_reader import Made, PickleReader
from emotionformer.export.reading.strict_json import read_bounded

MAXIMUM_BYTES = 16 << 20
Kind = TypeVar("Kind")


def label_names(path: Path) -> list[str]:
    """The class names, in the encoder's order; raises for a pickle that holds anything else."""
    return read_pickle(path, "a label encoder", _names)


def pickled_names(data: bytes, place: str) -> list[str]:
    """The class names in a pickle that stands in another file."""
    return _meaning_of(data, place, _names)


def read_pickle(path: Path, expected: str, meaning: Callable[[Any, str], Kind]) -> Kind:
    """What `meaning` makes of the pickle's object; raises in one line for anything damaged or unknown."""
    return _meaning_of(_decompressed(read_bounded(path, MAXIMUM_BYTES, expected), path.name), path.name, meaning)


def _meaning_of(data: bytes, place: str, meaning: Callable[[Any, str], Kind]) -> Kind:
    try:
        return meaning(PickleReader(io.BytesIO(data), place).read(), place)
    except ExportError:
        raise
    except RecursionError as error:
        raise ExportError(f"{place}: damaged pickle (nested too deep)") from error
    except Exception as error:  # A pickle can be damaged in more ways than are worth a message each.
        raise ExportError(f"{place}: damaged pickle ({type(error).__name__}: {str(error)[:100]})") from error


def _names(made: Any, place: str) -> list[str]:
    if isinstance(made, Made) and made.kind == "encoder":
        made = made.state.get("classes_")
    names = made.value if isinstance(made, Made) and made.kind == "array" else made
    if isinstance(names, dict):
        names = _numbered(names)
    if isinstance(names, np.ndarray):
        names = names.ravel().tolist()
    if not isinstance(names, (list, tuple)) or not names:
        raise ExportError(f"{place}: holds no LabelEncoder with classes and no list of names")
    return [_name(item, place) for item in names]


def _numbered(names: dict[Any, Any]) -> list[Any] | None:
    """The names of a dictionary number → name or name → number, if the numbers are 0, 1, 2, …"""
    pairs = list(names.items())
    pairs = [(number, _plain(name)) for number, name in pairs]
    if all(type(name) is int for _, name in pairs):
        pairs = [(number, name) for name, number in pairs]
    if sorted(number for number, _ in pairs if isinstance(number, int)) != list(range(len(pairs))):
        return None
    return [name for _, name in sorted(pairs, key=lambda pair: pair[0])]


def _plain(item: Any) -> Any:
    """A NumPy number as Python's own."""
    return item.value if isinstance(item, Made) and item.kind == "scalar" else item


def _name(item: Any, place: str) -> str:
    item = _plain(item)
    if isinstance(item, bytes):
        return item.decode("utf-8", "replace")
    if isinstance(item, int) and abs(item) >= 1 << 64:
        raise ExportError(f"{place}: found a class number of {item.bit_length()} bits")
    if isinstance(item, str) and not _is_unicode(item):
        raise ExportError(f"{place}: found a class name that holds half a character")
    if isinstance(item, (str, int, float)) and not isinstance(item, bool):
        return str(item)
    raise ExportError(f"{place}: found a class name of type {type(item).__name__}, expected text")


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _decompressed(data: bytes, place: str) -> bytes:
    """The bytes inside a compressed joblib file; other data as they are."""
    machine: Any
    if data[:2] == b"\x1f\x8b" or data[:1] == b"\x78":
        machine = zlib.decompressobj(47)
    elif data[:3] == b"BZh":
        machine = bz2.BZ2Decompressor()
    elif data[:6] == b"\xfd7zXZ\x00" or data[:3] == b"\x5d\x00\x00":
        machine = lzma.LZMADecompressor(memlimit=256 << 20)
    else:
        return data
    try:
        result = machine.decompress(data, MAXIMUM_BYTES)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError, MemoryError) as error:
        raise ExportError(f"{place}: damaged compressed pickle ({error})") from error
    if len(result) == MAXIMUM_BYTES:
        raise ExportError(f"{place}: expands to more than {MAXIMUM_BYTES} bytes: refused")
    if not machine.eof:
        raise ExportError(f"{place}: damaged compressed pickle (it ends early)")
    return bytes(result)
