"""Swift Testing's tests as plain functions: Embedded Swift has neither its macros nor reflection.

What a test needs beside this (`expect`, a module CMath) is written by the command that compiles it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_IMPORTS = re.compile(r"#if canImport\(Darwin\)\n.*?#endif\n", re.DOTALL)
_TEST = re.compile(r"@Test(?P<open>\()?")
_FUNCTION = re.compile(r"\s*func (?P<name>\w+)\((?P<parameters>[^)]*)\)")
_SUITE = re.compile(r"@Suite(?:\([^)]*\))? struct (?P<name>\w+)")


class Case(NamedTuple):
    suite: str
    function: str
    # The labels of its parameters, and for each a list of values; one list may be of tuples for all of them.
    labels: list[str]
    values: list[str]


def parts(text: str, start: int) -> tuple[list[str], int]:
    """What stands between commas behind an opening parenthesis, and where it is closed."""
    found, depth, begin, place, quoted = [], 0, start, start, False
    while True:
        letter = text[place]
        if quoted:
            if letter == "\\":
                # An interpolation: its parentheses count, and may hold strings of their own.
                if text[place + 1] == "(":
                    place = parts(text, place + 2)[1]
                else:
                    place += 1
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "([{":
            depth += 1
        elif depth and letter in ")]}":
            depth -= 1
        elif letter == ")" or (letter == "," and not depth):
            found.append(text[begin:place].strip())
            begin = place + 1
            if letter == ")":
                return found, place
        place += 1


def without_messages(text: str) -> str:
    """`#expect(condition, "message")` → `expect(condition)`: a message prints values, which needs reflection."""
    result, place = "", 0
    for match in re.finditer(r"#expect\(", text):
        arguments, end = parts(text, match.end())
        result += text[place : match.start()] + f"expect({arguments[0]})"
        place = end + 1
    return result + text[place:]


def converted(text: str) -> tuple[str, list[Case]]:
    text = _IMPORTS.sub("import CMath\n", text).replace("import Testing\n", "")
    text = re.sub(r"import EmotionFormerKernels\n", "import EmotionFormerKernelInterface\n", text)
    suites = [(match.start(), match["name"]) for match in _SUITE.finditer(text)]
    cases: list[Case] = []
    result, place = "", 0
    for match in _TEST.finditer(text):
        end = match.end()
        values: list[str] = []
        if match["open"]:
            values, end = parts(text, end)
            end += 1
            # A test's title.
            values = values[1:] if values[0].startswith('"') else values
            values = [value.removeprefix("arguments:").strip() for value in values]
        function = _FUNCTION.match(text, end)
        assert function, text[match.start() : match.start() + 80]
        labels = [item.split(":")[0].split()[0] for item in function["parameters"].split(",") if item.strip()]
        suite = [name for start, name in suites if start < match.start()][-1]
        cases.append(Case(suite, function["name"], labels, values))
        result += text[place : match.start()]
        place = end
    text = without_messages(result + text[place:])
    text = re.sub(r"\\\.(\w+(?:\.\w+)*)", r"{ $0.\1 }", text)  # key paths
    return _SUITE.sub(r"struct \g<name>", text), cases


def call(case: Case) -> str:
    """The statement that runs a case for all its values."""
    names = [f"value{index}" for index in range(len(case.labels))]
    arguments = ", ".join(name if label == "_" else f"{label}: {name}" for label, name in zip(case.labels, names))
    body = f"{case.suite}().{case.function}({arguments}); cases += 1"
    if len(case.values) == 1 and len(names) > 1:
        return f"for ({', '.join(names)}) in {scoped(case, 0)} {{ {body} }}"
    for index in reversed(range(len(case.values))):
        body = f"for {names[index]} in {scoped(case, index)} {{ {body} }}"
    return body


def scoped(case: Case, index: int) -> str:
    """The values as an expression outside of the suite: a nested type may be meant."""
    return re.sub(r"(?<![\w.])(Form|MaskForm)\b", rf"{case.suite}.\1", case.values[index])


def program(cases: list[Case]) -> str:
    runs = "".join(
        f'    begin("{case.suite}.{case.function}")\n    {call(case)}\n' for case in cases
    )
    return (
        "import CMath\nimport EmotionFormerKernelInterface\n\nnonisolated(unsafe) var cases = 0\n\n"
        f"func runAll() {{\n{runs}}}\n"
    )
