"""Tables of comma-separated values that people open in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable

# OWASP, "CSV Injection": what a spreadsheet takes for the start of a formula, full-width forms too.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def row(cells: Iterable[str | int]) -> str:
    """A line with its end; texts made harmless, quoted as RFC 4180 says. (Python's csv leaves a carriage return
    bare.)"""
    return ",".join(_quoted(cell(each)) if isinstance(each, str) else str(each) for each in cells) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search('[,"\r\n]', text) else text


def cell(text: str) -> str:
    """Text that no spreadsheet computes: an apostrophe before what begins like a formula. Numbers and a sign alone
    stay."""
    if not _FORMULA.match(text) or _NUMBER.fullmatch(text) or text in ("+", "-"):
        return text
    return "'" + text


def text_of(cell: str) -> str:
    """What `cell` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
