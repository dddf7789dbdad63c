"""The command `Tools/random-package`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import show
from emotionformer.export.graph import Graph, Value, Weight
from emotionformer.export.package import Package
from emotionformer.export.specification import LOGITS, PROBABILITIES, InputSpecification, OutputSpecification
from emotionformer.random_package.arguments import parser


class Builder:
    """Layers with random weights of the usual sizes."""

    def __init__(self, seed: int, int8: bool) -> None:
        self.graph = Graph()
        self.random = np.random.default_rng(seed)
        self.int8 = int8
        self.int8_kernels: list[str] = []

    def weight(self, name: str, *shape: int) -> Weight:
        fan = int(np.prod(shape[:-1])) if len(shape) > 1 else 100
        return Weight(name, (self.random.standard_normal(shape) / np.sqrt(fan)).astype(np.float32))

    def dense(self, name: str, value: Value, units: int, activation: str = "linear") -> Value:
        kernel = self.weight(f"{name}/kernel", value.shape[-1], units)
        weights = {"kernel": kernel, "bias": self.weight(f"{name}/bias", units)}
        if not self.int8:
            return self.named(name, self.graph.one("dense", value, weights=weights, activation=activation))
        self.int8_kernels.append(kernel.name)
        weights["kernel"] = Weight(kernel.name, np.ascontiguousarray(kernel.array.T))
        result = self.graph.one("dense", value, weights=weights, activation=activation, kernelLayout="outputInput")
        return self.named(name, result)

    def norm(self, name: str, value: Value) -> Value:
        width = value.shape[-1]
        gamma = Weight(f"{name}/gamma", 1 + self.weight("", width).array)
        weights = {"gamma": gamma, "beta": self.weight(f"{name}/beta", width)}
        return self.named(name, self.graph.one("layerNormalization", value, weights=weights, axes=[-1], epsilon=1e-6))

    def attention(self, name: str, value: Value, heads: int) -> Value:
        width = value.shape[-1]
        size = width // heads
        if self.int8:
            # A layer's kernels of three axes have no int8 form; converted files, too, have its parts.
            query, key, memory = (self.dense(f"{name}/{role}", value, width) for role in ("query", "key", "value"))
            scores = self.graph.one("attention", query, key, memory, headCount=heads, scale=size**-0.5)
            return self.dense(f"{name}/output", self.named(name, scores), width)
        weights = {}
        for role in ("query", "key", "value"):
            weights[f"{role}Kernel"] = self.weight(f"{name}/{role}/kernel", width, heads, size)
            weights[f"{role}Bias"] = self.weight(f"{name}/{role}/bias", heads, size)
        weights["outputKernel"] = self.weight(f"{name}/output/kernel", heads, size, width)
        weights["outputBias"] = self.weight(f"{name}/output/bias", width)
        result = self.graph.one(
            "multiHeadAttention",
            *(value, value, value),
            weights=weights,
            headCount=heads,
            keyDimension=size,
            valueDimension=size,
        )
        return self.named(name, result)

    def lstm(self, name: str, value: Value, units: int) -> Value:
        def direction(which: str, backwards: bool) -> Value:
            prefix = f"{name}/{which}"
            weights = {
                "kernel": self.weight(f"{prefix}/kernel", value.shape[-1], 4 * units),
                "recurrentKernel": self.weight(f"{prefix}/recurrentKernel", units, 4 * units),
                "bias": self.weight(f"{prefix}/bias", 4 * units),
            }
            result = self.graph.one(
                "lstm", value, weights=weights, units=units, returnSequences=True, goBackwards=backwards
            )
            return self.named(prefix, result)

        backward = self.graph.one("reverse", direction("backward", True), axes=[1])
        return self.named(name, self.graph.one("concatenate", direction("forward", False), backward, axis=-1))

    def named(self, name: str, value: Value) -> Value:
        self.graph.rename(value, name)
        return value


def build(arguments: argparse.Namespace) -> Package:
    builder = Builder(arguments.seed, arguments.int8)
    graph = builder.graph
    probe = np.zeros((1, arguments.frames, arguments.features), np.float32)
    x = builder.dense("projection", graph.input("clip", "float32", probe), arguments.width)
    table = builder.weight("", 1, arguments.frames, arguments.width).array
    x = builder.named("positions", graph.one("add", x, graph.constant(table)))
    for block in range(arguments.blocks):
        attended = builder.attention(f"block{block}/attention", x, arguments.heads)
        x = builder.norm(f"block{block}/norm1", graph.one("add", x, attended))
        hidden = builder.dense(f"block{block}/expand", x, arguments.feed_forward, "relu")
        x = builder.norm(
            f"block{block}/norm2", graph.one("add", x, builder.dense(f"block{block}/contract", hidden, arguments.width))
        )
    if arguments.lstm:
        x = builder.lstm("bilstm", x, arguments.lstm)
    x = builder.named("mean", graph.one("globalPooling1D", x, kind="average"))
    logits = builder.dense("logits", builder.dense("head", x, 128, "relu"), 6)
    probabilities = builder.named("probabilities", graph.one("softmax", logits, axes=[-1]))
    return Package(
        name=arguments.output.name,
        graph=graph,
        nodes=graph.pruned([probabilities, logits]),
        inputs=[InputSpecification.clip(arguments.frames, arguments.features)],
        outputs=[
            OutputSpecification(PROBABILITIES, probabilities, PROBABILITIES),
            OutputSpecification(LOGITS, logits, LOGITS),
        ],
        metadata={"weights": "random, not trained", "seed": arguments.seed},
        int8_kernels=builder.int8_kernels,
    )


def main(given: Sequence[str] | None = None) -> int:
    arguments = parser().parsed(given)

    def body() -> int:
        build(arguments).write(arguments.output)
        show(f"Wrote {arguments.output}")
        return 0

    return run_tool("random-package", body)
