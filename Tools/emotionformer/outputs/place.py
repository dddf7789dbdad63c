"""Where a path leads, and what stands there."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from emotionformer.errors import OutputError, reason


@dataclass(frozen=True)
class Place:
    """A target after all symbolic links: a result is written where a link leads, and the link stays."""

    given: Path
    path: Path
    status: os.stat_result | None

    @classmethod
    def of(cls, given: Path) -> Place:
        path = Path(os.path.realpath(given))
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            status = None
        except OSError as error:
            raise OutputError(f"{given}: cannot be looked up: {reason(error)}") from error
        if status is not None and stat.S_ISLNK(status.st_mode):
            raise OutputError(f"{given}: the target is a symbolic link that leads to itself: not replaced")
        return cls(given, path, status)

    @property
    def is_folder(self) -> bool:
        return self.status is not None and stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        return self.status is not None and stat.S_ISREG(self.status.st_mode)

    @property
    def kind(self) -> str:
        """What stands there, for messages."""
        mode = self.status.st_mode if self.status else 0
        kinds = {
            stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
            stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
        }  # fmt: skip
        return kinds.get(stat.S_IFMT(mode), "something else")

    def make_parents(self) -> list[Path]:
        """Makes the folder that it lies in; gives the folders that were made, the innermost last."""
        made: list[Path] = []
        path = self.path.parent
        try:
            missing = [path for path in self.path.parents if not path.exists()]
            for path in reversed(missing):
                path.mkdir()
                made.append(path)
        except OSError as error:
            remove_folders(made)
            raise OutputError(f"cannot write in {path}: {reason(error)}") from error
        if not self.path.parent.is_dir():
            raise OutputError(f"{self.given}: {self.path.parent} is not a folder")
        return made


def remove_folders(made: list[Path]) -> None:
    """Removes what `make_parents` made, as far as it is empty."""
    for path in reversed(made):
        try:
            path.rmdir()
        except OSError:
            return


def is_descriptor(given: Path) -> bool:
    """Whether a path is an open file's (/dev/stdout, /dev/fd/3): what it leads to is somebody's who has it open."""
    path = os.fspath(given)
    for _ in range(40):
        folder = os.path.realpath(os.path.dirname(path) or ".")
        if folder == "/dev/fd" or folder.startswith("/proc/"):
            return True
        if not os.path.islink(path):
            return False
        path = os.path.join(folder, os.readlink(path))
    return False


def give_rights(path: Path, status: os.stat_result) -> None:
    """The owner and the rights of what is replaced."""
    try:
        os.chown(path, status.st_uid, status.st_gid)
    except OSError:
        pass  # Only root may give files away.
    os.chmod(path, stat.S_IMODE(status.st_mode) & 0o777)


def synchronize(path: Path) -> None:
    """A file, or a folder's list of names, is on the disk afterwards, where the file system can promise that."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def synchronize_all(folder: Path) -> None:
    """All files of a folder are on the disk afterwards."""
    paths = [Path(place, name) for place, _, names in os.walk(folder) for name in (*names, "")]
    if len(paths) > 1000:
        os.sync()
        return
    for path in paths:
        synchronize(path)
