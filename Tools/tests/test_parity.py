"""Parity with LiteRT, live: small files agree, and each alteration of the file on our side fails, by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from emotionformer.errors import ParityError
from emotionformer.parity import clips, litert, model_file
from emotionformer.parity.command import main
from emotionformer.parity.ends import best_class, largest, wrong_integers
from emotionformer.parity.entry import opened_at
from emotionformer.parity.litert import Input
from emotionformer.parity.operations import OperationRow, distance, rows_of
from emotionformer.places import FIXTURES, ROOT

TFLITE = FIXTURES / "tflite"
FLOAT = TFLITE / "k3_transformer_float32.tflite"
INT8 = TFLITE / "k3_transformer_int8.tflite"
INTEGER = TFLITE / "integers_k3_narrow_transformer_int8.tflite"

Alteration = Callable[[Any, Any], int]


def compare(file: Path, *options: str) -> int:
    return main([str(file), "--traced", "2", *options])


@pytest.mark.parametrize(
    "name",
    [
        "k3_transformer_float32",
        "k2_masked_float16",
        "k2_transformer_float32_dynamic",
        "k3_bilstm_float32",
        "k2_prenorm_gelu_int8",
        "k3_convolution_int8",
        "k2_bilstm_int8",
        # Several inputs and outputs, integers, booleans and scalars among them, four axes.
        "control",
        "shape",
        "reduction",
        "quantization",
        # Fully integer: equal, operation by operation; weights of 4 bits.
        "integer_lstm",
        "integers_k2_narrow_transformer_float32",
        "integers_k3_narrow_transformer_int8",
        "int4",
    ],
)
def test_files_agree(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every operation is compared and within its tolerance, and so are the outputs."""
    report = tmp_path / "report.json"
    assert compare(TFLITE / f"{name}.tflite", "--json", str(report)) == 0, capsys.readouterr().err
    found = json.loads(report.read_text("utf-8"))
    model = model_file.read(TFLITE / f"{name}.tflite")
    assert {row["index"] for row in found["operations"]} == {operator.index for operator in model.operators}
    assert all(row["clips"] == 2 and row["problem"] is None for row in found["operations"])


def _operators(model: Any, name: str) -> list[tuple[int, Any]]:
    operators = model.subgraphs[0].operators
    return [(i, o) for i, o in enumerate(operators) if model_file.operator_name(model, o) == name]


def _floats(model: Any, tensor: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.float32).copy()


def _store(model: Any, tensor: Any, array: np.ndarray[Any, Any]) -> None:
    """Gives the tensor a buffer of its own: others may share the one it had."""
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1


def swap_heads(model: Any, graph: Any) -> int:
    """The rows of a query's weights that belong to two heads change places. The first product's are the embedding's."""
    index, operator = _operators(model, "FULLY_CONNECTED")[1]
    tensor = graph.tensors[operator.inputs[1]]
    weights = _floats(model, tensor).reshape(tensor.shape)
    head = len(weights) // 4
    weights[: 2 * head] = np.concatenate([weights[head : 2 * head], weights[:head]])
    _store(model, tensor, weights)
    return index


def drop_bias(model: Any, graph: Any) -> int:
    index, operator = _operators(model, "FULLY_CONNECTED")[-2]
    operator.inputs = np.array([*operator.inputs[:2], -1], np.int32)
    return index


def change_epsilon(model: Any, graph: Any) -> int:
    """The addition before the reciprocal square root gets Keras's other usual constant."""
    _, root = _operators(model, "RSQRT")[0]
    index, operator = next((i, o) for i, o in _operators(model, "ADD") if o.outputs[0] == root.inputs[0])
    tensor = graph.tensors[operator.inputs[1]]
    epsilon = _floats(model, tensor)
    _store(model, tensor, np.where(epsilon > 1e-4, np.float32(1e-6), np.float32(1e-3)).astype(np.float32))
    return index


def quantize_weights_only(model: Any, graph: Any) -> int:
    """The weights become floats of the same value: the operand is no longer quantized at run time."""
    index, operator = _operators(model, "FULLY_CONNECTED")[1]
    tensor = graph.tensors[operator.inputs[1]]
    assert tensor.type == schema.TensorType.INT8
    integers = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.int8).reshape(tensor.shape)
    scales = np.asarray(tensor.quantization.scale, np.float32).reshape(-1, 1)
    _store(model, tensor, integers * scales)
    tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
    return index


