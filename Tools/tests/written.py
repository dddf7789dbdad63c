"""What tests of writing share: a package and a page as tools write them, and what stands in a folder."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from emotionformer.errors import OutputError
from emotionformer.export.package import PACKAGE
from emotionformer.outputs import OutputFolder, write_text

MANIFEST = json.dumps({"format": "emotionformer-model", "weights": {"file": "weights.bin"}})
IS_ROOT = os.geteuid() == 0


def is_page(path: Path) -> bool:
    return path.read_bytes().startswith(b"page")


def package(folder: Path, content: str = "old") -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(MANIFEST)
    (folder / "weights.bin").write_text(content)
    return folder


def write_package(target: Path, content: str = "new") -> None:
    with OutputFolder(target, PACKAGE) as output:
        (output.path / "manifest.json").write_text(MANIFEST)
        (output.path / "weights.bin").write_text(content)
        output.keep()


def write_page(target: Path, text: str = "page new") -> None:
    write_text(target, text, "page", is_page)


def tree(folder: Path) -> dict[str, object]:
    """Everything below a folder: kinds, rights, contents, and where links point."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if stat.S_ISREG(mode) else b""
        found[path.relative_to(folder).as_posix()] = (mode, content)
    return found


def refused(place: Path, write: Callable[[], None], words: str) -> None:
    before = tree(place)
    with pytest.raises(OutputError, match=words) as error:
        write()
    assert "\n" not in str(error.value)
    assert tree(place) == before
