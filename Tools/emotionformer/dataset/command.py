"""The command `Tools/dataset`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import show
from emotionformer.console.progress import Progress
from emotionformer.console.table import row
from emotionformer.dataset.arguments import parser
from emotionformer.dataset.clips import write_clips
from emotionformer.dataset.index import Index, read_index
from emotionformer.dataset.layout import find_layout
from emotionformer.dataset.splits import split_by_clip, split_by_subject
from emotionformer.errors import DatasetError, OutputError, reason
from emotionformer.outputs import Kind, OutputFolder


def run(arguments: argparse.Namespace) -> None:
    output: Path = arguments.output
    if output.exists() or output.is_symlink():
        raise DatasetError(f"{output}: there is something of this name already")
    # Batches are freed for good, not kept for later.
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        file = parquet.ParquetFile(arguments.file, buffer_size=64 << 10, pre_buffer=False)
        layout = find_layout(file.schema_arrow, arguments.features)
        show(f"layout    {layout.description}")
        index = read_index(file, layout, arguments.labels, arguments.gaps)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"this is not a Parquet file that can be read ({reason(error)})") from error
    if arguments.split:
        (split_by_subject if arguments.by == "subject" else split_by_clip)(index.clips, arguments.split, arguments.seed)
    progress = Progress(sys.stderr, "writing", None)
    try:
        # A dataset may be somebody's own work, and looks no different: none is replaced.
        with OutputFolder(output, Kind("empty folder", lambda folder: None)) as made:
            folder = made.path
            shape, missing = write_clips(file, layout, index, folder / "clips", arguments.memory << 20, progress.update)
            _write_labels(folder / "labels.csv", index)
            made.keep()
    except OSError as error:
        raise DatasetError(f"{output}: cannot be written ({reason(error)})") from error
    except pa.ArrowException as error:
        raise DatasetError(f"the file cannot be read ({reason(error)})") from error
    finally:
        progress.clear()
    _summarize(index, shape, missing)


def _write_labels(path: Path, index: Index) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(row(["clip", "label", "split", "subject", "frames", "video"]))
        for clip in sorted(index.clips, key=lambda clip: clip.name):
            file.write(row([f"clips/{clip.name}.npy", clip.label, clip.split, clip.subject, clip.frames, clip.video]))


def _summarize(index: Index, shape: tuple[int, ...], missing: int) -> None:
    frames = [clip.frames for clip in index.clips]
    form = " × ".join(str(extent) for extent in shape)
    show(f"clips     {len(frames)}, {min(frames)} to {max(frames)} frames × {form}")
    for title, values in (
        ("labels", [clip.label for clip in index.clips]),
        ("splits", [clip.split for clip in index.clips]),
    ):
        counted = sorted(Counter(values).items())
        if counted != [("", len(values))]:
            show(f"{title:9} " + ", ".join(f"{name or '(none)'} {count}" for name, count in counted))
    if missing:
        show(f"missing   {missing} frames without landmarks")
    if index.duplicates:
        show(f"left out  {index.duplicates} rows whose frame number their clip had already")


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("dataset", lambda: _run(parser().parsed(given)))


def _run(arguments: argparse.Namespace) -> int:
    try:
        run(arguments)
    except (DatasetError, OutputError) as error:
        raise DatasetError(f"{arguments.file}: {error}") from error
    return 0
