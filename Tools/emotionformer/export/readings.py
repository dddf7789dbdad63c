"""How the user says that a custom layer computes, where configuration and weights leave it open.

`--transformer-block [CLASS=]post-norm,relu,1e-6`, `--position-layer [CLASS=]add` and the like: a reading for one class
of layers, or for all that are asked about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from emotionformer.errors import ExportError
from emotionformer.export.arguments import (
    ATTENTION_FORM,
    ATTENTION_OPTION,
    BLOCK_FORM,
    BLOCK_OPTION,
    NETWORK,
    NETWORK_OPTION,
    NORMS,
    POOLED,
    POSITION_OPTION,
    POSITIONS,
)
from emotionformer.export.layer import Layer
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
class AttentionReading:
    """Attention that pools frames: the function of a frame's score, by Keras's name, and what comes out."""

    activation: str
    output: str

    @classmethod
    def parse(cls, text: str) -> AttentionReading:
        activation, _, output = (part.strip() for part in text.partition(","))
        if activation not in ACTIVATIONS:
            known = ", ".join(sorted(ACTIVATIONS))
            raise ExportError(
                f"{ATTENTION_OPTION} {text}: expected {ATTENTION_FORM}, found the activation '{activation}', expected "
                f"one of {known}"
            )
        if output not in POOLED:
            known = ", ".join(f"{name} ({meaning})" for name, meaning in POOLED.items())
            raise ExportError(f"{ATTENTION_OPTION} {text}: found the output '{output}', expected one of {known}")
        return cls(activation, output)

    def __str__(self) -> str:
        return f"{self.activation},{self.output}"


@dataclass(frozen=True)
class Readings:
    """By class name (`Block` or `package>Block`); '' is any class. `used` are options and names that layers took."""

    blocks: dict[str, BlockReading] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)
    attentions: dict[str, AttentionReading] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def parse(
        cls,
        blocks: Sequence[str],
        positions: Sequence[str],
        attentions: Sequence[str] = (),
        networks: Sequence[str] = (),
    ) -> Readings:
        return cls(
            _by_class(BLOCK_OPTION, blocks, BlockReading.parse),
            _by_class(POSITION_OPTION, positions, _position),
            _by_class(ATTENTION_OPTION, attentions, AttentionReading.parse),
            _by_class(NETWORK_OPTION, networks, _network),
        )

    def names_block(self, layer: Layer) -> bool:
        return any(name in self.blocks for name in _names(layer))

    def names_position(self, layer: Layer) -> bool:
        return any(name in self.positions for name in _names(layer))

    def names_attention(self, layer: Layer) -> bool:
        return any(name in self.attentions for name in _names(layer))

    def names_network(self, layer: Layer) -> bool:
        return any(name in self.networks for name in _names(layer))

    def block(self, layer: Layer) -> BlockReading | None:
        return self._taken(BLOCK_OPTION, self.blocks, layer)

    def position(self, layer: Layer) -> str | None:
        return self._taken(POSITION_OPTION, self.positions, layer)

    def attention(self, layer: Layer) -> AttentionReading | None:
        return self._taken(ATTENTION_OPTION, self.attentions, layer)

    def network(self, layer: Layer) -> str | None:
        return self._taken(NETWORK_OPTION, self.networks, layer)

    def _taken(self, option: str, given: dict[str, Kind], layer: Layer) -> Kind | None:
        for name in (*_names(layer), ""):
            if name in given:
                self.used.add((option, name))
                return given[name]
        return None

    def check_used(self) -> None:
        """After a model is converted: a reading that no layer took is a mistake in its class, or in the model."""
        for option, given in (
            (BLOCK_OPTION, self.blocks),
            (POSITION_OPTION, self.positions),
            (ATTENTION_OPTION, self.attentions),
            (NETWORK_OPTION, self.networks),
        ):
            for name, reading in given.items():
                if (option, name) in self.used:
                    continue
                if name:
                    raise ExportError(f"{option} {name}={reading}: the model has no layer of this class that takes it")
                raise ExportError(f"{option} {reading}: the model has no layer that takes it")


def _names(layer: Layer) -> list[str]:
    """What a reading may call a layer's class; the name that it was registered with says more."""
    return [name for name in (layer.registered, layer.class_name) if name]


def _position(text: str) -> str:
    if text not in POSITIONS:
        known = ", ".join(f"{name} ({meaning})" for name, meaning in POSITIONS.items())
        raise ExportError(f"{POSITION_OPTION} {text}: expected one of {known}")
    return text


def _network(text: str) -> str:
    if text != NETWORK:
        raise ExportError(f"{NETWORK_OPTION} {text}: expected {NETWORK}")
    return text


def _by_class(option: str, given: Sequence[str], parse: Callable[[str], Kind]) -> dict[str, Kind]:
    result: dict[str, Kind] = {}
    for item in given:
        name, _, text = item.rpartition("=")
        if name in result:
            raise ExportError(f"{option}: two readings for {name or 'any class'}")
        result[name] = parse(text)
    return result
