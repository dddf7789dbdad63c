"""Models of any inputs and outputs, as Keras saved them, and what the exporter finds in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from conftest import FIXTURES

GENERAL = FIXTURES.parent / "general"


MODELS = sorted(path for path in GENERAL.iterdir() if path.suffix in (".h5", ".keras"))


OPTIONS = {
    "open_features": ["--frames", "6"],
    "attention_pools": [
        *("--attention-layer", "FrameAttention=relu,sequence"),
        *("--attention-layer", "fixtures>ContextAttention=tanh,sum"),
    ],
    "tokens_and_positions": ["--position-layer", "tokens", "--position-layer", "PatchEncoder=projected"],
    "attention_of_two": ["--attention-layer", "tanh,sum+weights"],
}


CLIP: tuple[dict[str, str], list[tuple[str, str, str]]] = (
    {"clip": "clip"},
    [("probabilities", "probabilities", "clip"), ("logits", "logits", "clip")],
)


# What half precision is away from float32: Keras's own rounding.
HALF = {"bfloat16_weights": 0.02, "mixed_float16": 0.002}


# By the fixture's name: roles of the inputs by name, and names, kinds and rows of the outputs.
FOUND: dict[str, tuple[dict[str, str], list[tuple[str, str, str]]]] = {
    "vector": ({"input_1": "vector"}, [("probabilities", "probabilities", "clip"), ("logits", "logits", "clip")]),
    "open_features": CLIP,
    **dict.fromkeys(
        (
            *("int8_rows", "int8_weights", "int4_blocks", "int4_small_blocks", "int4_channels", "int4_rows"),
            *("bfloat16_weights", "mixed_float16", "from_saved_model", "attention_pools", "temporal_network"),
        ),
        CLIP,
    ),
    **dict.fromkeys(
        ("int8_words", "int4_words", "tokens_and_positions"),
        ({"words": "tensor"}, [("topic", "probabilities", "clip"), ("topic/logits", "logits", "clip")]),
    ),
    "one_score": ({"clip": "clip"}, [("is_fall", "scores", "clip")]),
    "labels_together": ({"clip": "clip"}, [("units", "scores", "clip"), ("valence", "values", "clip")]),
    "attention_of_two": (CLIP[0], [*CLIP[1], ("look", "values", "frame")]),
    "rows": ({"clip": "clip"}, [("probabilities", "probabilities", "frame"), ("logits", "logits", "frame")]),
    "picture": (
        {"face": "image"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip")],
    ),
    "augmented_picture": (
        {"face": "image"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip")],
    ),
    "flat_picture": (
        {"face": "tensor"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip")],
    ),
    "picture_or_landmarks": (
        {"pose": "tensor"},
        [("exercise", "probabilities", "clip"), ("exercise/logits", "logits", "clip")],
    ),
    "nested_outputs": (
        {"clip": "clip"},
        [
            ("probabilities", "probabilities", "frame"),
            ("logits", "logits", "frame"),
            ("outer", "values", "frame"),
            ("outer_1", "values", "frame"),
            ("other", "values", "frame"),
        ],
    ),
    # Its rows are those of a repeated vector, whatever frames the clip has.
    "rebuilt": ({"clip": "clip"}, [("frames", "values", "clip")]),
    "landmarks": CLIP,
    "together": (
        {"clip": "tensor", "age": "tensor", "words": "tensor"},
        [("emotion", "probabilities", "clip"), ("emotion/logits", "logits", "clip"), ("arousal", "values", "clip")],
    ),
    "softmax_and_values": (
        {"clip": "clip"},
        [
            ("probabilities", "probabilities", "clip"),
            ("logits", "logits", "clip"),
            ("hidden", "values", "clip"),
            ("hidden_1", "values", "clip"),
        ],
    ),
    "tokens": ({"ids": "tensor"}, [("logits", "values", "clip"), ("argmax", "values", "clip")]),
}


def fixture(name: str, generation: int = 3) -> Path:
    return next(path for path in MODELS if path.stem == f"k{generation}_{name}")


def kind(path: Path) -> str:
    return path.stem.split("_", 1)[1]


def examples(path: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs and outputs in the model's order."""
    with np.load(path.with_suffix(".npz")) as held:
        return tuple([held[key] for key in sorted(held.files) if key.startswith(part)] for part in ("input", "output"))  # type: ignore[return-value]


def sources(path: Path) -> dict[str, int]:
    """Which of the model's outputs an output of the package is, logits apart."""
    names = [name for name, _, _ in FOUND[kind(path)][1] if "logits" not in name or kind(path) == "tokens"]
    if kind(path) == "softmax_and_values":
        return {"probabilities": 1, "hidden": 0, "hidden_1": 2}
    if kind(path) == "nested_outputs":
        return {"probabilities": 3, "outer": 0, "outer_1": 1, "other": 2}
    return {name: number for number, name in enumerate(names)}
