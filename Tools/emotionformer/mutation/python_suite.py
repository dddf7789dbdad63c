"""Python faults: one at a time in the copy, under the tests of its tool and then all others."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from emotionformer.errors import MutationError
from emotionformer.mutation.faults import Fault, place, text_of
from emotionformer.mutation.processes import Outcome, run_tests
from emotionformer.mutation.project import Copy
from emotionformer.mutation.results import Result

_FAILING = re.compile(r"^(FAILED|ERROR) |^=+ .*\b(failed|error)")
# The tests that should see a fault in a tool's folder first.
_TESTS = {
    "export": ["label_pickle", "export", "models", "roads", "golden_case", "random_package", "engine"],
    "landmarks": ["landmarks", "landmarks_command", "video_reading"],
    "dataset": ["dataset"],
    "parity": ["parity"],
    "peers": ["peers"],
    "training": ["training", "synthetic_faces"],
}


class PythonSuite:
    """A copy of the project in which one file at a time is wrong."""

    def __init__(self, root: Path, scratch: Path, faults: list[Fault], python: Path) -> None:
        self.root = root
        self.copy = Copy(root, scratch / "python")
        self.faults = faults
        self.python = python
        self.baseline = 0.0

    def check_baseline(self) -> float:
        self.copy.update({})
        start = time.monotonic()
        outcome = self._run([], limit=1800)
        if outcome.failure:
            raise MutationError(f"the tests fail without a fault: {outcome.failure}")
        self.baseline = time.monotonic() - start
        return self.baseline

    def results(self) -> Iterator[Result]:
        for fault in self.faults:
            yield self._result(fault)

    def tests_of(self, file: str) -> list[str]:
        """The test files that should see a fault in a source file first; those that are there."""
        folders = PurePosixPath(file).parts[:-1]
        names = [f"test_{name}.py" for folder in folders for name in _TESTS.get(folder, [])]
        # Tests are named after what they test.
        stem = PurePosixPath(file).stem
        folder = self.copy.folder / "Tools" / "tests"
        own = sorted(path.name for path in folder.glob("test_*.py") if stem in path.name)
        return [name for name in dict.fromkeys(own + names) if (folder / name).exists()]

    def _result(self, fault: Fault) -> Result:
        text = text_of(fault, self.root)
        start = place(fault, text)
        wrong = text[:start] + fault.replace + text[start + len(fault.find) :]
        self.copy.update({fault.file: wrong})
        began = time.monotonic()
        try:
            first = self.tests_of(fault.file)
            for selection in [first, [f"--ignore=Tools/tests/{name}" for name in first]] if first else [[]]:
                outcome = self._run(selection)
                if outcome.failure:
                    return Result(fault, outcome.failure, time.monotonic() - began)
            return Result(fault, None, time.monotonic() - began)
        finally:
            self.copy.update({})

    def _run(self, selection: list[str], limit: float | None = None) -> Outcome:
        files = [f"Tools/tests/{name}" for name in selection if not name.startswith("--")]
        # The list itself is tested there: whatever is planted, its place is gone.
        options = [name for name in selection if name.startswith("--")] + ["--ignore=Tools/tests/test_mutate.py"]
        program = self.root / ".build" / "debug" / "emotionformer"
        environment = {**os.environ, "PYTHONPATH": "Tools", "PYTHONDONTWRITEBYTECODE": "1"}
        # Tests that need the program take the one that is built, and are passed over without.
        environment.setdefault("EMOTIONFORMER", str(program))
        command = [str(self.python), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", "--tb=line"]
        return run_tests(
            [*command, *options, *(files or ["Tools/tests"])],
            environment,
            _FAILING,
            limit or max(120, 5 * self.baseline),
            self.copy.folder,
        )
