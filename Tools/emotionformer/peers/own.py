"""This engine beside itself, in turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from emotionformer.errors import PeersError
from emotionformer.peers.contestants import OURS, Files
from emotionformer.peers.protocol import Contestant, interleaved
from emotionformer.peers.statistics import quantile
from emotionformer.places import ROOT

BUNDLED = ROOT / "Weights" / "EmotionFormer-Synthetic"
_SPIN = "import sys\nprint(flush=True)\nwhile True: pass"


def in_company(files: Files, model: str, seconds: float) -> float | None:
    """2 threads / 1, float32, while another program keeps one core busy; None on a machine with one core."""
    if (os.cpu_count() or 1) < 2:
        return None
    with busy_core():
        return _ratio(files, files.ours(model, "float32"), (["--threads", "2"], ["--threads", "1"]), seconds)


def of_frames(files: Files, short: int, long: int, seconds: float) -> float:
    """A clip of few frames / one of many, for the bundled model, which masks padding."""
    return _ratio(files, BUNDLED, (["--frames", str(short)], ["--frames", str(long)]), seconds)


@contextmanager
def busy_core() -> Iterator[subprocess.Popen[bytes]]:
    """A program that does nothing all the time, on the first of this process's cores where the system can say so."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", _SPIN], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        yield process
    finally:
        process.kill()
        process.communicate()


def _ratio(files: Files, model: Path, options: tuple[Sequence[str], Sequence[str]], seconds: float) -> float:
    """Of the medians with two sets of options."""
    command = (str(files.executable), "benchmark", "--model", str(model), "--interactive")
    with ExitStack() as stack:
        contestants = [stack.enter_context(Contestant(OURS, (*command, *each))) for each in options]
        samples = interleaved(contestants, seconds)
    medians = []
    for taken in samples:
        if isinstance(taken, PeersError):
            raise taken
        medians.append(quantile(taken, 0.5))
    return medians[0] / medians[1]
