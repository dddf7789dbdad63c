"""What a model is for another number of frames: which outputs have a row for each frame, which axes are open."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.bounds import Bounds
from emotionformer.export.model import Converted


class Shorter:
    """The same model for a clip of one frame less, converted when it is first asked for."""

    def __init__(
        self, conversion: Callable[[Sequence[np.ndarray], Bounds], Converted], probe: np.ndarray, bounds: Bounds
    ) -> None:
        self._conversion, self._probe, self._bounds = conversion, probe, bounds
        self._made: Converted | None = None

    @property
    def frames(self) -> int:
        """Of the whole clip."""
        return int(self._probe.shape[1])

    def made(self) -> Converted:
        """Raises if the graph holds for the clip's own number of frames alone."""
        if self._made is None:
            self._made = self._conversion([self._probe[:, :-1]], self._bounds)
        return self._made


def prove_rows(made: Converted, shorter: Shorter) -> None:
    """An output with as many rows as the clip has frames has a row for each of them if it loses one with a frame."""
    likely = [number for number, item in enumerate(made.outputs) if item.per == "frame"]
    if not likely:
        return
    others = None
    if shorter.frames > 1:
        try:
            others = shorter.made().outputs
        except ExportError:
            # The model takes no other number of frames.
            pass
    for number in likely:
        item = made.outputs[number]
        if others is None or others[number].value.shape[1] != item.value.shape[1] - 1:
            item.per = "clip"
            made.notes.append(
                f"output '{item.name}' has as many rows as the clip has frames, and nothing proves that they are the "
                "frames': it is one of the whole clip"
            )


def open_shapes(made: Converted, shorter: Shorter) -> None:
    """A graph that any number of frames runs through is the same for one frame less; outputs that have then other
    extents leave them open."""
    if shorter.frames < 2:
        raise ExportError("--pad-side none needs at least two frames")
    other = shorter.made()
    for one, two in zip(made.nodes, other.nodes):
        same = (
            one.operation == two.operation
            and one.attributes == two.attributes
            and all(
                np.array_equal(made.graph.tensors[a], other.graph.tensors[b])
                for a, b in zip(one.weights.values(), two.weights.values())
            )
        )
        if not same:
            raise ExportError(f"--pad-side none: the node '{one.name}' is made for a fixed number of frames")
    for ours, theirs in zip(made.outputs, other.outputs):
        pairs = zip(ours.value.shape, theirs.value.shape)
        ours.shape = [here if here == there else None for here, there in pairs]
