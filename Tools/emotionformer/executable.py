"""This package's own program."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from emotionformer.console.output import tell
from emotionformer.errors import ToolError
from emotionformer.places import ROOT


def find_executable(given: Path | None) -> Path:
    """The executable given, or what `swift build` made last; it is built if there is none."""
    if given:
        if not given.is_file() or not os.access(given, os.X_OK):
            raise ToolError(f"{given}: there is no such executable")
        return given
    built = [ROOT / ".build" / kind / "emotionformer" for kind in ("release", "debug")]
    found = [file for file in built if file.exists()]
    if found:
        return max(found, key=lambda file: file.stat().st_mtime)
    tell("building emotionformer (once)")
    command = ["swift", "build", "--package-path", str(ROOT), "-c", "release", "--product", "emotionformer"]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolError("emotionformer is not built, and `swift build` failed") from error
    return built[0]
