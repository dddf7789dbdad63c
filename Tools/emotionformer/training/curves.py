"""The card's curves of accuracy and loss over the epochs, as SVG that reads in light and dark."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, TOP, PANEL = 360, 260, 52, 40, 170
STYLE = """<style>
text { font: 12px sans-serif; fill: #333 } .title { font-size: 14px; font-weight: bold }
.grid { stroke: #8884; stroke-width: 1 } .best { stroke: #888; stroke-dasharray: 3 3 }
.train { stroke: #2a78c2; fill: none; stroke-width: 2 } .validation { stroke: #d2691e; fill: none; stroke-width: 2 }
.background { fill: #fff }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .background { fill: #16181c }
.train { stroke: #6bb1f0 } .validation { stroke: #f0a05a } }
</style>"""


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers between two bounds."""
    span = max(high - low, 1e-9)
    step = next(
        size * 10.0**power for power in range(-6, 7) for size in (1, 2, 5) if span / (size * 10.0**power) <= wanted
    )
    first = int(low / step + (0 if low % step == 0 else 1))
    return [round(index * step, 9) for index in range(first, int(high / step + 1e-9) + 1)]


def panel(
    title: str, rows: Sequence[dict[str, float]], key: str, bounds: tuple[float, float], best: int, x: int
) -> str:
    """One plot: training and validation of a quantity."""
    low, high = bounds
    last = max(int(rows[-1]["epoch"]), 2)
    wide = WIDTH - LEFT - 20

    def at(epoch: float) -> float:
        return x + LEFT + wide * (epoch - 1) / (last - 1)

    def up(value: float) -> float:
        return TOP + PANEL * (1 - (min(max(value, low), high) - low) / (high - low))

    def line(name: str, kind: str) -> str:
        points = " ".join(f"{at(row['epoch']):.1f},{up(row[name]):.1f}" for row in rows)
        return f'<polyline class="{kind}" points="{points}"/>'

    parts = [f'<text class="title" x="{x + LEFT}" y="24">{title}</text>']
    for value in ticks(low, high):
        parts.append(f'<path class="grid" d="M{x + LEFT} {up(value):.1f}h{wide}"/>')
        parts.append(f'<text x="{x + LEFT - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in ticks(1, last, 6):
        if value == int(value):
            parts.append(f'<text x="{at(value):.1f}" y="{TOP + PANEL + 18}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<text x="{x + LEFT + wide / 2}" y="{TOP + PANEL + 36}" text-anchor="middle">epoch</text>')
    parts.append(f'<path class="best" d="M{at(best):.1f} {TOP}v{PANEL}"/>')
    return "\n".join([*parts, line(key, "train"), line("val_" + key, "validation")])


def curves(rows: Sequence[dict[str, float]], best: int) -> str:
    """An SVG document: accuracy at the left, loss at the right, the chosen epoch dashed."""

    def pick(key: str) -> list[float]:
        return [row[name] for row in rows for name in (key, "val_" + key)]

    top = min(max(pick("loss")) * 1.05, 3.0)
    legend = (
        f'<path class="train" d="M{LEFT} {HEIGHT + 2}h24"/><text x="{LEFT + 30}" y="{HEIGHT + 6}">training (augmented, '
        f'with dropout)</text><path class="validation" d="M{LEFT + 250} {HEIGHT + 2}h24"/>'
        f'<text x="{LEFT + 280}" y="{HEIGHT + 6}">validation</text>'
        f'<path class="best" d="M{LEFT + 380} {HEIGHT + 2}h24"/>'
        f'<text x="{LEFT + 410}" y="{HEIGHT + 6}">the epoch kept ({best})</text>'
    )
    total = 2 * WIDTH
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {HEIGHT + 24}" role="img"',
            'aria-label="Accuracy and loss over the epochs">',
            STYLE,
            f'<rect class="background" width="{total}" height="{HEIGHT + 24}"/>',
            panel("Accuracy", rows, "accuracy", (0.0, 1.0), best, 0),
            panel("Loss", rows, "loss", (0.0, top), best, WIDTH),
            legend,
            "</svg>\n",
        ]
    )
