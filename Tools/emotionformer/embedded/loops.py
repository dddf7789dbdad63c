"""python3 -m emotionformer.embedded.loops DISASSEMBLY: what the inner loops of the matrix products consist of.

A multiplication takes a slot of the processor's vector units. So does whatever else computes on vectors, and a load
that copies a number to all lanes; other loads and integer instructions do not. A loop that uses the stack ran out of
registers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_MULTIPLICATIONS = {"fmla", "sdot", "smlal", "smlal2"}
_LOADS = {"ldr", "ldp", "ldur", "ld1", "str", "stp", "stur"}
# The least share of multiplications in the vector units' slots.
LEAST_SHARES = {
    "multiplyBlock5": 0.92,
    "finishTallestBlock": 0.92,
    "weighBlock5": 0.92,
    "multiplyQuantizedBlock5": 0.88,
    "finishTallestQuantizedBlock": 0.88,
}


class Instruction(NamedTuple):
    address: int
    name: str
    operands: str


class Loop(NamedTuple):
    function: str
    instructions: int
    multiplications: int
    slots: int
    loads: int
    usesStack: bool  # noqa: N815

    @property
    def share(self) -> float:
        return self.multiplications / self.slots


def functions(text: str) -> Iterator[tuple[str, list[Instruction]]]:
    name = ""
    body: list[Instruction] = []
    for line in text.splitlines():
        if match := re.match(r"[0-9a-f]+ <(.*)>:", line):
            yield name, body
            name, body = match[1], []
        elif match := re.match(r" *([0-9a-f]+):\s+(\S+)\s*(.*)", line):
            body.append(Instruction(int(match[1], 16), match[2], match[3]))
    yield name, body


def main_loop(function: str, body: list[Instruction]) -> Loop | None:
    """The loop with the most multiplications; None if there is none."""
    places = {instruction.address: index for index, instruction in enumerate(body)}
    best: Loop | None = None
    for index, instruction in enumerate(body):
        target = re.search(r"0x([0-9a-f]+) <", instruction.operands)
        if not target or not re.match(r"b\.|cbn?z|tbn?z", instruction.name):
            continue
        first = places.get(int(target[1], 16), len(body))
        if first >= index:
            continue
        loop = body[first : index + 1]
        multiplications = sum(one.name in _MULTIPLICATIONS for one in loop)
        slots = sum(bool(re.search(r"\bv\d+\.", one.operands)) and one.name not in _LOADS for one in loop)
        loads = sum(one.name in _LOADS for one in loop)
        found = Loop(function, len(loop), multiplications, slots, loads, any("[sp" in one.operands for one in loop))
        if multiplications and (best is None or multiplications > best.multiplications):
            best = found
    return best


def hot_loops(text: str) -> list[Loop]:
    found = []
    for symbol, body in functions(text):
        for name in LEAST_SHARES:
            if re.search(rf"\d{name}yy", symbol) and (loop := main_loop(name, body)):
                found.append(loop)
    return found


def complaints(loops: list[Loop]) -> list[str]:
    missing = [f"{name}: not found" for name in LEAST_SHARES if name not in {loop.function for loop in loops}]
    return missing + [
        f"{loop.function}: {loop.share:.0%} multiplications{', and the stack is used' if loop.usesStack else ''}"
        for loop in loops
        if loop.share < LEAST_SHARES[loop.function] or loop.usesStack
    ]


if __name__ == "__main__":
    found = hot_loops(Path(sys.argv[1]).read_text("utf-8"))
    for loop in found:
        print(
            f"{loop.function}: {loop.multiplications} multiplications, {loop.share:.0%} of the vector units' slots, "
            f"{loop.loads} loads, {loop.instructions} instructions"
        )
    wrong = complaints(found)
    print("\n".join(wrong), file=sys.stderr)
    sys.exit(bool(wrong))
