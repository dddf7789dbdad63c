"""`Tools/wild`: differences, refusals by kind, and runs that have limits."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from emotionformer.errors import ToolError
from emotionformer.places import TOOLS
from emotionformer.wild.comparison import (
    AGREES,
    ALONE,
    DIFFERS,
    NEAR,
    NEITHER,
    REFUSED,
    Numbers,
    Result,
    Task,
    difference,
    frameworks,
    model_files,
    outputs_of,
    real,
)
from emotionformer.wild.reference import Reference as Side
from emotionformer.wild.reference import (
    example,
    indexed_rows,
    invoked_signature,
    keras_arithmetic,
    keras_tables,
    litert_arithmetic,
)
from emotionformer.wild.report import KINDS, document, kind_of, share, table
from emotionformer.wild.running import Ran, Server, run


def test_differences_are_relative_to_the_largest() -> None:
    golden = np.array([[100.0, -200.0]], np.float32)
    assert difference(golden + np.float32(2), golden) == pytest.approx(0.01)
    assert difference(np.array([0.5], np.float32), np.array([0.25], np.float32)) == 0.25
    assert difference(np.array([7]), np.array([7])) == 0
    assert difference(np.array([[1.0, np.nan]]), np.array([1.0, np.nan])) == 0


@pytest.mark.parametrize(
    "found,golden",
    [
        (np.zeros(3), np.zeros(4)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros((2, 3)), np.zeros(6)),
        (np.zeros((1, 1, 3)), np.zeros(3)),
        (np.array([np.nan, 1.0]), np.array([np.inf, 1.0])),
        (np.array([np.inf]), np.array([np.nan])),
        (np.array([np.inf]), np.array([-np.inf])),
        (np.array([np.inf]), np.array([1.0])),
        (np.zeros(3), np.zeros(3, int)),
        (np.array([np.nan]), np.array([1.0])),
        (np.array([1.0]), np.array([np.inf])),
    ],
)
def test_what_cannot_be_compared_differs(found: np.ndarray, golden: np.ndarray) -> None:
    assert difference(found, golden) == float("inf")


def test_what_is_not_finite_may_be_the_same() -> None:
    golden = np.array([np.inf, -np.inf, np.nan, 2.0])
    assert difference(golden.copy(), golden) == 0
    assert difference(golden[None] + 0.5, golden) == 0.25


DENSE = {"class_name": "Dense", "config": {"name": "float16", "units": 3}}


@pytest.mark.parametrize(
    "dtype,expected",
    [
        ("float32", "float"),
        ("float64", "float"),
        ("mixed_float16", "dynamic"),
        ("bfloat16", "dynamic"),
        ("int8_from_float32", "dynamic"),
        ({"class_name": "DTypePolicy", "config": {"name": "float32"}}, "float"),
        ({"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}}, "dynamic"),
        ({"class_name": "QuantizedDTypePolicy", "config": {"mode": "int4", "source_name": "float32"}}, "dynamic"),
        ({"config": {"default_policy": {"config": {"name": "float16"}}, "policy_map": {}}}, "dynamic"),
        ("int8", "float"),
    ],
)
def test_arithmetic_is_that_of_the_layers(dtype: Any, expected: str) -> None:
    """A name that looks like a type is none, and an input computes nothing."""
    start = {"class_name": "InputLayer", "config": {"name": "float16", "dtype": "float16"}}
    layer = {**DENSE, "config": {**DENSE["config"], "dtype": dtype}}  # type: ignore[dict-item]
    assert keras_arithmetic({"config": {"name": "int8", "layers": [start, layer]}}) == expected


def tensor(dtype: Any, *scales: float) -> dict[str, Any]:
    return {"dtype": dtype, "quantization_parameters": {"scales": np.array(scales)}}


def test_arithmetic_of_a_tflite_file() -> None:
    numbers, halves = tensor(np.float32), tensor(np.float16)
    assert litert_arithmetic([numbers, halves, tensor(np.int8)], [numbers]) == "float"
    assert litert_arithmetic([numbers, tensor(np.int8, 0.5, 0.25)], [numbers]) == "dynamic"
    assert litert_arithmetic([tensor(np.int8, 0.5)], [tensor(np.int8, 0.5)]) == "integer"


class Reference:
    """Both sides as files: the framework's outputs, and a program that gives others."""

    def __init__(self, folder: Path, golden: list[Any], found: list[Any]) -> None:
        self.folder, self.package = folder, folder / "package"
        self.package.mkdir()
        (folder / "0").mkdir()
        np.save(folder / "0" / "input0.npy", np.zeros((1, 2), np.float32))
        for index, array in enumerate(golden):
            np.save(folder / "0" / f"output{index}.npy", np.array(array, np.float32))
        names = [f"o{index}" for index in range(len(found))]
        entries = [output(name) for name in names]
        inputs = [{"name": "x", "dtype": "float32", "shape": [1, 2]}]
        (self.package / "manifest.json").write_text(json.dumps({"inputs": inputs, "outputs": entries}))
        made = folder / "ready"
        made.mkdir()
        listed = [{"name": name, "file": f"{name}.npy"} for name in names]
        (made / "outputs.json").write_text(json.dumps({"outputs": listed}))
        for name, array in zip(names, found):
            # A row a run.
            np.save(made / f"{name}.npy", np.array([array], np.float32))
        self.program = folder / "program"
        self.program.write_text(f'#!/bin/sh\ncp -r "{made}" "$4"\n')
        self.program.chmod(0o755)
        self.facts = {
            "framework": "keras", "arithmetic": "float", "outputs": [], "output_scales": [], "input_scales": [],
            "output_count": len(golden),
        }  # fmt: skip

    def result(self, arithmetic: str = "float") -> Result:
        task = Task(self.program, frameworks(), Numbers(examples=1))
        self.facts["arithmetic"] = arithmetic
        return task._differences(self.folder, self.package, self.facts, "a.keras")


