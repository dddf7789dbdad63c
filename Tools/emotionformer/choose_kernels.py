"""python3 -m emotionformer.choose_kernels MEASURED.json… [AppleLevels.swift]: the fastest level of each part.

The measurements are those of `emotionformer benchmark --kernels --json`. The last argument, if it is Swift, has a table
of parts and levels, which is rewritten.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

_SOURCE = re.compile(r"^/// (?:Not measured yet|Measured).*?$(?:\n///.*?$)*", re.MULTILINE)
_ROW = re.compile(r"^( +)\.(\w+): \.(\w+),$", re.MULTILINE)
# The default itself, if the measured program had one.
_MIXED = "mixed"


def totals(measurements: list[dict[str, dict[str, dict[str, float]]]]) -> dict[str, dict[str, float]]:
    """Milliseconds of each part at each level, of all measurements together; only levels that all of them have."""
    found: dict[str, dict[str, float]] = {}
    for measured in measurements:
        for part, levels in measured["parts"].items():
            here = {level: milliseconds for level, milliseconds in levels.items() if level != _MIXED}
            before = found.get(part)
            if before is not None:
                here = {level: before[level] + here[level] for level in before if level in here}
            found[part] = here
    return found


def rewritten(text: str, fastest: dict[str, str], processor: str) -> str:
    """The source with these levels in its table; parts that were not measured stay."""
    parts = {match[2] for match in _ROW.finditer(text)}
    if unknown := set(fastest) - parts:
        raise SystemExit(f"choose-kernels: the table has no row for {', '.join(sorted(unknown))}")
    text = _ROW.sub(lambda row: f"{row[1]}.{row[2]}: .{fastest.get(row[2], row[3])},", text)
    return _SOURCE.sub(f"/// Measured on {processor}.", text, count=1)


def main(arguments: list[str]) -> None:
    tables = [Path(name) for name in arguments if name.endswith(".swift")]
    measurements = [json.loads(Path(name).read_text("utf-8")) for name in arguments if not name.endswith(".swift")]
    found = totals(measurements)
    fastest = {part: min(levels, key=lambda level: levels[level]) for part, levels in found.items() if levels}
    for part, level in fastest.items():
        times = ", ".join(f"{name} {milliseconds:.3g} ms" for name, milliseconds in found[part].items())
        print(f"{part}: {level} ({times})")
    for table in tables:
        table.write_text(rewritten(table.read_text("utf-8"), fastest, measurements[0]["processor"]), "utf-8")
        print(f"written to {table}")


if __name__ == "__main__":
    main(sys.argv[1:])
