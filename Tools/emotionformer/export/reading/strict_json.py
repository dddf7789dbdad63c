"""JSON as the standard has it: no key twice, no NaN where none is wanted, text that UTF-8 can hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from emotionformer.errors import ExportError

MAXIMUM_BYTES = 16 << 20
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(data: bytes, place: str, finite: bool = True) -> Any:
    """The value; raises `ExportError` in one line for anything else. `finite` refuses NaN and Infinity."""
    if len(data) > MAXIMUM_BYTES:
        raise ExportError(f"{place}: {len(data)} bytes of JSON, expected at most {MAXIMUM_BYTES}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ExportError(f"{place}: not UTF-8 (byte {error.start})") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, place),
            parse_constant=(lambda name: _refuse(name, place)) if finite else float,
        )
    except RecursionError as error:
        raise ExportError(f"{place}: nested too deep") from error
    except ValueError as error:
        raise ExportError(f"{place}: not JSON ({error})") from error
    if _SURROGATE.search(text):
        _check_text(value, place)
    return value


def read_json(path: Path, most: int = MAXIMUM_BYTES) -> Any:
    """The value in a file of at most so many bytes."""
    return parse_json(read_bounded(path, most, "a JSON file"), path.name)


def read_bounded(path: Path, most: int, expected: str) -> bytes:
    """A regular file's bytes; a file that is larger is refused before it is read, whatever size it says it has."""
    try:
        if not path.is_file():
            raise ExportError(f"{path.name}: not a regular file, expected {expected}")
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise ExportError(f"{path.name}: cannot be read ({error.strerror or error})") from error
    if len(data) > most:
        raise ExportError(f"{path.name}: larger than {most} bytes, expected {expected}")
    return data


def _object(pairs: list[tuple[str, Any]], place: str) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ExportError(f"{place}: the key {twice[:60]!r} occurs twice in one object")
    return result


def _refuse(name: str, place: str) -> Any:
    raise ExportError(f"{place}: holds {name}, which is not JSON")


def _check_text(value: Any, place: str) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            try:
                item.encode("utf-8")
            except UnicodeEncodeError as error:
                raise ExportError(f"{place}: holds half a character (\\u{ord(item[error.start]):04x})") from error
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
