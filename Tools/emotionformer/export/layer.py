"""A layer of a saved model: class, name, configuration, sub-layers and, after binding, its weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emotionformer.errors import ExportError

MODEL_CLASSES = {"Functional", "Model", "Sequential"}


@dataclass
class Variable:
    """A variable that a layer's class creates: the role this project gives it and whether training changes it.

    One that is `repeated` belongs to a part; `.keras` files hold it here once more.
    """

    role: str
    trainable: bool = True
    saved_as: tuple[str, ...] = ()
    repeated: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return self.saved_as or (self.role.split("/")[-1],)


@dataclass(frozen=True)
class Rows:
    """How a layer quantizes its input: each row's largest magnitude, with epsilon, becomes `high`."""

    low: int = -127
    high: int = 127
    epsilon: float = 1e-7


@dataclass
class Quantization:
    """`bits` is 8 or 4, `is_grouped` says that scales belong to blocks of inputs. `scale` divides what the integer
    kernel gives, once the weights are read; None if the kernel is float32 already."""

    bits: int
    is_grouped: bool = False
    rows: Rows | None = None
    scale: np.ndarray | None = field(default=None, repr=False)

    @property
    def signature(self) -> tuple[int, bool, Rows | None]:
        return self.bits, self.is_grouped, self.rows


@dataclass
class Part:
    """A sub-layer: the attribute names under which `.keras` files may hold it, and the layer."""

    attributes: tuple[str, ...]
    layer: Layer


@dataclass
class Layer:
    """`variables` and `parts` are what the class declares; `arrays` holds the bound weights by role.

    A class that is not known has neither: `bag` then holds every weight below it, by path. `quantization` says how
    Keras quantized it.
    """

    class_name: str
    name: str
    config: dict[str, Any]
    generation: int
    module: str = ""
    registered: str = ""
    inbound: list[Any] = field(default_factory=list)
    build: dict[str, Any] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    known: bool = True
    operator: bool = False
    quantization: Quantization | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    bag: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def is_model(self) -> bool:
        return bool(self.layers) or self.class_name in MODEL_CLASSES

    @property
    def described(self) -> str:
        """The layer as messages name it: class and name."""
        return f"{self.registered or self.class_name} '{self.name}'"

    def weight(self, role: str) -> np.ndarray:
        if role not in self.arrays:
            raise ExportError(f"{self.described}: its weight '{role}' is not in the file")
        return self.arrays[role]

    def option(self, key: str, default: Any = None) -> Any:
        """A configuration entry; an entry that is absent or null gives the default."""
        value = self.config.get(key)
        return default if value is None else value

    def refuse(self, reason: str) -> ExportError:
        """The error for something this layer asks for that cannot be exported."""
        return ExportError(f"{self.described}: {reason}")
