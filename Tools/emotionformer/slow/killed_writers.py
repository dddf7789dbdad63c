"""Kills programs that write at random moments: the old result or the new one must be there whole, and no litter.

    PYTHONPATH=Tools python -m emotionformer.slow.killed_writers --kills 201 --executable .build/debug/emotionformer

A process that is killed (SIGKILL) cannot tidy up: what it leaves must be gone after the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emotionformer.places import FIXTURES, TOOLS

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# Says when the package is about to be written: the moments before are many, and nothing happens in them.
_EXPORT = """
import sys
from emotionformer.export import command as export, package
write = package.Package.write
def told(self, folder):
    print("writing", flush=True)
    write(self, folder)
package.Package.write = told
sys.exit(export.main(sys.argv[1:]))
"""


@dataclass
class Writer:
    """A program that writes the same target in two ways."""

    name: str
    command: Callable[[Path, int], list[str]]
    tells: bool = False

    def start(self, target: Path, form: int) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            self.command(target, form), env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        if self.tells and process.stdout.readline() != b"writing\n":
            raise SystemExit(f"{self.name}: nothing was written")
        return process

    def run(self, target: Path, form: int) -> float:
        """Writes whole; gives the seconds it took."""
        process = self.start(target, form)
        began = time.monotonic()
        process.communicate(timeout=120)
        if process.returncode:
            raise SystemExit(f"{self.name}: ended with code {process.returncode}")
        return time.monotonic() - began


def writers(executable: Path | None) -> list[Writer]:
    model = FIXTURES / "keras" / "k3_post_norm_constant.keras"
    found = [
        Writer(
            "export",
            lambda target, form: [
                sys.executable,
                "-c",
                _EXPORT,
                str(model),
                "-o",
                str(target),
                "--name",
                f"form {form}",
            ],
            tells=True,
        )
    ]
    if executable is None:
        return found
    program = str(executable.absolute())
    tflite = str(FIXTURES / "tflite" / "k3_transformer_float32.tflite")
    blocks = str(FIXTURES / "attention" / "blocks.package")

    def clip(target: Path, form: int) -> str:
        file = target.parent.parent / f"clip{form}.csv"
        file.write_text("0.1,0.2,0.3,0.4,0.5\n" * (form + 2))
        return str(file)

    return [
        *found,
        Writer(
            "convert", lambda target, form: [program, "convert", tflite, "-o", str(target), "--name", f"form {form}"]
        ),
        Writer(
            "report",
            lambda target, form: [program, "predict", "--model", blocks, "--report", str(target), clip(target, form)],
        ),
    ]


def digest(path: Path) -> str:
    """Names, rights and contents."""
    made = hashlib.sha256()
    for file in sorted([path, *path.rglob("*")]) if path.exists() else []:
        content = file.read_bytes() if file.is_file() else b""
        made.update(f"{file.relative_to(path)} {file.stat().st_mode} {len(content)}\n".encode() + content)
    return made.hexdigest()


def check(writer: Writer, kills: int, seed: int) -> Counter[str]:
    """Raises `SystemExit` at the first result that is not whole; gives how often the old and the new one was there."""
    choice = random.Random(f"{seed} {writer.name}")
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="killed-") as scratch:
        folder = Path(scratch) / "folder"
        folder.mkdir()
        target = folder / "target"
        seconds = writer.run(target, 0)
        forms = [digest(target), ""]
        writer.run(target, 1)
        forms[1] = digest(target)
        if forms[0] == forms[1]:
            raise SystemExit(f"{writer.name}: the two forms are the same, so nothing can be told")
        standing = 1
        for kill in range(kills):
            number = SIGNALS[kill % len(SIGNALS)]
            process = writer.start(target, 1 - standing)
            time.sleep(choice.uniform(0, seconds * 1.1))
            process.send_signal(number)
            process.communicate(timeout=120)
            found = digest(target)
            litter = sorted(set(os.listdir(folder)) - {"target"})
            place = f"{writer.name}, kill {kill} by {signal.Signals(number).name}"
            if found not in forms:
                raise SystemExit(
                    f"{place}: neither the old nor the new one is there whole ({sorted(os.listdir(folder))})"
                )
            if litter and number != signal.SIGKILL:
                raise SystemExit(f"{place}: left {', '.join(litter)}")
            counted["replaced" if found != forms[standing] else "kept"] += 1
            standing = forms.index(found)
            if litter:
                counted["tidied by the next"] += 1
                writer.run(target, standing)
                if os.listdir(folder) != ["target"]:
                    raise SystemExit(f"{place}: the next run left {', '.join(sorted(os.listdir(folder)))}")
    return counted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=201, help="in all (default 201)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default 1)")
    parser.add_argument("--executable", type=Path, help="the emotionformer executable (default: Tools/export alone)")
    arguments = parser.parse_args()
    chosen = writers(arguments.executable)
    for writer in chosen:
        counted = check(writer, -(-arguments.kills // len(chosen)), arguments.seed)
        print(f"{writer.name}: {', '.join(f'{what} {count}' for what, count in sorted(counted.items()))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
