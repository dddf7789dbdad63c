"""Clips with labels: read from a dataset's folder or made by the generator, packed small, kept apart by subject."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from emotionformer.console.table import row as table_row
from emotionformer.console.table import text_of
from emotionformer.errors import TrainError
from emotionformer.outputs import Kind, OutputFolder
from emotionformer.training.generator import Conditions, clips_of

SPLITS = ("train", "validation", "test")
SPLIT_NAMES = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}
# People of different splits have numbers of different millions.
FIRST_PERSON = {"train": 0, "validation": 1_000_000, "test": 2_000_000, "shift": 3_000_000}
PEOPLE_A_SHARD = 15


@dataclass
class PackedClip:
    """The frames with a face, in 16 bits: finer than a hundredth of the tracker's noise."""

    values: np.ndarray  # int16 (frames, features)
    scale: float

    @staticmethod
    def of(clip: np.ndarray) -> PackedClip:
        flat = clip.reshape(len(clip), -1)
        seen = flat[np.isfinite(flat).all(axis=1)]
        scale = float(np.abs(seen).max()) / 32767 if seen.size else 1.0
        return PackedClip(np.round(seen / (scale or 1.0)).astype(np.int16), scale or 1.0)

    def frames(self, indices: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Frames as float32 (frames, features)."""
        return self.values[indices].astype(np.float32) * np.float32(self.scale)


@dataclass
class ClipSet:
    """Clips of one split."""

    clips: list[PackedClip] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)

    def add(self, clip: PackedClip, label: str, subject: str) -> None:
        self.clips.append(clip)
        self.labels.append(label)
        self.subjects.append(subject)

    def __len__(self) -> int:
        return len(self.clips)

    def save(self, path: Path) -> None:
        """One .npz file, whole or not at all."""
        partial = path.with_name(path.name + ".partial.npz")
        np.savez(
            partial,
            values=np.concatenate([clip.values for clip in self.clips]),
            lengths=np.array([len(clip.values) for clip in self.clips]),
            scales=np.array([clip.scale for clip in self.clips]),
            labels=np.array(self.labels),
            subjects=np.array(self.subjects),
        )
        os.replace(partial, path)

    def load(self, path: Path) -> None:
        """Adds the clips of a saved file."""
        with np.load(path, allow_pickle=False) as held:
            values, ends = held["values"], np.cumsum(held["lengths"])
            for start, end, scale in zip(ends - held["lengths"], ends, held["scales"], strict=True):
                self.clips.append(PackedClip(values[start:end], float(scale)))
            self.labels += held["labels"].tolist()
            self.subjects += held["subjects"].tolist()


def make_people(seed: int, first: int, count: int, clips: int, conditions: Conditions) -> ClipSet:
    """All clips of some synthetic people."""
    made = ClipSet()
    for number in range(first, first + count):
        for item in clips_of(seed, number, clips, conditions):
            made.add(PackedClip.of(item.clip), item.label, item.subject)
    return made


def _make_shard(job: tuple[int, int, int, int, Conditions, Path]) -> Path:
    seed, first, count, clips, conditions, path = job
    make_people(seed, first, count, clips, conditions).save(path)
    return path


def synthetic_set(
    folder: Path,
    split: str,
    seed: int,
    people: int,
    clips: int,
    conditions: Conditions,
    jobs: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> ClipSet:
    """The synthetic clips of a split, made in parallel; parts that already lie in `folder` are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    parts, first = [], FIRST_PERSON[split]
    for start in range(0, people, PEOPLE_A_SHARD):
        count = min(PEOPLE_A_SHARD, people - start)
        name = f"{split}-{seed}-{start:05d}-{count}x{clips}.npz"
        parts.append((seed, first + start, count, clips, conditions, folder / name))
    missing = [part for part in parts if not part[-1].exists()]
    done = len(parts) - len(missing)
    report(done, len(parts))
    if jobs > 1 and len(missing) > 1:
        # Not forked: TensorFlow's threads may be running by now.
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            for _ in pool.map(_make_shard, missing):
                done += 1
                report(done, len(parts))
    else:
        for part in missing:
            _make_shard(part)
            done += 1
            report(done, len(parts))
    made = ClipSet()
    for part in parts:
        made.load(part[-1])
    return made


@dataclass
class Row:
    """A line of labels.csv."""

    path: Path
    label: str
    subject: str
    split: str | None


def read_rows(folder: Path) -> list[Row]:
    """What labels.csv names; raises for a file outside of the folder or one that is missing."""
    table = folder / "labels.csv"
    if not table.is_file():
        raise TrainError(f"{folder}: no labels.csv (Tools/dataset writes one)")
    try:
        with table.open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TrainError(f"{table}: no CSV ({error})") from error
    rows, root = [], folder.resolve()
    for number, line in enumerate(lines, 2):
        name, label = (text_of(line.get(key) or "").strip() for key in ("clip", "label"))
        if not name or not label:
            raise TrainError(f"{table}, line {number}: expected the columns clip and label, both filled")
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise TrainError(f"{table}, line {number}: the clip '{name}' lies outside of the folder")
        if not path.is_file():
            raise TrainError(f"{table}, line {number}: the clip '{name}' is missing")
        split = text_of(line.get("split") or "").strip().lower()
        if split and split not in SPLIT_NAMES:
            raise TrainError(f"{table}, line {number}: the split '{split}' is none of {', '.join(SPLIT_NAMES)}")
        rows.append(Row(path, label, text_of(line.get("subject") or "").strip(), SPLIT_NAMES.get(split)))
    if not rows:
        raise TrainError(f"{table}: no clips")
    return rows


def read_clip(path: Path, frames: int) -> PackedClip:
    """An .npy of frames × landmarks × 3 or frames × features; at most `frames` frames with a face are kept."""
    try:
        clip = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, OSError, EOFError) as error:
        raise TrainError(f"{path.name}: cannot be read as .npy ({error})") from error
    if clip.ndim not in (2, 3) or clip.dtype.kind != "f" or clip.size == 0:
        raise TrainError(f"{path.name}: expected floats, frames × 478 × 3 or frames × features, found {clip.shape}")
    packed = PackedClip.of(np.asarray(clip, dtype=np.float32))
    if not len(packed.values):
        raise TrainError(f"{path.name}: no frame has a face")
    packed.values = packed.values[:frames].copy()
    return packed


