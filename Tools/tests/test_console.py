"""What the tools print: text from files is shown and never obeyed, and standard output may end at any time."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotionformer.console.printing import is_hidden, markup, printable
from emotionformer.console.progress import line as progress_line
from emotionformer.console.table import cell, row, text_of
from emotionformer.fixtures.hostile_text import SPECIAL, texts
from emotionformer.places import ROOT

TOOLS = ROOT / "Tools"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Happy", "Happy"),
        ("Wütend 怒り \U0001f469\u200d\U0001f680", "Wütend 怒り \U0001f469\u200d\U0001f680"),
        ("\x1b[31mred\x07", "\\u{1B}[31mred\\u{07}"),
        ("\x9b31m\x7f\x00", "\\u{9B}31m\\u{7F}\\u{00}"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("evil\u202egnp.exe\u2066\u2069\u200f", "evil\\u{202E}gnp.exe\\u{2066}\\u{2069}\\u{200F}"),
        ("a\u2028b\u2029c\u200bd\ufeff", "a\\u{2028}b\\u{2029}c\\u{200B}d\\u{FEFF}"),
        ("\U000e0041", "\\u{E0041}"),
        ("\udcff.npy", "\\xFF.npy"),
    ],
)
def test_hidden_characters_are_shown(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_any_text_is_one_line_without_controls() -> None:
    for text in texts(1, 600):
        shown = printable(text)
        assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in shown)
        directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        assert not directions & {unicodedata.bidirectional(letter) for letter in shown}
        assert len(shown.splitlines()) <= 1
        if not any(map(is_hidden, text)):
            assert shown == text


class _Texts(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_any_text_stays_in_its_element() -> None:
    import html5lib

    for text in texts(2, 400):
        paragraph = f'<p title="{markup(text)}">{markup(text)}</p>'
        page = f"<!DOCTYPE html><html><head><title>t</title></head><body>{paragraph}</body></html>"
        tree = html5lib.parse(page, namespaceHTMLElements=False)
        body = tree.find("body")
        assert [element.tag for element in tree.iter()] == ["html", "head", "title", "body", "p"]
        assert body.find("p").text in (printable(text), None if not text else printable(text))
        assert body.find("p").attrib == {"title": printable(text)}
        parser = _Texts()
        parser.feed(page)
        assert parser.elements == ["html", "head", "title", "body", "p"]


def test_any_cell_reads_back_and_begins_no_formula() -> None:
    """By Python's csv and by pandas; NUL is not text that pandas reads."""
    found = [text.replace("\0", "") for text in texts(3, 600)] + [
        "-1.5e3",
        "-",
        "+7",
        "'=1",
        "''@a",
        "=1+1",
        "＝1",
        "-x",
    ]
    written = "".join(row([index, text]) for index, text in enumerate(found))
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert [text_of(each[1]) for each in rows] == found
    frame = pd.read_csv(
        io.BytesIO(written.encode("utf-8")), header=None, dtype=str, keep_default_na=False, encoding="utf-8"
    )
    assert [text_of(text) for text in frame[1]] == found
    for _, written_cell in rows:
        if written_cell[:1] in tuple("=+-@\t\r\n＝＋－＠"):
            assert written_cell in ("+", "-") or np.isfinite(float(written_cell))


def test_numbers_stay_numbers() -> None:
    assert [cell(text) for text in ("-1", "+2.5", "-.5e-7", "-", "1")] == ["-1", "+2.5", "-.5e-7", "-", "1"]
    assert [cell(text) for text in ("-1+1", "=1", "@a", "\tb", "\rc", "-a", "'=1")] == [
        "'-1+1", "'=1", "'@a", "'\tb", "'\rc", "'-a", "''=1",
    ]  # fmt: skip


def test_a_progress_bar_shows_a_title_on_one_line() -> None:
    for text in SPECIAL:
        assert printable(progress_line(text, 1, 2, 1.0)) == progress_line(text, 1, 2, 1.0)


def run_tool(body: str, **files: object) -> subprocess.CompletedProcess[str]:
    imports = f"import sys; sys.path[0] = {str(TOOLS)!r}\nfrom emotionformer.console.output import *"
    code = f"{imports}\nsys.exit(run('tool', lambda: {body}))"
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **files}
    return subprocess.run([sys.executable, "-c", code], text=True, check=False, **options)  # type: ignore[call-overload]


def test_messages_are_one_line() -> None:
    done = run_tool("say('tool', 'a\\nb\\x1b[2J\\u202e') or 3")
    assert (done.returncode, done.stderr) == (3, "tool: a b\\u{1B}[2J\\u{202E}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_standard_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        for body in (
            "show('x')",
            "[show('x' * 99) for _ in range(9999)] and 0",
            "(_ for _ in ()).throw(SystemExit(0))",
        ):
            done = run_tool(f"(write('x'), {body})[1] or 0", stdout=full)
            assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
            assert done.stderr.startswith("tool: standard output cannot be written (")


def test_without_a_build_the_tests_fail_or_are_named(tmp_path: Path) -> None:
    """Where a build was made before; they are left out, by name, where nobody asked for one."""
    arguments = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        str(TOOLS / "tests" / "test_predict_csv.py"),
    ]
    environment = {**os.environ, "EMOTIONFORMER": str(tmp_path / "none"), "PYTHONPATH": str(TOOLS)}
    for needs, code in (("1", 1), ("", 0)):
        environment["EMOTIONFORMER_TESTS_NEED_BUILD"] = needs
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code and "the executable is not built" in done.stdout + done.stderr, done.stdout
