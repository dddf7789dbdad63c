"""How good a model is: accuracy with its uncertainty, scores of each class, calibration, confusion."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotionformer.console.printing import markup

BINS = 10


def wilson(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson score interval of a share, 95 % by default."""
    share = right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return float(middle - half), float(middle + half)


def by_person(right: np.ndarray, subjects: list[str], seed: int = 1, draws: int = 2000) -> tuple[float, float]:
    """A 95 % bootstrap interval of accuracy that draws people, not clips: clips of one person go together."""
    names = {name: index for index, name in enumerate(dict.fromkeys(subjects))}
    person = np.array([names[subject] for subject in subjects])
    hits, counts = np.bincount(person, weights=right), np.bincount(person)
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    shares = hits[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(shares, (2.5, 97.5))
    return float(low), float(high)


def scores(said: np.ndarray, truth: np.ndarray, subjects: list[str], classes: list[str]) -> dict[str, Any]:
    """Everything about probabilities (N, classes) and true classes (N)."""
    chosen, confidence = said.argmax(axis=1), said.max(axis=1)
    right = (chosen == truth).astype(float)
    confusion = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(confusion, (truth, chosen), 1)
    rows, f1 = {}, []
    for index, name in enumerate(classes):
        hits, called, support = confusion[index, index], confusion[:, index].sum(), confusion[index].sum()
        precision, recall = hits / max(called, 1), hits / max(support, 1)
        both = 2 * precision * recall / max(precision + recall, 1e-12)
        rows[name] = {"precision": precision, "recall": recall, "f1": both, "support": int(support)}
        f1.append(both)
    edges = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for index in range(BINS):
        inside = edges == index
        if inside.any():
            bins.append((int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())))
    error = sum(count * abs(stated - found) for count, stated, found in bins) / len(truth)
    return {
        "clips": len(truth),
        "people": len(set(subjects)),
        "accuracy": float(right.mean()),
        "wilson": wilson(int(right.sum()), len(truth)),
        "byPerson": by_person(right, subjects),
        "macroF1": float(np.mean(f1)),
        "logLoss": float(-np.log(np.maximum(said[np.arange(len(truth)), truth], 1e-12)).mean()),
        "calibrationError": float(error),
        "calibration": bins,
        "classes": {name: {key: float(value) for key, value in row.items()} for name, row in rows.items()},
        "confusion": confusion.tolist(),
    }


def tables(found: dict[str, dict[str, Any]], classes: list[str]) -> str:
    """Markdown: a line a condition; then classes, confusion and calibration of the first."""

    def share(value: float) -> str:
        return f"{100 * value:.1f}"

    def named(label: str) -> str:
        return markup(label).replace("|", "&#124;")

    lines = ["| condition | clips | accuracy % (95 %, people drawn) | macro F1 | log loss | calibration error |"]
    lines.append("|---|---|---|---|---|---|")
    for name, item in found.items():
        low, high = item["byPerson"]
        lines.append(
            f"| {name} | {item['clips']} | {share(item['accuracy'])} ({share(low)} … {share(high)}) | "
            f"{item['macroF1']:.3f} | {item['logLoss']:.3f} | {item['calibrationError']:.3f} |"
        )
    name, first = next(iter(found.items()))
    lines += ["", f"Classes, {name}:", "", "| emotion | precision | recall | F1 | support |", "|---|---|---|---|---|"]
    for label, row in first["classes"].items():
        measured = " | ".join(f"{row[key]:.2f}" for key in ("precision", "recall", "f1"))
        lines.append(f"| {named(label)} | {measured} | {row['support']:.0f} |")
    lines += ["", "Confusion (rows: true, columns: said):", "", "| | " + " | ".join(map(named, classes)) + " |"]
    lines.append("|---" * (len(classes) + 1) + "|")
    for label, row in zip(classes, first["confusion"], strict=True):
        lines.append(f"| {named(label)} | " + " | ".join(map(str, row)) + " |")
    lines += ["", "Calibration (of the class that was chosen):", ""]
    lines += ["| clips | mean probability | share right |", "|---|---|---|"]
    for count, stated, right in first["calibration"]:
        lines.append(f"| {count} | {stated:.2f} | {right:.2f} |")
    return "\n".join(lines) + "\n"
