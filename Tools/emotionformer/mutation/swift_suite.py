"""Swift faults: one build of the copy with all of them, then the test bundle once a fault."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from emotionformer.errors import MutationError
from emotionformer.mutation.faults import Fault, text_of
from emotionformer.mutation.planting import CHOICE, SUPPORT, SWITCH, TRACE, modules_of, planted
from emotionformer.mutation.processes import Outcome, run_tests
from emotionformer.mutation.project import Copy
from emotionformer.mutation.results import Result

CONTROL = "control"
BUNDLE = "EmotionFormerPackageTests.xctest"
_FAILING = re.compile(r"recorded an issue|[Ff]atal error:|Test run with .* failed")
# The test target of a module, where it has another name than the module.
_TESTS = {
    "CommandLine": "EmotionFormerCLITests",
    "EmotionFormer": "EmotionFormerTests",
    "KernelInterface": "EmotionFormerKernelsTests",
    "KernelSources": "EmotionFormerKernelsTests",
    "KernelsAVX2": "EmotionFormerKernelsTests",
    "KernelsAVXVNNI": "EmotionFormerKernelsTests",
    "KernelsAVX512": "EmotionFormerKernelsTests",
    "KernelsNEON": "EmotionFormerKernelsTests",
    "KernelsNEONDotProduct": "EmotionFormerKernelsTests",
}


def target_of(file: str) -> str:
    """The test target that should see a fault in a source file first."""
    module = PurePosixPath(file).parts[1]
    return _TESTS.get(module, f"EmotionFormer{module}Tests")


def shared_sources(root: Path) -> dict[str, list[str]]:
    """Folders whose files are compiled by modules that link to them: {folder: [modules]}."""
    sources = root / "Sources"
    found: dict[str, list[str]] = {}
    # Links to folders, or to single files in folders of a module.
    for link in sorted([*sources.glob("*/*"), *sources.glob("*/*/*")]):
        if link.is_symlink():
            users = found.setdefault(link.resolve().relative_to(sources.resolve()).parts[0], [])
            user = link.relative_to(sources).parts[0]
            if user not in users:
                users.append(user)
    return found


class SwiftSuite:
    """A built copy of the project with faults in it."""

    def __init__(self, root: Path, scratch: Path, faults: list[Fault], jobs: int) -> None:
        self.root = root
        self.copy = Copy(root, scratch / "swift")
        # Numbers from 1 on, in the list's order.
        self.faults = {index + 1: fault for index, fault in enumerate(faults)}
        self.jobs = jobs
        self.baseline = 0.0

    def build(self) -> float:
        texts = {fault.file: text_of(fault, self.root) for fault in self.faults.values()}
        files = planted(texts, self.faults)
        for module in modules_of(self.faults, shared_sources(self.root)):
            files[f"Sources/{module}/{SUPPORT}"] = SWITCH
        self.copy.update(files)
        start = time.monotonic()
        built = subprocess.run(
            ["swift", "build", "--build-tests", "--package-path", self.copy.folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode != 0:
            lines = (built.stdout + built.stderr).splitlines()
            errors = dict.fromkeys(line for line in lines if ": error:" in line and not line.startswith("macro"))
            raise MutationError("the copy does not build: " + " | ".join([*errors][:20] or lines[-5:]))
        return time.monotonic() - start

    def check_baseline(self) -> float:
        """Without a fault every test must pass; with one that changes nothing too. Gives the first one's seconds."""
        start = time.monotonic()
        # Unlike the others without a bound that comes from its own time.
        outcome, _ = self._run(0, [], limit=1800)
        if outcome.failure:
            raise MutationError(f"the tests fail without a fault: {outcome.failure}")
        self.baseline = time.monotonic() - start
        for number, fault in self.faults.items():
            if fault.name == CONTROL:
                outcome, reached = self._run(number, [])
                if outcome.failure or not reached:
                    raise MutationError(
                        f"the fault that changes nothing is noticed: {outcome.failure or 'not reached'}"
                    )
        return self.baseline

    def results(self) -> Iterator[Result]:
        numbers = [number for number, fault in self.faults.items() if fault.name != CONTROL]
        with ThreadPoolExecutor(self.jobs) as pool:
            yield from pool.map(self._result, numbers)

    def _result(self, number: int) -> Result:
        fault = self.faults[number]
        tests = target_of(fault.file)
        start = time.monotonic()
        reached = False
        # The module's own tests first: they are quick, and should see it.
        for selection in (["--filter", f"^{tests}\\."], ["--skip", f"^{tests}\\."]):
            outcome, here = self._run(number, selection)
            reached = reached or here
            if outcome.failure:
                return Result(fault, outcome.failure, time.monotonic() - start)
        note = "its place is reached" if reached else "its place is never reached"
        return Result(fault, None, time.monotonic() - start, note)

    def _run(self, number: int, selection: list[str], limit: float | None = None) -> tuple[Outcome, bool]:
        with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
            trace = Path(folder) / "reached"
            environment = {
                **os.environ,
                CHOICE: str(number),
                TRACE: str(trace),
                "TMPDIR": folder,
                "SWIFT_BACKTRACE": "enable=no",
            }
            # One test may take as long as all others; a busy machine is slower than it was before.
            limit = limit or max(120, 5 * self.baseline)
            bundle = self.copy.folder / ".build" / "debug" / BUNDLE
            command = [str(bundle), "--testing-library", "swift-testing", *selection]
            outcome = run_tests(command, environment, _FAILING, limit, self.copy.folder)
            if not outcome.failure and not re.search(r"Test run with [1-9]\d* tests?.* passed", outcome.output):
                outcome = Outcome("no test was run", outcome.output)
            return outcome, trace.exists()
