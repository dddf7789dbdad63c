"""How the user says that a custom layer computes, where configuration and weights leave it open.

`--transformer-block [CLASS=]post-norm,relu,1e-6` and `--position-layer [CLASS=]add`: a reading for one class of layers,
or for all that are asked about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from emotionformer.errors import ExportError
from emotionformer.export.arguments import BLOCK_FORM, BLOCK_OPTION, NORMS, POSITION_OPTION, POSITIONS
from emotionformer.export.layers.core import FUNCTIONS, PARAMETERLESS

# Keras's names that a block's inner layer may have.
ACTIVATIONS = {name: function for name, function in FUNCTIONS.items() if function in PARAMETERLESS}
ACTIVATIONS["gelu_tanh"] = "geluTanh"

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class BlockReading:
    """A block of attention and two dense layers, each added to its input, with a layer normalization each.

    `activation` is Keras's name, `epsilon` that of both norms.
    """

    pre_norm: bool
    activation: str
    epsilon: float
    causal: bool = False

    @classmethod
    def parse(cls, text: str) -> BlockReading:
        parts = [part.strip() for part in text.split(",")]
        causal = len(parts) == 4 and parts[3] == "causal"
        if len(parts) != 3 and not causal:
            raise ExportError(f"{BLOCK_OPTION} {text}: expected {BLOCK_FORM}, as in post-norm,relu,1e-6")
        if parts[0] not in NORMS:
            raise ExportError(f"{BLOCK_OPTION} {text}: found '{parts[0]}', expected {' or '.join(NORMS)}")
        if parts[1] not in ACTIVATIONS:
            known = ", ".join(sorted(ACTIVATIONS))
            raise ExportError(f"{BLOCK_OPTION} {text}: found the activation '{parts[1]}', expected one of {known}")
        try:
            epsilon = float(parts[2])
        except ValueError:
            epsilon = math.nan
        if not 0 <= epsilon < 1:
            raise ExportError(f"{BLOCK_OPTION} {text}: found the epsilon '{parts[2]}', expected a number such as 1e-6")
        return cls(parts[0] == "pre-norm", parts[1], epsilon, causal)

    def __str__(self) -> str:
        norms = NORMS[1] if self.pre_norm else NORMS[0]
        return f"{norms},{self.activation},{self.epsilon:g}" + (",causal" if self.causal else "")


@dataclass(frozen=True)
class Readings:
    """By class name; '' is any class."""

    blocks: dict[str, BlockReading] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, blocks: Sequence[str], positions: Sequence[str]) -> Readings:
        return cls(
            _by_class(BLOCK_OPTION, blocks, BlockReading.parse), _by_class(POSITION_OPTION, positions, _position)
        )

    def block(self, class_name: str) -> BlockReading | None:
        return self.blocks.get(class_name) or self.blocks.get("")

    def position(self, class_name: str) -> str | None:
        return self.positions.get(class_name) or self.positions.get("")


def _position(text: str) -> str:
    if text not in POSITIONS:
        known = ", ".join(f"{name} ({meaning})" for name, meaning in POSITIONS.items())
        raise ExportError(f"{POSITION_OPTION} {text}: expected one of {known}")
    return text


def _by_class(option: str, given: Sequence[str], parse: Callable[[str], Kind]) -> dict[str, Kind]:
    result: dict[str, Kind] = {}
    for item in given:
        name, _, text = item.rpartition("=")
        if name in result:
            raise ExportError(f"{option}: two readings for {name or 'any class'}")
        result[name] = parse(text)
    return result
