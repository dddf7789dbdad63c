"""The six emotions as action units: the prototypes of EMFACS with their usual variants, as probabilities.

After Ekman and Friesen's EMFACS and the tables in *What the Face Reveals* (2005). Everything here was fixed before any
model was trained on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

EMOTIONS = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad")


@dataclass(frozen=True)
class Prototype:
    """How often and how strongly an emotion shows a unit. One of `core` always shows."""

    core: tuple[str, ...]
    units: dict[str, tuple[float, float]] = field(default_factory=dict)  # unit → probability, share of the intensity


PROTOTYPES: dict[str, Prototype] = {
    "Angry": Prototype(
        ("4", "23", "24"),
        {
            **{"4": (0.85, 1.0), "5": (0.40, 0.7), "7": (0.65, 0.8), "23": (0.50, 0.9), "24": (0.35, 0.8)},
            **{"17": (0.25, 0.6), "10": (0.20, 0.5), "25": (0.25, 0.6), "26": (0.15, 0.4), "9": (0.12, 0.4)},
        },
    ),
    "Disgust": Prototype(
        ("9", "10"),
        {
            **{"9": (0.65, 1.0), "10": (0.60, 0.9), "15": (0.25, 0.6), "16": (0.25, 0.6), "17": (0.35, 0.7)},
            **{"4": (0.30, 0.5), "7": (0.30, 0.6), "25": (0.30, 0.6), "26": (0.10, 0.4), "6": (0.15, 0.4)},
        },
    ),
    "Fear": Prototype(
        ("1", "5", "20"),
        {
            **{"1": (0.80, 0.9), "2": (0.65, 0.8), "4": (0.55, 0.7), "5": (0.65, 1.0), "7": (0.25, 0.5)},
            **{"20": (0.55, 0.9), "25": (0.50, 0.7), "26": (0.40, 0.6)},
        },
    ),
    "Happy": Prototype(
        ("12",),
        {
            **{"12": (0.97, 1.0), "6": (0.70, 0.9), "25": (0.55, 0.7), "26": (0.20, 0.4), "7": (0.20, 0.5)},
            **{"10": (0.08, 0.4), "2": (0.10, 0.4), "1": (0.08, 0.4), "5": (0.05, 0.4)},
        },
    ),
    "Neutral": Prototype((), {}),
    "Sad": Prototype(
        ("1", "15"),
        {
            **{"1": (0.70, 0.9), "4": (0.50, 0.7), "15": (0.65, 0.9), "17": (0.40, 0.7), "6": (0.12, 0.4)},
            **{"20": (0.08, 0.4), "7": (0.15, 0.4), "25": (0.15, 0.5), "24": (0.10, 0.4)},
        },
    ),
}

# What a face shows without an emotion: politeness, concentration, lips pressed in thought. Probability, usual strength.
INCIDENTAL: dict[str, tuple[float, float]] = {
    **{"12": (0.16, 0.22), "4": (0.14, 0.25), "1": (0.06, 0.20), "2": (0.06, 0.20), "14": (0.12, 0.30)},
    **{"17": (0.08, 0.25), "24": (0.08, 0.30), "7": (0.08, 0.25), "15": (0.06, 0.20), "10": (0.05, 0.15)},
}


def draw_units(emotion: str, intensity: float, random: np.random.Generator) -> dict[str, float]:
    """The units of one display and their intensities, 0 … about 1.2."""
    prototype, drawn = PROTOTYPES[emotion], {}
    for unit, (probability, share) in prototype.units.items():
        if random.random() < probability:
            drawn[unit] = intensity * share * random.lognormal(0.0, 0.3)
    if prototype.core and not any(unit in drawn for unit in prototype.core):
        unit = str(random.choice(prototype.core))
        drawn[unit] = intensity * random.lognormal(0.0, 0.3)
    return drawn


def draw_incidental(amount: float, random: np.random.Generator) -> dict[str, float]:
    """Units that come with no emotion; `amount` scales their strengths."""
    return {
        unit: amount * share * random.lognormal(0.0, 0.4)
        for unit, (probability, share) in INCIDENTAL.items()
        if random.random() < probability
    }
