"""The lists of faults: what is replaced where, and why somebody should notice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from emotionformer.errors import MutationError


@dataclass(frozen=True)
class Fault:
    """One small change of one file."""

    name: str
    # From the project's folder.
    file: str
    # Text that stands once in the file, and what stands there instead.
    find: str
    replace: str
    # What goes wrong with it.
    why: str
    # Why nothing goes wrong with it: such a fault is not planted.
    equivalent: str | None = None
    # What the file must be compiled for to run: `avx512`. On other machines the fault is not planted.
    needs: str | None = None


def read_faults(path: Path, suite: str) -> list[Fault]:
    """The faults of a list, checked for their form."""
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MutationError(f"{path.name}: the list cannot be read ({error})") from None
    known = {field.name for field in fields(Fault)}
    faults: list[Fault] = []
    names: set[str] = set()
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
            raise MutationError(f"{path.name}: entry {index} is not an object of strings")
        if unknown := set(entry) - known:
            raise MutationError(f"{path.name}: entry {index} has an unknown field (found {min(unknown)})")
        try:
            fault = Fault(**entry)
        except TypeError:
            raise MutationError(f"{path.name}: entry {index} lacks one of name, file, find, replace, why") from None
        if fault.name in names:
            raise MutationError(f"{path.name}: two faults have one name (found {fault.name})")
        if not fault.find or not fault.why or fault.find == fault.replace:
            raise MutationError(f"{path.name}: {fault.name}: nothing is replaced, or nothing said of it")
        if suite == "swift" and (not fault.file.startswith("Sources/") or not fault.file.endswith(".swift")):
            raise MutationError(f"{path.name}: {fault.name}: no Swift file of Sources (found {fault.file})")
        names.add(fault.name)
        faults.append(fault)
    return faults


def check_places(faults: Iterable[Fault], root: Path) -> None:
    """Fails with the first fault whose text does not stand once in its file: a list that has rotted."""
    for fault in faults:
        place(fault, text_of(fault, root))
        if (root / fault.file).resolve() != root.resolve() / fault.file:
            raise MutationError(f"{fault.name}: {fault.file} is reached through a symbolic link: name the file itself")


def text_of(fault: Fault, root: Path) -> str:
    try:
        return (root / fault.file).read_text("utf-8")
    except OSError:
        raise MutationError(f"{fault.name}: there is no file {fault.file}") from None


def place(fault: Fault, text: str) -> int:
    """Where the text to replace begins."""
    count = text.count(fault.find)
    if count != 1:
        raise MutationError(
            f"{fault.name}: the text to replace stands {count} times in {fault.file} (expected once): "
            f"mend the fault in the list (found {fault.find!r})"
        )
    return text.index(fault.find)


def only_named(faults: list[Fault], names: list[str]) -> list[Fault]:
    """The faults that were asked for: by name, or by the beginning of one; all if none was."""
    if not names:
        return faults
    return [fault for fault in faults if any(fault.name.startswith(name) for name in names)]