def one_scale_for_all(model: Any, graph: Any) -> int:
    """Every channel of a product gets the first one's scale."""
    index, operator = _operators(model, "FULLY_CONNECTED")[1]
    quantization = graph.tensors[operator.inputs[1]].quantization
    assert len(quantization.scale) > 1
    quantization.scale = np.full(len(quantization.scale), quantization.scale[0], np.float32)
    return index


def another_zero_point(model: Any, graph: Any) -> int:
    """A result of integers is one off."""
    index, operator = _operators(model, "FULLY_CONNECTED")[-1]
    quantization = graph.tensors[operator.outputs[0]].quantization
    quantization.zeroPoint = np.asarray(quantization.zeroPoint, np.int64) + 1
    return index


@pytest.mark.parametrize(
    ("file", "alteration"),
    [
        (INTEGER, another_zero_point),
        (FLOAT, swap_heads),
        (FLOAT, drop_bias),
        (FLOAT, change_epsilon),
        (INT8, quantize_weights_only),
        (INT8, one_scale_for_all),
    ],
)
def test_alterations_fail(
    file: Path, alteration: Alteration, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine reads an altered file: the run fails, and names the first operation that is wrong."""
    model = model_file.read_objects(file)
    index = alteration(model, model.subgraphs[0])
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    altered = tmp_path / "altered.tflite"
    altered.write_bytes(builder.Output())
    assert compare(file, "--ours", str(altered)) == 1
    name = model_file.operator_name(model, model.subgraphs[0].operators[index])
    assert f"operator {index} ({name})" in capsys.readouterr().err


def test_rewriting_the_file_alone_passes(tmp_path: Path) -> None:
    """What the alterations do beside altering does no harm."""
    model = model_file.read_objects(FLOAT)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    (tmp_path / "same.tflite").write_bytes(builder.Output())
    assert compare(FLOAT, "--ours", str(tmp_path / "same.tflite")) == 0


def test_page_stands_alone(tmp_path: Path) -> None:
    """The page names every operation and fetches nothing."""
    page = tmp_path / "page.html"
    assert compare(FLOAT, "--random", "0", "--html", str(page)) == 0
    text = page.read_text("utf-8")
    assert "<svg" in text and "prefers-color-scheme" in text and "width=device-width" in text
    assert not any(word in text for word in ("http:", "https:", "<script", "@import", "url("))
    operators = model_file.read(FLOAT).operators
    assert text.count('<circle class="ours"') == sum(len(operator.outputs) for operator in operators)


def test_a_missing_operation_fails() -> None:
    row = OperationRow(model_file.Operator(3, "ADD", (0, 1), (2,), False), 2, "sum", "reference")
    row.add(None, np.zeros(3, np.float32))
    assert row.problem is not None and "missing" in row.problem


def test_not_a_number_is_a_difference() -> None:
    ours = np.array([1, np.nan, np.inf], np.float32)
    assert distance(ours, np.array([1, 2, np.inf], np.float32)) == (np.inf, 2.0)
    assert distance(ours, ours)[0] == 0


def test_several_files_end_in_the_largest_differences(capsys: pytest.CaptureFixture[str]) -> None:
    files = [FIXTURES / "tflite" / f"k3_transformer_{kind}.tflite" for kind in ("float32", "int8")]
    assert main([*map(str, files), "--traced", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["passed", "passed"]
    assert "float32 and float16: 1 files, largest differences" in lines
    assert "dynamic-range int8: 1 files, largest differences" in lines
    assert lines[-1].split()[-7:] == ["8", "of", "8", "equal", "bit", "for", "bit"]


def test_a_file_that_litert_does_not_run_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    flex = str(TFLITE / "lists_k2_gru_float32.tflite")
    assert main([flex, str(FLOAT), "--traced", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("skipped ") and "FlexTensorList" in lines[0] and flex.endswith(lines[0].split()[-1])
    assert "float32 and float16: 1 files, largest differences" in lines
    assert main([flex, flex]) == 2
    assert "every file was skipped" in capsys.readouterr().err


def _save(folder: Path, name: str, array: np.ndarray[Any, Any]) -> Path:
    np.save(folder / name, array)
    return folder / name


def test_inputs_are_taken_by_name_or_place(tmp_path: Path) -> None:
    """Runs in front of an input's shape, one array for all runs, and random numbers for the rest."""
    inputs = [
        Input("clip", (-1, 4, 3), np.dtype(np.float32)),
        Input("ids", (1, 2), np.dtype(np.int32)),
        Input("rest", (1, 2), np.dtype(np.int8)),
    ]
    clip = _save(tmp_path, "clip.npy", np.arange(24.0).reshape(2, 4, 3))
    ids = _save(tmp_path, "ids.npy", np.array([[3, 4]], np.int64))
    runs, shapes = clips.given_runs([("clip", clip), ("1", ids)], inputs, 1)
    # An open first axis is the array's own.
    assert [name for name, _ in runs] == ["run 0"] and shapes == [(2, 4, 3), (1, 2), (1, 2)]
    assert [array.dtype for array in runs[0][1]] == [np.float32, np.int32, np.int8]
    inputs[0] = Input("clip", (1, 4, 3), np.dtype(np.float32))
    runs, shapes = clips.given_runs([("clip", clip), ("ids", ids)], inputs, 1)
    assert len(runs) == 2 and shapes[0] == (1, 4, 3)
    assert np.array_equal(runs[1][1][0], np.load(clip)[1:].astype(np.float32))
    assert np.array_equal(runs[0][1][1], runs[1][1][1]) and np.array_equal(runs[0][1][2], runs[1][1][2])


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("ids", np.array([[0.5, 1]]), "takes int32"),
        ("ids", np.array([[1 << 40, 1]]), "out of the range"),
        ("ids", np.zeros((1, 3), np.int32), "another shape"),
        ("other", np.zeros((1, 2), np.int32), "no input 'other' (expected one of 'ids'"),
        ("7", np.zeros((1, 2), np.int32), "no input '7'"),
    ],
)
def test_arrays_that_are_no_input_are_refused(
    name: str, array: np.ndarray[Any, Any], message: str, tmp_path: Path
) -> None:
    inputs = [Input("ids", (1, 2), np.dtype(np.int32))]
    with pytest.raises(ParityError, match=re.escape(message)):
        clips.given_runs([(name, _save(tmp_path, "x.npy", array))], inputs, 1)


