"""How far apart two programs may be: DESIGN.md's "Numbers that count as equal", in one place."""

from __future__ import annotations

from dataclasses import dataclass

# One operation of a float file after all those before it, and a float operation of a dynamic-range file alone: a part
# of the tensor's largest magnitude.
OPERATION = 1e-5
# A dynamic-range product alone, on LiteRT's own operand: a part of the largest magnitude, which counts as 1 at least.
DYNAMIC_RANGE_OPERATION = 1e-6
# A dynamic-range recurrence alone. Each step quantizes the state that the step before has made, so the last bit of an
# exponential moves a value by a whole step of its quantization, once in some thousand frames; the state forgets it
# after some tens. The bound for products holds for the median over the frames, and this one for each.
RECURRENCE = 5e-3
# The fused plan against the unfused one, as a part of the largest logit. One rounding moves a value of a dynamic-range
# file by a whole step of its quantization, so nothing can be asked of those.
FUSION = 1e-6
# What a median is worth something of.
MEDIAN_CLIPS = 20


@dataclass(frozen=True)
class EndTolerance:
    """Bounds on an output: the largest difference of any clip, and the median over the clips of each one's."""

    maximum: float
    median: float | None = None


@dataclass(frozen=True)
class ModelTolerance:
    """Bounds for probabilities, and for logits where there are any of their own."""

    probabilities: EndTolerance
    logits: EndTolerance | None = None


FLOAT = ModelTolerance(EndTolerance(2e-6))
SMALL_DYNAMIC_RANGE = ModelTolerance(EndTolerance(5e-3, 1e-4), EndTolerance(2e-2, 1e-3))
LARGE_DYNAMIC_RANGE = ModelTolerance(EndTolerance(1e-2), EndTolerance(5e-2))


# Integers leave no room. Where operators between them are left in float, the last bit of a float now and then moves a
# value by a step of its quantization.
INTEGER = ModelTolerance(EndTolerance(0.0), EndTolerance(0.0))
INTEGER_AND_FLOAT = ModelTolerance(EndTolerance(2e-2, 1e-6))


def for_model(
    is_dynamic_range: bool, is_full_size: bool, is_integer: bool = False, is_all_integer: bool = False
) -> ModelTolerance:
    if is_integer:
        return INTEGER if is_all_integer else INTEGER_AND_FLOAT
    if not is_dynamic_range:
        return FLOAT
    return LARGE_DYNAMIC_RANGE if is_full_size else SMALL_DYNAMIC_RANGE
