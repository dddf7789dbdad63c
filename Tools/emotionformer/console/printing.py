"""Text from files as people read it. Only the standard library is used, so that a tool's first lines need no
environment."""

from __future__ import annotations

import unicodedata

# Joiners have a use within words of several scripts and in emoji, and move nothing.
_JOINERS = frozenset("\u200c\u200d")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: object) -> str:
    r"""One line, in which what a terminal obeys or does not show (controls, marks of direction, line separators) is
    written as an escape, such as `\u{1B}`; bytes of a file's name that are no UTF-8 as `\xFF`. The Swift side does the
    same."""
    line = str(text)
    if line.isascii() and line.isprintable():
        return line
    return "".join(_escaped(letter) if is_hidden(letter) else letter for letter in line)


def is_hidden(letter: str) -> bool:
    """Whether a character is not to be printed as it is."""
    return unicodedata.category(letter) in _HIDDEN and letter not in _JOINERS


def _escaped(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02X}"
    return _SHORT.get(letter) or f"\\u{{{code:02X}}}"


def markup(text: object) -> str:
    """Printable text for an element or a quoted attribute of HTML or SVG."""
    line = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return line.replace('"', "&quot;").replace("'", "&#39;")
