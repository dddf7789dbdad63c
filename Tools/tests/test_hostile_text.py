"""Any text in every string that a file can bring, through every command of the executable: pages have no element more,
tables and JSON give the text back, and a terminal sees no control but our own."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import random
import re
import subprocess
import threading
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import numpy as np
import pandas as pd
import pytest
from conftest import EXECUTABLE
from packages import write_package

from emotionformer.console.printing import is_hidden, markup, printable
from emotionformer.console.table import row, text_of
from emotionformer.fixtures.hostile_text import SPECIAL, text
from emotionformer.places import ROOT

pytestmark = pytest.mark.executable
TFLITE = ROOT / "Tests" / "Fixtures" / "tflite" / "k3_transformer_float32.tflite"
PLAIN = ["name", "tool", "source", "license", "citation", "key", "value", "node", "inner", "one", "two", "three"]
COUNT = len(PLAIN)
CLIP = "1,5\n1,5\n2,1\n"


def different(made: Sequence[str]) -> list[str]:
    """The same texts, no two equal to Swift, which counts by canonical equivalence."""
    return [f"{each}{index}" for index, each in enumerate(made)]


def case_of(made: Sequence[str]) -> list[str]:
    """The last three are labels, in which a package may have no control below 0x20."""
    return different([*made[:-3], *(re.sub("[\x00-\x1f\x7f]", "", each) for each in made[-3:])])


def _cases() -> list[list[str]]:
    source = random.Random(20261129)
    first = [SPECIAL[index % len(SPECIAL)] for index in range(2 * COUNT)]
    return [case_of(first[:COUNT]), case_of(first[COUNT:])] + [
        case_of([text(source) for _ in range(COUNT)]) for _ in range(2)
    ]


CASES = _cases()


def file_name(made: str) -> str:
    return re.sub("[/\0]", "", made)[:40] + ".csv"


class Case:
    """A package, a clip and a dataset whose every name is hostile."""

    def __init__(self, folder: Path, texts: list[str], **options: bool) -> None:
        self.texts, self.labels = texts, texts[-3:]
        self.folder = folder
        self.model = write_package(folder / "model", texts, **options)
        self.clip = folder / file_name(texts[0] + texts[4])
        self.clip.write_text(CLIP)
        self.dataset = folder / "dataset"
        self.dataset.mkdir()
        lines = [row(["clip", "label"])]
        for index, label in enumerate(self.labels):
            name = file_name(f"{index}{texts[index]}")
            (self.dataset / name).write_text(CLIP)
            lines.append(row([name, label]))
        (self.dataset / "labels.csv").write_text("".join(lines), "utf-8", newline="")

    def run(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([EXECUTABLE, *arguments], capture_output=True, check=False)
        out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        assert done.returncode == code, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def printed(self, *arguments: str | Path, code: int = 0) -> str:
        """Everything that a run writes; nothing of it is hidden."""
        done = self.run(*arguments, code=code)
        check_shown(done.stdout + done.stderr)
        return done.stdout + done.stderr

    def page(self, *arguments: str | Path) -> str:
        page = self.folder / "page.html"
        self.printed(*arguments, "--report", page)
        return page.read_text("utf-8")


def check_shown(written: str) -> None:
    found = {f"U+{ord(letter):04X}" for letter in written if letter != "\n" and is_hidden(letter)}
    assert not found, f"{found} in {written!r}"


@pytest.fixture(params=range(len(CASES)))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return Case(tmp_path, CASES[request.param], has_attention=True)


def test_tables_and_messages(case: Case) -> None:
    """predict, inspect, evaluate and verify for people; and what is said of files that are not there or broken."""
    model: list[str | Path] = ["--model", case.model]
    shown = [printable(label) for label in case.labels]
    lines = case.printed("predict", *model, case.clip).splitlines()
    assert lines[0].startswith(printable(case.clip.name) + ": ") and lines[0].split(": ")[-1] in shown[2]
    assert all(line.startswith(f"  {label}") for line, label in zip(lines[1:], shown, strict=False))
    assert lines[-1] == f"model: {printable(case.texts[0])}" and len(lines) == 6
    inspected = case.printed("inspect", case.model)
    for made in case.texts[:5] + case.labels + [case.texts[7]]:
        assert printable(made) in inspected
    for stage in ("simplified", "fused", "plan"):
        case.printed("inspect", "--stage", stage, case.model)
    evaluated = case.printed("evaluate", *model, case.dataset)
    assert all(label in evaluated for label in shown)
    assert printable(case.texts[7]) in case.printed("verify", "--nodes", case.model, code=2)
    assert len(case.printed("predict", *model, case.folder / ("missing" + case.clip.name), code=1).splitlines()) == 1
    wrong = case.folder / ("x" + case.clip.name)
    wrong.write_text("1,2,3\n")
    assert len(case.printed("predict", *model, wrong, code=1).splitlines()) == 1
    (case.dataset / "labels.csv").write_text(row(["clip", "label"]) + row([case.clip.name, case.texts[4]]), "utf-8")
    assert len(case.printed("evaluate", *model, case.dataset, code=1).splitlines()) == 1
    assert (
        len(
            case.printed(
                "predict", case.texts[8], "--frobnicate" + case.texts[8].replace("\0", ""), code=64
            ).splitlines()
        )
        == 1
    )
    (case.model / "weights.bin").write_bytes(b"")
    assert len(case.printed("predict", *model, case.clip, code=1).splitlines()) == 1


def test_json_gives_the_text_back(case: Case) -> None:
    model: list[str | Path] = ["--model", case.model]
    for command in (["predict", "--json"], ["stream", "--hop", "1", "--window", "2"], ["stream", "--json"]):
        for line in case.printed(*command, *model, case.clip).splitlines():
            found = json.loads(line)
            assert list(found["probabilities"]) == case.labels and found["label"] in case.labels
            assert found["clip"] == case.clip.name
    measured = json.loads(case.printed("evaluate", "--json", *model, case.dataset))
    assert measured["labels"] == case.labels and list(measured["classes"]) == case.labels
    assert measured["model"] == case.texts[0]
    for stage in ("imported", "plan"):
        found = json.loads(case.printed("inspect", "--json", "--stage", stage, case.model))
        assert [found["name"], found["license"], found["citation"]] == [case.texts[index] for index in (0, 3, 4)]
        assert found["labels"] == case.labels and found["metadata"] == {case.texts[5]: case.texts[6]}


def test_tables_for_programs_give_the_text_back(case: Case) -> None:
    """By Python's csv and by pandas. No cell of text begins like a formula."""
    written = case.run("predict", "--csv", "--window", "2", "--hop", "1", "--model", case.model, case.clip).stdout
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert {len(each) for each in rows} == {8} and len(rows) == 3
    assert [text_of(label) for label in rows[0][5:]] == case.labels
    assert {text_of(each[0]) for each in rows[1:]} == {case.clip.name}
    assert {text_of(each[4]) for each in rows[1:]} <= set(case.labels)
    frame = pd.read_csv(io.BytesIO(written.encode()), dtype={"clip": str, "label": str}, keep_default_na=False)
    assert [text_of(label) for label in frame.columns[5:]] == case.labels
    assert {text_of(each) for each in frame["clip"]} == {case.clip.name}
    assert (frame.dtypes[5:] == np.float64).all()
    for each in [*rows[0], *(cell for line in rows[1:] for cell in (line[0], line[4]))]:
        assert each[:1] not in tuple("=+-@\t\r\n") or float(each) is not None


