"""Operator nodes as Keras 2 writes them: `TFOpLambda` and `SlicingOpLambda` with a TensorFlow function's name."""

from __future__ import annotations

import re
from typing import Any

from emotionformer.export.conversion import ADVICE, Converter, Result
from emotionformer.export.graph import Call
from emotionformer.export.layer import Layer
from emotionformer.export.operators.families import TABLE


def _named_alike(names: str) -> dict[str, str]:
    """Functions that the table has under the last part of TensorFlow's name."""
    return {name: name.rpartition(".")[2] for name in names.split()}


# TensorFlow's names of functions → the names here.
NAMES = {
    **_named_alike(
        "__operators__.add math.add math.subtract math.multiply math.divide_no_nan math.mod math.maximum math.minimum "
        "math.equal math.not_equal math.less math.less_equal math.greater math.greater_equal math.logical_and "
        "math.logical_or math.logical_xor math.squared_difference add math.negative math.square math.sign math.sqrt "
        "math.rsqrt math.exp math.log math.sin math.cos math.floor math.ceil math.round math.erf math.log1p math.expm1 "
        "math.reciprocal math.tan math.logical_not identity norm cast ones_like zeros_like ones zeros fill range shape "
        "size reshape transpose expand_dims squeeze stack unstack split where linalg.matmul einsum tensordot "
        "nn.softmax nn.log_softmax gather tile repeat broadcast_to pad one_hot math.cumsum math.argmax math.argmin "
        "keras.activations.softmax cumsum math.softmax linalg.band_part math.top_k slice "
        "compat.v1.transpose compat.v1.expand_dims compat.v1.squeeze compat.v1.shape "
        "compat.v1.gather compat.v1.pad compat.v1.size math.l2_normalize nn.l2_normalize linalg.l2_normalize "
        "math.add_n nn.bias_add math.count_nonzero linalg.norm linalg.einsum "
        "compat.v1.where compat.v1.ones_like compat.v1.zeros_like "
        "math.sinh math.cosh roll linspace math.cumprod cumprod sort argsort math.in_top_k searchsorted "
        "linalg.cross nn.moments math.multiply_no_nan dtypes.saturate_cast math.count_nonzero "
        "nn.depth_to_space nn.space_to_depth math.expm1 math.log1p"
    ),
    "math.asin": "arcsin", "math.acos": "arccos", "math.atan": "arctan", "math.atan2": "arctan2",
    "math.asinh": "arcsinh", "math.acosh": "arccosh", "math.atanh": "arctanh", "math.is_nan": "isnan",
    "math.is_inf": "isinf", "math.is_finite": "isfinite", "math.rint": "round", "linalg.trace": "trace",
    "math.reduce_euclidean_norm": "norm", "image.resize": "resize", "image.rgb_to_grayscale": "rgb_to_grayscale",
    "nn.max_pool": "max_pool", "nn.max_pool1d": "max_pool", "nn.max_pool2d": "max_pool", "nn.max_pool3d": "max_pool",
    "nn.avg_pool": "average_pool", "nn.avg_pool1d": "average_pool", "nn.avg_pool2d": "average_pool",
    "nn.avg_pool3d": "average_pool",
    "__operators__.sub": "subtract", "__operators__.mul": "multiply", "math.divide": "true_divide",
    "math.truediv": "true_divide", "realdiv": "true_divide", "math.floordiv": "floor_divide", "math.floormod": "mod",
    "math.pow": "power", "__operators__.eq": "equal", "__operators__.ne": "not_equal", "__operators__.lt": "less",
    "__operators__.le": "less_equal", "__operators__.gt": "greater", "__operators__.ge": "greater_equal",
    "__operators__.truediv": "true_divide", "__operators__.and": "logical_and", "__operators__.or": "logical_or",
    "math.add_v2": "add", "math.sub": "subtract", "math.mul": "multiply", "pow": "power",
    "math.floor_div": "floor_divide", "bitwise.bitwise_and": "bitwise_and",
    "__operators__.pow": "power", "__operators__.radd": "add", "math.abs": "absolute", "stop_gradient": "identity",
    "convert_to_tensor": "identity", "__operators__.neg": "negative", "__operators__.abs": "absolute",
    "math.reduce_sum": "sum", "math.reduce_mean": "mean", "math.reduce_max": "max", "math.reduce_min": "min",
    "math.reduce_prod": "prod", "math.reduce_any": "any", "math.reduce_all": "all", "math.reduce_std": "std",
    "math.reduce_variance": "var", "math.reduce_logsumexp": "logsumexp", "concat": "concatenate",
    "clip_by_value": "clip", "reverse": "flip", "math.argmax_v2": "argmax",
}
ACTIVATIONS = {
    **_named_alike(
        "nn.relu nn.relu6 nn.sigmoid math.sigmoid nn.tanh math.tanh nn.softplus math.softplus nn.softsign "
        "math.softsign nn.elu nn.selu nn.gelu nn.silu nn.leaky_relu math.log_sigmoid keras.activations.relu "
        "keras.activations.gelu keras.activations.sigmoid keras.activations.tanh keras.activations.elu "
        "keras.activations.selu keras.activations.softplus keras.activations.softsign keras.activations.mish "
        "keras.activations.hard_sigmoid keras.activations.exponential keras.activations.linear"
    ),
    "nn.swish": "silu",
    "keras.activations.swish": "silu",
}
# TensorFlow's names of arguments → the names here, and the order in which they may come positionally.
RENAMED = {
    "keep_dims": "keepdims", "perm": "axes", "equation": "subscripts", "num_or_size_splits": "sections",
    "clip_value_min": "x_min", "clip_value_max": "x_max", "multiples": "repeats", "paddings": "pad_width",
    "depth": "num_classes", "features_axis": "axis", "dim": "axis", "reduction_indices": "axis",
    "output_type": "dtype", "x_dtype": "dtype", "ksize": "pool_size", "pattern": "axes",
}
# Keywords that change no number of the result, and the only values that change none of others.
IDLE = ("conjugate", "num", "out_type", "stable", "validate_indices")
DEFAULTS: dict[str, tuple[Any, ...]] = {
    "batch_dims": (0,),
    "beta": (1,),
    "constant_values": (0,),
    "data_format": ("NHWC", "NWC", "NDHWC", "N...C"),
}
# Functions of several tensors of which Keras 2 saves the first argument alone.
LOST = {"einsum": "build the model with tf.matmul", "meshgrid": "build the model with tf.repeat and tf.tile"}
SECOND = ("y", "b", "x2", "indices", "x", "values", "predictions")


