"""Runs this package's engine by its command line, `emotionformer trace`."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ParityError
from emotionformer.parity.litert import Array, Clip


@dataclass
class Trace:
    """What the engine wrote: an index, and a folder for each clip."""

    folder: Path
    index: dict[str, Any]

    def tensor(self, clip: int, tensor: int) -> Array | None:
        """A tensor of a clip; None if the engine wrote none."""
        file = self.folder / str(clip) / f"{tensor}.npy"
        return np.load(file, allow_pickle=False) if file.exists() else None


@dataclass
class Engine:
    """The executable and the file that it runs."""

    executable: Path
    model: Path
    scratch: Path
    # The entry point that is run, of a file with several.
    signature: str | None = None

    def run(self, clips: list[Clip], stage: str = "imported", outputs_only: bool = False) -> Trace:
        """The whole model on clips."""
        folder = self._folder(f"trace-{stage}")
        arguments = ["--stage", stage] + (["--outputs-only"] if outputs_only else [])
        for position in range(len(clips[0]) if clips else 0):
            file = folder / f"input-{position}.npy"
            np.save(file, np.stack([clip[position] for clip in clips]))
            arguments += ["--input", str(file)]
        return self._trace(arguments, folder)

    def run_alone(self, tensors: list[dict[int, Array]]) -> Trace:
        """Every operator alone, on the tensors given for each clip."""
        folder = self._folder("alone")
        feed = folder / "feed"
        for clip, arrays in enumerate(tensors):
            (feed / str(clip)).mkdir(parents=True)
            for index, array in arrays.items():
                np.save(feed / str(clip) / f"{index}.npy", np.asarray(array, order="C"))
        return self._trace(["--feed", str(feed)], folder)

    def _folder(self, name: str) -> Path:
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _trace(self, arguments: list[str], folder: Path) -> Trace:
        output = folder / "output"
        command = [str(self.executable), "trace", str(self.model), "--output", str(output), *arguments]
        if self.signature is not None:
            command += ["--signature", self.signature]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode != 0:
            message = finished.stderr.strip().splitlines() or [f"it ended with code {finished.returncode}"]
            raise ParityError(f"the engine does not run the file: {message[-1]}")
        return Trace(output, json.loads((output / "index.json").read_text("utf-8")))
