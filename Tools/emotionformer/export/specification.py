"""What a model takes and gives, as a package's manifest says it: named inputs with roles, named outputs with kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emotionformer.export.arguments import KINDS, ROLES
from emotionformer.export.graph import Value

CLIP, VECTOR, IMAGE, TENSOR = ROLES
PROBABILITIES, SCORES, LOGITS, VALUES = KINDS


@dataclass
class InputSpecification:
    """One input: what callers give, and how it becomes the graph's value of `shape` (the first axis is the batch's).

    Frames and all below belong to clips; features, layout, normalization and `missing_value` to vectors as well.
    """

    name: str
    shape: list[int | None]
    role: str = CLIP
    dtype: str = "float32"
    frames: int = 0
    features: int = 0
    layout: str = "raw"
    mean: np.ndarray | None = None
    deviation: np.ndarray | None = None
    epsilon: float = 0.0
    padding_value: float = 0.0
    padding_side: str = "end"
    padding_order: str = "beforeNormalization"
    truncation: str = "end"
    missing_frame: str = "drop"
    missing_value: str = "refuse"

    @classmethod
    def clip(cls, frames: int, features: int, layout: str = "raw") -> InputSpecification:
        """A clip of frames × features, with the usual padding."""
        return cls("clip", [1, frames, features], frames=frames, features=features, layout=layout)

    @property
    def extents(self) -> tuple[int, ...]:
        """The graph's extents without the batch; an open time axis has the clip's frames."""
        return tuple(self.frames if extent is None else extent for extent in self.shape[1:])

    @property
    def outer_extents(self) -> tuple[int, ...]:
        """The extents of what callers give: a clip is frames × features, whatever the axes of a frame are."""
        return (self.frames, self.features) if self.role == CLIP else self.extents

    def entry(self, value: str, prefix: str) -> dict[str, Any]:
        """The manifest's entry; `prefix` begins the names of the normalization's tensors."""
        result: dict[str, Any] = {
            "name": self.name,
            "value": value,
            "dtype": self.dtype,
            "shape": list(self.shape),
            "role": self.role,
        }
        if self.role == CLIP:
            result["frames"] = self.frames
        if self.role in (CLIP, VECTOR):
            result["features"] = self.features
            if self.role == CLIP and len(self.shape) > 3:
                result["frameShape"] = list(self.shape[2:])
            result["layout"] = self.layout
            if self.mean is not None and self.deviation is not None:
                result["normalization"] = {
                    "mean": f"{prefix}/mean",
                    "standardDeviation": f"{prefix}/standardDeviation",
                    "epsilon": self.epsilon,
                }
        if self.role == CLIP:
            result["padding"] = {
                "value": self.padding_value,
                "side": self.padding_side,
                "order": self.padding_order,
            }
            result["truncation"] = self.truncation
            result["missingFrame"] = self.missing_frame
        if self.role in (CLIP, VECTOR):
            result["missingValue"] = self.missing_value
        return result


@dataclass
class OutputSpecification:
    """One output. `source` is the number of the model's own output that it is, or is made of; `is_operand` that it is
    what that output's softmax is given; `shape` has None where the graph leaves an extent open."""

    name: str
    value: Value
    kind: str
    per: str = "clip"
    source: int = 0
    is_operand: bool = False
    shape: list[int | None] | None = None

    def entry(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value.name,
            "dtype": self.value.dtype,
            "shape": list(self.value.shape) if self.shape is None else list(self.shape),
            "kind": self.kind,
            "per": self.per,
        }