def test_random_numbers_fill_their_types() -> None:
    inputs = [Input(kind, (1, 4000), np.dtype(kind)) for kind in ("float32", "int8", "uint8", "int16", "int32", "bool")]
    found = clips.random_clips(1, 1, inputs, clips.closed_shapes(inputs))[0][1]
    assert [array.dtype.name for array in found] == [given.name for given in inputs]
    assert (found[1].min(), found[1].max()) == (-128, 127) and (found[2].min(), found[2].max()) == (0, 255)
    assert found[3].max() > 30000 and set(found[4].reshape(-1)) == {0, 1}


def test_the_best_class_is_that_of_every_row() -> None:
    theirs = np.array([[[0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3001, 0.3]]], np.float32)
    assert best_class(theirs, theirs).margin == pytest.approx(1e-4, rel=1e-2)
    ours = theirs.copy()
    ours[0, 1] = [0.8, 0.1, 0.1]
    found = best_class(ours, theirs)
    assert (found.ours, found.theirs) == (0, 1) and found.margin == pytest.approx(0.7)
    # One number, and integers, are no classes.
    assert best_class(ours[..., :1], theirs[..., :1]).margin == np.inf
    assert best_class(ours.astype(np.int8), theirs.astype(np.int8)).margin == np.inf


def test_integers_of_the_outputs_are_equal() -> None:
    ours: list[np.ndarray[Any, Any]] = [np.array([1, 2, 3], np.int64), np.array([0.1], np.float32)]
    theirs: list[np.ndarray[Any, Any]] = [np.array([1, 2, 4], np.int64), np.array([0.2], np.float32)]
    assert wrong_integers(ours, theirs) == 1 and wrong_integers(ours, ours) == 0
    # The largest difference is that of floats; another type is none of a number.
    assert largest(ours, theirs, scaled=False) == pytest.approx(0.1)
    assert largest([ours[0].astype(np.int32)], theirs[:1], scaled=False) == np.inf


def test_inputs_are_for_one_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(_save(tmp_path, "x.npy", np.zeros((1, 2), np.float32)))
    assert main(["a.tflite", "b.tflite", "--inputs", f"x={file}"]) == 2
    assert "--inputs is for one model" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["a.tflite", "--inputs", "x"])
    assert "NAME=FILE.npy" in capsys.readouterr().err


