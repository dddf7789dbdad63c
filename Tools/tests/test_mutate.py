"""`Tools/mutate`: its lists fit the sources, faults are planted where they belong, and its runs tell pass from
failure."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emotionformer.errors import MutationError
from emotionformer.mutation.arguments import SUITES
from emotionformer.mutation.command import LISTS, main, spread
from emotionformer.mutation.faults import Fault, check_places, only_named, place, read_faults
from emotionformer.mutation.planting import modules_of, planted
from emotionformer.mutation.processes import run_tests
from emotionformer.mutation.project import Copy
from emotionformer.mutation.python_suite import PythonSuite
from emotionformer.mutation.results import Result, Score
from emotionformer.mutation.swift_suite import shared_sources, target_of
from emotionformer.places import ROOT

FAULT = Fault("one", "Sources/Graph/A.swift", "a < b", "a <= b", "why")
FAILING = re.compile("recorded an issue")


@pytest.mark.parametrize("suite", SUITES)
def test_every_fault_has_its_place(suite: str) -> None:
    faults = read_faults(LISTS / f"{suite}.json", suite)
    check_places(faults, ROOT)
    assert all(fault.find not in fault.replace or fault.replace != fault.find for fault in faults)


def test_there_are_enough_faults() -> None:
    assert sum(len(read_faults(LISTS / f"{suite}.json", suite)) for suite in SUITES) >= 60


def test_swift_faults_are_in_every_module() -> None:
    modules = {Path(fault.file).parts[1] for fault in read_faults(LISTS / "swift.json", "swift")}
    expected = "Core Tensors Files Graph ModelFormat TFLiteImport Engine Kernels KernelSources Reference EmotionFormer"
    assert modules >= {*expected.split(), "CommandLine", "Landmarks"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "x"}, "lacks one of"),
        ({"name": "x", "file": "Sources/A.swift", "find": "a", "replace": "a", "why": "w"}, "nothing is replaced"),
        ({"name": "x", "file": "Sources/A.swift", "find": "", "replace": "a", "why": "w"}, "nothing is replaced"),
        ({"name": "x", "file": "Sources/A.swift", "find": "a", "replace": "b", "why": ""}, "nothing is replaced"),
        ({"name": "x", "file": "Tests/A.swift", "find": "a", "replace": "b", "why": "w"}, "no Swift file of Sources"),
        ({"name": "x", "color": "red"}, "unknown field"),
        ({"name": 1}, "not an object of strings"),
    ],
)
def test_a_list_of_another_form_is_refused(tmp_path: Path, entry: dict[str, object], message: str) -> None:
    (tmp_path / "list.json").write_text(json.dumps([entry]), "utf-8")
    with pytest.raises(MutationError, match=message):
        read_faults(tmp_path / "list.json", "swift")


def test_two_faults_of_one_name_are_refused(tmp_path: Path) -> None:
    entry = {"name": "x", "file": "Sources/A.swift", "find": "a", "replace": "b", "why": "w"}
    (tmp_path / "list.json").write_text(json.dumps([entry, entry]), "utf-8")
    with pytest.raises(MutationError, match="two faults have one name"):
        read_faults(tmp_path / "list.json", "swift")


@pytest.mark.parametrize("text", ["", "a > b", "a < b && a < b"])
def test_a_fault_without_its_place_is_an_error(text: str) -> None:
    with pytest.raises(MutationError, match=r"one: the text to replace stands \d times .*expected once"):
        place(FAULT, text)


def test_a_file_behind_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Sources" / "Graph").mkdir(parents=True)
    (tmp_path / "Sources" / "Graph" / "A.swift").write_text("a < b", "utf-8")
    check_places([FAULT], tmp_path)
    (tmp_path / "Sources" / "Link").symlink_to("Graph")
    with pytest.raises(MutationError, match="symbolic link"):
        check_places([Fault("two", "Sources/Link/A.swift", "a < b", "a", "why")], tmp_path)


def test_faults_stand_beside_what_they_replace() -> None:
    guard = Fault("two", FAULT.file, "guard c else", "guard FAULT || c else", "why")
    texts = {FAULT.file: "if a < b { guard c else { return } }"}
    assert planted(texts, {3: FAULT, 7: guard}) == {
        FAULT.file: "if (faultIsOn(3) ? (a <= b) : (a < b)) { guard faultIsOn(7) || c else { return } }"
    }


def test_faults_that_overlap_are_refused() -> None:
    other = Fault("two", FAULT.file, "b && c", "b", "why")
    with pytest.raises(MutationError, match="two and one overlap"):
        planted({FAULT.file: "a < b && c"}, {1: FAULT, 2: other})


def test_every_module_that_compiles_shared_files_gets_the_switch() -> None:
    shared = shared_sources(ROOT)
    assert set(shared) == {"KernelSources"}
    faults = {
        1: Fault("x", "Sources/KernelSources/Shared/Softmax.swift", "a", "b", "why"),
        2: Fault("y", "Sources/Graph/A.swift", "a", "b", "why"),
    }
    assert modules_of(faults, shared) == {
        *("Graph", "Kernels", "KernelsAVX2", "KernelsAVX512", "KernelsAVXVNNI", "KernelsNEON", "KernelsNEONDotProduct")
    }


def test_a_link_that_has_changed_is_made_again(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in ("old", "new", "user", "other/link"):
        (source / folder).mkdir(parents=True)
    (source / "old/a.txt").write_text("1", "utf-8")
    (source / "other/link/b.txt").write_text("2", "utf-8")
    (source / "user/link").symlink_to("../old")
    subprocess.run(["git", "init", "--quiet", source], check=True)
    copy = Copy(source, tmp_path / "copy")
    copy.update({})
    (source / "user/link").unlink()
    (source / "user/link").symlink_to("../new")
    shutil.rmtree(source / "other/link")
    (source / "other/link").symlink_to("../old")
    copy.update({})
    assert (tmp_path / "copy/user/link").readlink() == Path("../new")
    assert (tmp_path / "copy/other/link").readlink() == Path("../old")


def test_a_modules_own_tests_come_first() -> None:
    folders = {path.name for path in (ROOT / "Tests").iterdir()}
    for fault in read_faults(LISTS / "swift.json", "swift"):
        target = target_of(fault.file)
        name = {"EmotionFormerCLITests": "CommandLine", "EmotionFormerTests": "EmotionFormer"}.get(
            target, target.removeprefix("EmotionFormer").removesuffix("Tests")
        )
        assert name in folders, target


def run(text: str, limit: float = 30) -> str | None:
    return run_tests([sys.executable, "-c", text], {}, FAILING, limit, ROOT).failure


def test_a_run_that_passes_has_no_failure() -> None:
    assert run("print('all is well')") is None


def test_the_first_failure_ends_a_run() -> None:
    start = time.monotonic()
    text = "import time; print('Test a recorded an issue at b', flush=True); time.sleep(60)"
    assert run(text) == "Test a recorded an issue at b"
    assert time.monotonic() - start < 30


def test_crashes_codes_and_hangs_are_failures() -> None:
    assert run("import os; os.kill(os.getpid(), 11)") == "ended by SIGSEGV"
    assert run("raise SystemExit(3)") == "ended with code 3"
    assert run("import time; time.sleep(60)", limit=0.5) == "no end within 0 s"


def test_a_run_sees_the_signals_that_its_parent_ignores() -> None:
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run("import os; os.kill(os.getpid(), 1)") == "ended by SIGHUP"
    finally:
        signal.signal(signal.SIGHUP, ignored)


def test_what_a_run_has_started_ends_with_it(tmp_path: Path) -> None:
    child = f"import time, pathlib; time.sleep(3); pathlib.Path({str(tmp_path / 'alive')!r}).touch()"
    text = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True);"
        "print('recorded an issue', flush=True); time.sleep(60)"
    )
    assert run(text) == "recorded an issue"
    time.sleep(4)
    assert not (tmp_path / "alive").exists()


def test_a_copy_has_the_tracked_files_with_faults_in_them_and_nothing_else(tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "copy"
    for name, text in {"Sources/A.swift": "a", "Sources/B.swift": "b", ".gitignore": "ignored\n"}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, "utf-8")
    (source / "ignored").write_text("x", "utf-8")
    (source / "Sources" / "Link").symlink_to("A.swift")
    subprocess.run(["git", "init", "-q", source], check=True)
    copy = Copy(source, folder)
    copy.update({"Sources/A.swift": "other"})
    assert (folder / "Sources" / "A.swift").read_text("utf-8") == "other"
    assert (folder / "Sources" / "Link").is_symlink()
    assert not (folder / "ignored").exists()
    before = (folder / "Sources" / "A.swift").stat().st_mtime_ns
    (source / "Sources" / "B.swift").unlink()
    copy.update({"Sources/A.swift": "other"})
    assert (folder / "Sources" / "A.swift").stat().st_mtime_ns == before
    assert not (folder / "Sources" / "B.swift").exists()
    copy.update({})
    assert (folder / "Sources" / "A.swift").read_text("utf-8") == "a"


def test_the_score_needs_nineteen_of_twenty() -> None:
    caught, survived = Result(FAULT, "a test failed", 1), Result(FAULT, None, 1, "its place is reached")
    assert Score("swift", [caught] * 19 + [survived]).passes
    score = Score("swift", [caught] * 18 + [survived], equivalent=2)
    assert not score.passes
    assert score.line == "swift: 18 of 19 faults caught (94.7 %), 2 equivalent"
    assert score.document()["faults"][-1]["sign"] == "its place is reached"


def test_a_sample_is_spread_over_the_list() -> None:
    faults = [Fault(str(index), "f", "a", "b", "w") for index in range(10)]
    assert [fault.name for fault in spread(faults, 3)] == ["0", "3", "6"]
    assert spread(faults, 20) == faults
    assert only_named(faults, ["1", "9"]) == [faults[1], faults[9]]


def test_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "tensors-"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith("swift  tensors-") for line in lines)


def test_an_unknown_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "nothing-begins-so"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "found nothing-begins-so" in captured.err


def test_a_python_fault_meets_the_tests_of_its_tool_first(tmp_path: Path) -> None:
    faults = read_faults(LISTS / "python.json", "python")
    suite = PythonSuite(ROOT, tmp_path, faults, Path(sys.executable))
    suite.copy.folder = ROOT
    first = {fault.file: suite.tests_of(fault.file) for fault in faults}
    assert all(first.values()), [file for file, tests in first.items() if not tests]
    assert first["Tools/emotionformer/export/layers/convolution.py"][0] == "test_label_pickle.py"
    assert first["Tools/emotionformer/landmarks/timing.py"][0] == "test_landmarks.py"
