"""The command line of `Tools/train`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser
from emotionformer.environments import Environment
from emotionformer.errors import TrainError

DESCRIPTION = """\
Trains a sequence transformer on clips of landmarks and writes a folder of the published kind: the .h5, the .tflite
(dynamic-range int8), assets/ (global mean and deviation, labels, metadata), history.json, curves.svg of accuracy and
loss over the epochs, and assessment.json and .md on held-out clips.

Adam; the rate is halved after two epochs without a better validation loss, training stops after --patience such
epochs, and the weights of the best epoch are kept. Class weights; augmentation: mirror, crop, speed, lost frames. The
normalization is one mean and deviation for each axis of landmarks, else for each feature. Frames without a face are
dropped.

FOLDER.training-… beside the folder holds the generated clips and the state after every epoch: the same command
continues after an interruption. It can be deleted when the folder is complete.
"""
EXAMPLES = """examples:
  Tools/train --synthetic -o build/EmotionFormer-Synthetic --package build/Package
      clips from the generator, no outside data; then a package by Tools/export
  Tools/train --dataset build/landmarks -o build/Mine --bilstm 64 --width 128
      clips with a table labels.csv (clip, label; split and subject if they are known), as Tools/dataset writes them
  Tools/train --assess build/EmotionFormer-Synthetic
      held-out synthetic people, also under shifted conditions; writes assessment.json and .md into the folder
  Tools/train --write-dataset build/synthetic --people 20
      synthetic clips as a dataset, for `emotionformer evaluate`

exit codes: 0 all is written, 1 something failed, 2 the command line is wrong
"""
# The names of the generator's `SHIFTS`.
CONDITIONS = (
    "12 frames a second",
    "60 frames a second",
    "a fifth of the frames missing",
    "all of it, moderately",
    "as trained",
    "expressions half as strong",
    "head pose x 2",
    "noise x 3",
    "speech x 2",
)


def parser() -> Parser:
    result = Parser("train", DESCRIPTION, EXAMPLES, checked)
    mode = result.add_mutually_exclusive_group(required=True)
    mode.add_argument("--synthetic", action="store_true", help="train on generated clips")
    mode.add_argument("--dataset", metavar="DIR", type=Path, help="train on a folder with labels.csv")
    mode.add_argument("--assess", metavar="FOLDER", type=Path, help="measure a trained folder on generated clips")
    mode.add_argument("--write-dataset", metavar="DIR", type=Path, help="write generated clips as a dataset")
    add = result.add_argument
    add("-o", "--output", metavar="FOLDER", type=Path, help="the folder to write; an older one is replaced")
    add("--package", metavar="PACKAGE", type=Path, help="also make a model package there, with Tools/export")
    add("--name", help="the model's name (default: the output folder's)")
    add("--seed", type=int, default=20251122, help="seed of clips, weights and order (default 20251122)")
    add("--jobs", type=int, default=2, help="processes that generate clips, threads that train (default 2)")
    data = result.add_argument_group("clips").add_argument
    data("--people", type=int, help="synthetic people to train on (default 450), to assess a shift (40), to write (20)")
    data("--shares", type=float, nargs=2, default=(0.1, 0.1), metavar="S", help="of validation and test (0.1 0.1)")
    data("--frames", type=int, default=300, help="frames the model takes (default 300)")
    data("--condition", choices=CONDITIONS, default="as trained", help="for --write-dataset")
    net = result.add_argument_group("network").add_argument
    net("--width", type=int, default=64, help="width of the encoder (default 64)")
    net("--heads", type=int, default=4, help="attention heads (default 4)")
    net("--blocks", type=int, default=2, help="encoder blocks (default 2)")
    net("--forward", type=int, default=128, help="width inside the feed-forward parts (default 128)")
    net("--bilstm", type=int, default=0, metavar="UNITS", help="a bidirectional LSTM after the encoder (default none)")
    net("--pool", type=int, default=10, help="frames averaged into one step (default 10; 1: none)")
    net("--dropout", type=float, default=0.2, help="dropout rate (default 0.2; half of it on the input)")
    net(
        "--no-center",
        "--no-centre",
        action="store_true",
        help="keep the face's place and size (only 1,434 features are centered)",
    )
    learn = result.add_argument_group("learning").add_argument
    learn("--epochs", type=int, default=40, help="the most epochs (default 40)")
    learn("--batch", type=int, default=64, help="clips per step (default 64)")
    learn("--rate", type=float, default=1e-3, help="initial learning rate of Adam (default 0.001)")
    learn("--patience", type=int, default=6, help="epochs without a better validation loss (default 6)")
    learn("--no-augmentation", action="store_true")
    return result


def checked(arguments: argparse.Namespace) -> None:
    """Refuses what cannot work before anything is computed."""
    if arguments.seed < 0:
        raise TrainError(f"--seed {arguments.seed}: expected 0 or more")
    positive = ("jobs", "frames", "width", "heads", "blocks", "forward", "pool", "epochs", "batch", "patience")
    for name in positive:
        if getattr(arguments, name) < 1:
            raise TrainError(f"--{name} {getattr(arguments, name)}: expected a positive number")
    if arguments.people is not None and arguments.people < 1:
        raise TrainError(f"--people {arguments.people}: expected a positive number")
    if arguments.bilstm < 0 or not 0 <= arguments.dropout < 1 or not arguments.rate > 0:
        raise TrainError("--bilstm must not be negative, --dropout lies in 0 … 1, --rate is positive")
    if min(arguments.shares) <= 0 or sum(arguments.shares) >= 1:
        raise TrainError(f"--shares {arguments.shares[0]} {arguments.shares[1]}: positive, together less than 1")
    if (arguments.synthetic or arguments.dataset) and arguments.output is None:
        raise TrainError("-o FOLDER is missing")


def environment(arguments: argparse.Namespace) -> Environment:
    return Environment("train", variables={"TF_CPP_MIN_LOG_LEVEL": "3", "OPENBLAS_NUM_THREADS": "1"})