@pytest.mark.parametrize(
    "golden,found,state",
    [
        ([[1, 2]], [[1, 2]], AGREES),
        ([[1, 2]], [[1, 2.5]], DIFFERS),
        ([[1, 2], [3]], [[1, 2], [3]], AGREES),
        ([[1, 2], [3]], [[1, 2]], DIFFERS),
        ([[1, 2]], [[1, 2], [3]], DIFFERS),
        ([[[1, 2], [3, 4]]], [[1, 2, 3, 4]], DIFFERS),
    ],
)
def test_outputs_are_compared_in_number_and_shape(
    tmp_path: Path, golden: list[Any], found: list[Any], state: str
) -> None:
    assert Reference(tmp_path, golden, found).result().state == state


@pytest.mark.parametrize(
    "arithmetic,found,state",
    [
        ("float", 2 + 1e-6, AGREES),
        ("float", 2 + 8e-6, DIFFERS),
        ("dynamic", 2 + 1e-6, AGREES),
        ("dynamic", 2 + 8e-6, NEAR),
        ("dynamic", 2.01, NEAR),
        ("dynamic", 2.5, DIFFERS),
        ("integer", 2, AGREES),
        ("integer", 2 + 1e-6, DIFFERS),
    ],
)
def test_bounds_are_those_of_the_arithmetic(tmp_path: Path, arithmetic: str, found: float, state: str) -> None:
    assert Reference(tmp_path, [[1, 2]], [[1, found]]).result(arithmetic).state == state


class Words:
    """A server that answers always the same."""

    def __init__(self, ok: bool, message: str = "") -> None:
        self.ran, self.asked = Ran(ok, message), 0

    def ask(self, request: Any, seconds: int) -> Ran:
        self.asked += 1
        return self.ran


@pytest.mark.parametrize(
    "first,asked",
    [(Words(True), 0), (Words(False, "ValueError: odd"), 0), (Words(False, "Select TensorFlow op(s), …"), 1)],
)
def test_another_tensorflow_runs_its_own_operators(tmp_path: Path, first: Words, asked: int) -> None:
    flex = Words(True)
    task = Task(tmp_path, first, flex=flex)  # type: ignore[arg-type]
    assert task._reference(tmp_path / "a.tflite", tmp_path).ok == (first.ran.ok or asked == 1)
    assert flex.asked == asked


def test_the_share_leaves_out_what_no_framework_runs() -> None:
    states = [AGREES, AGREES, AGREES, NEAR, DIFFERS, REFUSED, ALONE, ALONE, NEITHER]
    results = [Result(str(index), state) for index, state in enumerate(states)]
    assert share(results) == "3 of 6 run and agree (50.0 %), 1 more are near it"
    assert share(results[-2:]) == "no file is run by its framework"
    assert document(results, 12)["waiting"] == 3


def output(name: str, kind: str = "values") -> dict[str, str]:
    return {"name": name, "kind": kind}


def test_integers_of_a_quantized_tensor_are_numbers() -> None:
    assert real(np.array([-3, 5], np.int8), (0.5, -3)).tolist() == [0.0, 4.0]
    assert real(np.array([-3, 5]), (0.0, 0)).tolist() == [-3, 5]


