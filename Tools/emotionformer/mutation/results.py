"""What became of the faults, as lines and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emotionformer.mutation.faults import Fault

# Part of the faults that must be caught.
BOUND = 0.95


@dataclass(frozen=True)
class Result:
    """How the tests took a fault; `failure` is the first sign that they noticed, None if they did not."""

    fault: Fault
    failure: str | None
    seconds: float
    note: str = ""

    @property
    def line(self) -> str:
        if self.failure:
            return f"caught    {self.fault.name} ({self.seconds:.0f} s): {self.failure[:120]}"
        note = f"; {self.note}" if self.note else ""
        return f"SURVIVED  {self.fault.name} ({self.seconds:.0f} s): {self.fault.file}: {self.fault.why}{note}"


@dataclass(frozen=True)
class Score:
    """The results of one suite; faults that were not planted count for nothing."""

    suite: str
    results: list[Result]
    equivalent: int = 0
    elsewhere: int = 0

    @property
    def caught(self) -> int:
        return sum(result.failure is not None for result in self.results)

    @property
    def passes(self) -> bool:
        return self.caught >= BOUND * len(self.results)

    @property
    def line(self) -> str:
        count = len(self.results)
        part = 100 * self.caught / count if count else 100
        text = f"{self.suite}: {self.caught} of {count} faults caught ({part:.1f} %)"
        if self.equivalent:
            text += f", {self.equivalent} equivalent"
        if self.elsewhere:
            text += f", {self.elsewhere} for other processors"
        return text

    def document(self) -> dict[str, Any]:
        return {
            "suite": self.suite,
            "caught": self.caught,
            "planted": len(self.results),
            "equivalent": self.equivalent,
            "otherProcessors": self.elsewhere,
            "faults": [
                {
                    "name": result.fault.name,
                    "file": result.fault.file,
                    "why": result.fault.why,
                    "caught": result.failure is not None,
                    "sign": result.failure or result.note,
                    "seconds": round(result.seconds, 1),
                }
                for result in self.results
            ],
        }
