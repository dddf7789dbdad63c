"""The goldens' text holds their arrays exactly, and every case of the committed file is complete."""

from __future__ import annotations

import json

import numpy as np

from emotionformer.fixtures.golden_case import Case, Numbers, known, tensor
from emotionformer.places import TOOLS


def test_inputs_are_exact_in_float32() -> None:
    array = Numbers(1).floats(50, scale=3)
    entry = tensor(array)
    assert np.array_equal(np.array(entry["data"]).astype(np.float32), array)
    assert not np.array_equal(array, Numbers(2).floats(50, scale=3))


def test_what_text_has_no_number_for() -> None:
    assert tensor(np.array([np.nan, np.inf, -np.inf, 0.5, 2.0]))["data"] == ["nan", "inf", "-inf", 0.5, 2]


def test_constants_are_marked() -> None:
    case = Case("reshape", "operand", [np.zeros(4), known([2, 2])], [np.zeros((2, 2))]).json()
    assert [operand.get("constant", False) for operand in case["inputs"]] == [False, True]
    assert case["inputs"][1]["type"] == "int32"


def test_committed_goldens_cover_the_table() -> None:
    cases = json.loads((TOOLS.parent / "Tests/Fixtures/operations/goldens.json").read_text(encoding="utf-8"))
    table = {row["name"] for row in json.loads((TOOLS / "emotionformer/operations.json").read_text(encoding="utf-8"))}
    # Operations on quantized integers have files of LiteRT's instead.
    table = {name for name in table if not name.startswith("integer")}
    assert {case["operation"] for case in cases} == table
    assert len({(case["operation"], case["name"]) for case in cases}) == len(cases)
    for case in cases:
        for operand in [*case["inputs"], *case["outputs"], *case.get("weights", {}).values()]:
            assert operand is None or len(operand["data"]) == np.prod(operand["shape"], dtype=int)
