"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from emotionformer.errors import OutputError, reason
from emotionformer.outputs.exchange import exchange
from emotionformer.outputs.interruption import shielded
from emotionformer.outputs.place import Place, give_rights, remove_folders, synchronize, synchronize_all
from emotionformer.outputs.unfinished import Unfinished, remove_files

_MOST_FILES = 1_000_000


@dataclass(frozen=True)
class Kind:
    """A kind of folder that a tool writes, and may replace.

    `recognize` gives, for a folder of the kind, which relative names (`assets/mean.npy`) are the kind's own; None if it
    is no such folder.
    """

    name: str
    recognize: Callable[[Path], Callable[[str], bool] | None]

    def check(self, target: Path | Place) -> list[str] | None:
        """The files of the folder that stands there, None if nothing does; raises `OutputError` if something stands
        there that is not to be replaced."""
        place = target if isinstance(target, Place) else Place.of(target)
        if place.status is None:
            return None
        if not place.is_folder:
            raise OutputError(f"{place.given}: {place.kind} exists there, not a {self.name}: not replaced")
        if os.path.samestat(place.status, os.stat(os.curdir)):
            raise OutputError(f"{place.given}: the current folder cannot be replaced; name another folder")
        if place.path.is_mount():
            raise OutputError(
                f"{place.given}: a file system is mounted there, which cannot be replaced; name a folder in it"
            )
        names, other = _names(place)
        if not names and not other:
            return []
        own = self.recognize(place.path)
        if own is None:
            raise OutputError(f"{place.given}: a folder that is not a {self.name} exists there: not replaced")
        foreign = sorted([name for name in names if not own(name)] + other)
        if foreign:
            raise OutputError(
                f"{place.given}: the existing {self.name} contains '{foreign[0]}', which does not belong to it: "
                "not replaced"
            )
        return names


def _names(place: Place) -> tuple[list[str], list[str]]:
    """The relative names of all regular files, and of all else that is not a folder with something in it."""
    files: list[str] = []
    other: list[str] = []
    waiting = [place.path]
    try:
        while waiting:
            folder = waiting.pop()
            entries = list(os.scandir(folder))
            if not entries and folder != place.path:
                other.append(folder.relative_to(place.path).as_posix())
            for entry in entries:
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.is_file(follow_symlinks=False):
                    files.append(path.relative_to(place.path).as_posix())
                else:
                    other.append(path.relative_to(place.path).as_posix())
            if len(files) > _MOST_FILES:
                raise OutputError(f"{place.given}: the existing folder holds too many files: not replaced")
    except OSError as error:
        raise OutputError(f"{place.given}: cannot be listed: {reason(error)}") from error
    return files, other


class OutputFolder:
    """`with OutputFolder(target, kind) as output:` write into `output.path`, then `output.keep()`. Without that, or if
    anything fails, what stood there before is there still, and nothing else."""

    def __init__(self, target: Path, kind: Kind) -> None:
        """Raises `OutputError` if what stands there is not to be replaced, or nothing can be written there."""
        self._kind = kind
        self._place = place = Place.of(target)
        self._replaced = kind.check(place)
        self._made: list[Path] = []
        self._unfinished: Unfinished | None = None
        try:
            with shielded():
                self._made = place.make_parents()
                self._unfinished = Unfinished(place.path.parent)
                self.path = self._unfinished.new
                self.path.mkdir()
        except BaseException as error:
            self._remove()
            if isinstance(error, OSError):
                raise OutputError(f"{target}: cannot be written: {reason(error)}") from error
            raise

    def keep(self) -> None:
        """Puts the folder in its place. Raises `OutputError`; what stood there is there still."""
        try:
            synchronize_all(self.path)
            with shielded():
                self._put_in_place()
                synchronize(self._place.path.parent)
        except OSError as error:
            raise OutputError(f"{self._place.given}: cannot be written: {reason(error)}") from error

    def _put_in_place(self) -> None:
        target, new = self._place.path, self.path
        if self._replaced is None:
            if os.path.lexists(target):
                raise OutputError(f"{self._place.given}: something else was put there meanwhile: not replaced")
            os.rename(new, target)
            self._made = []
            return
        if self._place.status is not None:
            give_rights(new, self._place.status)
        written = [path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()]
        assert self._unfinished is not None
        self._unfinished.note(target.name, {*self._replaced, *written})
        old = new
        if exchange(new, target):
            if self._is_changed(old):
                exchange(new, target)
                raise OutputError(f"{self._place.given}: changed while it was to be replaced: not replaced")
        else:
            old = self._unfinished.folder / "old"
            os.rename(target, old)
            try:
                if self._is_changed(old):
                    raise OutputError(f"{self._place.given}: changed while it was to be replaced: not replaced")
                os.rename(new, target)
            except (OSError, OutputError):
                os.rename(old, target)
                raise
        remove_files(old, self._replaced)

    def _is_changed(self, old: Path) -> bool:
        names, other = _names(Place.of(old))
        return bool(other) or sorted(names) != sorted(self._replaced or [])

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        with shielded():
            if self._unfinished is not None:
                self._unfinished.remove()
            remove_folders(self._made)
