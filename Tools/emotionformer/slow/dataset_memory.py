"""Tools/dataset on a file ten times as large takes no more memory. Run by Tools/test-dataset."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from emotionformer.places import TOOLS

_MEGABYTE = 1 << 20
# What the file's pages and a batch may take in all, in MB; a small file does not reach it.
_MEMORY = 128
_CONVERT = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from emotionformer.dataset.command import main
code = main(sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak // 1024 if sys.platform != "darwin" else peak // 1024 ** 2)
sys.exit(code)
"""


def make(file: Path, clips: int, rows_a_group: int) -> None:
    """Clips of 70 frames."""
    command = [
        sys.executable,
        str(TOOLS / "launch.py"),
        "run",
        "make-fixtures",
        "parquet",
        str(file),
        "--clips",
        str(clips),
        "--frames",
        "70",
    ]
    subprocess.run([*command, "--rows-a-group", str(rows_a_group)], check=True)


def peak(file: Path, output: Path, memory: int) -> int:
    """The most memory that a conversion had, in MB."""
    command = [sys.executable, "-c", _CONVERT, str(TOOLS), str(file), "-o", str(output), "--memory", str(memory)]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(result.stdout.split()[-1])


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory(prefix="dataset-") as scratch:
        folder = Path(scratch)
        # One row group holds everything, the worst there is; and row groups of some clips.
        for title, rows in (("one row group", 1 << 30), ("many row groups", 2000)):
            peaks = []
            for clips in (35, 350):
                file = folder / "file.parquet"
                make(file, clips, rows)
                peaks.append(peak(file, folder / f"{clips}-{rows}", _MEMORY))
                print(f"{title}: {file.stat().st_size // _MEGABYTE} MB: {peaks[-1]} MB of memory", flush=True)
            passed = peaks[1] - peaks[0] < _MEMORY
            failed += not passed
            if rows == 1 << 30:
                # All columns at once: that the bound holds is the strips' doing.
                whole = peak(folder / "file.parquet", folder / "whole", 1_000_000)
                print(f"{title}, without a bound: {whole} MB", flush=True)
                failed += not whole > peaks[1] + _MEMORY // 2
    print(f"{3 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
