"""Operator nodes as Keras 3 writes them: a class of `keras.src.ops`, with fixed arguments in its configuration."""

from __future__ import annotations

from typing import Any

from emotionformer.export.conversion import Converter, Result
from emotionformer.export.graph import Call
from emotionformer.export.layer import Layer
from emotionformer.export.operators.families import TABLE
from emotionformer.export.reading.weight_store import snake_case

# Class name → the function's name here, where it is not the class name in snake case.
NAMES = {
    "Divide": "true_divide", "Abs": "absolute", "Remainder": "mod", "Amax": "max", "Amin": "min",
    "StopGradient": "identity", "Copy": "identity", "Real": "identity", "Conj": "identity", "Conjugate": "identity",
    "ConvertToTensor": "converted", "Array": "converted", "SaturateCast": "saturate_cast",
    "Invert": "bitwise_not", "BitwiseInvert": "bitwise_not", "NanToNum": "nan_to_num", "CDist": "cdist",
    "FFT": "fft", "RFFT": "rfft", "RGBToGrayscale": "rgb_to_grayscale", "RMSNorm": "rms_norm", "TopK": "top_k",
    "InTopK": "in_top_k", "IsIn": "isin", "SearchSorted": "searchsorted",
}
ACTIVATIONS = {
    **{
        name: snake_case(name)
        for name in (
            "Relu Relu6 Sigmoid Softplus Softsign Silu LeakyRelu HardSigmoid HardSilu Elu Selu Gelu Celu Mish Tanh "
            "LogSigmoid HardTanh Squareplus SoftShrink HardShrink TanhShrink Threshold SparsePlus SparseSigmoid"
        ).split()
    },
    "Swish": "silu",
    "HardSwish": "hard_silu",
}
# The order of the arguments that a class may be called with positionally, behind its tensors.
POSITIONAL = {
    "clip": ("x_min", "x_max"),
    "pad": ("constant_values",),
    "reshape": ("newshape",),
    "sum": ("axis", "keepdims"),
    "broadcast_to": ("shape",),
    "full_like": ("fill_value",),
}
RENAMED = {
    "einsum": {"subscripts": "subscripts"},
    **{
        name: {"indices_or_sections": "sections"} for name in ("split", "array_split", "hsplit", "vsplit", "dsplit")
    },
    "tile": {"repeats": "repeats"},
    "unstack": {"num": "count"},
}


def convert(converter: Converter, layer: Layer, call: Call) -> Result:
    """One operator node of a Keras 3 model."""
    options: dict[str, Any] = {key: value for key, value in layer.config.items() if key not in ("name", "dtype_policy")}
    options.update(call.keywords)
    arguments = list(call.arguments)
    if layer.class_name in ACTIVATIONS:
        return TABLE["activation"](
            converter, _first(arguments, options), {**options, "name": ACTIVATIONS[layer.class_name]}
        )
    name = NAMES.get(layer.class_name, snake_case(layer.class_name))
    if name not in TABLE:
        raise layer.refuse("this operation is not supported; give its meaning with --custom FILE.py")
    for theirs, ours in RENAMED.get(name, {}).items():
        if theirs in options:
            options[ours] = options.pop(theirs)
    arguments = _first(arguments, options)
    for key in ("x2", "y", "indices", "key"):
        if key in options and len(arguments) < 3:
            arguments.append(options.pop(key))
    extra = len(arguments) - 1
    for position, key in enumerate(POSITIONAL.get(name, ())[: max(extra, 0)]):
        options.setdefault(key, arguments[position + 1])
    return TABLE[name](converter, arguments, {**options, "function": name})


def _first(arguments: list[Any], options: dict[str, Any]) -> list[Any]:
    """The positional arguments; an operator called by keyword alone has its first tensor under one of these names."""
    if arguments:
        return arguments
    for keys in (("x1", "x2"), ("condition", "x1", "x2"), ("xs",), ("arrays",), ("x",), ("operands",), ("inputs",)):
        if all(key in options for key in keys):
            return [options.pop(key) for key in keys]
    return arguments
