"""`Tools/bench-tensors`: what is compared with what."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emotionformer.errors import ToolError
from emotionformer.tensors import command


def test_every_case_computes_the_same_kind_of_thing() -> None:
    """NumPy's side runs, and gives what has the extents that are named."""
    for case in command.cases(np):
        extents = tuple(min(extent, 6) for extent in case.extents)
        x = np.ones(extents[:2], np.float32)
        y = np.ones(extents[1:3], np.float32) if len(extents) > 2 else x
        if case.numpy:
            result = case.numpy(np, (x, y))()
            if case.name == "matmul":
                assert isinstance(result, np.ndarray) and result.shape == (extents[0], extents[2])


def test_bars() -> None:
    rows = [
        {"case": "matmul 3×4×5", "ours": 11.0, "streams": 0},
        {"case": "dense 3×4×5", "ours": 10.0, "streams": 0},
        {"case": "add 9×9", "ours": 36.0, "streams": 12},
        {"case": "memcpy 9×9", "ours": 16.0, "streams": 8},
    ]
    assert command.ratios(rows) == [
        "matmul 3×4×5 ÷ dense: 1.10 (at most 1.10)",
        "add 9×9, a byte ÷ memcpy's: 1.50 (at most 1.30)",
    ]


def test_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ratio is that of turns beside each other."""
    turns = iter([[1e6] * 5, [2e6], [4e6], [6e6]])
    monkeypatch.setattr(command, "_numpy_times", lambda _, repetitions: [4e6])
    probe = SimpleNamespace(times=lambda case, repetitions: next(turns))
    case = command.Case("add", (2, 2), lambda np, arrays: lambda: None)
    result = command.measured(np, probe, case, 3)  # type: ignore[arg-type]
    assert (result["ours"], result["numpy"], result["ratio"]) == (4000, 4000, 1)


def test_a_probe_that_does_not_answer(tmp_path: Path) -> None:
    program = tmp_path / "probe"
    program.write_text('#!/bin/sh\nread line\necho \'{"error": "nothing is measured"}\'\n')
    program.chmod(0o755)
    probe = command.Probe(program)
    with pytest.raises(ToolError, match="nothing is measured"):
        probe.times(command.Case("add", (2, 2), None), 1)
    probe.close()
