"""The command line of `Tools/dataset`."""

from __future__ import annotations

import argparse
from pathlib import Path

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment

_DESCRIPTION = """\
Turns the published landmark dataset (emotion_landmark_dataset.parquet: one row per frame with video_filename,
frame_num, emotion, x_0, y_0, z_0, … z_477) into clips with labels: DIR/labels.csv (clip, label, split, subject, frames,
video) and DIR/clips/*.npy, float32, frames × 478 × 3, which `emotionformer evaluate` and Tools/train read.

Recognized and reported: columns by name in any order (x_0, X0, landmark_0_x, …); one column of lists; any other
feature columns as they are stored (frames × features), such as 478 per frame. Numbers of any width; rows in any order;
frames by frame_num, the first of two with the same number. A row with a missing number or one that is not finite is a
frame without a face: all its values are NaN. Without a column of emotions, they are taken from CREMA-D's file names.

The file is read twice: its narrow columns, then the others in strips, so memory is bounded (--memory), whatever the
size of the file and of its row groups. The folder is written atomically. Progress is a bar on standard error, if that
is a terminal.
"""

_EXAMPLES = """\
examples:
  Tools/dataset emotion_landmark_dataset.parquet -o dataset
  Tools/dataset emotion_landmark_dataset.parquet -o dataset --split train=0.8,validation=0.1,test=0.1 --by subject
  emotionformer evaluate dataset

Cells of labels.csv that a spreadsheet would take for a formula (=, +, -, @, …) get an apostrophe in front,
which readers of these tables remove.

exit codes: 0 the folder is written, 1 it is not, 2 the command line is wrong
"""


def parsed_shares(text: str) -> list[tuple[str, float]]:
    """`train=0.8,validation=0.1,test=0.1`; the shares are made to add up to 1."""
    shares = []
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            share = float(number)
        except ValueError:
            share = -1
        if not name.strip() or not 0 < share < 1e6:
            raise ValueError(f"expected NAME=SHARE,NAME=SHARE,… (found {part})")
        shares.append((name.strip(), share))
    if len({name for name, _ in shares}) != len(shares):
        raise ValueError("a name occurs twice")
    whole = sum(share for _, share in shares)
    return [(name, share / whole) for name, share in shares]


def _shares(text: str) -> list[tuple[str, float]]:
    try:
        return parsed_shares(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parser() -> Parser:
    result = Parser("dataset", _DESCRIPTION, _EXAMPLES)
    result.add_argument("file", type=Path, metavar="FILE.parquet")
    result.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="a folder that does not exist"
    )
    result.add_argument(
        "--features",
        choices=["auto", "landmarks", "raw", "x", "y", "z"],
        default="auto",
        help="frames × landmarks × 3; all feature columns in the file's order, frames × features; or one coordinate of "
        "each landmark (default: auto, landmarks where the columns are named so, else raw)",
    )
    result.add_argument(
        "--labels",
        choices=["names", "stored"],
        default="names",
        help="ANG, DIS, … become Angry, Disgust, …, or stay as stored (default: names)",
    )
    result.add_argument(
        "--gaps",
        choices=["close", "nan"],
        default="close",
        help="frames that frame_num leaves out: nothing, or frames without a face (default: close)",
    )
    result.add_argument(
        "--split",
        type=_shares,
        metavar="NAME=SHARE,…",
        help="divide the clips by a seed (default: the file's column 'split', or none)",
    )
    result.add_argument(
        "--by",
        choices=["clip", "subject"],
        default="clip",
        help="each class divided by the shares, or no person in two parts (default: clip)",
    )
    result.add_argument("--seed", type=int, default=42, help="of --split (default: 42)")
    result.add_argument(
        "--memory",
        type=whole(64, 1_000_000),
        default=512,
        metavar="MB",
        help="about how much memory the file may take (default: 512)",
    )
    return result


def environment(arguments: argparse.Namespace) -> Environment:
    return Environment("dataset")
