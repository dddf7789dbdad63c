"""The layer of the library keras-tcn: blocks of two dilated convolutions with a residual connection each."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.arguments import NETWORK, NETWORK_OPTION
from emotionformer.export.conversion import ADVICE, Converter, Result, tensor, without_mask
from emotionformer.export.graph import Call, Tensor, Value, Weight
from emotionformer.export.layer import Layer
from emotionformer.export.readings import ACTIVATIONS

CLASS = "TCN"
# What the library's configuration has in the versions that this follows.
OPTIONS = {
    "nb_filters", "kernel_size", "nb_stacks", "dilations", "padding", "use_skip_connections", "dropout_rate",
    "return_sequences", "activation", "use_batch_norm", "use_layer_norm", "go_backwards", "return_state",
}
NORMS = ("use_batch_norm", "use_layer_norm", "use_weight_norm")


def is_librarys(layer: Layer) -> bool:
    """Whether the file says that the class is the library's own."""
    return layer.class_name == CLASS and layer.module.split(".")[0] == "tcn" and set(layer.config) >= OPTIONS


def temporal_network(converter: Converter, layer: Layer, call: Call, reading: str | None) -> Result:
    """Causal or centered convolutions whose reach doubles from block to block."""
    if not is_librarys(layer) and reading is None:
        raise layer.refuse(
            f"the file does not say whose class it is: {NETWORK_OPTION} {layer.class_name}={NETWORK} if it is the "
            f"library's, or {ADVICE}"
        )
    given = tensor(call.first, layer)
    without_mask(layer, given)
    missing = sorted(OPTIONS - {"go_backwards", "return_state"} - set(layer.config))
    function = ACTIVATIONS.get(str(layer.option("activation")))
    padding = layer.option("padding")
    used = [name for name in NORMS if layer.option(name, False)]
    if missing or function is None or padding not in ("causal", "same") or given.rank != 3:
        what = f"its configuration has no {', '.join(missing)}" if missing else "its options are not known"
        raise layer.refuse(f"{what}; {ADVICE}")
    if used or layer.option("return_state", False):
        raise layer.refuse(f"{used[0] if used else 'return_state'} is not supported; {ADVICE}")
    graph, x = converter.graph, given.value
    if layer.option("go_backwards", False):
        x = graph.one("reverse", x, axes=[1])
    dilations = [int(item) for item in np.ravel(layer.option("dilations"))] * int(layer.option("nb_stacks", 1))
    kept: list[Value] = []
    taken: set[str] = set()
    for number, dilation in enumerate(dilations):
        x, inner = _block(converter, layer, x, number, {"dilation": dilation, "padding": padding}, function, taken)
        kept.append(inner)
    left = sorted(set(layer.bag) - taken)
    if left:
        raise layer.refuse(f"it holds weights that are not the library's ({', '.join(left[:5])}); {ADVICE}")
    if layer.option("use_skip_connections", True):
        x, *others = kept
        for other in others:
            x = graph.one("add", x, other)
    if reading is not None:
        converter.note(f"{layer.class_name}: read as {NETWORK_OPTION} {NETWORK} says")
    if layer.option("return_sequences", False):
        return Tensor(x)
    # The last frame; of convolutions that look both ways, the one in the middle.
    place = x.shape[1] - 1 if padding == "causal" else x.shape[1] // 2
    row = graph.one("slice", x, begin=[0, place, 0], size=[1, 1, x.shape[2]])
    return Tensor(graph.one("reshape", row, shape=[1, x.shape[2]]))


def _block(
    converter: Converter,
    layer: Layer,
    given: Value,
    number: int,
    geometry: dict[str, Any],
    function: str,
    taken: set[str],
) -> tuple[Value, Value]:
    """What goes to the next block, and what the skip connections add up."""
    graph, name = converter.graph, f"residual_block_{number}"
    x = given
    for part in ("conv1D_0", "conv1D_1"):
        weights = _weights(converter, layer, f"{name}/{part}", taken)
        x = graph.one("conv1D", x, weights=weights, activation=function, **geometry)
    # The activation stands twice: behind the convolution and behind the block's part.
    x = graph.one("activation", x, function=function) if function != "linear" else x
    beside = given
    if any(path.startswith(f"{name}/matching_conv1D/") for path in layer.bag):
        weights = _weights(converter, layer, f"{name}/matching_conv1D", taken)
        beside = graph.one("conv1D", given, weights=weights, padding="same")
    if beside.shape != x.shape:
        raise layer.refuse(f"its block {number} gives {x.shape[2]} features beside {beside.shape[2]}; {ADVICE}")
    total = graph.one("add", beside, x)
    return graph.one("activation", total, function=function) if function != "linear" else total, x


def _weights(converter: Converter, layer: Layer, place: str, taken: set[str]) -> dict[str, Weight]:
    result = {}
    for role, number, rank in (("kernel", "0", 3), ("bias", "1", 1)):
        path = next((f"{place}/{name}" for name in (number, role) if f"{place}/{name}" in layer.bag), None)
        array = None if path is None else layer.bag[path]
        if path is None or array is None or array.ndim != rank:
            raise ExportError(f"{layer.described}: it holds no {role} of '{place}'; {ADVICE}")
        taken.add(path)
        result[role] = Weight(f"{converter.path(layer)}/{place}/{role}", array)
    return result
