"""The command line of `Tools/export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser
from emotionformer.environments import Environment

DEFAULT_FRAMES = 300
# Clips in the self-test.
CLIPS = 3
SIDES = {"end": "end", "post": "end", "start": "start", "pre": "start", "none": "none"}
TRUNCATIONS = {"end": "end", "post": "end", "start": "start", "pre": "start", "uniform": "uniform"}
ORDERS = dict.fromkeys(("before", "beforeNormalization"), "beforeNormalization")
ORDERS.update(dict.fromkeys(("after", "afterNormalization"), "afterNormalization"))
# What the outputs are, where the graph does not prove it.
LOGITS_OPTION, PROBABILITIES_OPTION, SIGMOID_OPTION = "--from-logits", "--from-probabilities", "--from-sigmoid"
# How a custom layer is read, where the file leaves it open.
BLOCK_OPTION, POSITION_OPTION = "--transformer-block", "--position-layer"
BLOCK_FORM = "NORMS,ACTIVATION,EPSILON[,causal]"
NORMS = ("post-norm", "pre-norm")
POSITIONS = {
    "add": "input + table",
    "scaled": "input · √width + table",
    "table": "the table alone, which the model adds itself",
    "tokens": "rows of a table by number + the table of positions",
    "projected": "a dense layer of the input + table",
}
# What the inputs and outputs are, by name.
ROLE_OPTION, KIND_OPTION, SHAPE_OPTION = "--input-role", "--output-kind", "--input-shape"
ROLES = ("clip", "vector", "image", "tensor")
KINDS = ("probabilities", "scores", "logits", "values")
MISSING_VALUES = ("refuse", "zeros", "keep")
ATTENTION_OPTION, NETWORK_OPTION = "--attention-layer", "--tcn-layer"
ATTENTION_FORM = "ACTIVATION,OUTPUT"
POOLED = {
    "sum": "the weighted sum of the frames",
    "sequence": "the weighted frames",
    "sum+weights": "the weighted sum, and the weights",
}
NETWORK = "keras-tcn"
LAYOUTS = ("raw", "xyz-interleaved", "xyz-planar", "x", "y", "z")

EXAMPLES = """examples:
  Tools/export TF-Emotion-Sequence-Transformer/ -o Weights/EmotionFormer
      the published folder: model, mean, std, label encoder and metadata are found by their role
  Tools/export model.keras -o Weights/Mine --mean mean.npy --std std.npy --labels Angry,Disgust,Fear,Happy,Neutral,Sad
  Tools/export model.h5 -o Weights/Mine --custom Tools/examples/custom_layers.py
  Tools/export model.keras -o Weights/Mine --transformer-block post-norm,gelu,1e-6 --position-layer add
  Tools/export two_inputs.keras -o Weights/Mine --input-role face=image --output-kind valence=values
  EMOTIONFORMER_KERAS_PYTHON=~/tf/bin/python Tools/export model.keras -o Weights/Mine --verify-with keras
