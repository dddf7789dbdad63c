"""`--custom FILE.py`: meanings for layers that Keras does not have.

The file defines `LAYERS`, a dictionary from a layer's class name (`PositionalEncoding` or `package>PositionalEncoding`)
or from one layer's own name (for a Lambda) to a function `meaning(converter, layer, call)` that emits nodes and returns
the output. `Tools/examples/custom_layers.py` shows it.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import emotionformer
from emotionformer.errors import ExportError
from emotionformer.export.conversion import Handler
from emotionformer.export.readings import Readings


@dataclass(frozen=True)
class Meanings:
    """What the user says of layers that Keras does not have: functions of `--custom`, and readings by option."""

    custom: dict[str, Handler] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)


# What files written for earlier versions import, in place of `emotionformer.custom`.
EARLIER_MODULES = ("blocks", "conversion", "graph", "layer")


def name_earlier_modules() -> None:
    """Makes `emotionformer.blocks` and its like importable."""
    for name in EARLIER_MODULES:
        module = importlib.import_module(f"emotionformer.export.{name}")
        sys.modules.setdefault(f"emotionformer.{name}", module)
        setattr(emotionformer, name, module)


def load_custom(path: Path) -> dict[str, Any]:
    """The mapping that the user's own file defines; the file is run."""
    if not path.is_file():
        raise ExportError(f"--custom {path}: no such file")
    name_earlier_modules()
    try:
        layers = runpy.run_path(str(path)).get("LAYERS")
    except ExportError:
        raise
    except Exception as error:  # The file is the user's own code: whatever it raises is reported as it is.
        raise ExportError(f"--custom {path.name}: {type(error).__name__}: {error}") from error
    if not isinstance(layers, dict) or not all(callable(function) for function in layers.values()):
        raise ExportError(f"--custom {path.name}: it must define LAYERS, a dictionary of functions")
    return layers
