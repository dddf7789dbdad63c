"""What `Tools/test-neon` says of inner loops: whatever takes slots from multiplications, or uses the stack, is told."""

from __future__ import annotations

import pytest

from emotionformer.embedded import loops

MULTIPLICATION = "fmla v0.4s, v10.4s, v31.s[0]"


def disassembly(function: str, *body: str) -> str:
    lines = [f"0000000000000000 <$s6Levels{len(function)}{function}yySPySfG>:"]
    lines += [f"{4 * index:8x}: \t{text}" for index, text in enumerate(body)]
    return "\n".join([*lines, f"{4 * len(body):8x}: \tb.hi 0x0 <$s6Levels>", f"{4 * len(body) + 4:8x}: \tret"])


def loop(*others: str) -> loops.Loop:
    text = disassembly("multiplyBlock5", *[MULTIPLICATION] * 20, *others)
    (found,) = loops.hot_loops(text)
    return found


def complaints(*others: str) -> list[str]:
    return [text for text in loops.complaints([loop(*others)]) if not text.endswith("not found")]


def test_loads_and_integers_take_no_slot() -> None:
    found = loop("ldp q10, q9, [x2, #0x40]", "ldr q31, [x0]", "add x2, x2, #0x100", "sub x3, x3, #0x4")
    assert (found.multiplications, found.slots, found.loads, found.instructions) == (20, 20, 2, 25)
    assert complaints("ldr q31, [x0]") == []


@pytest.mark.parametrize(
    "others",
    [
        ["dup v1.4s, v2.s[0]", "mov v3.16b, v4.16b"],
        ["ld1r { v1.4s }, [x0]", "ld1r { v2.4s }, [x1]"],
        ["eor v1.16b, v2.16b, v3.16b", "fadd v1.4s, v2.4s, v3.4s"],
    ],
)
def test_other_work_of_the_vector_units_is_too_much(others: list[str]) -> None:
    assert loop(*others).slots == 22
    assert complaints(*others) == ["multiplyBlock5: 91% multiplications"]


def test_a_register_on_the_stack_is_told() -> None:
    assert complaints("ldr q10, [sp, #0x40]") == ["multiplyBlock5: 100% multiplications, and the stack is used"]


def test_a_loop_that_is_missing_is_told() -> None:
    assert len(loops.complaints([])) == len(loops.LEAST_SHARES) and loops.hot_loops("") == []
