"""The command `Tools/dataset`."""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.parquet as parquet

from landmark_dataset.clips import sync, write_clips
from landmark_dataset.errors import DatasetError
from landmark_dataset.index import Index, read_index
from landmark_dataset.layout import find_layout
from landmark_dataset.splits import parsed_shares, split_by_clip, split_by_subject

_DESCRIPTION = """\
Turns the published landmark dataset (emotion_landmark_dataset.parquet: a row a frame with video_filename, frame_num,
emotion, x_0, y_0, z_0, … z_477) into clips with labels: DIR/labels.csv (clip, label, split, subject, frames, video)
and DIR/clips/*.npy, float32, frames × 478 × 3, which `emotionformer evaluate` and Tools/train read.

What is found, and said: columns by name in any order (x_0, X0, landmark_0_x, …); one column of lists; any other
feature columns as they are stored (frames × features), such as 478 a frame. Numbers of any width; rows in any order, of
a video together or not; frames by frame_num, of two with one number the first. A row with a missing number or one that
is not finite is a frame without a face: NaN throughout. Without a column of emotions, CREMA-D's file names tell them.

The file is read twice: its narrow columns, then the others in strips, so memory is bounded (--memory), whatever the
size of the file and of its row groups. The folder appears whole, or not at all.
"""

_EXAMPLES = """\
examples:
  Tools/dataset emotion_landmark_dataset.parquet -o dataset
  Tools/dataset emotion_landmark_dataset.parquet -o dataset --split train=0.8,validation=0.1,test=0.1 --by subject
  emotionformer evaluate dataset

exit codes: 0 the folder is written, 1 it is not, 2 the command line is wrong
"""


def _shares(text: str) -> list[tuple[str, float]]:
    try:
        return parsed_shares(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _memory(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 64 <= int(text[:9]) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"a number from 64 to 1000000 is expected (found {text})")
    return int(text) << 20


class _OneLineParser(argparse.ArgumentParser):
    """A wrong command line is one line, as everything else that fails."""

    def error(self, message: str) -> NoReturn:
        print(f"dataset: {message} (see --help)", file=sys.stderr)
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="Tools/dataset",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE.parquet")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="a folder that is not there yet"
    )
    parser.add_argument(
        "--features",
        choices=["auto", "landmarks", "raw", "x", "y", "z"],
        default="auto",
        help="frames × landmarks × 3; all feature columns in the file's order, frames × features; or one coordinate of "
        "each landmark (default: auto, landmarks where the columns are named so, else raw)",
    )
    parser.add_argument(
        "--labels",
        choices=["names", "stored"],
        default="names",
        help="ANG, DIS, … become Angry, Disgust, …, or stay as stored (default: names)",
    )
    parser.add_argument(
        "--gaps",
        choices=["close", "nan"],
        default="close",
        help="frames that frame_num leaves out: nothing, or frames without a face (default: close)",
    )
    parser.add_argument(
        "--split",
        type=_shares,
        metavar="NAME=SHARE,…",
        help="divide the clips by a seed (default: the file's column 'split', or none)",
    )
    parser.add_argument(
        "--by",
        choices=["clip", "subject"],
        default="clip",
        help="each class divided by the shares, or no person in two parts (default: clip)",
    )
    parser.add_argument("--seed", type=int, default=42, help="of --split (default: 42)")
    parser.add_argument(
        "--memory", type=_memory, default=512 << 20, metavar="MB", help="about what the file may take (default: 512)"
    )
    return parser


def run(arguments: argparse.Namespace) -> None:
    output: Path = arguments.output
    if output.exists() or output.is_symlink():
        raise DatasetError(f"{output}: there is something of this name already")
    # Batches are freed for good, not kept for later.
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        file = parquet.ParquetFile(arguments.file, buffer_size=64 << 10, pre_buffer=False)
        layout = find_layout(file.schema_arrow, arguments.features)
        print(f"layout    {layout.description}")
        index = read_index(file, layout, arguments.labels, arguments.gaps)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"this is no Parquet file that can be read ({_first_line(error)})") from error
    if arguments.split:
        (split_by_subject if arguments.by == "subject" else split_by_clip)(index.clips, arguments.split, arguments.seed)
    progress = _Progress()
    try:
        output.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.absolute().parent) as scratch:
            folder = Path(scratch) / "dataset"
            folder.mkdir()
            shape, missing = write_clips(file, layout, index, folder / "clips", arguments.memory, progress.update)
            _write_labels(folder / "labels.csv", index)
            sync(folder)
            os.rename(folder, output)
    except OSError as error:
        raise DatasetError(f"{output}: cannot be written ({_first_line(error)})") from error
    except pa.ArrowException as error:
        raise DatasetError(f"the file cannot be read ({_first_line(error)})") from error
    finally:
        progress.clear()
    _summarise(index, shape, missing)


def _write_labels(path: Path, index: Index) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["clip", "label", "split", "subject", "frames", "video"])
        for clip in sorted(index.clips, key=lambda clip: clip.name):
            writer.writerow([f"clips/{clip.name}.npy", clip.label, clip.split, clip.subject, clip.frames, clip.video])


def _summarise(index: Index, shape: tuple[int, ...], missing: int) -> None:
    frames = [clip.frames for clip in index.clips]
    form = " × ".join(str(extent) for extent in shape)
    print(f"clips     {len(frames)}, {min(frames)} to {max(frames)} frames × {form}")
    for title, values in (
        ("labels", [clip.label for clip in index.clips]),
        ("splits", [clip.split for clip in index.clips]),
    ):
        counted = sorted(Counter(values).items())
        if counted != [("", len(values))]:
            print(f"{title:9} " + ", ".join(f"{name or '(none)'} {count}" for name, count in counted))
    if missing:
        print(f"missing   {missing} frames without landmarks")
    if index.duplicates:
        print(f"left out  {index.duplicates} rows whose frame number their clip had already")


class _Progress:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self._shown = 0.0

    def update(self, done: int, total: int) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._shown > 0.1:
            self._shown = now
            filled = 24 * done // max(1, total)
            sys.stderr.write(f"\r\x1b[2Kwriting {'█' * filled}{'░' * (24 - filled)} {100 * done // max(1, total)} %")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _first_line(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0] if str(error) else type(error).__name__


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        run(arguments)
    except DatasetError as error:
        print(f"dataset: {arguments.file}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("dataset: interrupted", file=sys.stderr)
        return 130
    return 0
