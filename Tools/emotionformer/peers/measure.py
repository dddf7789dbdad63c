"""Runs everybody in turns and holds their outputs against Keras's."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotionformer.errors import PeersError
from emotionformer.peers.coldstart import measured
from emotionformer.peers.contestants import OURS, Entry, Files, Way, cold_programs
from emotionformer.peers.correctness import Agreement, Rows
from emotionformer.peers.protocol import Contestant, interleaved
from emotionformer.peers.statistics import Summary, quantile

Say = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """What became of one entry."""

    entry: Entry
    way: Way
    summary: Summary | None
    agreement: Agreement

    def document(self) -> dict[str, Any]:
        setting = self.entry.setting
        return {
            "model": setting.model,
            "batch": setting.batch,
            "threads": setting.threads,
            "engine": self.entry.engine,
            "precision": self.entry.precision,
            "way": self.way.name,
            "milliseconds": self.summary.document() if self.summary else None,
            "difference": self.agreement.difference,
            "problem": self.agreement.problem,
        }


def expected_rows(files: Files, model: str) -> Rows:
    rows: Rows = json.loads((files.model(model) / "keras.json").read_text("utf-8"))
    return rows


def own_rows(files: Files, entry: Entry) -> Rows:
    """Our outputs of the clips that everybody is compared on."""
    model = entry.setting.model
    command = [str(files.executable), "predict", "--json", "--threads", str(entry.setting.threads)]
    command += ["--model", str(files.ours(model, entry.precision)), str(files.model(model) / "clips.npy")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise PeersError(f"{entry.name}: {finished.stderr.strip().splitlines()[-1:]}")
    rows = []
    for line in finished.stdout.splitlines():
        found = json.loads(line)["probabilities"]
        rows.append(list(found.values()) if isinstance(found, dict) else [float(value) for value in found])
    return rows


def agreement(files: Files, entry: Entry, way: Way, outputs: Path) -> Agreement:
    """Of a contestant that has answered once: it has written its outputs by then."""
    if entry.engine == OURS:
        rows = own_rows(files, entry)
    else:
        try:
            rows = json.loads(outputs.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise PeersError(f"{entry.name}: it wrote no outputs") from error
    return Agreement.of(rows, expected_rows(files, entry.setting.model), entry.precision)


class Round:
    """Entries that are measured in turns with each other."""

    def __init__(self, files: Files, seconds: float, say: Say) -> None:
        self.files = files
        self.seconds = seconds
        self.say = say

    def run(self, entries: Sequence[Entry]) -> list[Result]:
        """Each entry by its fastest way; one that fails or is wrong is told, and the others go on."""
        chosen: list[tuple[Entry, Way]] = []
        failed: list[Result] = []
        for entry in entries:
            try:
                chosen.append((entry, self.fastest(entry)))
            except PeersError as error:
                failed.append(Result(entry, entry.ways[0], None, Agreement(float("inf"), str(error))))
        running: list[tuple[Entry, Way, Agreement]] = []
        with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="peers-") as scratch:
            contestants = []
            for index, (entry, way) in enumerate(chosen):
                outputs = Path(scratch) / f"{index}.json"
                try:
                    contestant = stack.enter_context(self.start(entry, way, outputs))
                    contestant.timed(1)
                    running.append((entry, way, agreement(self.files, entry, way, outputs)))
                    contestants.append(contestant)
                    contestant.rest()
                except PeersError as error:
                    failed.append(Result(entry, way, None, Agreement(float("inf"), str(error))))
            samples = interleaved(contestants, self.seconds)
        found = []
        for (entry, way, right), taken in zip(running, samples):
            if isinstance(taken, PeersError):
                found.append(Result(entry, way, None, Agreement(right.difference, str(taken))))
            else:
                found.append(Result(entry, way, Summary.of(taken), right))
        for result in failed + found:
            if result.agreement.problem:
                self.say(f"WRONG: {result.entry.name}: {result.agreement.problem}")
        return found + failed

    def start(self, entry: Entry, way: Way, outputs: Path) -> Contestant:
        if entry.engine == OURS:
            return Contestant(entry.name, way.command)
        command = (*way.command, "--outputs", str(outputs))
        return Contestant(entry.name, command, {"PYTHONPATH": str(self.files.tools), "PYTHONDONTWRITEBYTECODE": "1"})

    def fastest(self, entry: Entry) -> Way:
        """The way with the least median in a short run of all ways in turns."""
        if len(entry.ways) == 1:
            return entry.ways[0]
        with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="peers-") as scratch:
            contestants = [
                stack.enter_context(self.start(entry, way, Path(scratch) / f"{index}.json"))
                for index, way in enumerate(entry.ways)
            ]
            samples = interleaved(contestants, min(1.0, self.seconds / 4))
        medians = {
            quantile(taken, 0.5): way for taken, way in zip(samples, entry.ways) if not isinstance(taken, PeersError)
        }
        if not medians:
            raise next(taken for taken in samples if isinstance(taken, PeersError))
        return medians[min(medians)]


def cold_starts(files: Files, model: str, rounds: int) -> list[dict[str, Any]]:
    """Every engine's least program, in turns, after one run each that brings its files into memory."""
    programs = cold_programs(files, model)
    for _, _, command in programs:
        measured(command)
    taken: list[list[tuple[float, int]]] = [[] for _ in programs]
    for _ in range(rounds):
        for (_, _, command), found in zip(programs, taken):
            found.append(measured(command))
    return [
        {
            "model": model,
            "engine": engine,
            "precision": precision,
            "milliseconds": Summary.of([time for time, _ in found]).document(),
            "peakBytes": int(quantile([peak for _, peak in found], 0.5)),
        }
        for (engine, precision, _), found in zip(programs, taken)
    ]
