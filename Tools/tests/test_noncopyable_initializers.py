"""Swift 6.2 destroys twice what a noncopyable value's initializer has assigned before it throws (6.3 does not)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "Sources"
STRUCT = re.compile(
    r"^(?P<indent> *)(?:\w+ )*struct (?P<name>\w+)[^{\n]*~Copyable[^{]*\{\n(?P<body>.*?)^(?P=indent)\}", re.M | re.S
)


def early_assignments(text: str) -> Iterator[str]:
    """The properties that a noncopyable structure's initializer assigns before its last failure, or by a default."""
    for struct in STRUCT.finditer(text):
        indent = struct["indent"] + "    "
        prefix = rf"^{indent}(?!.*\bstatic\b)(?:\w+ )*?(?:let|var) (\w+)"
        stored = re.findall(rf"{prefix}[^{{\n]*$", struct["body"], re.M)
        # A variable that is optional is nil by default.
        optional = rf"^{indent}(?!.*\bstatic\b)(?:\w+ )*?var (\w+): [^={{\n]*\?$"
        defaults = re.findall(rf"{prefix}[^={{\n]* = ", struct["body"], re.M)
        defaults += re.findall(optional, struct["body"], re.M)
        throwing = rf"^{indent}(?:\w+ )*init\(.*?\bthrows\b[^{{]*\{{\n(?P<body>.*?)^{indent}\}}"
        for start in re.finditer(throwing, struct["body"], re.M | re.S):
            last = max((each.start() for each in re.finditer(r"\b(?:try|throw)\b", start["body"])), default=0)
            for name in defaults:
                yield f"{struct['name']}.{name}"
            for name in stored:
                assigned = re.search(rf"^ *(?:self\.)?{name} = ", start["body"], re.M)
                # A statement that fails and assigns only then is written in two, to be sure.
                if assigned and assigned.start() <= last:
                    yield f"{struct['name']}.{name}"


def test_the_library_assigns_when_nothing_can_fail_any_more() -> None:
    texts = {path: path.read_text("utf-8") for path in SOURCES.rglob("*.swift") if not path.parent.is_symlink()}
    structures = {match["name"] for text in texts.values() for match in STRUCT.finditer(text)}
    assert {"OutputFolder", "InputFile", "RunFolder", "TraceFolder", "LandmarkLines"} <= structures
    assert [found for text in texts.values() for found in early_assignments(text)] == []


@pytest.mark.parametrize(
    ("properties", "body", "found"),
    [
        ("var names: [String] = []", "let a = try made()\n        self.a = a", ["Folder.names"]),
        ("var name: String?", "let a = try made()\n        self.a = a\n        name = nil", ["Folder.name"]),
        ("let name: String?", "let a = try made()\n        self.a = a\n        name = nil", []),
        ("var names: [String]", "names = []\n        guard b() else { throw E() }\n        a = 1", ["Folder.names"]),
        ("var names: [String]", "let a = try made()\n        self.a = a\n        names = []", []),
        ("static let names: [String] = []", "let a = try made()\n        self.a = a", []),
    ],
)
def test_a_planted_one_is_found(properties: str, body: str, found: list[str]) -> None:
    members = f"    let a: Int\n    {properties}\n    init() throws {{\n        {body}\n    }}\n"
    text = f"struct Folder: ~Copyable {{\n{members}}}\n"
    assert list(early_assignments(text)) == found