"""


def parser() -> Parser:
    result = Parser("export", "Turns a saved Keras model (Keras 2 or 3) into a model package.", EXAMPLES)
    add = result.add_argument
    add("source", metavar="SOURCE", type=Path, help="an .h5 or .keras file, or the published folder")
    add(
        "-o",
        "--output",
        metavar="PACKAGE",
        type=Path,
        required=True,
        help="the package's folder; an older package there is replaced, anything else is an error",
    )
    add("--name", help="the model's name in the package (default: the folder's name)")
    add("--mean", metavar="F", type=Path, help=".npy file of the features' means")
    add("--std", metavar="F", type=Path, help=".npy file of their standard deviations")
    add("--epsilon", metavar="E", type=float, default=None, help="added to the standard deviation (default 0)")
    add(
        "--labels",
        metavar="F|A,B,C",
        help="class names in output order: a label encoder's pickle, .json, .txt, or A,B,C",
    )
    add(
        "--frames",
        metavar="N",
        type=int,
        help=f"frames a clip, where the model leaves them open (default {DEFAULT_FRAMES})",
    )
    add("--features", metavar="N", type=int, help="features of a frame, if the model does not fix them")
    add(
        "--layout",
        choices=LAYOUTS,
        help="order of a frame's features (default: xyz-interleaved for 1434 features, else raw)",
    )
    add("--padding-order", choices=sorted(ORDERS), help="pad before or after normalizing (default before)")
    add(
        "--pad-side",
        choices=list(SIDES),
        help="where a short clip is padded (default end), or none to run it at its own length",
    )
    add("--pad-value", metavar="V", type=float, default=None, help="the value that it is padded with (default 0)")
    add(
        "--truncate",
        choices=list(TRUNCATIONS),
        help="which frames of a long clip are dropped: the last (default), the first, or uniform to sample evenly",
    )
    add(
        "--missing-frame",
        choices=("drop", "zeros", "repeatPrevious"),
        help="how a frame without a face is treated (default drop)",
    )
    add(
        "--missing-value",
        choices=MISSING_VALUES,
        help="how a NaN among a frame's other numbers is treated: refuse (default), zeros, or keep if the model itself "
        "handles NaN",
    )
    add(
        ROLE_OPTION,
        metavar="[NAME=]ROLE",
        action="append",
        default=[],
        help=f"what an input is, where its shape does not say it: one of {', '.join(ROLES)} (numbers of which nothing "
        "is assumed); NAME is Keras's name of the input",
    )
    add(
        SHAPE_OPTION,
        metavar="[NAME=]N,N,…",
        action="append",
        default=[],
        help="an input's extents without the batch, where the model leaves some open",
    )
    add(
        KIND_OPTION,
        metavar="[NAME=]KIND",
        action="append",
        default=[],
        help=f"what an output is, where the graph does not prove it: one of {', '.join(KINDS)}; NAME is Keras's name "
        "of the output",
    )
    add("--custom", metavar="FILE.py", type=Path, help="describes custom layers and Lambdas (see Tools/examples)")
    add(
        BLOCK_OPTION,
        metavar="[CLASS=]READING",
        action="append",
        default=[],
        help=f"how a custom block with the parts of keras.io's transformer block computes: {BLOCK_FORM}, such as "
        "post-norm,relu,1e-6 (keras.io's own) or pre-norm,gelu,1e-3,causal; once for each class. Without CLASS= it "
        "goes for the classes TransformerBlock, TransformerEncoder, TransformerEncoderBlock and TransformerLayer; a "
        "class of any other name needs CLASS=",
    )
    add(
        POSITION_OPTION,
        metavar="[CLASS=]READING",
        action="append",
        default=[],
        help="what a custom layer with a table of positions gives: "
        + ", ".join(f"{name} ({meaning})" for name, meaning in POSITIONS.items())
        + ". Without CLASS= it goes for classes with position in their name; any other needs CLASS=",
    )
    add(
        ATTENTION_OPTION,
        metavar="[CLASS=]READING",
        action="append",
        default=[],
        help=f"how a custom layer that pools frames by attention computes: {ATTENTION_FORM}, such as tanh,sum. Each "
        "frame has the score activation(frame · W + b), · u if the layer has a vector for it; weights are the softmax "
        "over the frames. With two dense layers before the last (Bahdanau's), they are added: the first of the call's "
        "first tensor, the second of its second. OUTPUT is "
        + ", ".join(f"{name} ({meaning})" for name, meaning in POOLED.items())
        + ". Without CLASS= it goes for classes with attention in their name; any other needs CLASS=",
    )
    add(
        NETWORK_OPTION,
        metavar="[CLASS=]READING",
        action="append",
        default=[],
        help=f"how a custom layer called TCN computes: {NETWORK}, as the library of that name. A .keras file that says "
        "that the class is that library's needs no option",
    )
    add(LOGITS_OPTION, action="store_true", help="the model ends in logits: add the softmax")
    add(
        SIGMOID_OPTION,
        action="store_true",
        help="the model ends in one sigmoid p: two classes, with the probabilities 1 − p and p",
    )
    add(
        PROBABILITIES_OPTION,
        action="store_true",
        help="the outputs are probabilities of classes that exclude each other, though no softmax shows it",
    )
    add(
        "--verify-with",
        choices=("keras",),
        help="store Keras's own outputs as the self-test; needs TensorFlow, in this "
        "Python or in the one that EMOTIONFORMER_KERAS_PYTHON names",
    )
    add(
        "--keras-classes",
        metavar="FILE.py",
        type=Path,
        help="the model's own layer classes, for --verify-with keras: the file is run by that Python",
    )
    add(
        "--self-test-clips",
        metavar="N",
        type=int,
        default=CLIPS,
        help=f"clips in the package's self-test (default {CLIPS}); fewer make a smaller package",
    )
    add("--no-limits", action="store_true", help="without limits on memory and work, for your own models only")
    add("--license", help="the model's license, as text")
    add("--citation", help="how to cite the model, as text")
    return result


def environment(arguments: argparse.Namespace) -> Environment:
    return Environment("export")