def elements(page: str) -> list[tuple[str, list[str]]]:
    """Every element with its attributes' names, as HTML's own rules find them."""
    tree: Element = html5lib.parse(page, namespaceHTMLElements=False)
    return [(str(node.tag), sorted(map(str, node.attrib))) for node in tree.iter()]


def test_pages_have_no_element_more(case: Case, tmp_path: Path) -> None:
    """Than those of a package whose names are plain; the names stand in them as they are shown."""
    plain = Case(tmp_path / "plain", PLAIN, has_attention=True)
    for command in (["predict"], ["stream", "--hop", "1", "--window", "2"]):
        page = case.page(*command, "--model", case.model, case.clip)
        assert elements(page) == elements(plain.page(*command, "--model", plain.model, plain.clip))
        tree = html5lib.parse(page, namespaceHTMLElements=False)
        assert [node.find("span").text for node in tree.iter("li")] == [printable(label) for label in case.labels]
        assert tree.find(".//h1").text == printable(case.clip.name)
        data = json.loads(next(node.text for node in tree.iter("script") if node.get("type") == "application/json"))
        assert data["attention"][0]["name"] == printable(case.texts[7])
        raw = page[page.index('id="data">') + 10 :]
        check_shown(raw[: raw.index("</script>")])
        assert not set("<>&") & set(raw[: raw.index("</script>")])
    page = case.page("evaluate", "--model", case.model, case.dataset)
    assert elements(page) == elements(plain.page("evaluate", "--model", plain.model, plain.dataset))
    assert all(markup(label) in page for label in case.labels)


