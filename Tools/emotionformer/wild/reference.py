"""Run by `Tools/wild` in a process of its own: model files in the frameworks that they were made with.

For each request it writes `reference.json` and, for each example, `I/input0.npy` … and `I/output0.npy` ….
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np

from emotionformer.export.keras_worker import layers_of, reset_states
from emotionformer.wild.running import WORDS, confine

FRAMEWORKS = ("tensorflow", "keras", "tf_keras", "ai_edge_litert.interpreter", "emotionformer.export.reading.source")
# Integers that index no table.
INTEGERS = 8


class Reference:
    """A model that can be run: names, shapes without the batch, and element types of its inputs."""

    framework: str
    names: list[str]
    outputs: list[str]
    shapes: list[tuple[int, ...]]
    dtypes: list[str]
    # How many rows the numbers of an input may index, where they index a table; other integers are below `INTEGERS`.
    tables: Mapping[int, int] = MappingProxyType({})
    # Scale and zero point, of files that hold integers in place of numbers.
    input_scales: list[tuple[float, int]]
    output_scales: list[tuple[float, int]]
    # `integer`, `dynamic`, or `float`.
    arithmetic = "float"
    # The entry point that is run, of a file that has several.
    signature = ""

    def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        raise NotImplementedError


def keras_arithmetic(entry: Any) -> str:
    """`dynamic` if a layer computes in half precision or rounds its inputs, by its element type policy."""
    from emotionformer.export.conversion import half_precision
    from emotionformer.export.reading.layer_reading import quantization

    waiting = [entry]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            # An input is of a type, and computes nothing.
            if item.get("class_name") != "InputLayer":
                waiting += item.values()
            if half_precision(item.get("dtype")) or quantization(item.get("dtype")):
                return "dynamic"
    return "float"


def litert_arithmetic(tensors: list[dict[str, Any]], ends: list[dict[str, Any]]) -> str:
    """By the tensors that are quantized, and the types of inputs and outputs."""
    is_quantized = any(
        np.dtype(item["dtype"]).name in ("int8", "uint8", "int4") and len(item["quantization_parameters"]["scales"])
        for item in tensors
    )
    if not is_quantized:
        return "float"
    return "integer" if {item["dtype"] for item in ends} <= {np.int8, np.uint8, np.int16} else "dynamic"


class Keras(Reference):
    """A model of Keras 2 or 3."""

    def __init__(self, path: Path, frames: int) -> None:
        from emotionformer.export.keras_oracle import check_without_code
        from emotionformer.export.reading.source import open_source

        source = open_source(path)
        check_without_code(source.root)
        if source.generation == 2:
            os.environ["TF_USE_LEGACY_KERAS"] = "1"
            import tf_keras as keras
        else:
            import keras
        self.framework = f"keras {keras.__version__}" if source.generation == 3 else f"tf_keras {keras.__version__}"
        self.model = keras.models.load_model(path, compile=False)
        tensors = self.model.inputs
        self.names = [_plain(tensor.name) for tensor in tensors]
        self.outputs = list(getattr(self.model, "output_names", []))
        self.shapes = [tuple(extent or frames for extent in tensor.shape[1:]) for tensor in tensors]
        self.dtypes = [tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name for tensor in tensors]
        self.tables = keras_tables(self.model, self.dtypes)
        self.input_scales, self.output_scales = [], []
        self.is_named = isinstance(getattr(self.model, "_inputs_struct", None), dict)
        self.arithmetic = keras_arithmetic(source.root)

    def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        given: Any = dict(zip(self.names, inputs)) if self.is_named else inputs if len(inputs) > 1 else inputs[0]
        reset_states(self.model)
        found = self.model(given, training=False)
        found = list(found.values()) if isinstance(found, dict) else found
        arrays = [np.asarray(item) for item in (found if isinstance(found, (list, tuple)) else [found])]
        return [array if array.dtype.kind in "fiub" else array.astype(np.float32) for array in arrays]


def keras_tables(model: Any, dtypes: list[str]) -> dict[int, int]:
    """The rows of the smallest table, for each input of integers and each that an Embedding takes itself."""
    tables = [layer for layer in layers_of(model) if hasattr(layer, "input_dim")]
    if not tables:
        return {}
    taken = {_plain(tensor.name) for layer in tables for tensor in _operands(layer)}
    rows = min(layer.input_dim for layer in tables)
    inputs = enumerate(zip(model.inputs, dtypes))
    return {index: rows for index, (tensor, dtype) in inputs if "int" in dtype or _plain(tensor.name) in taken}


def _operands(layer: Any) -> list[Any]:
    """What a layer is called on, if it is called once."""
    try:
        found = layer.input
    except (AttributeError, ValueError):
        return []
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _plain(name: str) -> str:
    return name.split(":")[0]


# Operators that hand an input's numbers on, whole or in parts.
_PASSING = (
    *("CAST", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "UNPACK"),
    *("PACK", "CONCATENATION", "QUANTIZE", "DEQUANTIZE", "ROUND", "FLOOR"),
)
# The operands that are a table and its indices.
_LOOKUPS = {"GATHER": (0, 1), "EMBEDDING_LOOKUP": (1, 0), "GATHER_ND": (0, 1)}


def indexed_rows(tensor: int, operators: list[dict[str, Any]], shapes: dict[int, tuple[int, ...]]) -> int | None:
    """The rows of the smallest table that the numbers of a tensor index, as they are or cast; nothing if they index
    none."""
    waiting, seen, rows = [tensor], {tensor}, []
    while waiting:
        current = waiting.pop()
        for operator in operators:
            inputs = [int(item) for item in operator["inputs"]]
            if current not in inputs:
                continue
            table, indices = _LOOKUPS.get(operator["op_name"], (0, -1))
            if indices >= 0 and inputs[indices] == current:
                rows.append(shapes[inputs[table]][0])
            elif operator["op_name"] in _PASSING:
                made = {int(item) for item in operator["outputs"]} - seen
                waiting += made
                seen |= made
    return min(rows, default=None)


class LiteRT(Reference):
    """A TensorFlow Lite file."""

    def __init__(self, path: Path, frames: int) -> None:
        self.path, self.frames = path, frames
        interpreter = self.interpreter = self._opened()
        details, made = interpreter.get_input_details(), interpreter.get_output_details()
        self.signature = invoked_signature(interpreter)
        self.names = [detail["name"] for detail in details]
        self.outputs = [detail["name"] for detail in made]
        self.dtypes = [np.dtype(detail["dtype"]).name for detail in details]
        self.shapes = []
        for detail in details:
            extents = [int(extent) for extent in interpreter.get_tensor(detail["index"]).shape]
            self.shapes.append(tuple(extents[1:] if _has_batch(detail) else extents))
        self.input_scales = [_scale(detail) for detail in details]
        self.output_scales = [_scale(detail) for detail in made]
        tensors = interpreter.get_tensor_details()
        self.arithmetic = litert_arithmetic(tensors, [*details, *made])
        shapes = {int(tensor["index"]): tuple(tensor["shape"]) for tensor in tensors}
        operators = interpreter._get_ops_details()
        found = [indexed_rows(int(detail["index"]), operators, shapes) for detail in details]
        self.tables = {index: rows for index, rows in enumerate(found) if rows is not None}

    def _opened(self) -> Any:
        try:
            from ai_edge_litert.interpreter import Interpreter

            self.framework = "litert"
        except ImportError:
            # The environment whose TensorFlow has its own operators in its interpreter (Flex).
            import tensorflow

            Interpreter = tensorflow.lite.Interpreter
            self.framework = f"tensorflow {tensorflow.__version__}"
        interpreter = Interpreter(str(self.path))
        for detail in interpreter.get_input_details():
            extents = [self.frames if extent < 0 else extent for extent in _signature(detail)]
            if _has_batch(detail):
                extents[0] = 1
            if extents != [int(extent) for extent in detail["shape"]]:
                interpreter.resize_tensor_input(detail["index"], extents)
        interpreter.allocate_tensors()
        return interpreter

    def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        # The examples follow each other: variables keep their values, and fused LSTMs start from zero.
        interpreter = self.interpreter
        interpreter.reset_all_variables()
        for detail, array in zip(interpreter.get_input_details(), inputs):
            extents = interpreter.get_tensor(detail["index"]).shape
            interpreter.set_tensor(detail["index"], array.reshape(extents))
        interpreter.invoke()
        return [np.asarray(interpreter.get_tensor(detail["index"])) for detail in interpreter.get_output_details()]


def invoked_signature(interpreter: Any) -> str:
    """The signature whose subgraph `invoke()` runs, of a file with several; nothing for any other file."""
    keys = interpreter.get_signature_list()
    subgraphs = [interpreter.get_signature_runner(key)._subgraph_index for key in keys]
    if not any(subgraphs) and len(keys) < 2:
        return ""
    if 0 not in subgraphs:
        raise ValueError("invoke() runs a subgraph that no signature names")
    return str(list(keys)[subgraphs.index(0)])


def _signature(detail: Any) -> list[int]:
    """The extents, -1 for an open one."""
    return [int(extent) for extent in detail["shape_signature"]] or [int(extent) for extent in detail["shape"]]


def _has_batch(detail: Any) -> bool:
    return _signature(detail)[:1] in ([1], [-1])


def _scale(detail: Any) -> tuple[float, int]:
    scale, zero = detail["quantization"]
    return float(scale), int(zero)


def example(reference: Reference, random: np.random.Generator) -> list[np.ndarray]:
    """One random example of each input, with a batch axis of 1."""
    result = []
    data: np.ndarray
    for index, (shape, dtype) in enumerate(zip(reference.shapes, reference.dtypes)):
        rows = reference.tables.get(index)
        if rows is not None:
            # Whole numbers, of whatever type.
            data = random.integers(0, max(rows, 1), (1, *shape))
        elif "float" in dtype:
            data = random.standard_normal((1, *shape))
        elif dtype in ("int8", "uint8", "int16"):
            span = np.iinfo(dtype)
            data = random.integers(span.min, span.max + 1, (1, *shape))
        else:
            data = random.integers(0, 2 if dtype == "bool" else INTEGERS, (1, *shape))
        result.append(data.astype("float32" if dtype == "bfloat16" else dtype))
    return result


def write(path: Path, folder: Path, examples: int, frames: int, seed: int) -> None:
    """Runs the file on random inputs, and writes what went in, what came out, and what the model says of itself."""
    reference = LiteRT(path, frames) if path.suffix == ".tflite" else Keras(path, frames)
    random = np.random.default_rng(seed)
    count = 0
    for number in range(examples):
        place = folder / str(number)
        # LiteRT may have come this far with a file that another interpreter runs.
        place.mkdir(exist_ok=True)
        given = example(reference, random)
        for index, array in enumerate(given):
            np.save(place / f"input{index}.npy", array)
        found = reference.run(given)
        count = len(found)
        for index, array in enumerate(found):
            np.save(place / f"output{index}.npy", array)
    facts = {
        "framework": reference.framework,
        "names": reference.names,
        "outputs": reference.outputs,
        "shapes": reference.shapes,
        "input_scales": reference.input_scales,
        "output_scales": reference.output_scales,
        "arithmetic": reference.arithmetic,
        "signature": reference.signature,
        "output_count": count,
    }
    (folder / "reference.json").write_text(json.dumps(facts), "utf-8")


def serve() -> None:
    """Answers each request, a line of JSON, in a copy of this process, which has imported the frameworks: a minute's
    work for many files. The answer is a line too: how the copy ended, and its last words."""
    for name in FRAMEWORKS:
        with suppress(ImportError):
            import_module(name)
    answers, sys.stdout = sys.stdout, sys.stderr
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        with tempfile.TemporaryFile("w+", errors="replace") as words:
            process = os.fork()
            if process == 0:
                _answer(request, words.fileno())
            code = _ended(process, request["seconds"])
            words.seek(0)
            print(json.dumps([code, words.read()[-WORDS:]]), file=answers, flush=True)


def _answer(request: dict[str, Any], words: int) -> NoReturn:
    """The copy's part: it never returns, and has limits and a session of its own."""
    code = 1
    try:
        os.setsid()
        os.dup2(words, 2)
        confine(request["seconds"])
        write(Path(request["path"]), Path(request["folder"]), *request["numbers"])
        code = 0
    except BaseException:  # Whatever a file brings about is said, and ends the copy.
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _ended(process: int, seconds: int) -> int | None:
    """The exit code, negative for a signal; nothing if it did not end in time. All that it started ends with it."""
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        late = not done and time.monotonic() > end
        if done or late:
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            if late:
                os.waitpid(process, 0)
            return None if late else os.waitstatus_to_exitcode(status)
        time.sleep(0.02)


if __name__ == "__main__":
    serve()
