"""Which inputs a command line names: video files, pictures, folders of pictures, cameras."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emotionformer.errors import VideoError

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class VideoFile:
    """A video in a container."""

    path: Path
    name: str


@dataclass(frozen=True)
class Pictures:
    """Pictures that are the frames of a clip, in order."""

    path: Path
    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Camera:
    """A camera by its number."""

    number: int

    @property
    def path(self) -> Path:
        return Path(self.name)

    @property
    def name(self) -> str:
        return f"camera-{self.number}"


Source = VideoFile | Pictures | Camera


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts `frame2` before `frame10`."""
    parts = re.split(r"(\d+)", name.lower())
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part)


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The pictures of a folder, not of the folders in it, in natural order; hidden files are left out."""
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in PICTURES and not file.name.startswith(".") and file.is_file()
    ]
    return tuple(sorted(files, key=lambda file: natural_key(file.name)))


def source_at(path: Path) -> Source:
    """What lies at a path."""
    name = clip_name(path)
    try:
        if path.is_dir():
            files = pictures_in(path)
            if not files:
                endings = ", ".join(sorted(PICTURES))
                raise VideoError(f"{path}: the folder holds no pictures (expected files that end in {endings})")
            return Pictures(path, name, files)
        if not path.exists():
            raise VideoError(f"{path}: there is no such file or folder")
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror})") from error
    if path.suffix.lower() in PICTURES:
        return Pictures(path, name, (path,))
    return VideoFile(path, name)


def clip_name(path: Path) -> str:
    """The name of the clip that a video becomes: the file's without its ending, the folder's whole."""
    full = path.name or path.resolve().name
    return full if path.is_dir() or full.startswith(".") else Path(full).stem


def check_names(sources: Iterable[Source]) -> None:
    """Two inputs must not become the same clip."""
    seen: dict[str, Source] = {}
    for source in sources:
        other = seen.setdefault(source.name, source)
        if other is not source:
            raise VideoError(f"{source.path}: its clip would be named '{source.name}', as that of {other.path} is")
