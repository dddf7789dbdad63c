"""Whole processes: from their start to the first line of their output, and the most memory they had at once.

A process inherits the peak of the one that started it, so a small one does that.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from emotionformer.errors import PeersError


def measured(command: Sequence[str], timeout: float = 120) -> tuple[float, int]:
    """Milliseconds to the first line, and the peak of resident bytes."""
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py")), *command]
    try:
        finished = subprocess.run(launcher, capture_output=True, text=True, check=False, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise PeersError(f"{command[0]}: no result within {timeout:g} s") from error
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["without a word"]
        raise PeersError(f"{Path(command[0]).name}: ended with code {finished.returncode}: {lines[-1][:300]}")
    found = json.loads(finished.stdout)
    return float(found["milliseconds"]), int(found["peakBytes"])
