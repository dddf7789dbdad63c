"""Which classes are Keras's own, and why some of its layers are not exported."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from emotionformer.export.layer import Layer
from emotionformer.export.reading.layer_reading import OWN_OPTIONS

_CODE = "it holds code of another framework, which is never run"
_TABLE = "it looks words or numbers up in a table: do that before the model"
_HASH = "it hashes its input: do that before the model"
_SOUND = "it makes spectra of sound: do that before the model"
_PICTURE = "it changes pictures by more than arithmetic: do that before the model"
_PART = "it is a part of other layers and computes nothing by itself"

# Layers of Keras's own that are not exported, with the reason.
REASONS = {
    "FlaxLayer": _CODE, "JaxLayer": _CODE, "TFSMLayer": _CODE, "TorchModuleWrapper": _CODE,
    "Hashing": _HASH, "HashedCrossing": _HASH,
    "IntegerLookup": _TABLE, "StringLookup": _TABLE, "TextVectorization": _TABLE, "DenseFeatures": _TABLE,
    "MelSpectrogram": _SOUND, "STFTSpectrogram": _SOUND,
    "AutoContrast": _PICTURE, "ContrastLimitedAdaptiveHistogramEqualization": _PICTURE, "Equalization": _PICTURE,
    "Solarization": _PICTURE,
    "MaxNumBoundingBoxes": "it handles boxes, not numbers",
    "Pipeline": "it runs layers that are not in the model's graph: put them into the model itself",
    "LocallyConnected1D": "it has weights of its own for every place: Keras 3 has dropped it",
    "LocallyConnected2D": "it has weights of its own for every place: Keras 3 has dropped it",
    "AbstractRNNCell": _PART, "GRUCell": _PART, "InputSpec": _PART, "LSTMCell": _PART, "Layer": _PART,
    "SimpleRNNCell": _PART, "StackedRNNCells": _PART, "Wrapper": _PART,
}


@lru_cache(maxsize=1)
def names() -> dict[str, dict[str, Any]]:
    """The committed names of Keras, by generation (`2`, `3`): its version, its layers (each with the name of the class
    that it stands for) and the classes of its operations."""
    path = Path(__file__).parents[2] / "keras_names.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return found


def is_own(layer: Layer) -> bool:
    """Whether Keras itself has the layer's class, exported or not."""
    if layer.registered:
        return False
    if layer.module:
        inside = any(part in layer.module for part in (".layers", ".applications"))
        return layer.module.split(".")[0] in ("keras", "tf_keras") and inside
    if layer.class_name in OWN_OPTIONS and OWN_OPTIONS[layer.class_name] not in layer.config:
        return False
    return layer.class_name in names()[str(layer.generation)]["layers"]


def reason(layer: Layer) -> str:
    """Why a layer of Keras's own is not exported."""
    return REASONS.get(layer.class_name, "this layer of Keras's own is not supported")
