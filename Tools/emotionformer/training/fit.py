"""Training: epochs with early stopping, a state on disk after each, and the way back to the best."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import TrainError
from emotionformer.training.batches import Augmentation, Statistics, batches, class_weights, targets_of
from emotionformer.training.clips import ClipSet
from emotionformer.training.network import Shape, build, standardize


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    epochs: int = 40
    batch: int = 64
    rate: float = 1e-3
    patience: int = 6  # epochs without a better validation loss after which training stops
    slower_after: int = 2  # epochs without one after which the rate is halved
    seed: int = 20251122


@dataclass
class History:
    """A row an epoch, and what early stopping remembers."""

    rows: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_epoch: int = 0
    since_best: int = 0
    since_slower: int = 0
    rate: float = 0.0

    def record(self, row: dict[str, float], schedule: Schedule) -> bool:
        """Takes an epoch's row; says whether it is the best so far. Lowers the rate after epochs without progress."""
        self.rows.append(row)
        if row["val_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = row["val_loss"], int(row["epoch"])
            self.since_best = self.since_slower = 0
            return True
        self.since_best += 1
        self.since_slower += 1
        if self.since_slower >= schedule.slower_after:
            self.rate, self.since_slower = self.rate / 2, 0
        return False

    def finished(self, schedule: Schedule) -> bool:
        return len(self.rows) >= schedule.epochs or self.since_best >= schedule.patience

    def save(self, path: Path) -> None:
        replace_text(path, json.dumps(asdict(self), indent=1) + "\n")

    @staticmethod
    def load(path: Path) -> History:
        try:
            return History(**json.loads(path.read_text("utf-8")))
        except (ValueError, TypeError, OSError) as error:
            raise TrainError(f"{path}: no state of a training ({error}); remove its folder to begin anew") from error


def replace_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)


def probabilities(model: Any, clips: ClipSet, statistics: Statistics, shape: Shape, batch: int = 64) -> np.ndarray:
    """What a model without its pooling says of clips (N, classes), float64."""
    nothing = np.zeros(len(clips), dtype=np.int64)
    made = [
        np.asarray(model.predict_on_batch(inputs), dtype=np.float64)
        for inputs, _ in batches(clips, nothing, statistics, shape.frames, shape.pool, batch)
    ]
    return np.concatenate(made)


def fit(
    shape: Shape,
    schedule: Schedule,
    augmentation: Augmentation,
    sets: dict[str, ClipSet],
    classes: list[str],
    statistics: Statistics,
    state: Path,
    name: str,
    report: Callable[[str], None],
) -> tuple[Any, History]:
    """The best model by validation loss, without its pooling, and the history. Goes on where `state` ends."""
    import tf_keras as keras

    keras.utils.set_random_seed(schedule.seed)
    targets = {split: targets_of(sets[split].labels, classes) for split in ("train", "validation")}
    weights = class_weights(targets["train"], len(classes))
    weight_of = np.array([weights[index] for index in range(len(classes))], dtype=np.float32)
    saved, best, record = state / "last.h5", state / "best.weights.h5", state / "history.json"
    if record.exists() and saved.exists() and best.exists():
        history = History.load(record)
        model = keras.models.load_model(saved)
        report(f"Going on after epoch {len(history.rows)}")
    else:
        history = History(rate=schedule.rate)
        model = build(shape.without_pool(), name)
        sample = batches(sets["train"], targets["train"], statistics, shape.frames, shape.pool, 64)
        standardize(model, shape, [inputs for (inputs, _), _ in zip(sample, range(16))])
        model.compile(keras.optimizers.Adam(schedule.rate), "sparse_categorical_crossentropy", ["accuracy"])
    while not history.finished(schedule):
        epoch, began = len(history.rows) + 1, time.monotonic()
        model.optimizer.learning_rate.assign(history.rate)
        random = np.random.default_rng([schedule.seed, epoch])
        order = batches(
            *(sets["train"], targets["train"], statistics, shape.frames, shape.pool, schedule.batch),
            *(augmentation, random),
        )
        model.reset_metrics()
        loss = accuracy = float("nan")
        for inputs, truth in order:
            loss, accuracy = model.train_on_batch(inputs, truth, sample_weight=weight_of[truth], reset_metrics=False)
        if not np.isfinite(loss):
            raise TrainError(f"the loss is {loss} in epoch {epoch}: try a smaller --rate")
        said = probabilities(model, sets["validation"], statistics, shape)
        truth = targets["validation"]
        row = {
            "epoch": float(epoch),
            "loss": float(loss),
            "accuracy": float(accuracy),
            "val_loss": float(-np.log(np.maximum(said[np.arange(len(truth)), truth], 1e-12)).mean()),
            "val_accuracy": float((said.argmax(axis=1) == truth).mean()),
            "rate": float(history.rate),
            "seconds": round(time.monotonic() - began, 1),
        }
        if history.record(row, schedule):
            replace_weights(model, best)
        partial = saved.with_name("last.partial.h5")
        model.save(partial)
        os.replace(partial, saved)
        history.save(record)
        report(
            f"epoch {epoch:3d}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.3f}  validation: "
            f"loss {row['val_loss']:.4f}  accuracy {row['val_accuracy']:.3f}  ({row['seconds']:.0f} s)"
        )
    model.load_weights(best)
    return model, history


def whole(trained: Any, shape: Shape, name: str) -> Any:
    """The model that takes frames, with the weights of one that was trained on steps."""
    import tf_keras as keras

    weights = trained.get_weights()
    # Keras numbers what has no name of its own: the same names, whether or not a training was interrupted.
    keras.backend.clear_session()
    model = build(shape, name)
    model.set_weights(weights)
    return model


def replace_weights(model: Any, path: Path) -> None:
    """Saves weights, whole or not at all."""
    partial = path.with_name("partial.weights.h5")
    model.save_weights(partial)
    os.replace(partial, path)
