"""Operator nodes as Keras 2 writes them: `TFOpLambda` and `SlicingOpLambda` with a TensorFlow function's name."""

from __future__ import annotations

from typing import Any

from emotionformer.errors import ExportError
from emotionformer.export.conversion import Converter, Result
from emotionformer.export.graph import Call
from emotionformer.export.layer import Layer
from emotionformer.export.operators.families import TABLE

BINARY = {
    "__operators__.add": "add",
    "__operators__.sub": "subtract",
    "__operators__.mul": "multiply",
    "math.add": "add",
    "math.subtract": "subtract",
    "math.multiply": "multiply",
    "math.divide": "true_divide",
    "math.truediv": "true_divide",
    "realdiv": "true_divide",
    "math.divide_no_nan": "divide_no_nan",
    "math.floordiv": "floor_divide",
    "math.floormod": "mod",
    "math.mod": "mod",
    "math.pow": "power",
    "math.maximum": "maximum",
    "math.minimum": "minimum",
    "math.equal": "equal",
    "math.not_equal": "not_equal",
    "math.less": "less",
    "math.less_equal": "less_equal",
    "math.greater": "greater",
    "math.greater_equal": "greater_equal",
    "math.logical_and": "logical_and",
    "math.logical_or": "logical_or",
    "math.logical_xor": "logical_xor",
    "math.squared_difference": "squared_difference",
    "__operators__.eq": "equal",
    "__operators__.ne": "not_equal",
    "__operators__.lt": "less",
    "__operators__.le": "less_equal",
    "__operators__.gt": "greater",
    "__operators__.ge": "greater_equal",
    "__operators__.truediv": "true_divide",
    "__operators__.and": "logical_and",
    "__operators__.or": "logical_or",
    "math.add_v2": "add",
    "add": "add",
    "math.sub": "subtract",
    "math.mul": "multiply",
    "pow": "power",
    "math.floor_div": "floor_divide",
    "math.multiply_no_nan": "multiply",
    "bitwise.bitwise_and": "logical_and",
    "__operators__.pow": "power",
    "__operators__.radd": "add",
}
UNARY = {
    "math.negative": "negative",
    "math.abs": "absolute",
    "math.square": "square",
    "math.sign": "sign",
    "math.sqrt": "sqrt",
    "math.rsqrt": "rsqrt",
    "math.exp": "exp",
    "math.log": "log",
    "math.sin": "sin",
    "math.cos": "cos",
    "math.floor": "floor",
    "math.ceil": "ceil",
    "math.round": "round",
    "math.erf": "erf",
    "math.log1p": "log1p",
    "math.expm1": "expm1",
    "math.reciprocal": "reciprocal",
    "math.tan": "tan",
    "math.logical_not": "logical_not",
    "identity": "identity",
    "stop_gradient": "identity",
    "convert_to_tensor": "identity",
    "__operators__.neg": "negative",
    "__operators__.abs": "absolute",
}
REDUCTIONS = {
    "math.reduce_sum": "sum",
    "math.reduce_mean": "mean",
    "math.reduce_max": "max",
    "math.reduce_min": "min",
    "math.reduce_prod": "prod",
    "math.reduce_any": "any",
    "math.reduce_all": "all",
    "math.reduce_std": "std",
    "math.reduce_variance": "var",
    "math.reduce_logsumexp": "logsumexp",
    "norm": "norm",
}
ACTIVATIONS = {
    "nn.relu": "relu",
    "nn.relu6": "relu6",
    "nn.sigmoid": "sigmoid",
    "math.sigmoid": "sigmoid",
    "nn.tanh": "tanh",
    "math.tanh": "tanh",
    "nn.softplus": "softplus",
    "math.softplus": "softplus",
    "nn.softsign": "softsign",
    "math.softsign": "softsign",
    "nn.elu": "elu",
    "nn.selu": "selu",
    "nn.gelu": "gelu",
    "nn.silu": "silu",
    "nn.swish": "silu",
    "nn.leaky_relu": "leaky_relu",
    "math.log_sigmoid": "log_sigmoid",
    "keras.activations.relu": "relu",
    "keras.activations.gelu": "gelu",
    "keras.activations.sigmoid": "sigmoid",
    "keras.activations.tanh": "tanh",
    "keras.activations.elu": "elu",
    "keras.activations.selu": "selu",
    "keras.activations.swish": "silu",
    "keras.activations.softplus": "softplus",
    "keras.activations.softsign": "softsign",
    "keras.activations.mish": "mish",
    "keras.activations.hard_sigmoid": "hard_sigmoid",
    "keras.activations.exponential": "exponential",
    "keras.activations.linear": "linear",
    "keras.backend.relu": "relu",
    "keras.backend.sigmoid": "sigmoid",
}
OTHERS = {
    "cast": "cast",
    "ones_like": "ones_like",
    "zeros_like": "zeros_like",
    "ones": "ones",
    "zeros": "zeros",
    "fill": "fill",
    "range": "range",
    "shape": "shape",
    "size": "size",
    "reshape": "reshape",
    "transpose": "transpose",
    "expand_dims": "expand_dims",
    "squeeze": "squeeze",
    "concat": "concatenate",
    "stack": "stack",
    "unstack": "unstack",
    "split": "split",
    "where": "where",
    "linalg.matmul": "matmul",
    "einsum": "einsum",
    "tensordot": "tensordot",
    "nn.softmax": "softmax",
    "nn.log_softmax": "log_softmax",
    "clip_by_value": "clip",
    "gather": "gather",
    "tile": "tile",
    "repeat": "repeat",
    "broadcast_to": "broadcast_to",
    "reverse": "flip",
    "pad": "pad",
    "one_hot": "one_hot",
    "math.cumsum": "cumsum",
    "math.argmax": "argmax",
    "math.argmin": "argmin",
    "keras.activations.softmax": "softmax",
    "cumsum": "cumsum",
    "math.softmax": "softmax",
    "linalg.band_part": "band_part",
    "math.top_k": "top_k",
    "slice": "slice",
    "keras.backend.softmax": "softmax",
    "compat.v1.transpose": "transpose",
    "keras.backend.expand_dims": "expand_dims",
    "keras.backend.concatenate": "concatenate",
    "keras.backend.mean": "mean",
    "keras.backend.sum": "sum",
    "keras.backend.cast": "cast",
    "keras.backend.reshape": "reshape",
    "keras.backend.batch_dot": "matmul",
    "compat.v1.expand_dims": "expand_dims",
    "compat.v1.squeeze": "squeeze",
    "compat.v1.shape": "shape",
    "compat.v1.gather": "gather",
    "compat.v1.pad": "pad",
    "math.argmax_v2": "argmax",
    "compat.v1.size": "size",
    "math.l2_normalize": "l2_normalize",
    "nn.l2_normalize": "l2_normalize",
    "linalg.l2_normalize": "l2_normalize",
    "math.add_n": "add_n",
    "nn.bias_add": "bias_add",
    "math.count_nonzero": "count_nonzero",
    "linalg.norm": "norm",
    "keras.backend.l2_normalize": "l2_normalize",
    "linalg.einsum": "einsum",
    "compat.v1.where": "where",
    "compat.v1.ones_like": "ones_like",
    "compat.v1.zeros_like": "zeros_like",
}
NAMES = {**BINARY, **UNARY, **REDUCTIONS, **OTHERS}
# TensorFlow's names of arguments → the names here, and the order in which they may come positionally.
RENAMED = {
    "keep_dims": "keepdims",
    "perm": "axes",
    "equation": "subscripts",
    "num_or_size_splits": "sections",
    "clip_value_min": "x_min",
    "clip_value_max": "x_max",
    "multiples": "repeats",
    "paddings": "pad_width",
    "depth": "num_classes",
    "features_axis": "axis",
    "dim": "axis",
    "reduction_indices": "axis",
    "output_type": "dtype",
    "x_dtype": "dtype",
}
SECOND = ("y", "b", "x2", "indices")


