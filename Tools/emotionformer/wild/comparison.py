"""One model file on both sides."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ToolError
from emotionformer.places import TOOLS
from emotionformer.wild.running import Ran, Server, run

SUFFIXES = (".h5", ".hdf5", ".keras", ".tflite")
# Largest differences, relative to the largest magnitude of an output (at least 1): of what agrees, and of what rounds
# to whole numbers or half precision on the way, where the last bit of a number can decide which one it becomes.
BOUNDS = {"float": 2e-6, "dynamic": 2e-6, "integer": 0.0}
NEARNESS = {"dynamic": 2e-2}
STATES = ("agrees", "near", "differs", "refused", "alone", "neither")
AGREES, NEAR, DIFFERS, REFUSED, ALONE, NEITHER = STATES
# What LiteRT says of a file with TensorFlow's own operators.
FLEX = "Select TensorFlow op"


@dataclass
class Result:
    """What became of a file. `agrees`, `near` and `differs` compare both sides; `refused` is run by its framework
    alone, `alone` is run here alone, `neither` by none. `message` is ours, `theirs` the framework's."""

    name: str
    state: str
    framework: str = ""
    difference: float | None = None
    message: str = ""
    theirs: str = ""


@dataclass(frozen=True)
class Numbers:
    """Random inputs of each file, frames where a file leaves them open, the inputs' seed, and a run's limit."""

    examples: int = 3
    frames: int = 30
    seed: int = 1
    seconds: int = 300


@dataclass(frozen=True)
class Task:
    """How files are compared: this package's program, and the processes that run frameworks."""

    executable: Path
    server: Server
    numbers: Numbers = Numbers()
    # Runs what LiteRT does not, TensorFlow's own operators.
    flex: Server | None = None

    def compare(self, path: Path, name: str) -> Result:
        with tempfile.TemporaryDirectory(prefix="wild-") as scratch:
            folder = Path(scratch)
            theirs = self._reference(path, folder)
            facts = json.loads((folder / "reference.json").read_text("utf-8")) if theirs.ok else {}
            package = folder / "package"
            ours = self._package(path, package, facts)
            framework = str(facts.get("framework", ""))
            if not ours.ok:
                state = REFUSED if theirs.ok else NEITHER
                return Result(name, state, framework, message=_plain(ours.message), theirs=theirs.message)
            if not theirs.ok:
                return Result(name, ALONE, message="", theirs=theirs.message)
            return self._differences(folder, package, facts, name)

    def _arrays(self, folder: Path, name: str) -> list[np.ndarray]:
        """An array of every example."""
        places = [folder / str(number) / f"{name}.npy" for number in range(self.numbers.examples)]
        return [np.load(place, allow_pickle=False) for place in places]

    def _reference(self, path: Path, folder: Path) -> Ran:
        numbers = [self.numbers.examples, self.numbers.frames, self.numbers.seed]
        request = {"path": str(path.absolute()), "folder": str(folder), "numbers": numbers}
        theirs = self.server.ask(request, self.numbers.seconds)
        if not theirs.ok and self.flex is not None and FLEX in theirs.message:
            return self.flex.ask(request, self.numbers.seconds)
        return theirs

    def _package(self, path: Path, package: Path, facts: dict[str, Any]) -> Ran:
        """The file as a package; open extents are those of the reference's inputs."""
        if path.suffix == ".tflite":
            command = [str(self.executable), "convert", str(path), "-o", str(package)]
            if facts.get("signature"):
                command += ["--signature", facts["signature"]]
            done = run(command, self.numbers.seconds)
            if not done.ok and "give the largest" in done.message:
                done = run([*command, "--frames", str(self.numbers.frames)], self.numbers.seconds)
            return done
        command = [sys.executable, str(TOOLS / "launch.py"), "run", "export", str(path), "-o", str(package)]
        names, shapes = facts.get("names", []), facts.get("shapes", [])
        for name, shape in zip(names, shapes):
            extents = ",".join(str(extent) for extent in shape)
            command += ["--input-shape", extents if len(names) == 1 else f"{name}={extents}"]
        return run(command, self.numbers.seconds, {"PYTHONDONTWRITEBYTECODE": "1"})

    def _differences(self, folder: Path, package: Path, facts: dict[str, Any], name: str) -> Result:
        manifest = json.loads((package / "manifest.json").read_text("utf-8"))
        arithmetic, largest = facts["arithmetic"], 0.0
        result = Result(name, AGREES, str(facts["framework"]))
        made = folder / "made"
        command = [str(self.executable), "run", str(package), "-o", str(made)]
        for index, entry in enumerate(manifest["inputs"]):
            # One run after the other, so that a model with variables keeps them.
            stored = self._arrays(folder, f"input{index}")
            if entry["dtype"] == "float32" and stored[0].dtype.kind in "iu":
                stored = [real(array, facts["input_scales"][index]) for array in stored]
            file = folder / f"input{index}.npy"
            np.save(file, runs_of(stored, len(entry["shape"])))
            command += ["--input", f"{entry['name']}={file}"]
        done = run(command, self.numbers.seconds)
        if not done.ok:
            result.state, result.message = REFUSED, _plain(done.message)
            return result
        listed = json.loads((made / "outputs.json").read_text("utf-8"))["outputs"]
        files = {entry["name"]: entry["file"] for entry in listed}
        compared = outputs_of(manifest, facts["outputs"])
        if len(compared) != facts["output_count"]:
            result.state, result.difference = DIFFERS, float("inf")
            result.theirs = f"{facts['output_count']} outputs, and {len(compared)} here"
            return result
        for index, entry in enumerate(compared):
            goldens = self._arrays(folder, f"output{index}")
            found = np.load(made / files[entry["name"]], allow_pickle=False)
            if found.dtype.kind == "f" and goldens[0].dtype.kind in "iu" and index < len(facts["output_scales"]):
                goldens = [real(golden, facts["output_scales"][index]) for golden in goldens]
            if len(found) != len(goldens):
                largest = float("inf")
            for row, golden in zip(found, goldens):
                largest = max(largest, difference(row, golden))
        result.difference = largest
        if not largest <= BOUNDS[arithmetic]:
            result.state = NEAR if largest <= NEARNESS.get(arithmetic, 0) else DIFFERS
        return result


