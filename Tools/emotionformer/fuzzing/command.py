"""The command `Tools/fuzz-python`."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import say, show
from emotionformer.fuzzing.arguments import parser
from emotionformer.fuzzing.running import Program, Ran, run
from emotionformer.fuzzing.targets import TARGETS
from emotionformer.places import ROOT

# In memory, where the system has such a folder.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
FINDINGS = ROOT / ".build-fuzz" / "findings-python"

@dataclass
class Result:
    """What the cases of one target came to."""

    executions: int = 0
    packages: int = 0
    slowest: float = 0.0
    peak: int = 0
    # By what is wrong, without numbers and names: how often, and the first case that showed it.
    findings: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)


def fuzz(name: str, program: Program, seed: int, runs: int | None, seconds: float, keep: Path | None) -> Result:
    """Runs cases of one target: `runs`, or as many as the time allows. The first of each kind of finding is kept."""
    result = Result()
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fuzz-python-", dir=SCRATCH) as scratch:
        while result.executions < runs if runs else time.monotonic() < until:
            random = Random(f"{name} {seed} {result.executions}")
            folder = Path(scratch) / str(result.executions)
            (folder / "in").mkdir(parents=True)
            arguments = TARGETS[name](folder / "in", random)
            _count(result, run(program, arguments, folder), name, arguments, folder, keep)
            shutil.rmtree(folder)
    return result


def _count(result: Result, ran: Ran, name: str, arguments: list[str], folder: Path, keep: Path | None) -> None:
    result.executions += 1
    result.packages += ran.code == 0
    result.slowest = max(result.slowest, ran.seconds)
    result.peak = max(result.peak, ran.peak)
    result.messages[re.sub(r"'[^']*'|\d+", "…", ran.message)[:110]] += 1
    if ran.finding is None:
        return
    kind = re.sub(r"'[^']*'|(?<!line )\d+", "…", ran.finding)
    result.counts[kind] += 1
    if kind in result.findings:
        return
    command = arguments
    if keep is not None:
        place = keep / f"{name}-{len(result.findings)}"
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder / "in", place, symlinks=True)
        command = [item.replace(str(folder / "in"), str(place)) for item in arguments]
    result.findings[kind] = f"{ran.finding}\n  reproduce with: {shlex.join(['Tools/export', *command, '-o', 'made'])}"


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("fuzz-python", lambda: _run(parser().parsed(given)))


def _run(asked: argparse.Namespace) -> int:
    if asked.list:
        for name in TARGETS:
            show(name)
        return 0
    unknown = [name for name in asked.targets if name not in TARGETS]
    if unknown:
        say("fuzz-python", f"unknown target '{unknown[0]}'; Tools/fuzz-python --list names them")
        return 2
    if sys.platform != "linux":
        say("fuzz-python", "needs Linux, where memory is bounded")
        return 2
    # All that a case imports is here before the first fork.
    from emotionformer.export import keras_oracle  # noqa: F401
    from emotionformer.export.command import main as export

    found = False
    show("target   executions  packages  messages  slowest    memory  findings")
    for name in asked.targets or TARGETS:
        result = fuzz(name, export, asked.seed, asked.runs, asked.seconds, FINDINGS)
        show(
            f"{name:<8} {result.executions:>10} {result.packages:>9} {len(result.messages):>9} "
            f"{result.slowest:>6.2f} s {result.peak >> 20:>5} MiB {len(result.findings):>9}"
        )
        for kind, described in result.findings.items():
            found = True
            for line in f"{name}: {result.counts[kind]} times: {described}".split("\n"):
                show(f"  {line}")
    return 1 if found else 0
