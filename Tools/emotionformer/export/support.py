"""What of Keras runs, as the documentation has it: written from the exporter's own tables."""

from __future__ import annotations

import textwrap

from emotionformer.export.conversion import HANDLERS
from emotionformer.export.operators import keras2, keras3
from emotionformer.export.operators.families import TABLE
from emotionformer.export.reading.own_classes import REASONS, names

# What the layers' classes leave open, and what of them is not exported.
NOTES = {
    "Attention": "dot and concat scores",
    "CategoryEncoding": "without count_weights",
    "CenterCrop": "of pictures that are large enough",
    "ConvLSTM1D": "a few nodes a step", "ConvLSTM2D": "a few nodes a step", "ConvLSTM3D": "a few nodes a step",
    "Conv3D": "as convolutions over two axes", "Conv3DTranspose": "as convolutions over two axes",
    "GRU": "`reset_after` or not",
    "GroupedQueryAttention": "`GroupQueryAttention`; gates and sliding windows too",
    "InputLayer": "the model's input",
    "MultiHeadAttention": "any axes, outputs of several axes, gates, sliding windows, masks that differ by head",
    "RNN": "of LSTMCell, GRUCell, SimpleRNNCell, or several of them (StackedRNNCells)",
    "RandomCrop": "of pictures of its own size",
    "Resizing": "nearest, bilinear and bicubic, without antialiasing or an aspect ratio that is kept",
    "SpectralNormalization": "with the kernel that training left",
    "TimeDistributed": "of every layer here with one output",
    "UpSampling2D": "nearest, bilinear and bicubic",
    "Bidirectional": "of every recurrence here",
}
AT_REST = "does nothing when a model predicts"
HEADER = """# What of Keras runs

Which layers and functions of Keras `Tools/export` turns into a package, and why the others are refused.

## Overview

This page is written by a test from the tables of the exporter (`Tools/emotionformer/export`) and the names that Keras
{third} and Keras 2 ({second} of `tf_keras`) have. Every layer that runs is compared with Keras itself in the tests. A
class that is not on this page is a custom one: <doc:BringYourOwnModel> says what to do about it. What is refused can be
given a meaning with `--custom FILE.py`.

Dropout, noise and augmentation do nothing when a model predicts, and are left out. Orders of axes other than
channels-last are turned around.

"""


def page() -> str:
    """The whole page, in Markdown."""
    known = names()
    header = HEADER.format(third=known["3"]["version"], second=known["2"]["version"])
    return header + _layers() + _operations() + _functions()


def _layers() -> str:
    known = {generation: set(names()[generation]["layers"].values()) for generation in ("2", "3")}
    runs, refused = [], []
    for name in sorted(known["2"] | known["3"]):
        generations = " and ".join(generation for generation in ("2", "3") if name in known[generation])
        if name == "InputLayer" or (name in HANDLERS and name not in REASONS):
            rests = HANDLERS.get(name) is not None and HANDLERS[name].__name__ in ("augmentation", "dropped")
            runs.append(f"| {name} | {generations} | {NOTES.get(name, AT_REST if rests else '')} |")
        else:
            reason = "it holds Python bytecode, which is never run" if name == "Lambda" else REASONS[name]
            refused.append(f"| {name} | {generations} | {reason} |")
    return (
        "## Layers\n\n| Layer | Keras | Notes |\n|---|---|---|\n"
        + "\n".join(runs)
        + "\n\n## Layers that are refused\n\n| Layer | Keras | Why |\n|---|---|---|\n"
        + "\n".join(refused)
        + "\n\n"
    )


def _operations() -> str:
    found: list[str] = names()["3"]["operations"]
    runs = [name for name in found if keras3.function_of(name) is not None]
    others: dict[str, list[str]] = {}
    for name in found:
        if keras3.function_of(name) is None:
            others.setdefault(keras3.REASONS[name], []).append(name)
    rows = [f"| {reason} | {', '.join(group)} |" for reason, group in sorted(others.items())]
    return (
        "## Functions of keras.ops\n\n"
        + _listed("By the names of the classes under which a file has them", runs)
        + "\n\n## Functions of keras.ops that are refused\n\n| Why | Functions |\n|---|---|\n"
        + "\n".join(rows)
        + "\n\n"
    )


def _functions() -> str:
    runs = sorted({*keras2.ACTIVATIONS, *(name for name, ours in keras2.NAMES.items() if ours in TABLE)})
    shown = [f"`{name}`" for name in runs if not name.startswith(("__operators__.", "compat."))]
    return "## Functions of TensorFlow in Keras 2\n\n" + _listed("Python's operators and slices, and", shown) + "\n"


def _listed(start: str, items: list[str]) -> str:
    return textwrap.fill(f"{start}: {', '.join(items)}.", 120, break_long_words=False, break_on_hyphens=False)
