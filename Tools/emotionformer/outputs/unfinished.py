"""What is not finished lies in a hidden folder beside its target, `.emotionformer-….partial`, locked by whoever writes
it.

    new…        the file or folder that is being written; after the exchange, what it replaced
    old         what it replaced, where the system cannot exchange two names in one step
    replaced    before anything is replaced: the target's name and the names of all files that may be removed

A process that is killed leaves such a folder behind. The next one that writes beside it removes it: the lock has gone
with its owner, and a folder that somebody still writes is locked.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from emotionformer.errors import OutputError, reason
from emotionformer.outputs.interruption import shielded

_NAME = re.compile(r"\.emotionformer-[0-9a-f]{16}\.partial")
_unfinished: set[Unfinished] = set()


class Unfinished:
    """One hidden folder, from its making to its removal."""

    def __init__(self, parent: Path, suffix: str = "") -> None:
        """Raises `OutputError` if nothing can be made in `parent`."""
        with shielded():
            remove_abandoned(parent)
            while True:
                self.folder = parent / f".emotionformer-{secrets.token_hex(8)}.partial"
                try:
                    self.folder.mkdir(0o700)
                except FileExistsError:
                    continue
                except OSError as error:
                    raise OutputError(f"cannot write in {parent}: {reason(error)}") from error
                lock = _locked(self.folder)
                if lock is not None:
                    break
            self._lock = lock
            self.new = self.folder / f"new{suffix}"
            _unfinished.add(self)

    def note(self, target: str, names: Iterable[str]) -> None:
        """Says what may be removed, if this process is killed while it replaces a folder of that name."""
        # Half a note would keep the folder from being removed.
        half = self.folder / "note"
        with half.open("wb") as file:
            file.write(b"\0".join(os.fsencode(name) for name in [target, *names]))
            file.flush()
            os.fsync(file.fileno())
        os.rename(half, self.folder / "replaced")

    def remove(self) -> None:
        with shielded():
            if self in _unfinished:
                _unfinished.discard(self)
                _clear(self.folder)
                os.close(self._lock)


def remove_all() -> None:
    """Removes whatever this process has not finished."""
    for item in list(_unfinished):
        item.remove()


def remove_abandoned(parent: Path) -> None:
    """Removes what processes that were killed have left in a folder."""
    try:
        names = [entry.name for entry in os.scandir(parent) if _NAME.fullmatch(entry.name)]
    except OSError:
        return
    for name in names:
        folder = parent / name
        try:
            status = os.lstat(folder)
        except OSError:
            continue
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            continue
        lock = _locked(folder)
        if lock is not None:
            _clear(folder)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """The open, locked folder; None if somebody else has it, or it is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between making and locking a folder, somebody who tidies up may have taken it.
        if os.path.samestat(os.fstat(handle), os.lstat(folder)):
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def _clear(folder: Path) -> None:
    """Removes a locked folder. Of what may have been somebody's, only the files that were noted are removed."""
    note = folder / "replaced"
    try:
        target, *names = [os.fsdecode(part) for part in note.read_bytes().split(b"\0")]
    except OSError:
        # Nothing was to be replaced yet: all of it is our own.
        shutil.rmtree(folder, ignore_errors=True)
        return
    old = folder / "old"
    if old.exists() and not (folder.parent / target).exists():
        os.rename(old, folder.parent / target)
    for part in [path for path in folder.iterdir() if path != note]:
        remove_files(part, names)
    if list(folder.iterdir()) == [note]:
        note.unlink()
        folder.rmdir()


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Removes the files of these names, then the folders that are empty by that."""
    folders = {folder}
    for name in names:
        path = folder / name
        folders.update(parent for parent in path.parents if parent.is_relative_to(folder))
        try:
            path.unlink()
        except OSError:
            continue
    for path in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        try:
            path.rmdir()
        except OSError:
            continue