class Watched(dict[str, Any]):
    """Keyword arguments that remember which of them were asked for."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def unread(self) -> list[str]:
        """Those that would change the result and were not asked for."""
        return [key for key, value in self.items() if key not in self.read and not _is_idle(key, value)]


def _is_idle(key: str, value: Any) -> bool:
    if value is None or value is False or key in IDLE:
        return True
    return isinstance(value, (int, float, str)) and value in DEFAULTS.get(key, ())


def convert(converter: Converter, layer: Layer, call: Call) -> Result:
    """One operator node of a Keras 2 model. A keyword that nothing heeds is refused."""
    options = Watched({RENAMED.get(key, key): value for key, value in call.keywords.items() if key != "name"})
    arguments = list(call.arguments)
    function = str(layer.config.get("function", ""))
    if layer.class_name == "SlicingOpLambda" and function.endswith(".getitem"):
        key = _normal_key(options.get("slice_spec"))
        return TABLE["get_item"](converter, [arguments[0], key], options)
    if layer.class_name == "TensorFlowOpLayer":
        # Before 2.4 TensorFlow's operation itself was saved, as text.
        found = re.search(r"""["']?op["']?\s*:\s*["'](\w+)""", str(layer.config.get("node_def", "")))
        raise layer.refuse(
            f"the TensorFlow operation {found.group(1) if found else 'in it'} is saved in a form of before 2.4: save "
            "the model again with a later TensorFlow, or give its meaning with --custom FILE.py"
        )
    bare = function.removeprefix("tf.").removeprefix("compat.v2.")
    if bare in ACTIVATIONS:
        if "alpha" in options and ACTIVATIONS[bare] == "leaky_relu":
            options["negative_slope"] = options.pop("alpha")
        options["name"] = ACTIVATIONS[bare]
        return _called(converter, layer, "activation", arguments, options)
    last = bare.removeprefix("compat.v1.").removeprefix("raw_ops.")
    if last.rpartition(".")[2] in LOST and not (arguments and isinstance(arguments[0], list)):
        raise layer.refuse(
            f"Keras 2 does not save the operands of {function}: the file lacks them. Give the layer's meaning with "
            f"--custom FILE.py, or {LOST[last.rpartition('.')[2]]}"
        )
    name = NAMES.get(bare) or NAMES.get(last) or NAMES.get(f"math.{last}") or NAMES.get(f"nn.{last}")
    if name is None or name not in TABLE:
        raise layer.refuse(f"the operation '{function}' is not supported; give its meaning with --custom FILE.py")
    arguments = _completed(layer, name, arguments, options)
    options["function"] = name
    return _called(converter, layer, name, arguments, options)


def _called(converter: Converter, layer: Layer, name: str, arguments: list[Any], options: Watched) -> Result:
    result: Result = TABLE[name](converter, arguments, options)
    for key in options.unread():
        if key not in ("function", "name"):
            value = options[key]
            shown = str(value)[:40] if isinstance(value, (bool, int, float, str)) else "…"
            raise layer.refuse(f"it is called with {key}={shown}, which is not supported; {ADVICE}")
    return result


def _completed(layer: Layer, name: str, arguments: list[Any], options: Watched) -> list[Any]:
    """The positional arguments with those that Keras wrote by name."""
    if name == "einsum":
        found: list[Any] = arguments[0]
        return found
    if name == "one_hot":
        for key, number in (("on_value", 1), ("off_value", 0)):
            value = options.pop(key, None)
            # A whole number makes whole numbers.
            if value is not None and (value != number or not (isinstance(value, float) or options.get("dtype"))):
                raise layer.refuse(f"it is called with {key}={str(value)[:40]}, which is not supported; {ADVICE}")
    if name == "in_top_k" and "targets" in options:
        return [options.pop("targets"), *arguments]
    if name == "count_nonzero" and str(options.get("dtype")) in ("int32", "int64", "None"):
        options.pop("dtype", None)
    if name == "clip":
        for theirs, ours in (("min_value", "x_min"), ("max_value", "x_max")):
            if theirs in options:
                options[ours] = options.pop(theirs)
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
