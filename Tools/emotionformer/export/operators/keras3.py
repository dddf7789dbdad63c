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
_CODE = "it holds Python functions, which are never run"
_SIZE = "the size of its result depends on the numbers in it"
_MATRICES = "it decomposes or inverts matrices"
_COMPLEX = "it computes with complex numbers"
_TRAINING = "it is a loss or decodes one"
_PICTURES = "it moves the pixels of pictures"
_BITS = "it works on the bits of numbers"
# Operations that are not exported, with the reason; what stands in neither table is one of a later version.
REASONS = {
    **dict.fromkeys("AssociativeScan Cond ForiLoop JVP Map Scan Switch VectorizedMap WhileLoop".split(), _CODE),
    **dict.fromkeys("Argpartition Bincount Histogram Nonzero Unique".split(), _SIZE),
    **dict.fromkeys(
        "Cholesky CholeskyInverse Corrcoef Det Eig Eigh Inv Logdet Lstsq LuFactor MatrixRank Pinv Qr SVD Slogdet Solve "
        "SolveTriangular".split(),
        _MATRICES,
    ),
    **dict.fromkeys(
        "Angle FFT2 IFFT2 IRFFT ISTFT Imag Isreal Polar STFT ViewAsComplex ViewAsReal".split(), _COMPLEX
    ),
    **dict.fromkeys(
        "BinaryCrossentropy CTCDecode CTCLoss CategoricalCrossentropy PSNR SSIM SparseCategoricalCrossentropy".split(),
        _TRAINING,
    ),
    **dict.fromkeys(
        "AffineTransform CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB MapCoordinates PadImages "
        "PerspectiveTransform RGBToHSV ScaleAndTranslate SobelEdges".split(),
        _PICTURES,
    ),
    **dict.fromkeys(
        "BitwiseLeftShift BitwiseRightShift BitwiseXor Gcd Lcm Ldexp LeftShift Nextafter RightShift Signbit "
        "View".split(),
        _BITS,
    ),
    **dict.fromkeys(
        "AllClose Correlate Diag Diagflat Erfc Erfinv Fold I0 Kron Rearrange Scatter ScatterUpdate SegmentMax "
        "SegmentMin SegmentProd SegmentReduction SegmentSum Sparsemax Unfold UnravelIndex".split(),
        "it is rare in models that predict",
    ),
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


def function_of(class_name: str) -> str | None:
    """The name here of the function that a class calls; None if it is not exported."""
    if class_name in ACTIVATIONS:
        return "activation"
    name = NAMES.get(class_name, snake_case(class_name))
    return name if name in TABLE else None


def convert(converter: Converter, layer: Layer, call: Call) -> Result:
    """One operator node of a Keras 3 model."""
    options: dict[str, Any] = {key: value for key, value in layer.config.items() if key not in ("name", "dtype_policy")}
    options.update(call.keywords)
    arguments = list(call.arguments)
    if layer.class_name in ACTIVATIONS:
        return TABLE["activation"](
            converter, _first(arguments, options), {**options, "name": ACTIVATIONS[layer.class_name]}
        )
    name = function_of(layer.class_name)
    if name is None:
        reason = REASONS.get(layer.class_name, "this operation is not supported")
        raise layer.refuse(f"{reason}; give its meaning with --custom FILE.py")
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
