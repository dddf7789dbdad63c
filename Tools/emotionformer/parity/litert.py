"""Runs LiteRT on a file, with its default kernels (XNNPACK) or its reference kernels.

With every tensor preserved, LiteRT's XNNPACK delegate takes operators one by one: each is a delegate of its own, whose
operands and results are tensors that can be read. That makes "one operation at a time by LiteRT itself" of one run.
The whole delegate and the pieces agree to the bit on what they were tried on; a comparison prints by how much.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ParityError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
from ai_edge_litert.interpreter import Interpreter, OpResolverType

Array = np.ndarray[Any, np.dtype[Any]]
Clip = list[Array]

_DEFAULT = (OpResolverType.AUTO,)
# A few operations have no reference kernel; there the builtin ones without a delegate stand in.
_REFERENCE = (OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)


@dataclass
class Kernels:
    """An interpreter for one file and one set of kernels."""

    interpreter: Any
    inputs: list[int]
    outputs: list[int]
    preserves: bool
    # Makes the interpreter anew, for files whose variables no call sets back.
    reopen: Callable[[], Any] | None = None
    _has_run: bool = False

    def begin(self) -> None:
        """Sets variables back to what they are before the first clip; the clips that are run then follow each other."""
        if self.reopen and self._has_run:
            self.interpreter = self.reopen()
        self._has_run = False

    def run(self, clip: Clip) -> None:
        """Runs the next clip. Raises ParityError if LiteRT cannot."""
        try:
            self._has_run = True
            # The state of fused LSTMs; variables that are read and assigned stay.
            self.interpreter.reset_all_variables()
            for index, array in zip(self.inputs, clip):
                self.interpreter.set_tensor(index, array)
            self.interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ParityError(f"LiteRT does not run the file on a clip: {' '.join(str(error).split())}") from error

    def tensor(self, index: int) -> Array | None:
        """A copy of a tensor after a run; None if it was not kept."""
        try:
            return np.asarray(self.interpreter.get_tensor(index))
        except ValueError:
            return None

    def first_outputs(self) -> list[Array]:
        arrays = [self.tensor(index) for index in self.outputs]
        if any(array is None for array in arrays):
            raise ParityError("LiteRT keeps no output")
        return [array for array in arrays if array is not None]

    def delegated(self) -> set[int]:
        """Tensors that a delegate makes."""
        details = self.interpreter._get_ops_details()
        return {int(t) for op in details if op["op_name"] == "DELEGATE" for t in op["outputs"]}


def open_kernels(
    path: Path, shapes: list[tuple[int, ...]], reference: bool, preserves: bool, has_variables: bool = False
) -> Kernels:
    """Opens a file for inputs of these shapes. Raises ParityError if LiteRT does not take it."""

    def opened(resolver: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            interpreter = Interpreter(
                str(path), experimental_op_resolver_type=resolver, experimental_preserve_all_tensors=preserves
            )
        for detail, shape in zip(interpreter.get_input_details(), shapes):
            if tuple(detail["shape"]) != shape:
                interpreter.resize_tensor_input(int(detail["index"]), shape)
        interpreter.allocate_tensors()
        return interpreter

    problem = ""
    for resolver in _REFERENCE if reference else _DEFAULT:
        try:
            interpreter = opened(resolver)
        except (RuntimeError, ValueError) as error:
            problem = " ".join(str(error).split())
            continue
        inputs = [int(detail["index"]) for detail in interpreter.get_input_details()]
        outputs = [int(detail["index"]) for detail in interpreter.get_output_details()]
        return Kernels(interpreter, inputs, outputs, preserves, partial(opened, resolver) if has_variables else None)
    raise ParityError(f"{path}: LiteRT does not take the file: {problem}")


@dataclass(frozen=True)
class Input:
    """An input of a file; an extent of -1 is open."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def inputs_of(path: Path) -> list[Input]:
    """Every input in the file's order, by the name that a signature has for it, or the tensor's."""
    try:
        interpreter = Interpreter(str(path))
    except (RuntimeError, ValueError) as error:
        raise ParityError(f"{path}: LiteRT does not take the file: {' '.join(str(error).split())}") from error
    names = _signature_names(interpreter)
    result = []
    for detail in interpreter.get_input_details():
        signature = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
        dtype = np.dtype(detail["dtype"])
        if dtype.kind not in "fiub":
            raise ParityError(f"{path}: input '{detail['name']}' takes no numbers (found {dtype})")
        name = names.get(int(detail["index"]), str(detail["name"]))
        result.append(Input(name, tuple(int(extent) for extent in signature), dtype))
    return result


def _signature_names(interpreter: Any) -> dict[int, str]:
    """The names of the inputs of what `invoke()` runs, by tensor."""
    for key in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(key)
        if runner._subgraph_index == 0:
            found = runner.get_input_details()
            return {int(detail["index"]): str(name) for name, detail in found.items()}
    return {}
