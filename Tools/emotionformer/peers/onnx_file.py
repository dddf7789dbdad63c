"""Writes a measured model as ONNX from the weights that Keras saved, in the forms that runtimes are fast with."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from emotionformer.peers.architecture import Architecture

Array = np.ndarray[Any, np.dtype[Any]]
FORMS = ("plain", "fused")


class OnnxWriter:
    """Collects nodes and weights of one graph. The batch is open, frames and features are fixed.

    The form "plain" has standard operators alone: what converters write, with layer normalization as one operator. The
    form "fused" has ONNX Runtime's own attention operator.
    """

    def __init__(self, shape: Architecture, weights: dict[str, Array], form: str) -> None:
        self.shape = shape
        self.form = form
        self.weights = {name.removesuffix(":0"): value for name, value in weights.items()}
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: Array) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operation: str, *inputs: str, name: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def weight(self, prefix: str, role: str) -> Array:
        """The one weight of a layer that has this role; layers inside layers add folders to the name."""
        found = [
            value for name, value in self.weights.items() if name.startswith(f"{prefix}/") and name.endswith(f"/{role}")
        ]
        if len(found) != 1:
            raise ValueError(f"{prefix}: {len(found)} weights named {role}, expected 1")
        return found[0]

    def dense(self, name: str, value: str, kernel: Array | None = None, bias: Array | None = None) -> str:
        kernel = self.weight(name, "kernel") if kernel is None else kernel
        bias = self.weight(name, "bias") if bias is None else bias
        product = self.node("MatMul", value, self.constant(f"{name}/kernel", kernel), name=f"{name}/product")
        return self.node("Add", product, self.constant(f"{name}/bias", bias), name=f"{name}/sum")

    def norm(self, name: str, value: str) -> str:
        gamma = self.constant(f"{name}/gamma", self.weight(name, "gamma"))
        beta = self.constant(f"{name}/beta", self.weight(name, "beta"))
        return self.node("LayerNormalization", value, gamma, beta, name=name, axis=-1, epsilon=self.shape.epsilon)

    def attention(self, name: str, value: str) -> str:
        width, heads = self.shape.width, self.shape.heads
        size = width // heads
        roles = {}
        for role in ("query", "key", "value"):
            kernel = self.weight(f"{name}/{role}", "kernel").reshape(width, width)
            bias = self.weight(f"{name}/{role}", "bias").reshape(width)
            if self.form == "plain" and role == "query":
                kernel, bias = kernel / np.sqrt(np.float32(size)), bias / np.sqrt(np.float32(size))
            roles[role] = self.dense(f"{name}/{role}", value, kernel, bias)
        if self.form == "fused":
            mixed = self.node(
                "MultiHeadAttention", *roles.values(), name=f"{name}/mixed", domain="com.microsoft", num_heads=heads
            )
        else:
            apart = self.constant(f"{name}/apart", np.array([0, 0, heads, size], np.int64))
            turned = {}
            for role, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
                split = self.node("Reshape", roles[role], apart, name=f"{name}/{role}/heads")
                turned[role] = self.node("Transpose", split, name=f"{name}/{role}/turned", perm=order)
            scores = self.node("MatMul", turned["query"], turned["key"], name=f"{name}/scores")
            shares = self.node("Softmax", scores, name=f"{name}/shares", axis=-1)
            mixed = self.node("MatMul", shares, turned["value"], name=f"{name}/heads_mixed")
            mixed = self.node("Transpose", mixed, name=f"{name}/back", perm=[0, 2, 1, 3])
            together = self.constant(f"{name}/together", np.array([0, 0, width], np.int64))
            mixed = self.node("Reshape", mixed, together, name=f"{name}/mixed")
        kernel = self.weight(f"{name}/attention_output", "kernel").reshape(width, width)
        return self.dense(f"{name}/output", mixed, kernel, self.weight(f"{name}/attention_output", "bias"))

    def lstm(self, name: str, value: str) -> str:
        units = self.shape.lstm

        def reordered(weight: Array) -> Array:
            """Keras has the gates in the order input, forget, cell, output; ONNX input, output, forget, cell."""
            i, f, c, o = np.split(weight, 4, axis=-1)
            return np.concatenate([i, o, f, c], axis=-1)

        kernels, recurrent, biases = [], [], []
        for direction in ("forward", "backward"):
            prefix = f"{name}/{direction}_lstm"
            kernels.append(reordered(self.weight(prefix, "kernel")).T)
            recurrent.append(reordered(self.weight(prefix, "recurrent_kernel")).T)
            biases.append(np.concatenate([reordered(self.weight(prefix, "bias")), np.zeros(4 * units, np.float32)]))
        inputs = [
            self.node("Transpose", value, name=f"{name}/time_first", perm=[1, 0, 2]),
            self.constant(f"{name}/kernel", np.stack(kernels)),
            self.constant(f"{name}/recurrent", np.stack(recurrent)),
            self.constant(f"{name}/bias", np.stack(biases)),
        ]
        both = self.node("LSTM", *inputs, name=f"{name}/both", direction="bidirectional", hidden_size=units)
        # frames × directions × batch × units → batch × frames × 2 units
        turned = self.node("Transpose", both, name=f"{name}/batch_first", perm=[2, 0, 1, 3])
        return self.node(
            "Reshape", turned, self.constant(f"{name}/together", np.array([0, 0, 2 * units], np.int64)), name=name
        )

    def model(self) -> onnx.ModelProto:
        shape = self.shape
        x = self.dense("projection", "clip")
        x = self.node("Add", x, self.constant("positions/table", shape.positions()), name="positions")
        for block in range(shape.blocks):
            attended = self.attention(f"block{block}_attention", x)
            x = self.norm(f"block{block}_norm1", self.node("Add", x, attended, name=f"block{block}_add1"))
            hidden = self.node("Relu", self.dense(f"block{block}_expand", x), name=f"block{block}_relu")
            hidden = self.dense(f"block{block}_contract", hidden)
            x = self.norm(f"block{block}_norm2", self.node("Add", x, hidden, name=f"block{block}_add2"))
        if shape.lstm:
            x = self.lstm("bilstm", x)
        x = self.node("ReduceMean", x, self.constant("mean/axes", np.array([1], np.int64)), name="mean", keepdims=0)
        x = self.node("Relu", self.dense("head", x), name="head_relu")
        self.node("Softmax", self.dense("emotion", x), name="probabilities", axis=-1)
        clip = helper.make_tensor_value_info("clip", TensorProto.FLOAT, ["batch", shape.frames, shape.features])
        result = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", shape.classes])
        graph = helper.make_graph(self.nodes, "emotion", [clip], [result], self.initializers)
        operators = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=operators[: 2 if self.form == "fused" else 1], ir_version=9)


def write(shape: Architecture, folder: Path) -> None:
    """Writes FORM.onnx and FORM-int8.onnx (dynamic quantization) for every form from weights.npz in `folder`."""
    from onnxruntime.quantization import QuantType, quant_pre_process, quantize_dynamic

    with np.load(folder / "weights.npz", allow_pickle=False) as archive:
        weights = {name: archive[name] for name in archive.files}
    for form in FORMS:
        model = OnnxWriter(shape, weights, form).model()
        if form == "plain":
            onnx.checker.check_model(model)
        onnx.save(model, folder / f"{form}.onnx")
        with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
            prepared = Path(scratch) / "prepared.onnx"
            quant_pre_process(folder / f"{form}.onnx", prepared, skip_symbolic_shape=True)
            options = {"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT}
            quantize_dynamic(prepared, folder / f"{form}-int8.onnx", weight_type=QuantType.QInt8, extra_options=options)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: python -m emotionformer.peers.onnx_file base build/peers/base"
    )
    parser.add_argument("name", choices=list(Architecture.MEASURED), help="the model")
    parser.add_argument("folder", type=Path, help="its folder, with weights.npz")
    arguments = parser.parse_args()
    write(Architecture.MEASURED[arguments.name], arguments.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