def test_outputs_are_found_by_name() -> None:
    """The only softmax of a clip is called `probabilities`, and stands first; logits are added."""
    made = [output("probabilities", "probabilities"), output("logits", "logits"), output("hidden")]
    manifest = {"outputs": made}
    assert [entry["name"] for entry in outputs_of(manifest, ["hidden", "word"])] == ["hidden", "probabilities"]
    assert [entry["name"] for entry in outputs_of(manifest, ["a", "b"])] == ["probabilities", "hidden"]
    assert [entry["name"] for entry in outputs_of(manifest, [])] == ["probabilities", "hidden"]
    two = {"outputs": [output("a", "probabilities"), output("a/logits", "logits"), output("b")]}
    assert [entry["name"] for entry in outputs_of(two, ["a", "b"])] == ["a", "b"]


def test_model_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.keras", "a/c.tflite", "a/d.txt", "E.H5"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [name for _, name in model_files([tmp_path])] == ["E.H5", "b.keras", "a/c.tflite"]
    assert model_files([tmp_path / "b.keras"]) == [(tmp_path / "b.keras", "b.keras")]
    with pytest.raises(ToolError, match="no such file or folder"):
        model_files([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ToolError, match=r"found no model file \(.h5, .hdf5, .keras, .tflite\)"):
        model_files([tmp_path / "empty"])


MESSAGES = {
    "TCN 'x': this class is not Keras's own (the file holds …)": "a custom layer",
    "Lambda 'x': a Lambda holds Python bytecode, which is never run": "a Lambda",
    "operators[3]: the operator is not supported (found FlexErf)": "TensorFlow's own operators (Flex)",
    "the model's input 'x' leaves extents open (open, 3): give --input-shape x=N,…": "a shape that is left open",
    "x.h5: holds weights alone, without model_config": "weights alone",
    "no end within 300 s": "too large",
    "anything": "something else",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_refusals_have_kinds(message: str) -> None:
    name, advice = kind_of(message)
    assert name == MESSAGES[message] and advice


def test_every_kind_says_what_to_do() -> None:
    assert all(advice for _, _, advice in KINDS) and len({name for name, _, _ in KINDS}) == len(KINDS)


def test_the_table_counts_and_groups() -> None:
    results = [
        Result("a.keras", AGREES, "keras 3", 1e-7),
        Result("b.keras", AGREES, "keras 3", 3e-7),
        Result("c.keras", DIFFERS, "keras 3", 0.5),
        Result("d.keras", REFUSED, "keras 3", message="Lambda 'x': a Lambda holds …"),
        Result("e.keras", REFUSED, "keras 3", message="Lambda 'y': a Lambda holds …"),
        Result("f.tflite", NEITHER, message="found FlexErf", theirs="no Flex"),
    ]
    lines = table(results)
    assert lines[0] == "   2 agree with their framework (largest difference 3.0e-07)"
    assert lines[1] == "   1 DIFFER from their framework (largest difference 5.0e-01)"
    assert "        2 a Lambda: give its meaning with --custom FILE.py" in lines
    assert "            e.keras: Lambda 'y': a Lambda holds …" in lines
    written = document(results)
    assert written["counts"] == {AGREES: 2, NEAR: 0, DIFFERS: 1, REFUSED: 2, ALONE: 0, NEITHER: 1}
    assert lines[-1] == written["share"] == "2 of 5 run and agree (40.0 %)"
    assert written["files"][3]["kind"] == "a Lambda" and "kind" not in written["files"][0]
    json.dumps(document([Result("x", DIFFERS, "", float("inf"))]), allow_nan=False)


def test_runs_have_limits() -> None:
    """A run that does not end is ended, and a failing one is known by its last line."""
    python = sys.executable
    assert run([python, "-c", "pass"], 60).ok
    done = run([python, "-c", "import sys; print('first\\nlast', file=sys.stderr); sys.exit(3)"], 60)
    assert (done.ok, done.message) == (False, "last")
    assert run([python, "-c", "import time; time.sleep(60)"], 1).message == "no end within 1 s"
    assert run([python, "-c", "import os; os.abort()"], 60).message == "ended by SIGABRT"


# What stands for a framework: it fails as the name of the file says.
STANDING_IN = """
import os, time
from emotionformer.wild import reference
reference.FRAMEWORKS = ()
def write(path, folder, *numbers):
    if path.name == "slow":
        time.sleep(60)
    if path.name == "aborts":
        os.abort()
    if path.name == "stops":
        os.kill(os.getppid(), 9)
    if path.name == "odd":
        raise ValueError("first\\nlast")
    (folder / "reference.json").write_text(str(numbers))
reference.write = write
reference.serve()
"""


@pytest.fixture
def server() -> Iterator[Server]:
    variables = {"PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}
    with closing(Server([sys.executable, "-c", STANDING_IN], variables)) as result:
        yield result


def test_frameworks_are_loaded_once_and_run_in_copies(server: Server, tmp_path: Path) -> None:
    """A copy that fails, ends, or does not end leaves the process that made it; one that is gone is started again."""

    def asked(name: str, seconds: int = 60) -> tuple[bool, str]:
        done = server.ask({"path": f"/{name}", "folder": str(tmp_path), "numbers": [3, 30, 1]}, seconds)
        return done.ok, done.message

    assert asked("good") == (True, "")
    assert (tmp_path / "reference.json").read_text() == "(3, 30, 1)"
    first = server.process
    assert asked("odd") == (False, "last")
    assert asked("aborts") == (False, "ended by SIGABRT")
    assert asked("slow", 1) == (False, "no end within 1 s")
    assert asked("good") == (True, "") and server.process is first
    assert asked("stops") == (False, "the process that runs the frameworks ended")
    assert asked("good") == (True, "") and server.process is not first


def step(name: str, inputs: list[int], *outputs: int) -> dict[str, Any]:
    return {"op_name": name, "inputs": np.array(inputs), "outputs": np.array(outputs)}


SHAPES = {0: (1, 6), 1: (1, 6), 2: (11, 4), 3: (5, 4), 4: (1, 6, 4), 5: (1, 6, 4), 6: (1, 3), 7: (2,)}


@pytest.mark.parametrize(
    "operators,rows",
    [
        ([step("CAST", [0], 1), step("GATHER", [2, 1], 4)], 11),
        ([step("GATHER", [2, 0], 4)], 11),
        ([step("CAST", [0], 1), step("EMBEDDING_LOOKUP", [1, 3], 4)], 5),
        # The smallest of several, through what hands a part on.
        ([step("CAST", [0], 1), step("GATHER", [2, 1], 4), step("STRIDED_SLICE", [1, 7, 7, 7], 6),
          step("GATHER", [3, 6], 5)], 5),
        # The table itself, an unused lookup, and numbers that are computed with first.
        ([step("GATHER", [0, 1], 4)], None),
        ([step("GATHER", [2, 1], 4)], None),
        ([step("MUL", [0, 0], 1), step("GATHER", [2, 1], 4)], None),
        # Results that are operands again end.
        ([step("CAST", [0], 1), step("CAST", [1], 0)], None),
    ],
)  # fmt: skip
def test_numbers_that_index_a_table_are_found(operators: list[dict[str, Any]], rows: int | None) -> None:
    assert indexed_rows(0, operators, SHAPES) == rows


def test_what_indexes_a_table_is_whole_and_within_it() -> None:
    """Numbers of Keras's inputs, float32 as Sequential makes them, and of no table."""

    def tensor(name: str) -> Any:
        return SimpleNamespace(name=name)

    ids, words, other = tensor("ids"), tensor("words:0"), tensor("other")
    embedding = SimpleNamespace(input_dim=3, input=ids)
    model = SimpleNamespace(inputs=[ids, words, other], layers=[embedding, SimpleNamespace(input_dim=9, input=other)])
    assert keras_tables(model, ["float32", "int32", "float32"]) == {0: 3, 1: 3, 2: 3}
    model.layers = [SimpleNamespace(input_dim=4, input=[ids])]
    assert keras_tables(model, ["float32", "int32", "float32"]) == {0: 4, 1: 4}
    model.layers = [SimpleNamespace(input=ids)]
    assert keras_tables(model, ["float32", "int32", "float32"]) == {}
    reference = Side()
    reference.shapes, reference.dtypes = [(500,)] * 3, ["float32", "int32", "float32"]
    reference.tables = {0: 4}
    given = example(reference, np.random.default_rng(1))
    assert [array.dtype.name for array in given] == reference.dtypes
    assert set(given[0].ravel()) == {0, 1, 2, 3}
    assert set(given[1].ravel()) == set(range(8))
    assert (given[2] % 1 != 0).any() and (given[2] < 0).any()


class Runner:
    def __init__(self, subgraph: int) -> None:
        self._subgraph_index = subgraph


@pytest.mark.parametrize(
    "subgraphs,name",
    [({}, ""), ({"serve": 0}, ""), ({"decode": 0, "encode": 1}, "decode"), ({"a": 2, "b": 0, "c": 0}, "b")],
)
def test_the_signature_is_the_one_that_invoke_runs(subgraphs: dict[str, int], name: str) -> None:
    def interpreter(entries: dict[str, int]) -> Any:
        return SimpleNamespace(
            get_signature_list=lambda: dict.fromkeys(entries),
            get_signature_runner=lambda key: Runner(entries[key]),
        )

    assert invoked_signature(interpreter(subgraphs)) == name
    for entries in ({"a": 1}, {"a": 1, "b": 2}):
        with pytest.raises(ValueError, match="no signature names"):
            invoked_signature(interpreter(entries))
