"""Writes a model as MNN takes it: FOLDER, with plain.onnx, gets f32.mnn and int8.mnn, of weights of 8 bits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# MNN's own command `mnnconvert` installs a logging package and reports each conversion to its makers; the module that
# it calls does neither.
CONVERT = "import sys; import MNN, _tools; _tools.mnnconvert(['mnnconvert', *sys.argv[1:]])"


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    for name, options in (("f32", []), ("int8", ["--weightQuantBits", "8", "--weightQuantAsymmetric", "0"])):
        made = folder / f"{name}.mnn"
        made.unlink(missing_ok=True)
        source = ["-f", "ONNX", "--modelFile", str(folder / "plain.onnx"), "--MNNModel", str(made), "--bizCode", "MNN"]
        command = [sys.executable, "-c", CONVERT, *source, *options]
        # It leaves a file in the current folder.
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not made.exists():
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            sys.exit(lines[-1][:300] if lines else f"mnnconvert: exit code {done.returncode}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
