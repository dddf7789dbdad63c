"""American spelling in names and prose, because the names of the frameworks have it: `Quantization`, `color`."""

from __future__ import annotations

import re
import subprocess

from emotionformer.places import ROOT

# What is read: everything that people write, except fixtures, which are data.
FOLDERS = (".ci", ".github", "Benchmarks", "Package.swift", "README.md", "Sources", "Tests", "Tools", "Weights")
ENDINGS = (".c", ".css", ".h", ".js", ".json", ".jsonc", ".md", ".py", ".sh", ".svg", ".swift", ".toml", ".txt", "")
DATA = re.compile(
    r"^Tests/Fixtures/(?!Support/)|^Tests/EmotionFormer/Fixtures/|^Tests/Fuzz/Seeds/|^Weights/EmotionFormer-[^/]*/"
)

# The beginnings of words, in any case, and inside of names: `isQuantised`. "Cancelled" is Swift's own spelling.
BRITISH = re.compile(
    "("
    + "|".join(
        [
            r"(?:canonical|capital|categor|character|custom|digit|equal|factor|final|general|initial|local|material|maxim"
            r"|memor|minim|normal|optim|organ|parallel|penal|polar|quant|random|raster|real|recogn|regular|sanit|serial"
            r"|special|stabil|standard|summar|symbol|synchron|token|util|vector|visual)is(?=e|ing|ation|able|ably)",
            r"analys(?=e(?!s\b)|ing)",
            r"(?:behavi|col|fav|flav|hon|lab|neighb|rig|vap|vig)our",
            r"(?:centi|milli)met(?=re)",
            r"\bmet(?=res?\b)",
            r"cent(?=re(?:s|d)?\b|ring\b)",
            r"licence",
            r"\bgrey",
            r"(?:label|model|travel|signal|channel)l(?=ed|ing)",
            r"artefact",
            r"catalogue",
            r"defence",
            r"\bfulfil(?!l)",
            r"judgement",
            r"\bspelt|misspelt|learnt",
            r"\bprogramme\b",
            r"whilst|amongst",
        ]
    )
    + ")",
    re.IGNORECASE,
)


WORD = re.compile(r"[A-Za-z]+")

# An option's earlier name, which scripts still use.
EARLIER_OPTION = "--no-centre"
# The bundled model's own name of a layer.
LAYER = "standardised/moving_"


def british(text: str) -> list[str]:
    """Every word that contains another spelling."""
    return [word for word in WORD.findall(text) if BRITISH.search(word)]


def test_american_spelling() -> None:
    listed = subprocess.run(
        ["git", "ls-files", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    own = "Tools/tests/test_spelling.py"
    files = [ROOT / name for name in listed if name != own and not DATA.search(name)]
    files = [file for file in files if file.suffix in ENDINGS and file.is_file() and not file.is_symlink()]
    assert len(files) > 500
    found = [f"{name}: {word}" for name in listed for word in british(name)]
    texts = [file.read_text("utf-8", errors="replace").replace(EARLIER_OPTION, "").replace(LAYER, "") for file in files]
    # Each word is judged once, however often it stands.
    wrong = {word for word in {word for text in texts for word in WORD.findall(text)} if BRITISH.search(word)}
    for file, text in zip(files, texts, strict=True):
        if wrong.isdisjoint(WORD.findall(text)):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{file.relative_to(ROOT)}:{number}: {word}" for word in british(line)]
    assert found == []


def test_both_spellings_are_told_apart() -> None:
    for word in (
        "colour",
        "Normalised",
        "isQuantised",
        "QUANTISATION",
        "analyse",
        "analysing",
        "centre",
        "centred",
        "metres",
        "centimetres",
        "licence",
        "grey",
        "labelled",
        "neighbouring",
        "behaviour",
        "recogniser",
        "fulfil",
        "optimiser",
    ):
        assert british(word) == [word]
    for word in (
        "color",
        "normalized",
        "otherwise",
        "precise",
        "analyses",
        "analysis",
        "meter",
        "license",
        "realistic",
        "cancelled",
        "fulfill",
        "fulfilled",
        "diameter",
        "exercise",
        "centrality",
        "modelLabel",
        "labelLayout",
        "promise",
    ):
        assert british(word) == [], word
