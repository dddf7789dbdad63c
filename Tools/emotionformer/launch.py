"""Starts the tools. Arguments are read by the system's Python; then the tool's command runs in its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import show
from emotionformer.environments import Environment, interpreter
from emotionformer.errors import ToolError
from emotionformer.places import TOOLS

# A tool's name, and its folder in this package. Its `arguments.py` has `parser()` and `environment(arguments)`,
# which is None if the system's Python does; its `command.py` has `main(given)`.
FOLDERS = {
    "bench-peers": "peers", "bench-tensors": "tensors", "dataset": "dataset", "export": "export",
    "fuzz-python": "fuzzing", "landmarks": "landmarks", "make-fixtures": "fixtures", "mutate": "mutation",
    "parity": "parity", "random-package": "random_package", "train": "training", "wild": "wild",
}


def start(tool: str, given: Sequence[str]) -> int:
    """Help, or an error, or the command in this process's place."""
    chosen: list[tuple[str, Mapping[str, str]]] = []

    def body() -> int:
        arguments = import_module(f"emotionformer.{FOLDERS[tool]}.arguments")
        environment: Environment | None = arguments.environment(arguments.parser().parsed(given))
        _check_version()
        python = interpreter(environment, tool) if environment else sys.executable
        chosen.append((str(python), environment.variables if environment else {}))
        return 0

    code = run_tool(tool, body)
    for python, variables in chosen:
        os.execve(python, [python, str(TOOLS / "launch.py"), "run", tool, *given], {**os.environ, **variables})
    return code


def _check_version() -> None:
    if sys.version_info < (3, 10):  # noqa: UP036
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise ToolError(f"Python 3.10 or later is needed (found {found}): set PYTHON3 to such a one")


def run(tool: str, given: Sequence[str]) -> int:
    """The command itself, in its environment."""
    code: int = import_module(f"emotionformer.{FOLDERS[tool]}.command").main(given)
    return code


def make(name: str) -> int:
    """For shell scripts: makes an environment, and prints its interpreter."""

    def body() -> int:
        _check_version()
        show(str(interpreter(Environment(name), f"environment {name}")))
        return 0

    return run_tool("environment", body)


def main(given: Sequence[str]) -> int:
    """`start TOOL ARGUMENT…`, `run TOOL ARGUMENT…` or `make ENVIRONMENT`."""
    what, name, *arguments = given
    if what == "make":
        return make(name)
    return run(name, arguments) if what == "run" else start(name, arguments)
