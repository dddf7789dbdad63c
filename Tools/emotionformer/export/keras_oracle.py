"""`--verify-with keras`: the source framework's own outputs, from a Python that has TensorFlow.

That Python is the one that the environment variable EMOTIONFORMER_KERAS_PYTHON names, else `python3` on the path; it
needs `tensorflow`, for files of Keras 2 `tf_keras` too (or TensorFlow ≤ 2.15). Layers that are not Keras's own are
loaded from the file that `--keras-classes` names.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ExportError

VARIABLE = "EMOTIONFORMER_KERAS_PYTHON"
WORKER = Path(__file__).with_name("keras_worker.py")


@dataclass
class KerasOutputs:
    """What Keras gave, and which version of it."""

    oracle: str
    probabilities: np.ndarray
    logits: np.ndarray | None


def check_without_code(root: dict[str, Any]) -> None:
    """Refuses a model that brings Python code of its own: Keras 2 runs it when it loads the model."""
    waiting: list[Any] = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if item.get("class_name") in ("Lambda", "__lambda__"):
                config = item.get("config")
                name = item.get("name") or (config.get("name") if isinstance(config, dict) else None) or ""
                raise ExportError(
                    f"--verify-with keras: Lambda '{name}' holds code that Keras would run. Leave the option out, or "
                    "check the model in Keras yourself"
                )
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def outputs_by_keras(
    model: Path,
    inputs: np.ndarray,
    generation: int,
    shape: list[int],
    stated: str | None,
    classes: Path | None = None,
) -> KerasOutputs:
    """Runs the model in Keras on normalized clips (N, frames, features); `classes` is the user's own Python file."""
    if classes is not None and not classes.is_file():
        raise ExportError(f"--keras-classes {classes}: no such file")
    python = os.environ.get(VARIABLE, "python3")
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "input.npy", Path(folder) / "output.npz"
        np.save(given, inputs.reshape(inputs.shape[0], inputs.shape[1], *shape))
        command = [python, str(WORKER), str(model.absolute()), str(given), str(made), str(generation)]
        if classes is not None:
            command.append(str(classes.absolute()))
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        environment.update({"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1"})
        if generation == 2:
            # `tensorflow.keras` in the file of classes is then Keras 2, too.
            environment["TF_USE_LEGACY_KERAS"] = "1"
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExportError(f"--verify-with keras: {python} cannot be run ({error}); set {VARIABLE}") from error
        if run.returncode != 0 or not made.is_file():
            lines = [line for line in run.stderr.strip().splitlines() if line.strip()] or ["no message"]
            if "No module named" in lines[-1]:
                raise ExportError(
                    f"--verify-with keras: {python}: {lines[-1]}; set {VARIABLE} to a Python that has TensorFlow"
                )
            advice = ""
            if classes is None and any("custom" in line for line in lines[-3:]):
                advice = "; give the model's own layer classes with --keras-classes FILE.py"
            raise ExportError(f"--verify-with keras: Keras cannot run {model.name}: {lines[-1][:300]}{advice}")
        with np.load(made, allow_pickle=False) as held:
            output, oracle = held["output"].astype(np.float64), str(held["oracle"])
            logits = held["logits"].astype(np.float64) if "logits" in held.files else None
    if stated == "sigmoid":
        output = np.concatenate([1 - output, output], axis=-1)
        logits = None
    if stated == "logits":
        logits = output
        shifted = np.exp(output - output.max(axis=-1, keepdims=True))
        output = shifted / shifted.sum(axis=-1, keepdims=True)
    return KerasOutputs(oracle, output, logits)
