"""The levels of Apple's kernels are chosen by what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emotionformer import choose_kernels

TABLE = Path(__file__).resolve().parents[2] / "Sources" / "Kernels" / "AppleLevels.swift"
FLOAT = {
    "processor": "Apple M9",
    "parts": {
        "products": {"portable": 2.0, "neon": 3.0, "mixed": 1.0},
        "attention": {"portable": 5.0, "neon": 4.0},
    },
}
INT8 = {
    "processor": "Apple M9",
    "parts": {
        "products": {"portable": 0.5, "neon": 0.1},
        "quantizedProducts": {"portable": 9.0, "neon": 8.0, "neonDotProduct": 2.0},
    },
}


def test_the_table_has_a_row_for_every_part() -> None:
    source = (TABLE.parents[1] / "KernelInterface" / "KernelPart.swift").read_text("utf-8")
    parts = [line.split()[1] for line in source.split("extension")[0].splitlines() if line.startswith("    case ")]
    assert len(parts) == 5
    assert [match[2] for match in choose_kernels._ROW.finditer(TABLE.read_text("utf-8"))] == parts


def test_the_fastest_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for name, measured in (("float32", FLOAT), ("int8", INT8)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(measured), "utf-8")
    table = tmp_path / "AppleLevels.swift"
    table.write_text(TABLE.read_text("utf-8"), "utf-8")
    choose_kernels.main([*map(str, files), str(table)])
    text = table.read_text("utf-8")
    assert "/// Measured on Apple M9.\npackage enum" in text and "Not measured" not in text
    rows = {match[2]: match[3] for match in choose_kernels._ROW.finditer(text)}
    # The totals are 2.5 and 3.1, 5 and 4; the rest stays.
    assert rows == {
        "products": "portable",
        "computedProducts": "portable",
        "attention": "neon",
        "quantizedProducts": "neonDotProduct",
        "others": "neon",
    }
    # What was measured once may be measured again.
    again = choose_kernels.rewritten(text, {"products": "neon"}, "Apple M10")
    assert "Measured on Apple M10.\n" in again and "M9" not in again
    assert "attention: neon (" in capsys.readouterr().out


def test_a_part_that_the_table_lacks_is_refused() -> None:
    with pytest.raises(SystemExit, match="no row for gates"):
        choose_kernels.rewritten(TABLE.read_text("utf-8"), {"gates": "neon"}, "")