def on_terminal(*arguments: str | Path) -> str:
    """What a terminal gets of standard output and standard error."""
    master, slave = pty.openpty()
    parts: list[bytes] = []

    def read() -> None:
        while True:
            try:
                part = os.read(master, 1 << 16)
            except OSError:
                return
            if not part:
                return
            parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = subprocess.run([EXECUTABLE, *arguments], stdout=slave, stderr=slave, stdin=slave, check=False)
    finally:
        os.close(slave)
        reader.join(10)
        os.close(master)
    assert done.returncode == 0, b"".join(parts)
    return b"".join(parts).decode("utf-8")


@pytest.mark.parametrize("has_softmax", [True, False])
def test_a_terminal_sees_our_controls_alone(case: Case, has_softmax: bool, tmp_path: Path) -> None:
    """Bars that move, progress, tables; and comma-separated values, which only in a file keep what is hidden."""
    model = write_package(tmp_path / "other", case.texts, has_softmax=has_softmax)
    for command in (
        ["predict"],
        ["predict", "--csv"],
        ["predict", "--json"],
        ["stream", "--hop", "1", "--window", "2"],
    ):
        written = on_terminal(*command, "--model", model, case.clip)
        ours = re.sub(r"\x1b\[(\d+A|K|J)|\r", "", written)
        check_shown(ours)
        if "--json" in command:
            assert list(json.loads(ours)["probabilities" if has_softmax else "values"]) == case.labels
            continue
        assert printable(case.labels[1])[:20] in ours
        assert has_softmax == ("these are not probabilities" not in ours)


def test_conversion(tmp_path: Path) -> None:
    """Labels and names of a converted model."""
    for case in CASES:
        labels = different([re.sub("[\x00-\x1f\x7f]", "", each) for each in case[:5] + case[-1:]])
        (tmp_path / "labels.json").write_text(json.dumps(labels), "utf-8")
        output = tmp_path / "made"
        options: list[str | Path]
        options = ["--labels", tmp_path / "labels.json", "--name", case[0].replace("\0", ""), "-o", output]
        done = subprocess.run([EXECUTABLE, "convert", TFLITE, *options], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        check_shown(done.stderr.decode() + done.stdout.decode())
        manifest = (output / "manifest.json").read_text("utf-8")
        check_shown(manifest)
        assert json.loads(manifest)["labels"] == labels


def test_the_checks_can_fail() -> None:
    """The control: what they are for, unescaped."""
    with pytest.raises(AssertionError, match=r"U\+009B"):
        check_shown("a\x9b31m")
    with pytest.raises(AssertionError, match=r"U\+202E"):
        check_shown("a\u202eb")
    page = "<!doctype html><title>t</title><body><p>{}</p>"
    assert elements(page.format("<b>")) != elements(page.format("b"))
    assert unicodedata.category("\u0600") == "Cf"
