"""The sizes of the measured models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Architecture:
    """Projection, sinusoidal positions, post-norm blocks, an optional bidirectional LSTM, mean over time, head."""

    frames: int = 300
    features: int = 478
    width: int = 256
    blocks: int = 4
    heads: int = 8
    feed_forward: int = 512
    lstm: int = 0
    head: int = 128
    classes: int = 6
    epsilon: float = 1e-3

    MEASURED: ClassVar[dict[str, Architecture]]

    def positions(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """frames × width: sines and cosines in turn, as in "Attention Is All You Need"."""
        frame = np.arange(self.frames)[:, None]
        angle = frame / 10000 ** (2 * (np.arange(self.width)[None] // 2) / self.width)
        return np.where(np.arange(self.width) % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)


Architecture.MEASURED = {
    "base": Architecture(),
    "xyz": Architecture(features=1434),
    "bilstm": Architecture(lstm=128),
}
