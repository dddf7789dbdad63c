"""An example for `Tools/export … --custom FILE.py`: the meanings of layers that Keras does not have.

The file defines `LAYERS`. A key is a class name (`SinusoidalPosition`, or with its package
`fixtures>SinusoidalPosition`)
or, for a Lambda, the layer's own name. A value is a function

    meaning(converter, layer, call) -> Tensor            (or a list of them)

that adds nodes to the graph and returns the output:

- `call.first` is the first argument, a `Tensor` with `.value` (a graph value; `.value.shape` is known) and `.mask`;
  `call.arguments` and `call.keywords` hold all of them.
- `layer.config` is the configuration that the file holds, `layer.bag` the weights by path as NumPy arrays, and
  `blocks.components(layer)` the same weights grouped into attention, dense and normalization.
- `converter.graph.one(operation, operand, …, attribute=…)` adds a node; the operations and their attributes are in
  Tools/emotionformer/operations.json. `converter.graph.constant(array)` is a constant operand, and
  `blocks.dense`, `blocks.layer_normalization`, `blocks.multi_head_attention` make nodes from a layer's own weights.

    Tools/export model.keras -o Weights/Mine --custom Tools/examples/custom_layers.py
"""

from __future__ import annotations

from emotionformer.custom import Call, Converter, Layer, Tensor, blocks


def sinusoidal_position(converter: Converter, layer: Layer, call: Call) -> Tensor:
    """x + table: all sines before all cosines. The file holds nothing of it."""
    x = call.first.value
    table = blocks.sinusoidal(x.shape[1], x.shape[2], interleaved=False)
    return Tensor(converter.graph.one("add", x, converter.graph.constant(table[None])))


def halve(converter: Converter, layer: Layer, call: Call) -> Tensor:
    """The Lambda called `halve`: v * 0.5."""
    return Tensor(converter.graph.one("multiply", call.first.value, converter.graph.constant(0.5)))


def pre_norm_block(converter: Converter, layer: Layer, call: Call) -> Tensor:
    """A transformer block that normalizes first and uses GELU.

    Its `__init__` calls its parts norm1, mha, norm2, up and down: that is how `.keras` files name them. In `.h5` files
    they have their own names, numbered here in the order in which they were made.
    """
    graph, x = converter.graph, call.first.value
    first = blocks.component(layer, "norm1", "layer_normalization#1")
    second = blocks.component(layer, "norm2", "layer_normalization#2")
    attention = blocks.component(layer, "mha", "multi_head_attention")
    up, down = blocks.component(layer, "up", "dense#1"), blocks.component(layer, "down", "dense#2")
    normal = blocks.layer_normalization(converter, layer, first, x, epsilon=1e-3)
    x = graph.one("add", x, blocks.multi_head_attention(converter, layer, attention, normal))
    normal = blocks.layer_normalization(converter, layer, second, x, epsilon=1e-3)
    inner = blocks.dense(converter, layer, up, normal, activation="gelu")
    return Tensor(graph.one("add", x, blocks.dense(converter, layer, down, inner)))


LAYERS = {
    "SinusoidalPosition": sinusoidal_position,
    "halve": halve,
    "PreNormBlock": pre_norm_block,
}
