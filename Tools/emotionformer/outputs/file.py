"""A file that appears whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from emotionformer.errors import OutputError, reason
from emotionformer.outputs.interruption import shielded
from emotionformer.outputs.place import Place, give_rights, is_descriptor, remove_folders, synchronize
from emotionformer.outputs.unfinished import Unfinished

Recognize = Callable[[Path], bool]


def anything(path: Path) -> bool:
    """For files inside folders that are a tool's own."""
    return True


class OutputFile:
    """`with OutputFile(target, what, recognize) as output:` write the file `output.path`, then `output.keep()`.

    An existing file is replaced if it is empty or `recognize` says that it is such a file. What is not a regular file
    is refused.
    """

    def __init__(self, target: Path, what: str, recognize: Recognize) -> None:
        """Raises `OutputError` if what stands there is not to be replaced, or nothing can be written there."""
        self._place = place = Place.of(target)
        _check(place, what, recognize)
        if place.status is not None and not place.is_file:
            raise OutputError(f"{target}: {place.kind} exists there, which cannot become a {what}: not replaced")
        self._made: list[Path] = []
        self._unfinished: Unfinished | None = None
        try:
            with shielded():
                self._made = place.make_parents()
                self._unfinished = Unfinished(place.path.parent, place.path.suffix)
                self.path = self._unfinished.new
        except BaseException:
            self.remove()
            raise

    def keep(self) -> None:
        """Puts the file in its place. Raises `OutputError`; what stood there is there still."""
        place = self._place
        try:
            if place.status is not None:
                give_rights(self.path, place.status)
            synchronize(self.path)
            with shielded():
                now = Place.of(place.path)
                if (now.status is None) != (place.status is None) or (now.status is not None and not now.is_file):
                    raise OutputError(f"{place.given}: something else was put there meanwhile: not replaced")
                os.replace(self.path, place.path)
                self._made = []
                synchronize(place.path.parent)
        except OSError as error:
            raise OutputError(f"{place.given}: cannot be written: {reason(error)}") from error

    def __enter__(self) -> OutputFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> None:
        with shielded():
            if self._unfinished is not None:
                self._unfinished.remove()
            remove_folders(self._made)


def _check(place: Place, what: str, recognize: Recognize) -> None:
    given = os.fspath(place.given)
    if place.is_folder or given.endswith(os.sep):
        raise OutputError(f"{given}: this is a folder (expected the name of a {what})")
    if not place.is_file:
        return
    if not os.access(place.path, os.W_OK):
        raise OutputError(f"{given}: the existing file may not be written: not replaced")
    if place.status is not None and place.status.st_size and not recognize(place.path):
        raise OutputError(f"{given}: a file that is not a {what} exists there: not replaced")


def check(target: Path, what: str, recognize: Recognize) -> None:
    """Whether such a file can stand there, before anything long is computed for it; raises `OutputError`."""
    if not is_descriptor(target):
        _check(Place.of(target), what, recognize)


def write_text(target: Path, text: str, what: str, recognize: Recognize) -> None:
    """Writes a file whole or not at all; a pipe or a device is written to. Raises `OutputError`."""
    data = text.encode("utf-8")
    place = None if is_descriptor(target) else Place.of(target)
    if place is None or not (place.status is None or place.is_file or place.is_folder):
        _write_into(target, data)
        return
    with OutputFile(target, what, recognize) as output:
        try:
            output.path.write_bytes(data)
        except OSError as error:
            raise OutputError(f"{target}: cannot be written: {reason(error)}") from error
        output.keep()


def _write_into(target: Path, data: bytes) -> None:
    try:
        if stat.S_ISBLK(os.stat(target).st_mode):
            raise OutputError(f"{target}: a disk exists there: not written to")
        # Without O_NONBLOCK, a pipe would wait for a reader for ever.
        handle = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise OutputError(f"{target}: it is not a file, and cannot be written to: {reason(error)}") from error
    try:
        os.set_blocking(handle, True)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
    except OSError as error:
        raise OutputError(f"{target}: cannot be written to: {reason(error)}") from error
    finally:
        os.close(handle)
