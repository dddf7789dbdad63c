"""Where things go in an annotated picture: pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

# Smaller videos are enlarged by a whole number, so that text and lines can be read.
_LEAST_HEIGHT = 600
_MOST_SCALE = 4


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Arrangement:
    """The picture's place, the panel's, and the whole; all even, as video encoders want them."""

    picture: Box
    panel: Box
    width: int
    height: int
    unit: float
    """The size of small text in pixels."""


def arrangement(width: int, height: int, rows: int) -> Arrangement:
    """A panel for so many bars to the right of a wide picture, or beneath a tall one: it never covers the face."""
    scale = max(1, min(_MOST_SCALE, -(-_LEAST_HEIGHT // max(1, min(width, height)))))
    wide, tall = _even(width * scale), _even(height * scale)
    unit = max(8.0, min(wide, tall) / 34)
    if width >= height:
        # Bars get closer where there are many.
        unit = max(8.0, min(unit, tall / (2.2 * rows + 9)))
        panel = Box(wide, 0, _even(round(unit * 17)), tall)
        return Arrangement(Box(0, 0, wide, tall), panel, panel.x + panel.width, tall, unit)
    panel = Box(0, tall, wide, _even(round(unit * (2.2 * rows + 9))))
    return Arrangement(Box(0, 0, wide, tall), panel, wide, tall + panel.height, unit)


def bar_width(probability: float, full: int) -> int:
    """Pixels of a bar; anything above nothing is at least one."""
    share = min(1.0, max(0.0, probability))
    return max(1, round(share * full)) if share > 0.0005 else 0


def _even(number: int) -> int:
    return number + number % 2
