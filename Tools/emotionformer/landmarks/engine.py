"""Predictions of this package's engine, by its command line."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from emotionformer.errors import VideoError
from emotionformer.executable import find_executable
from emotionformer.landmarks.predictions import Timeline, read_predictions

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
    command = [str(find_executable(how.executable)), "stream", "--json", "--hop", str(how.hop)]
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
