"""What a model may ask of its conversion, so that a small file cannot take hours or all memory.

Three walls: calls of layers and nodes are counted, the size of each result and the work of all together are estimated
before anything is computed, and the process may take only so much more memory. A model that is explained by the size
of its file stays far below; `--no-limits` takes them away.
"""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from emotionformer.errors import ExportError

CALLS = 20_000
NODES = 100_000
# Numbers of one value: 512 MiB as float64.
ELEMENTS = 1 << 26
# About a nanosecond each.
WORK = 1 << 30
WORK_A_BYTE = 256
# Numbers of a clip that the file alone asks for.
CLIP_ELEMENTS = 1 << 22
MEMORY = 800 << 20
MEMORY_A_BYTE = 24
ADVICE = "refused. If the model is your own and meant so, give --no-limits"

Shape = tuple[int, ...]


class Bounds:
    """The budget of one conversion."""

    def __init__(self, file_size: int = 0, limited: bool = True) -> None:
        self.limited = limited
        self.calls, self.nodes, self.work = CALLS, NODES, WORK + WORK_A_BYTE * file_size
        self.memory = MEMORY + MEMORY_A_BYTE * file_size
        self._before = resource.getrlimit(resource.RLIMIT_AS)

    def call(self, name: str) -> None:
        """Before a layer is called; models that call models twice can do so 2ⁿ times."""
        self.calls -= 1
        if self.limited and self.calls < 0:
            raise ExportError(f"{name}: the model calls its layers more than {CALLS} times: {ADVICE}")

    def compute(
        self,
        place: str,
        operation: str,
        operands: Sequence[np.ndarray | None],
        attributes: dict[str, Any],
        weights: dict[str, np.ndarray],
    ) -> None:
        """Before an operation is computed."""
        if not self.limited:
            return
        self.nodes -= 1
        if self.nodes < 0:
            raise ExportError(f"{place}: the model has more than {NODES} operations: {ADVICE}")
        shapes = [item.shape for item in operands if item is not None]
        elements, work = estimate(operation, shapes, attributes, {role: item.shape for role, item in weights.items()})
        self.hold(place, elements)
        self.spend(place, work)

    def spend(self, place: str, work: int) -> None:
        """Before so much work."""
        self.work -= work
        if self.limited and self.work < 0:
            raise ExportError(f"{place}: the model computes far more than its size explains: {ADVICE}")

    def hold(self, place: str, elements: float) -> None:
        """Before a value of so many numbers is made."""
        if self.limited and elements > ELEMENTS:
            raise ExportError(f"{place}: a value of {elements:.3g} numbers, more than {ELEMENTS}: {ADVICE}")

    @contextmanager
    def in_memory(self) -> Iterator[None]:
        """What runs inside takes only so much more address space, where the system can tell."""
        before = self._before = resource.getrlimit(resource.RLIMIT_AS)
        if self.limited:
            # The library behind NumPy's products takes buffers for its threads at the first of them.
            np.ones((256, 256)) @ np.ones((256, 256))
            with suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as file:
                held = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
                limits = [held + self.memory, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
                resource.setrlimit(resource.RLIMIT_AS, (min(limits), before[1]))
        try:
            yield
        except MemoryError as error:
            raise ExportError(f"the model asks for far more memory than its size explains: {ADVICE}") from error
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside `in_memory`, for another program that is started."""
        held = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, self._before)
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, held)


def product(extents: Iterable[int]) -> int:
    """The product, or 2⁶³ if it is more: a file can list a million extents of a thousand digits."""
    result = 1
    for extent in extents:
        result *= extent
        if not -(1 << 63) < result < 1 << 63:
            return 1 << 63
        if result == 0:
            return 0
    return result


def estimate(
    operation: str, shapes: Sequence[Shape], attributes: dict[str, Any], weights: dict[str, Shape]
) -> tuple[int, int]:
    """The numbers of the largest array that the operation makes, and its work; 0 for what does not work out anyway."""
    given = sum(math.prod(shape) for shape in shapes)
    held = sum(math.prod(shape) for shape in weights.values())
    try:
        elements = _elements(operation, shapes, attributes, weights)
        product = _products(operation, shapes, attributes, weights)
    except (ValueError, IndexError, KeyError, TypeError):
        return given, given
    # Multiplications in matrices are quick, functions of single elements are not.
    slow = SLOW.get(operation, 2)
    if operation == "activation" and attributes.get("function") in QUICK:
        slow = 6
    work = (given + elements) * slow + held + product // 8
    work += 4000 * len(attributes.get("sizes", ()))
    if operation in STEPWISE and shapes:
        # Step by step in Python.
        work += shapes[0][1] * 40_000 if len(shapes[0]) > 1 else 0
    return elements, work


SLOW = {"errorFunction": 200, "power": 40, "softmax": 20, "logSoftmax": 20, "activation": 100, "exponential": 10}
QUICK = ("relu", "relu6", "relu0To1", "reluN1To1", "leakyRelu", "hardSigmoid", "hardSigmoidKeras2", "hardSilu")
STEPWISE = ("lstm", "gru", "simpleRNN")


def _elements(operation: str, shapes: Sequence[Shape], attributes: dict[str, Any], weights: dict[str, Shape]) -> int:
    rule = RULES.get(operation)
    if rule is not None:
        return rule(shapes, attributes, weights)
    if operation in SUMS:
        return sum(math.prod(shape) for shape in shapes)
    # All others broadcast, or make less than they are given.
    return math.prod(_broadcast(shapes)) if len(shapes) > 1 else sum(math.prod(shape) for shape in shapes)


def _broadcast(shapes: Sequence[Shape]) -> Shape:
    """NumPy's own refuses what overflows; an extent counts as the largest of its axis."""
    rank = max(len(shape) for shape in shapes)
    wide = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(max(extents) for extents in zip(*wide))


def _gathered(shapes: Sequence[Shape], attributes: dict[str, Any], _: Any) -> int:
    source, indices = shapes[0], shapes[1][attributes.get("batchDimensions", 0) :]
    return math.prod(source) // max(source[attributes.get("axis", 0)], 1) * math.prod(indices)


def _padded(shapes: Sequence[Shape], attributes: dict[str, Any], _: Any) -> int:
    widths = attributes["paddings"]
    return math.prod(
        extent + max(before, 0) + max(after, 0) for extent, before, after in zip(shapes[0], widths[::2], widths[1::2])
    )


def _product(shapes: Sequence[Shape], attributes: dict[str, Any], _: Any) -> int:
    rows = shapes[0][-1 if attributes.get("transposeFirst") else -2]
    columns = shapes[1][-2 if attributes.get("transposeSecond") else -1]
    return math.prod(_broadcast([shapes[0][:-2], shapes[1][:-2]])) * rows * columns


def _windowed(shapes: Sequence[Shape], attributes: dict[str, Any], weights: dict[str, Shape]) -> int:
    """A convolution or a pooling pads its input, and copies it once for each place of the window."""
    batch, steps, channels = shapes[0]
    size = weights["kernel"][0] if "kernel" in weights else attributes.get("poolSize", attributes.get("size", 1))
    reach = (size - 1) * attributes.get("dilation", 1)
    same = attributes.get("padding", "valid") != "valid"
    padded = steps + (reach if same else 0)
    places = max(padded - reach, 0) // max(attributes.get("stride", 1), 1) + 1
    made = weights["kernel"][-1] if "kernel" in weights else 1
    return batch * max(padded * channels, places * size * channels, places * made)


def _over_pictures(shapes: Sequence[Shape], attributes: dict[str, Any], _: Any) -> int:
    """The padded picture, or what is made of it."""
    batch, *extents, channels = shapes[0]
    size = attributes["poolSize"] if "poolSize" in attributes else shapes[1][1:3]
    dilations, strides = attributes.get("dilations", [1, 1]), attributes.get("strides", [1, 1])
    reach = [(extent - 1) * dilation for extent, dilation in zip(size, dilations)]
    padded = [extent + far for extent, far in zip(extents, reach)]
    made = max(shapes[1][0], shapes[1][3]) if len(shapes) > 1 else channels
    places = [extent // max(stride, 1) + 1 for extent, stride in zip(padded, strides)]
    return batch * max(math.prod(padded) * channels, math.prod(places) * max(made, channels))


def _attended(shapes: Sequence[Shape], attributes: dict[str, Any], weights: dict[str, Shape]) -> int:
    heads = weights["queryKernel"][1] if "queryKernel" in weights else attributes.get("headCount", 1)
    return shapes[0][0] * heads * shapes[0][1] * (shapes[1][1] + sum(shape[-1] for shape in weights.values()) + 1)


def _dense(shapes: Sequence[Shape], attributes: dict[str, Any], weights: dict[str, Shape]) -> int:
    return math.prod(shapes[0][:-1]) * max(weights["kernel"])


RULES: dict[str, Callable[[Sequence[Shape], dict[str, Any], dict[str, Shape]], int]] = {
    "tile": lambda shapes, attributes, _: math.prod(shapes[0]) * product(max(n, 0) for n in attributes["multiples"]),
    "broadcastTo": lambda _, attributes, __: product(max(n, 1) for n in attributes["shape"]),
    "oneHot": lambda shapes, attributes, _: math.prod(shapes[0]) * max(attributes["depth"], 0),
    "embedding": lambda shapes, _, weights: math.prod(shapes[0]) * weights["table"][-1],
    "gather": _gathered,
    "pad": _padded,
    "matmul": _product,
    "dense": _dense,
    "conv1D": _windowed,
    "depthwiseConv1D": _windowed,
    "pooling1D": _windowed,
    "conv2D": _over_pictures,
    "depthwiseConv2D": _over_pictures,
    "pooling2D": _over_pictures,
    "mirrorPad": _padded,
    "attention": _attended,
    "multiHeadAttention": _attended,
}
SUMS = {"concatenate", "pack", *STEPWISE}


def _products(
    operation: str, shapes: Sequence[Shape], attributes: dict[str, Any], weights: dict[str, Shape]
) -> int:
    """Multiplications of matrices."""
    if operation == "matmul":
        return _product(shapes, {}, {}) * shapes[0][-1]
    if operation in ("conv2D", "depthwiseConv2D", "pooling2D"):
        # In memory, element by element of the window: as slow as sums.
        size = math.prod(attributes["poolSize"]) if operation == "pooling2D" else math.prod(shapes[1][1:3])
        places = _over_pictures(shapes, attributes, None)
        return 16 * size * places + (places * math.prod(shapes[1][1:]) if operation == "conv2D" else 0)
    if operation in ("attention", "multiHeadAttention"):
        return math.prod(shapes[0]) * shapes[1][1] * 2 + _by_weights(shapes, weights)
    return _by_weights(shapes, weights)


def _by_weights(shapes: Sequence[Shape], weights: dict[str, Shape]) -> int:
    steps = math.prod(shapes[0][:-1]) if shapes else 0
    return steps * sum(math.prod(shape) for shape in weights.values() if len(shape) > 1)