def convert(converter: Converter, layer: Layer, call: Call) -> Result:
    """One operator node of a Keras 2 model."""
    options: dict[str, Any] = {RENAMED.get(key, key): value for key, value in call.keywords.items() if key != "name"}
    arguments = list(call.arguments)
    if layer.class_name == "SlicingOpLambda":
        key = _normal_key(options.get("slice_spec"))
        return TABLE["get_item"](converter, [arguments[0], key], options)
    function = str(layer.config.get("function", ""))
    bare = function.removeprefix("tf.").removeprefix("compat.v2.")
    if bare in ACTIVATIONS:
        if "alpha" in options and ACTIVATIONS[bare] == "leaky_relu":
            options["negative_slope"] = options.pop("alpha")
        return TABLE["activation"](converter, arguments, {**options, "name": ACTIVATIONS[bare]})
    last = bare.removeprefix("compat.v1.").removeprefix("raw_ops.")
    name = NAMES.get(bare) or NAMES.get(last) or NAMES.get(f"math.{last}") or NAMES.get(f"nn.{last}")
    if name is None or name not in TABLE:
        raise layer.refuse(f"the operation '{function}' is not supported; give its meaning with --custom FILE.py")
    arguments = _completed(name, arguments, options)
    return TABLE[name](converter, arguments, {**options, "function": name})


def _completed(name: str, arguments: list[Any], options: dict[str, Any]) -> list[Any]:
    """The positional arguments with those that Keras wrote by name."""
    if name == "einsum":
        # The first argument is the equation, the tensors follow it.
        if not arguments or isinstance(arguments[0], str):
            raise ExportError(
                "Keras 2 does not save the operands of tf.einsum: the file lacks them. Give the layer's meaning with "
                "--custom FILE.py, or build the model with tf.matmul"
            )
        return arguments[0] if isinstance(arguments[0], list) else arguments
    if name == "where":
        return [arguments[0], options.get("x"), options.get("y")]
    if name == "tensordot":
        return [arguments[0], options["b"]]
    if name == "split" and isinstance(options.get("sections"), list):
        options["sizes"] = options.pop("sections")
    if name == "repeat":
        options["repeats"] = options.get("repeats")
    if name == "fill":
        return [arguments[0], options.get("value")]
    if name == "broadcast_to" or name == "reshape" or name == "softmax":
        return arguments
    if name in ("range",):
        rest = [options.pop(key) for key in ("limit", "delta") if options.get(key) is not None]
        return arguments + rest
    for key in SECOND:
        if key in options and len(arguments) == 1:
            arguments = [*arguments, options.pop(key)]
    return arguments


def _normal_key(key: Any) -> Any:
    """A slice as Keras 2 writes it: dictionaries for slices and for the ellipsis."""
    if isinstance(key, list):
        return [_normal_key(item) for item in key]
    if isinstance(key, dict):
        if key.get("class_name") == "__ellipsis__" or "Ellipsis" in str(key):
            return ...
        return slice(key.get("start"), key.get("stop"), key.get("step"))
    if key in ("Ellipsis", "..."):
        return ...
    return key

