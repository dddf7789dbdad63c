"""Writes a model as MNN takes it: FOLDER, with plain.onnx, gets f32.mnn and int8.mnn, of weights of 8 bits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    folder = Path(sys.argv[1])
    for name, options in (("f32", []), ("int8", ["--weightQuantBits", "8", "--weightQuantAsymmetric", "0"])):
        made = folder / f"{name}.mnn"
        made.unlink(missing_ok=True)
        source = ["-f", "ONNX", "--modelFile", str(folder / "plain.onnx"), "--MNNModel", str(made), "--bizCode", "MNN"]
        command = [str(Path(sys.executable).with_name("mnnconvert")), *source, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not made.exists():
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            sys.exit(lines[-1][:300] if lines else f"mnnconvert: exit code {done.returncode}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
