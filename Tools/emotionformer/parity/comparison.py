"""A whole comparison: both programs on the same inputs, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emotionformer.errors import ParityError
from emotionformer.parity import tolerances
from emotionformer.parity.ends import ClipResult, Spread, are_finite, best_class, largest, wrong_integers
from emotionformer.parity.engine import Engine, Trace
from emotionformer.parity.litert import Array, Clip, Kernels, open_kernels
from emotionformer.parity.model_file import ModelFile
from emotionformer.parity.operations import OperationRow, distance, relative, rows_of

Named = list[tuple[str, Clip]]


@dataclass
class Comparison:
    """What was found."""

    model: ModelFile
    tolerance: tolerances.ModelTolerance
    rows: list[OperationRow]
    clips: list[ClipResult]
    traced: list[str]

    @property
    def probabilities(self) -> Spread:
        return Spread([clip.probabilities for clip in self.clips], self.tolerance.probabilities)

    @property
    def logits(self) -> Spread | None:
        values = [clip.logits for clip in self.clips if clip.logits is not None]
        return Spread(values, self.tolerance.logits) if values else None

    @property
    def bound(self) -> float:
        """Best classes that are no further apart than this need not agree."""
        return max(self.tolerance.probabilities.maximum, tolerances.FLOAT.probabilities.maximum)

    @property
    def undecided(self) -> int:
        return sum(clip.margin <= self.bound for clip in self.clips)

    @property
    def failed_rows(self) -> list[OperationRow]:
        return [row for row in self.rows if row.problem]

    def complaints(self) -> list[str]:
        """Every reason to fail, the first operation that differs first; empty if all is well."""
        result = [row.complaint for row in self.failed_rows]
        result += self.probabilities.complaints("probabilities" if self.model.logits is not None else "outputs")
        if self.logits:
            result += self.logits.complaints("logits")
        for clip in self.clips:
            if not clip.is_finite:
                result.append(f"clip '{clip.name}': an output is NaN or infinite")
            if clip.integers:
                result.append(f"clip '{clip.name}': {clip.integers} integers of the outputs are not LiteRT's")
            if clip.ours != clip.theirs and clip.margin > self.bound:
                result.append(
                    f"clip '{clip.name}': the best class is {clip.ours}, where LiteRT says {clip.theirs} "
                    f"by a margin of {clip.margin:.2g}"
                )
            if clip.fusion is not None and not self.model.is_dynamic_range and not clip.fusion <= tolerances.FUSION:
                result.append(
                    f"clip '{clip.name}': the fused plan's logits differ from the unfused plan's by {clip.fusion:.2g} "
                    f"of their largest, where {tolerances.FUSION:g} is allowed"
                )
        return result


@dataclass
class Programs:
    """LiteRT in three ways, and the engine."""

    whole: Kernels
    pieces: Kernels
    reference: Kernels
    engine: Engine


def open_programs(model: ModelFile, shapes: list[tuple[int, ...]], engine: Engine) -> Programs:
    def opened(reference: bool, preserves: bool) -> Kernels:
        return open_kernels(model.path, shapes, reference, preserves, model.has_variables)

    return Programs(
        whole=opened(reference=False, preserves=False),
        pieces=opened(reference=False, preserves=True),
        reference=opened(reference=True, preserves=True),
        engine=engine,
    )


def compare(model: ModelFile, programs: Programs, clips: Named, traced: int) -> Comparison:
    """Runs everything. `traced` says of how many clips every operation is compared; the others' ends only."""
    rows = _compare_operations(model, programs, [clip for _, clip in clips[:traced]])
    return Comparison(
        model=model,
        tolerance=tolerances.for_model(
            model.is_dynamic_range, model.is_full_size, model.is_integer, model.is_all_integer
        ),
        rows=rows,
        clips=_compare_ends(model, programs, clips),
        traced=[name for name, _ in clips[:traced]],
    )