def test_every_clip_begins_with_the_variables_of_the_file() -> None:
    assert compare(TFLITE / "integer_variables.tflite") == 0


def test_a_handle_of_a_variable_has_nothing_to_read() -> None:
    operators = [model_file.Operator(0, "VAR_HANDLE", (), (0,), False)]
    operators.append(model_file.Operator(1, "READ_VARIABLE", (0,), (1,), False))
    tensors = [model_file.Tensor("handle", (), False, False, has_elements=False)]
    tensors.append(model_file.Tensor("state", (1, 2), False, False))
    model = model_file.ModelFile(Path("x.tflite"), operators, tensors, [], [1], None, 0)
    assert [row.tensor for row in rows_of(model, {})] == [1]
    assert model.fed == [] and model.has_variables


def test_given_inputs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = litert.inputs_of(FLOAT)[0].shape
    array = np.random.default_rng(5).standard_normal((3, *(max(extent, 1) for extent in shape[1:]))).astype(np.float32)
    file = _save(tmp_path, "clips.npy", array)
    assert compare(FLOAT, "--inputs", f"0={file}", "--json", str(tmp_path / "report.json")) == 0, capsys.readouterr()
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [clip["name"] for clip in found["clips"]] == ["run 0", "run 1", "run 2"]


def test_the_readme_s_files_are_as_many_as_it_says() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    command = re.search(r"^Tools/parity (Tests/.*)$", text, re.MULTILINE)
    total = re.search(r"These (\d+) small models", text)
    kinds = re.search(r"\| (\d+) files, float32 and float16 \| (\d+) files, dynamic-range int8 \|", text)
    assert command and total and kinds
    files = [file for pattern in command[1].split() for file in ROOT.glob(pattern)]
    int8 = [file for file in files if model_file.read(file).is_dynamic_range]
    assert len(files) == int(total[1])
    assert (len(files) - len(int8), len(int8)) == (int(kinds[1]), int(kinds[2]))
    assert not any(model_file.flex_operators(file) for file in files)


def test_a_report_of_several_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a.tflite", "b.tflite", "--json", str(tmp_path / "report.json")]) == 2
    assert "--json and --html are for one model" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x10\0\0\0TFL3" + b"\xff" * 40])
def test_other_files_are_refused_in_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.tflite"
    file.write_bytes(content)
    assert main([str(file)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("parity: ") and error.count("\n") == 1


SIGNATURES = FIXTURES / "signatures" / "coder.tflite"


@pytest.mark.parametrize("name", ["decode", "encode", "serving_default", "step"])
def test_entry_points_agree(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each entry point is compared by its name: its own operators, and inputs under the signature's names."""
    report = tmp_path / "report.json"
    assert compare(SIGNATURES, "--signature", name, "--json", str(report)) == 0, capsys.readouterr().err
    index = json.loads((SIGNATURES.parent / "index.json").read_text("utf-8"))["coder"]
    kinds = {row["name"] for row in json.loads(report.read_text("utf-8"))["operations"]}
    assert ("WHILE" in kinds) == (name == "serving_default")
    inputs = litert.inputs_of(opened_at(SIGNATURES, name, tmp_path))
    assert sorted(item.name for item in inputs) == index[name]["inputs"]


def test_an_entry_point_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """It is never guessed, and an unknown name is answered with those that there are."""
    assert compare(SIGNATURES) == 2
    errors = capsys.readouterr().err
    assert "choose one by --signature" in errors and "'decode'" in errors and "'step'" in errors
    assert compare(SIGNATURES, "--signature", "training") == 2
    assert "(found 'training', expected 'decode', " in capsys.readouterr().err
    assert compare(FLOAT, "--signature", "training") == 2
    # What invoke() runs and TensorFlow calls serving_default is certain.
    assert compare(SIGNATURES.parent / "served.tflite") == 0


def test_the_comparison_of_entry_points_can_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An engine that ran another entry point would be found out."""
    other = opened_at(SIGNATURES, "encode", tmp_path)
    model = model_file.read_objects(other)
    for signature in model.signatureDefs:
        signature.signatureKey = {b"encode": b"decode", b"decode": b"encode"}.get(
            signature.signatureKey, signature.signatureKey
        )
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    wrong = tmp_path / "wrong.tflite"
    wrong.write_bytes(bytes(builder.Output()))
    assert compare(SIGNATURES, "--signature", "encode", "--ours", str(wrong)) != 0
    assert capsys.readouterr().err
