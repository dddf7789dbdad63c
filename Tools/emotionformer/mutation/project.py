"""The copy of the project in which faults are planted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from emotionformer.errors import MutationError


class Copy:
    """The tracked files of a project, in a folder of their own. Only what has changed is written again."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.source = source
        self.folder = folder

    def update(self, texts: dict[str, str]) -> None:
        """Copies the project, with some files' texts replaced or added."""
        wanted = self._tracked()
        for name in wanted | set(texts):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            source = self.source / name
            if name not in texts and source.is_symlink():
                _link(target, source.readlink())
                continue
            content = texts[name].encode() if name in texts else source.read_bytes()
            if not target.is_file() or target.read_bytes() != content:
                target.write_bytes(content)
                if name not in texts:
                    shutil.copymode(source, target)
        self._remove_others(wanted | set(texts))

    def _tracked(self) -> set[str]:
        listed = subprocess.run(
            ["git", "-C", self.source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
            check=False,
        )
        if listed.returncode != 0:
            raise MutationError("git does not list the project's files: it must be a git repository")
        names = {name for name in listed.stdout.decode().split("\0") if name}
        return {name for name in names if (self.source / name).is_symlink() or (self.source / name).is_file()}

    def _remove_others(self, wanted: set[str]) -> None:
        """A source file that has gone must not be compiled."""
        for root in ("Sources", "Tests", "Tools"):
            for file in (self.folder / root).rglob("*"):
                name = file.relative_to(self.folder).as_posix()
                if file.is_file() and not file.is_symlink() and name not in wanted and "/.venv" not in name:
                    file.unlink()


def _link(place: Path, target: Path) -> None:
    """Makes a symbolic link where there may be another one, or a folder."""
    if place.is_symlink():
        if place.readlink() == target:
            return
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)
    place.symlink_to(target)
