"""`--verify-with keras`: the source framework's own outputs, from a Python that has TensorFlow.

That Python is the one that the environment variable EMOTIONFORMER_KERAS_PYTHON names, else `python3` on the path; it
needs `tensorflow`, for files of Keras 2 `tf_keras` too (or TensorFlow ≤ 2.15). Layers that are not Keras's own are
loaded from the file that `--keras-classes` names.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.outputs import Statement
from emotionformer.export.specification import LOGITS, OutputSpecification

VARIABLE = "EMOTIONFORMER_KERAS_PYTHON"
WORKER = Path(__file__).with_name("keras_worker.py")


@dataclass
class KerasOutputs:
    """What Keras gave for each of the model's outputs, and which version of it; `logits` are those of a last softmax
    layer, if the model has one output."""

    oracle: str
    outputs: list[np.ndarray]
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
    inputs: dict[str, np.ndarray],
    outputs: Sequence[str],
    generation: int,
    classes: Path | None = None,
) -> KerasOutputs:
    """Runs the model in Keras on prepared inputs (N, …) by their names, in the model's order; `outputs` are the names
    of its outputs, `classes` is the user's own Python file."""
    if classes is not None and not classes.is_file():
        raise ExportError(f"--keras-classes {classes}: no such file")
    python = os.environ.get(VARIABLE, "python3")
    with tempfile.TemporaryDirectory() as folder:
        task, made = Path(folder) / "task.json", Path(folder) / "output.npz"
        for number, array in enumerate(inputs.values()):
            np.save(Path(folder) / f"input{number}.npy", array)
        task.write_text(
            json.dumps({
                "model": str(model.absolute()),
                "generation": generation,
                "inputs": list(inputs),
                "outputs": list(outputs),
                "classes": None if classes is None else str(classes.absolute()),
            }),
            "utf-8",
        )  # fmt: skip
        command = [python, str(WORKER), str(task), str(made)]
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
            said = reason(lines)
            if "No module named" in said:
                raise ExportError(
                    f"--verify-with keras: {python}: {said}; set {VARIABLE} to a Python that has TensorFlow"
                )
            advice = ""
            if classes is None and any("custom" in line for line in lines[-3:]):
                advice = "; give the model's own layer classes with --keras-classes FILE.py"
            raise ExportError(f"--verify-with keras: Keras cannot run {model.name}: {said[:300]}{advice}")
        with np.load(made, allow_pickle=False) as held:
            found = [held[f"output{number}"] for number in range(len(outputs))]
            logits = held["logits"].astype(np.float64) if "logits" in held.files else None
            return KerasOutputs(str(held["oracle"]), found, logits)


def reason(lines: Sequence[str]) -> str:
    """The line of an exception: after it Keras lists the arguments of the call."""
    return next((line for line in reversed(lines) if re.match(r"[\w.]*(Error|Exception): ", line)), lines[-1])


def as_exported(found: KerasOutputs, item: OutputSpecification, statement: Statement) -> np.ndarray | None:
    """Keras's numbers for one of the package's outputs; None if Keras does not give them."""
    output = found.outputs[item.source].astype(np.float64)
    if statement.whole == "sigmoid":
        return np.concatenate([1 - output, output], axis=-1)
    if statement.whole == "logits":
        if item.kind == LOGITS:
            return output
        shifted = np.exp(output - output.max(axis=-1, keepdims=True))
        result: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
        return result
    if item.is_operand:
        return found.logits
    return output
