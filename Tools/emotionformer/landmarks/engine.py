"""Predictions of this package's engine, by its command line."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from emotionformer.console.output import say
from emotionformer.errors import VideoError
from emotionformer.landmarks.predictions import Timeline, read_predictions
from emotionformer.places import ROOT

# Half a second of ordinary video before anything is said.
_FIRST_FRAMES = 15


@dataclass(frozen=True)
class Predicting:
    """`model` None is the bundled one. A prediction every `hop` frames, smoothed over time."""

    executable: Path | None
    model: Path | None
    hop: int
    smoothing: float


def predictions_of(clip: Path, how: Predicting) -> Timeline:
    """What the engine says of a clip as it goes on, each time looking back on as many frames as the model takes."""
    command = [str(_executable(how.executable)), "stream", "--json", "--hop", str(how.hop)]
    command += ["--smoothing", repr(how.smoothing)]
    if how.model is not None:
        command += ["--model", str(how.model)]
    result = _run([*command, "--minimum-frames", str(_FIRST_FRAMES), "--", str(clip)])
    if result.returncode != 0:
        # A model that takes fewer frames than that begins when its window is full.
        result = _run([*command, "--", str(clip)])
    if result.returncode != 0:
        said = result.stderr.strip().splitlines()
        raise VideoError(f"emotionformer fails: {said[0] if said else f'exit code {result.returncode}'}")
    return read_predictions(result.stdout.splitlines(), "emotionformer stream")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise VideoError(f"{command[0]}: cannot be run ({error.strerror})") from error


def _executable(given: Path | None) -> Path:
    """The executable given, or what `swift build` made last; it is built if there is none."""
    if given:
        if not given.is_file() or not os.access(given, os.X_OK):
            raise VideoError(f"{given}: there is no such executable")
        return given
    built = [ROOT / ".build" / kind / "emotionformer" for kind in ("release", "debug")]
    found = [file for file in built if file.exists()]
    if found:
        return max(found, key=lambda file: file.stat().st_mtime)
    say("landmarks", "building emotionformer (once)")
    command = ["swift", "build", "--package-path", str(ROOT), "-c", "release", "--product", "emotionformer"]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise VideoError("emotionformer is not built, and `swift build` failed") from error
    return built[0]
