"""The command `Tools/train`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import say as complain
from emotionformer.console.output import tell as say
from emotionformer.errors import TrainError
from emotionformer.training.arguments import parser
from emotionformer.training.batches import Augmentation, Statistics, targets_of
from emotionformer.training.clips import (
    FIRST_PERSON,
    SPLITS,
    ClipSet,
    dataset_sets,
    make_people,
    synthetic_set,
    write_dataset,
)
from emotionformer.training.generator import SHIFTS, Conditions, clips_of
from emotionformer.training.network import LANDMARK_FEATURES, Shape

CLIPS_A_PERSON = 12
SHIFT_PEOPLE = 40


def progress(what: str) -> Any:
    """Reports parts done at most every few seconds."""
    last = [0.0]

    def report(done: int, total: int) -> None:
        if time.monotonic() - last[0] > 5 or done == total:
            last[0] = time.monotonic()
            say(f"{what}: {done} of {total} parts")

    return report


def synthetic_split(arguments: argparse.Namespace, state: Path, split: str) -> ClipSet:
    """A synthetic split: a validation person for every 7.5 in training, a test person for every 4.5."""
    people = arguments.people or 450
    counts = {"train": people, "validation": max(int(people / 7.5), 1), "test": max(int(people / 4.5), 1)}
    return synthetic_set(
        *(state / "clips", split, arguments.seed, counts[split], CLIPS_A_PERSON, Conditions(), arguments.jobs),
        report=progress(f"Generating clips for {split}"),
    )


def quiet_tensorflow(threads: int) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def train(arguments: argparse.Namespace) -> None:
    """One training, from clips to folder; its state lies beside the folder."""
    from emotionformer.training.publish import TRAINED

    TRAINED.check(arguments.output)
    name = arguments.name or arguments.output.absolute().name
    recipe = {
        key: str(value) if isinstance(value, Path) else value
        for key, value in sorted(vars(arguments).items())
        if key not in ("output", "package", "jobs", "assess", "write_dataset", "condition")
    }
    key = hashlib.sha256(json.dumps(recipe, default=str).encode()).hexdigest()[:12]
    state = arguments.output.with_name(f"{arguments.output.name}.training-{key}")
    if arguments.synthetic:
        sets = {split: synthetic_split(arguments, state, split) for split in ("train", "validation")}
    else:
        sets = dataset_sets(arguments.dataset, arguments.frames, tuple(arguments.shares), arguments.seed)
    classes = sorted(set(sets["train"].labels))
    if len(classes) < 2:
        raise TrainError(f"the training clips have {len(classes)} class, expected at least two")
    features = sets["train"].clips[0].values.shape[1]
    shape = Shape(
        frames=arguments.frames,
        features=features,
        classes=len(classes),
        pool=arguments.pool,
        center=features == LANDMARK_FEATURES and not arguments.no_center,
        **{key: getattr(arguments, key) for key in ("width", "heads", "blocks", "forward", "bilstm", "dropout")},
    ).checked()
    say(f"{len(sets['train'])} clips to train on, {len(sets['validation'])} to validate")

    quiet_tensorflow(arguments.jobs)
    from emotionformer.training.assess import scores, tables
    from emotionformer.training.curves import curves
    from emotionformer.training.fit import Schedule, fit, probabilities, whole
    from emotionformer.training.publish import PREPARATION, export, file_stem, write_folder

    state.mkdir(parents=True, exist_ok=True)
    schedule = Schedule(**{key: getattr(arguments, key) for key in ("epochs", "batch", "rate", "patience", "seed")})
    augmentation = Augmentation(0, 0, 0, 0) if arguments.no_augmentation else Augmentation()
    statistics = Statistics.of(sets["train"], by_axis=shape.center)
    trained, history = fit(shape, schedule, augmentation, sets, classes, statistics, state, file_stem(name), report=say)
    if arguments.synthetic:
        sets["test"] = synthetic_split(arguments, state, "test")
    counts = {split: len(sets[split]) for split in SPLITS}
    said = probabilities(trained, sets["test"], statistics, shape)
    model = whole(trained, shape, file_stem(name))
    found = scores(said, targets_of(sets["test"].labels, classes), sets["test"].subjects, classes)
    source = "synthetic clips (Tools/train --synthetic)" if arguments.synthetic else "a dataset (Tools/train --dataset)"
    metadata = {
        "name": name,
        "labels": classes,
        "max_frames": shape.frames,
        "num_features": shape.features,
        "trainedOn": source,
        "clips": counts,
        "preparation": PREPARATION,
        "network": shape.described(),
        "parameters": int(model.count_params()),
        "schedule": asdict(schedule),
        "augmentation": asdict(augmentation),
        "epochs": len(history.rows),
        "epochKept": history.best_epoch,
        "testAccuracy": round(found["accuracy"], 4),
        "testLoss": round(found["logLoss"], 4),
    }
    extra = {
        "history.json": json.dumps(history.rows, indent=1) + "\n",
        "curves.svg": curves(history.rows, history.best_epoch),
        "assessment.json": json.dumps({"test": found}, indent=1) + "\n",
        "assessment.md": tables({"test": found}, classes),
    }
    write_folder(arguments.output, model, statistics, classes, metadata, extra)
    say(f"Wrote {arguments.output}: accuracy {found['accuracy']:.3f} on {counts['test']} clips of unseen people")
    if arguments.package:
        export(arguments.output, arguments.package, "Apache-2.0", f"{name}, trained on {source}")
        say(f"Wrote {arguments.package}")


def assess(arguments: argparse.Namespace) -> None:
    """Measures a folder on synthetic people that no training sees, and under every shift."""
    quiet_tensorflow(arguments.jobs)
    from emotionformer.training.assess import scores, tables
    from emotionformer.training.fit import probabilities, replace_text, whole
    from emotionformer.training.publish import load_folder

    model, statistics, metadata = load_folder(arguments.assess)
    classes, shape = metadata["labels"], Shape(**metadata["network"]).checked()
    steps = whole(model, shape.without_pool(), "steps")
    found: dict[str, dict[str, Any]] = {}
    for name, conditions in SHIFTS.items():
        people = arguments.people or SHIFT_PEOPLE
        if name == "as trained":
            people = people * 5 // 2
        clips = make_people(arguments.seed, FIRST_PERSON["test"], people, CLIPS_A_PERSON, conditions)
        said = probabilities(steps, clips, statistics, shape)
        found[name] = scores(said, targets_of(clips.labels, classes), clips.subjects, classes)
        say(f"{name}: accuracy {found[name]['accuracy']:.3f} of {len(clips)} clips")
    replace_text(arguments.assess / "assessment.json", json.dumps(found, indent=1) + "\n")
    replace_text(arguments.assess / "assessment.md", tables(found, classes))


def write(arguments: argparse.Namespace) -> None:
    """Synthetic clips of test people as a dataset."""

    def items() -> Iterator[tuple[np.ndarray, str, str, str]]:
        first = FIRST_PERSON["test"]
        for number in range(first, first + (arguments.people or 20)):
            for item in clips_of(arguments.seed, number, CLIPS_A_PERSON, SHIFTS[arguments.condition]):
                yield item.clip, item.label, item.subject, "test"

    say(f"Wrote {write_dataset(arguments.write_dataset, items())} clips to {arguments.write_dataset}")


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("train", lambda: _run(parser().parsed(given)))


def _run(arguments: argparse.Namespace) -> int:
    try:
        if arguments.assess:
            assess(arguments)
        elif arguments.write_dataset:
            write(arguments)
        else:
            train(arguments)
    except (OSError, MemoryError) as error:
        raise TrainError(str(error) or "out of memory") from error
    except KeyboardInterrupt:
        complain("train", "interrupted; the same command goes on from the last epoch")
        return 130
    return 0
