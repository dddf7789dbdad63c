"""Every operator of the file: what the engine makes, against what LiteRT makes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emotionformer.parity import tolerances
from emotionformer.parity.litert import Array
from emotionformer.parity.model_file import ModelFile, Operator


@dataclass
class OperationRow:
    """One result of one operator, over all clips that were compared."""

    operator: Operator
    tensor: int
    tensor_name: str
    kernel: str
    shape: tuple[int, ...] = ()
    clips: int = 0
    # The largest absolute difference, and the same divided by the tensor's largest magnitude.
    difference: float = 0.0
    relative: float = 0.0
    # The largest difference as a part of what is allowed: above 1 it is too large.
    share: float = 0.0
    # LiteRT's default kernels against its reference kernels, relative.
    apart: float | None = None
    problem: str | None = None
    # For a dynamic-range recurrence, each frame's largest difference as a part of what is allowed for the median.
    _frames: list[float] = field(default_factory=list)

    def add(self, ours: Array | None, theirs: Array | None) -> None:
        """Takes a clip's result into account."""
        self.clips += 1
        if theirs is None or ours is None:
            side = "LiteRT" if theirs is None else "the engine"
            self._fail(f"is missing from the comparison: {side} keeps no value")
            return
        self.shape = theirs.shape
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            self._fail(f"is {ours.dtype} {ours.shape}, where LiteRT makes {theirs.dtype} {theirs.shape}")
            return
        difference, magnitude = distance(ours, theirs)
        allowed = self._allowed(theirs, magnitude)
        self.difference = max(self.difference, difference)
        self.relative = max(self.relative, relative(difference, magnitude))
        self.share = max(self.share, relative(difference, allowed))
        if self._is_judged_by_median and np.issubdtype(theirs.dtype, np.floating):
            self._add_frames(ours, theirs, tolerances.DYNAMIC_RANGE_OPERATION * max(1.0, magnitude))
        if not difference <= allowed:
            self._fail(f"differs by {self.difference:.2g}, {self.share:.2g} times what is allowed")

    def add_apart(self, default: Array | None, reference: Array | None) -> None:
        if default is None or reference is None or default.shape != reference.shape:
            return
        found = relative(*distance(default, reference))
        self.apart = found if self.apart is None else max(self.apart, found)

    def _allowed(self, theirs: Array, magnitude: float) -> float:
        if self.operator.is_integer or not np.issubdtype(theirs.dtype, np.floating):
            return 0.0
        if self._is_judged_by_median:
            return tolerances.RECURRENCE * max(1.0, magnitude)
        if self.operator.is_dynamic_range:
            return tolerances.DYNAMIC_RANGE_OPERATION * max(1.0, magnitude)
        return tolerances.OPERATION * magnitude

    @property
    def _is_judged_by_median(self) -> bool:
        return self.operator.is_dynamic_range and self.operator.is_recurrence

    def _add_frames(self, ours: Array, theirs: Array, allowed: float) -> None:
        """One number a frame: all axes but the last count frames."""
        frames = np.abs(ours.astype(np.float64) - theirs).reshape(-1, theirs.shape[-1] if theirs.ndim else 1)
        self._frames += (frames.max(1, initial=0.0) / allowed).tolist()

    def judge_median(self) -> None:
        """To be called when all clips are in."""
        median = float(np.median(self._frames)) if self._frames else 0.0
        if self.problem is None and not median <= 1:
            self._fail(f"differs by {median:.2g} times what is allowed in the median over the frames")

    def _fail(self, problem: str) -> None:
        self.problem = problem

    @property
    def complaint(self) -> str:
        return f"{self.operator.label} '{self.tensor_name}' {self.problem}"


def distance(ours: Array, theirs: Array) -> tuple[float, float]:
    """The largest absolute difference, infinite where a NaN or infinity is not the same in both; and the largest finite
    magnitude of the second array."""
    if theirs.size == 0:
        return 0.0, 0.0
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    difference[np.isnan(difference)] = np.inf
    magnitudes = np.abs(b)
    return float(difference.max()), float(magnitudes[np.isfinite(magnitudes)].max(initial=0.0))


def relative(difference: float, magnitude: float) -> float:
    if difference == 0:
        return 0.0
    return difference / magnitude if magnitude > 0 else float("inf")


def rows_of(model: ModelFile, kernel_of: dict[int, str]) -> list[OperationRow]:
    """An empty row for every result of every operator.

    Of a loop or branch, LiteRT leaves results undefined that nothing reads; if anything reads one, the others are left
    out.
    """
    read = {t for operator in model.operators for t in operator.inputs} | set(model.outputs)
    rows = []
    for operator in model.operators:
        results = list(operator.outputs)
        if operator.name in ("WHILE", "IF"):
            results = [tensor for tensor in results if tensor in read] or results
        rows += [
            OperationRow(operator, t, model.tensors[t].name, kernel_of.get(t, ""))
            for t in results
            if model.tensors[t].has_elements
        ]
    return rows
