"""The tensor library behind a pipe, and random arrays with views of them, for NumPy beside it."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from emotionformer.places import ROOT

PROBE = Path(os.environ.get("EMOTIONFORMER_TENSOR_PROBE", ROOT / ".build" / "debug" / "EmotionFormerTensorProbe"))

Array = np.ndarray[Any, np.dtype[Any]]
FLOATS = ("f4", "f8", "f2")
WHOLE = ("i1", "u1", "i4", "i8")


@dataclass
class Operand:
    """An array, views that are taken of it one after the other, and what NumPy sees then."""

    array: Array
    views: list[dict[str, Any]] = field(default_factory=list)
    seen: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        self.seen = self.array

    def view(self, kind: str, seen: Array, **arguments: object) -> Operand:
        self.views.append({"kind": kind, **arguments})
        self.seen = np.asarray(seen)
        return self


@dataclass
class Answer:
    arrays: list[Array]
    text: str | None
    error: str | None

    @property
    def array(self) -> Array:
        assert self.error is None, self.error
        return self.arrays[0]


def packed(array: Array) -> str:
    file = io.BytesIO()
    np.save(file, array)
    return base64.b64encode(file.getvalue()).decode()


class Probe:
    """A running probe: `with Probe() as probe: probe("add", x, y)`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def __call__(self, operation: str, *operands: Operand | Array, **arguments: object) -> Answer:
        assert self.process.stdin and self.process.stdout
        given = [operand if isinstance(operand, Operand) else Operand(operand) for operand in operands]
        request = {
            "operation": operation,
            "operands": [{"array": packed(one.array), "views": one.views} for one in given],
            **arguments,
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the probe ended at {operation} of {[one.seen.shape for one in given]}, {arguments}"
        answer = json.loads(line)
        arrays = [np.load(io.BytesIO(base64.b64decode(array))) for array in answer["arrays"]]
        return Answer(arrays, answer.get("text"), answer.get("error"))


def numbers(random: np.random.Generator, shape: tuple[int, ...], kind: str) -> Array:
    if kind == "b1":
        return random.integers(0, 2, shape).astype(bool)
    if kind in WHOLE:
        limits = np.iinfo(np.dtype(kind))
        bound = min(int(limits.max), 1000)
        return random.integers(max(int(limits.min), -bound), bound, shape, endpoint=True).astype(kind)
    return (random.standard_normal(shape) * 2.0 ** random.integers(-3, 4)).astype(kind)


def random_shape(random: np.random.Generator, rank: int | None = None) -> tuple[int, ...]:
    rank = int(random.integers(0, 5)) if rank is None else rank
    return tuple(int(extent) for extent in random.choice([0, 1, 1, 2, 3, 4, 5, 7, 9], rank, p=[0.02] + [0.1225] * 8))


def random_slices(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[list[list[int | None]], Any]:
    """Brackets as the probe and as NumPy know them."""
    sent: list[list[int | None]] = []
    own: list[Any] = []
    for extent in shape:
        choice = random.integers(0, 4)
        if choice == 0 and extent:
            index = int(random.integers(-extent, extent))
            sent.append([index])
            own.append(index)
        elif choice == 1:
            sent.append([None])
            own.append(slice(None))
        else:
            first = int(random.integers(0, extent + 1))
            last = int(random.integers(first, extent + 1))
            step = int(random.choice([1, 2, 3, -1, -2]))
            sent.append([first, last, step])
            # The probe goes through a range from its end; Python's brackets have a start above their end.
            own.append(slice(first, last, step) if step > 0 else list(range(last - 1, first - 1, step)))
    return sent, own


def indexed(array: Array, own: list[Any]) -> Array:
    """NumPy's view by brackets, axis by axis, so that lists do not broadcast against each other."""
    for axis in reversed(range(len(own))):
        array = array[(slice(None),) * axis + (own[axis],)]
    return np.asarray(array)


def random_operand(random: np.random.Generator, kind: str, shape: tuple[int, ...] | None = None) -> Operand:
    """An array seen through up to three views; of a given shape if one is asked for."""
    if shape is not None:
        return of_shape(random, kind, shape)
    operand = Operand(numbers(random, random_shape(random), kind))
    for _ in range(int(random.integers(0, 4))):
        seen = operand.seen
        match random.integers(0, 6):
            case 0 if seen.ndim:
                axes = [int(axis) for axis in random.permutation(seen.ndim)]
                operand.view("transpose", seen.transpose(axes), axes=axes)
            case 1 if seen.ndim:
                sent, own = random_slices(random, seen.shape)
                operand.view("slice", indexed(seen, own), slices=sent)
            case 2 if seen.ndim:
                axis = int(random.integers(0, seen.ndim))
                operand.view("reverse", np.flip(seen, axis), axis=axis)
            case 3 if seen.ndim < 4:
                axis = int(random.integers(-seen.ndim - 1, seen.ndim + 1))
                operand.view("expand", np.expand_dims(seen, axis), axis=axis)
            case 4 if seen.ndim < 4:
                target = tuple(int(random.integers(1, 4)) if extent == 1 else extent for extent in seen.shape)
                target = (int(random.integers(1, 3)), *target)
                operand.view("broadcast", np.broadcast_to(seen, target), axes=list(target))
            case 5 if 1 in seen.shape:
                axis = seen.shape.index(1)
                operand.view("squeeze", np.squeeze(seen, axis), axis=axis)
            case _:
                pass
    return operand


def of_shape(random: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Operand:
    """What has the shape after views: turned, cut out of more, reversed, or stretched."""
    axes = [int(axis) for axis in random.permutation(len(shape))]
    inverse = [axes.index(axis) for axis in range(len(shape))]
    step = [int(random.choice([1, 1, 2])) for _ in shape]
    held = tuple(shape[axis] * step[axis] + 1 for axis in axes)
    operand = Operand(numbers(random, held, kind))
    if not shape:
        return operand
    operand.view("transpose", operand.seen.transpose(inverse), axes=inverse)
    sent = [[1, 1 + extent * gap, gap] for extent, gap in zip(shape, step, strict=True)]
    own = [slice(1, 1 + extent * gap, gap) for extent, gap in zip(shape, step, strict=True)]
    operand.view("slice", operand.seen[tuple(own)], slices=sent)
    if random.integers(0, 2):
        axis = int(random.integers(0, len(shape)))
        operand.view("reverse", np.flip(operand.seen, axis), axis=axis)
    assert operand.seen.shape == shape
    return operand


def broadcasting(random: np.random.Generator, count: int) -> list[tuple[int, ...]]:
    """Shapes that broadcast together."""
    full = random_shape(random)
    shapes = []
    for _ in range(count):
        shape = tuple(1 if random.integers(0, 4) == 0 else extent for extent in full)
        shapes.append(shape[int(random.integers(0, len(full) + 1)) :] if random.integers(0, 3) == 0 else shape)
    return shapes