def frameworks(python: Path | None = None) -> Server:
    """A process that runs files in their frameworks: those of this Python, or of another one."""
    command = [str(python or sys.executable), "-m", "emotionformer.wild.reference"]
    return Server(command, {"PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"})


def runs_of(arrays: list[np.ndarray], rank: int) -> np.ndarray:
    """Arrays with a batch axis of 1 as the runs of an input of so many axes, along one more axis in front."""
    return np.stack([array if array.ndim == rank else array[0] for array in arrays])


def real(stored: np.ndarray, scale: tuple[float, int]) -> np.ndarray:
    """The numbers that the integers of a quantized tensor stand for; `scale` holds the scale, 0 if it is not quantized,
    and the zero point."""
    factor, zero = scale
    if factor == 0:
        return stored
    return ((stored.astype(np.float32) - np.float32(zero)) * np.float32(factor)).astype(np.float32)


def outputs_of(manifest: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """The package's outputs in the framework's order: by name, and the one that was called `probabilities` for the one
    whose name is gone. Logits that were added come last."""
    entries = {entry["name"]: entry for entry in manifest["outputs"]}
    gone = [name for name in names if name not in entries]
    if not names or len(gone) > 1 or (gone and "probabilities" not in entries):
        return [entry for entry in manifest["outputs"] if not _is_added(entry)]
    return [entries.get(name) or entries["probabilities"] for name in names]


def _is_added(entry: dict[str, Any]) -> bool:
    return entry["kind"] == "logits" and entry["name"].split("/")[-1] == "logits"


def difference(found: np.ndarray, golden: np.ndarray) -> float:
    """The largest difference, relative to the golden's largest magnitude (at least 1); infinity for another shape or
    kind of number, or where one is not finite and the other is not the same."""
    if not _is_alike(found.shape, golden.shape) or (found.dtype.kind == "f") != (golden.dtype.kind == "f"):
        return float("inf")
    ours, theirs = found.astype(np.float64).ravel(), golden.astype(np.float64).ravel()
    kept = np.isfinite(theirs)
    if not np.isfinite(ours[kept]).all() or not np.array_equal(ours[~kept], theirs[~kept], equal_nan=True):
        return float("inf")
    if not kept.any():
        return 0.0
    return float(np.abs(ours[kept] - theirs[kept]).max() / max(1.0, float(np.abs(theirs[kept]).max())))


def _is_alike(found: tuple[int, ...], golden: tuple[int, ...]) -> bool:
    """The same shape; either may have the batch's axis alone."""
    return golden in (found, (1, *found)) or found == (1, *golden)


def _plain(message: str) -> str:
    """A program's line without its name."""
    for name in ("export: ", "emotionformer: ", "Error: "):
        message = message.removeprefix(name)
    return message


def model_files(places: list[Path]) -> list[tuple[Path, str]]:
    """The model files at and below the places, each with a name to print."""
    found: list[tuple[Path, str]] = []
    for place in places:
        if place.is_file():
            found.append((place, place.name))
            continue
        if not place.is_dir():
            raise ToolError(f"{place}: there is no such file or folder")
        for folder, folders, names in os.walk(place):
            folders.sort()
            paths = [Path(folder) / name for name in sorted(names)]
            found += [(path, str(path.relative_to(place))) for path in paths if path.suffix.lower() in SUFFIXES]
    if not found:
        raise ToolError(f"found no model file ({', '.join(SUFFIXES)})")
    return found