def _compare_operations(model: ModelFile, programs: Programs, clips: list[Clip]) -> list[OperationRow]:
    delegated = programs.pieces.delegated()
    if model.is_alone:
        kernels = {t: "XNNPACK" if t in delegated else "builtin" for o in model.operators for t in o.outputs}
        trace = _alone(model, programs, clips)
    else:
        kernels = {t: "reference" for o in model.operators for t in o.outputs}
        trace = programs.engine.run(clips)
    rows = rows_of(model, kernels)
    programs.pieces.begin()
    programs.reference.begin()
    for number, clip in enumerate(clips):
        programs.pieces.run(clip)
        programs.reference.run(clip)
        for row in rows:
            default, reference = programs.pieces.tensor(row.tensor), programs.reference.tensor(row.tensor)
            if row.tensor in model.states:
                # What is read after a run is the last state; every clip starts from zeros.
                default, reference = (None if t is None else np.zeros_like(t) for t in (default, reference))
            expected = default if model.is_alone else reference
            if row.operator.name == "DEQUANTIZE" and not row.operator.is_integer:
                # XNNPACK unpacks constants for itself and leaves the tensor as it was.
                default, expected = None, reference
            row.add(trace.tensor(number, row.tensor), expected)
            row.add_apart(default, reference)
    for row in rows:
        row.judge_median()
    return rows


def _alone(model: ModelFile, programs: Programs, clips: list[Clip]) -> Trace:
    """Every operator of ours on LiteRT's operands."""
    tensors: list[dict[int, Array]] = []
    programs.pieces.begin()
    for clip in clips:
        programs.pieces.run(clip)
        found = {index: programs.pieces.tensor(index) for index in model.fed}
        tensors.append({index: array for index, array in found.items() if array is not None})
    return programs.engine.run_alone(tensors)


def _compare_ends(model: ModelFile, programs: Programs, clips: Named) -> list[ClipResult]:
    arrays = [clip for _, clip in clips]
    fused = programs.engine.run(arrays, stage="fused", outputs_only=True)
    unfused = programs.engine.run(arrays, stage="imported", outputs_only=True)
    has_probabilities = model.logits is not None
    for program in (programs.whole, programs.pieces, programs.reference):
        program.begin()
    results = []
    for number, (name, clip) in enumerate(clips):
        for program in (programs.whole, programs.pieces, programs.reference):
            program.run(clip)
        theirs = programs.whole.first_outputs()
        pieces = programs.pieces.first_outputs()
        reference = programs.reference.first_outputs()
        ours = [_needed(fused, number, tensor) for tensor in model.outputs]
        plain = [_needed(unfused, number, tensor) for tensor in model.outputs]
        best = best_class(ours[0], theirs[0])
        if not has_probabilities:
            # As for differences: the bound is a part of the largest magnitude.
            scale = max(1.0, distance(theirs[0], theirs[0])[1])
            best = replace(best, margin=best.margin / scale)
        result = ClipResult(
            name=name,
            probabilities=largest(ours, theirs, scaled=not has_probabilities),
            logits=None,
            unfused=largest(plain, theirs, scaled=not has_probabilities),
            unfused_logits=None,
            fusion=None,
            apart=largest(theirs, reference, scaled=not has_probabilities),
            apart_logits=None,
            pieces=largest(theirs, pieces, scaled=not has_probabilities),
            ours=best.ours,
            theirs=best.theirs,
            margin=best.margin,
            is_finite=are_finite(ours, theirs),
            integers=wrong_integers(ours, theirs),
        )
        # A softmax of integers has no logits of its own; they are compared as an operation's result.
        if model.logits is not None and not model.is_integer:
            logits = _needed(fused, number, model.logits)
            plain_logits = _needed(unfused, number, model.logits)
            result.fusion = relative(*distance(logits, plain_logits))
            expected, other = programs.pieces.tensor(model.logits), programs.reference.tensor(model.logits)
            if expected is not None and other is not None:
                result.logits = distance(logits, expected)[0]
                result.unfused_logits = distance(plain_logits, expected)[0]
                result.apart_logits = distance(expected, other)[0]
        results.append(result)
    return results


def _needed(trace: Trace, clip: int, tensor: int) -> Array:
    array = trace.tensor(clip, tensor)
    if array is None:
        raise ParityError(f"the engine keeps no value for output tensor {tensor}")
    return array