def assign_splits(rows: Sequence[Row], shares: tuple[float, float], seed: int) -> list[str]:
    """The split of each row: the table's own if every row has one, else by subject at random; no subject is in two.

    `shares`: of validation and of test. Rows without a subject count as subjects of their own.
    """
    if all(row.split for row in rows):
        chosen = [row.split or "train" for row in rows]
        where: dict[str, str] = {}
        for row, split in zip(rows, chosen, strict=True):
            if row.subject and where.setdefault(row.subject, split) != split:
                both = f"{where[row.subject]} and {split}"
                raise TrainError(f"labels.csv: the subject '{row.subject}' is in two splits, {both}")
        return chosen
    subjects = [row.subject or f"clip {index}" for index, row in enumerate(rows)]
    names = sorted(set(subjects))
    order = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    counts = {name: subjects.count(name) for name in names} if len(names) < len(rows) else dict.fromkeys(names, 1)
    wanted = {"validation": shares[0] * len(rows), "test": shares[1] * len(rows)}
    split_of, filled = {}, {"validation": 0, "test": 0}
    for name in order:
        split = next((split for split in ("test", "validation") if filled[split] < wanted[split]), "train")
        split_of[name] = split
        if split != "train":
            filled[split] += counts[name]
    return [split_of[subject] for subject in subjects]


def dataset_sets(folder: Path, frames: int, shares: tuple[float, float], seed: int) -> dict[str, ClipSet]:
    """A dataset's clips by split."""
    rows = read_rows(folder)
    sets = {split: ClipSet() for split in SPLITS}
    features: int | None = None
    for row, split in zip(rows, assign_splits(rows, shares, seed), strict=True):
        clip = read_clip(row.path, frames)
        features = features or clip.values.shape[1]
        if clip.values.shape[1] != features:
            raise TrainError(f"{row.path.name}: {clip.values.shape[1]} features a frame, others have {features}")
        sets[split].add(clip, row.label, row.subject)
    for split in SPLITS:
        if not len(sets[split]):
            raise TrainError(f"{folder}: no clip for {split}; name a split in labels.csv, or give more subjects")
    return sets


def write_dataset(folder: Path, items: Iterable[tuple[np.ndarray, str, str, str]]) -> int:
    """Writes clips (array, label, subject, split) as a dataset, whole or not at all; gives their number."""
    if folder.exists():
        raise TrainError(f"{folder} exists already")
    with OutputFolder(folder, DATASET) as output:
        (output.path / "clips").mkdir()
        number = 0
        with (output.path / "labels.csv").open("w", newline="", encoding="utf-8") as file:
            file.write(table_row(("clip", "label", "subject", "split")))
            for number, (clip, label, subject, split) in enumerate(items, 1):
                name = f"clips/{number:06d}.npy"
                np.save(output.path / name, clip.astype(np.float32))
                file.write(table_row((name, label, subject, split)))
        output.keep()
    return number


# A dataset may be somebody's own work, and looks no different: none is replaced.
DATASET = Kind("empty folder", lambda folder: None)
