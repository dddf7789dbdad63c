"""What counts of many comparisons: a line for each file, and the largest differences of all."""

from __future__ import annotations

from dataclasses import dataclass

from emotionformer.console.printing import printable
from emotionformer.parity.comparison import Comparison
from emotionformer.parity.report import short


@dataclass
class FileSummary:
    """The largest differences of one file."""

    name: str
    kind: str
    passed: bool
    # Outputs: this engine and LiteRT's default kernels; LiteRT's default and reference kernels.
    outputs: float
    apart: float
    # One operation, as a part of its tensor's largest magnitude.
    operation: float
    # Results of operations with int8 weights, and those of them that are equal bit for bit.
    products: int
    equal_products: int

    @property
    def line(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        differences = f"outputs {short(self.outputs):>7}  operations {short(self.operation):>7}"
        return f"{verdict}  {differences}  {printable(self.name)}"


def summary_of(comparison: Comparison) -> FileSummary:
    products = [row for row in comparison.rows if row.operator.is_dynamic_range and not row.operator.is_recurrence]
    return FileSummary(
        comparison.model.path.name,
        _kind(comparison),
        not comparison.complaints(),
        comparison.probabilities.maximum,
        max((clip.apart for clip in comparison.clips), default=0.0),
        # A dynamic-range recurrence quantizes its own results: its differences are not those of one operation.
        max(
            (row.relative for row in comparison.rows if row in products or not row.operator.is_dynamic_range),
            default=0.0,
        ),
        len(products),
        sum(row.difference == 0 for row in products),
    )


def _kind(comparison: Comparison) -> str:
    model = comparison.model
    if model.is_integer:
        return "integer"
    return "dynamic-range int8" if model.is_dynamic_range else "float32 and float16"


def totals(files: list[FileSummary]) -> list[str]:
    lines = []
    for kind in ("float32 and float16", "dynamic-range int8", "integer"):
        chosen = [file for file in files if file.kind == kind]
        if not chosen:
            continue
        lines += [
            f"{kind}: {len(chosen)} files, largest differences",
            f"  outputs, this engine and XNNPACK     {short(max(file.outputs for file in chosen))}",
            f"  outputs, XNNPACK and builtin kernels {short(max(file.apart for file in chosen))}",
            f"  one operation, relative              {short(max(file.operation for file in chosen))}",
        ]
        products = sum(file.products for file in chosen)
        if products:
            equal = sum(file.equal_products for file in chosen)
            lines.append(f"  products with int8 weights           {equal} of {products} equal bit for bit")
    return lines
