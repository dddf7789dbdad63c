"""A comparison as one HTML page: no script, no network, light and dark, readable on a phone."""

from __future__ import annotations

import math
from pathlib import Path

from emotionformer.console.printing import markup as escape
from emotionformer.parity import tolerances
from emotionformer.parity.comparison import Comparison
from emotionformer.parity.operations import OperationRow
from emotionformer.parity.report import short, summary

_WIDTH, _HEIGHT = 720, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 14, 58
# Differences of 0 lie on the lowest line.
_FLOOR = -9

_STYLE = Path(__file__).with_name("page.css").read_text("utf-8")


def html(comparison: Comparison) -> str:
    """The page. Names from the file are escaped."""
    complaints = comparison.complaints()
    name = escape(comparison.model.path.name)
    if complaints:
        items = "".join(f"<li>{escape(complaint)}</li>" for complaint in complaints[:20])
        more = f"<li>and {len(complaints) - 20} more</li>" if len(complaints) > 20 else ""
        verdict = f'<p class="verdict bad">Failed</p><ul class="bad">{items}{more}</ul>'
    else:
        verdict = '<p class="verdict good">Passed: everything is within its tolerance</p>'
    what = (
        "Each operator alone, on LiteRT’s own operands, against LiteRT’s default kernels."
        if comparison.model.is_alone
        else "Each operator after all those before it, against LiteRT’s reference kernels."
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="emotionformer Tools/parity">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parity of {name}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{name}: this engine and LiteRT</h1>
{verdict}
{_summary(summary(comparison))}
<h2>Differences by depth of the network</h2>
<p class="soft">{what} Largest difference as a part of the tensor’s largest magnitude; equal to the bit lies at the
bottom.</p>
<p class="soft legend"><span style="background:var(--ours)"></span>this engine
<span style="background:var(--theirs)"></span>LiteRT’s XNNPACK against its reference kernels
<span style="background:var(--bad)"></span>beyond the tolerance</p>
<div class="wide">{_chart(comparison.rows)}</div>
<h2>Outputs, clip by clip</h2>
{_clips(comparison)}
<h2>Operations</h2>
{_operations(comparison.rows)}
</body>
</html>
"""


def _summary(lines: list[str]) -> str:
    """The report's lines, a name in the first fifteen columns; a line without one belongs to the one before."""
    parts: list[str] = []
    for line in lines:
        name, text = line[:15].strip(), escape(line[15:])
        if name or not parts:
            parts.append(f"<dt>{escape(name)}</dt><dd>{text}")
        else:
            parts[-1] += f"<br>{text}"
    return f"<dl>{''.join(part + '</dd>' for part in parts)}</dl>"


def _height(value: float) -> float:
    exponent = math.log10(value) if value > 0 else _FLOOR
    share = (min(max(exponent, _FLOOR), 0) - _FLOOR) / -_FLOOR
    return _TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM)


def _chart(rows: list[OperationRow]) -> str:
    last = max((row.operator.index for row in rows), default=0) or 1
    scale = (_WIDTH - _LEFT - _RIGHT) / last

    def dot(row: OperationRow, value: float, kind: str, radius: float) -> str:
        title = f"{row.operator.label} {row.tensor_name}: {short(value)}"
        return (
            f'<circle class="{kind}" cx="{_LEFT + row.operator.index * scale:.1f}" cy="{_height(value):.1f}" '
            f'r="{radius}"><title>{escape(title)}</title></circle>'
        )

    parts = [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        for exponent in range(_FLOOR, 1)
        for y, label in [(_height(10.0**exponent), "0" if exponent == _FLOOR else f"1e{exponent}")]
    ]
    limit = _height(tolerances.OPERATION)
    parts.append(f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{limit:.1f}" y2="{limit:.1f}"/>')
    for index in sorted({round(last * step / 5) for step in range(6)}):
        x = _LEFT + index * scale
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 34}" text-anchor="middle">{index}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">operator of the file</text>')
    parts += [dot(row, row.apart, "theirs", 2) for row in rows if row.apart is not None]
    parts += [dot(row, row.relative, "failed" if row.problem else "ours", 3 if row.problem else 2.2) for row in rows]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Relative difference by operator">'
        + "".join(parts)
        + "</svg>"
    )


def _table(heads: list[tuple[str, bool]], rows: list[tuple[list[str], bool]]) -> str:
    def cells(values: list[str], tag: str) -> str:
        return "".join(
            f'<{tag} class="number">{escape(value)}</{tag}>' if number else f"<{tag}>{escape(value)}</{tag}>"
            for value, (_, number) in zip(values, heads)
        )

    body = "".join(f'<tr{" class=failed" if failed else ""}>{cells(row, "td")}</tr>' for row, failed in rows)
    return f'<div class="wide"><table><tr>{cells([head for head, _ in heads], "th")}</tr>{body}</table></div>'


def _clips(comparison: Comparison) -> str:
    heads = [("clip", False), ("best class", True), ("LiteRT’s", True), ("margin", True), ("difference", True)]
    heads += [("in logits", True), ("XNNPACK/reference", True)]
    rows = [
        (
            [
                clip.name,
                str(clip.ours),
                str(clip.theirs),
                short(clip.margin),
                short(clip.probabilities),
                short(clip.logits),
                short(clip.apart),
            ],
            not clip.is_finite or (clip.ours != clip.theirs and clip.margin > comparison.bound),
        )
        for clip in comparison.clips
    ]
    return _table(heads, rows)


def _operations(rows: list[OperationRow]) -> str:
    heads = [("#", True), ("operation", False), ("shape", False), ("difference", True), ("relative", True)]
    heads += [("XNNPACK/reference", True), ("kernels", False), ("tensor", False), ("", False)]
    return _table(
        heads,
        [
            (
                [
                    str(row.operator.index),
                    row.operator.name,
                    " × ".join(map(str, row.shape)) or "scalar",
                    short(row.difference),
                    short(row.relative),
                    short(row.apart),
                    row.kernel,
                    row.tensor_name,
                    row.problem or "",
                ],
                row.problem is not None,
            )
            for row in rows
        ],
    )
