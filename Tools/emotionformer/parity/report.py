"""A comparison as a table for people, and as JSON."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from emotionformer.console.printing import printable
from emotionformer.parity import tolerances
from emotionformer.parity.comparison import Comparison
from emotionformer.parity.ends import Spread
from emotionformer.parity.tolerances import EndTolerance


def short(number: float | None) -> str:
    """Two digits: 1.2e-07."""
    if number is None:
        return "–"
    return "0" if number == 0 else f"{number:.1e}"


def lines(comparison: Comparison) -> list[str]:
    """Every operation, and below what counts of the outputs. Names from the file are printable."""
    heads = ["#", "operation", "kernels", "shape", "difference", "relative", "XNNPACK/ref", "tensor", ""]
    rows = [
        [
            str(row.operator.index),
            printable(row.operator.name),
            printable(row.kernel),
            "×".join(map(str, row.shape)) or "scalar",
            short(row.difference),
            short(row.relative),
            short(row.apart),
            printable(row.tensor_name if len(row.tensor_name) <= 48 else "…" + row.tensor_name[-47:]),
            printable((row.problem or "").split(":")[0]),
        ]
        for row in comparison.rows
    ]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    right = {0, 4, 5, 6}
    found = []
    for row in [heads, *rows]:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        found.append("  ".join(cells).rstrip())
    return [*found, "", *summary(comparison)]


def summary(comparison: Comparison) -> list[str]:
    """What counts, a line each."""
    model, clips = comparison.model, comparison.clips
    worst = max(comparison.rows, key=lambda row: row.share, default=None)
    how = "on the unfused plan, against the reference kernels"
    if model.is_alone:
        how = "alone, on LiteRT's operands"
    lines = [
        f"model          {model.path.name}: {model.kind}, {len(model.operators)} operators, "
        f"{model.parameter_count} parameters",
        f"operations     {len(comparison.rows) - len(comparison.failed_rows)} of {len(comparison.rows)} agree {how}, "
        f"over {len(comparison.traced)} clips",
    ]
    if worst:
        lines.append(
            f"               largest: {short(worst.relative)} relative at {worst.operator.label}, "
            f"{worst.share:.2g} of what is allowed"
        )
    name = "probabilities" if model.logits is not None else "outputs"
    lines.append(_spread(name, comparison.probabilities))
    if comparison.logits:
        lines.append(_spread("logits", comparison.logits))
    plain = Spread([clip.unfused for clip in clips], None)
    plain_logits = [clip.unfused_logits for clip in clips if clip.unfused_logits is not None]
    lines.append(
        f"unfused plan   {name} {short(plain.maximum)}, median {short(plain.median)}"
        + (f"; logits {short(max(plain_logits))}, median {short(median(plain_logits))}" if plain_logits else "")
    )
    fusion = [clip.fusion for clip in clips if clip.fusion is not None]
    if fusion:
        allowed = "no bound" if model.is_dynamic_range else f"allowed {tolerances.FUSION:g}"
        lines.append(f"fusion         fused against unfused logits: {short(max(fusion))} relative ({allowed})")
    agree = sum(clip.ours == clip.theirs for clip in clips)
    margin = min((clip.margin for clip in clips), default=math.inf)
    if math.isfinite(margin):
        lines.append(
            f"top-1          {agree} of {len(clips)} agree, {comparison.undecided} undecided; "
            f"smallest margin {short(margin)}"
        )
    integers = sum(clip.integers for clip in clips)
    if integers:
        lines.append(f"integers       {integers} of the outputs' integers are not LiteRT's")
    lines += [
        f"LiteRT itself  XNNPACK and reference kernels: {name} {short(max(clip.apart for clip in clips))}"
        + _logits_apart(comparison)
        + f"; XNNPACK whole and in pieces: {short(max(clip.pieces for clip in clips))}",
    ]
    if model.is_dynamic_range and not model.is_full_size and len(clips) < tolerances.MEDIAN_CLIPS:
        lines.append(f"note           a median wants {tolerances.MEDIAN_CLIPS} clips at least: see --random")
    return lines


def _spread(name: str, spread: Spread) -> str:
    allowed = []
    if spread.tolerance:
        allowed.append(f"allowed {spread.tolerance.maximum:g}")
        if spread.tolerance.median is not None:
            allowed.append(f"median {spread.tolerance.median:g}")
    bounds = f" ({', '.join(allowed)})" if allowed else ""
    return f"{name:<14} largest difference {short(spread.maximum)}, median {short(spread.median)}{bounds}"


def _logits_apart(comparison: Comparison) -> str:
    values = [clip.apart_logits for clip in comparison.clips if clip.apart_logits is not None]
    return f", logits {short(max(values))}" if values else ""


def document(comparison: Comparison) -> dict[str, Any]:
    """Everything, for programs. Infinite numbers are the string "inf"."""
    model = comparison.model
    complaints = comparison.complaints()
    return {
        "format": "emotionformer-parity",
        "model": model.path.name,
        "isDynamicRange": model.is_dynamic_range,
        "isInteger": model.is_integer,
        "operators": len(model.operators),
        "parameters": model.parameter_count,
        "passed": not complaints,
        "complaints": complaints,
        "tracedClips": comparison.traced,
        "operations": [
            {
                "index": row.operator.index,
                "name": row.operator.name,
                "tensor": row.tensor,
                "tensorName": row.tensor_name,
                "kernels": row.kernel,
                "shape": list(row.shape),
                "clips": row.clips,
                "difference": _number(row.difference),
                "relative": _number(row.relative),
                "shareOfAllowed": _number(row.share),
                "defaultAgainstReference": _number(row.apart),
                "problem": row.problem,
            }
            for row in comparison.rows
        ],
        "probabilities": _spread_document(comparison.probabilities),
        "logits": _spread_document(comparison.logits) if comparison.logits else None,
        "clips": [
            {
                "name": clip.name,
                "difference": _number(clip.probabilities),
                "logitsDifference": _number(clip.logits),
                "unfusedDifference": _number(clip.unfused),
                "unfusedLogitsDifference": _number(clip.unfused_logits),
                "fusedAgainstUnfused": _number(clip.fusion),
                "defaultAgainstReference": _number(clip.apart),
                "defaultAgainstReferenceLogits": _number(clip.apart_logits),
                "wholeAgainstPieces": _number(clip.pieces),
                "top1": clip.ours,
                "expectedTop1": clip.theirs,
                "margin": _number(clip.margin),
                "wrongIntegers": clip.integers,
            }
            for clip in comparison.clips
        ],
    }


def _spread_document(spread: Spread) -> dict[str, Any]:
    tolerance: EndTolerance | None = spread.tolerance
    return {
        "maximum": _number(spread.maximum),
        "median": _number(spread.median),
        "allowedMaximum": tolerance.maximum if tolerance else None,
        "allowedMedian": tolerance.median if tolerance else None,
    }


def _number(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else "inf"
