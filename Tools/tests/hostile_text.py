"""Texts that break out of what they are put into: markup, quotes, formulas, controls, marks of direction, marks that join
what stands beside them."""

from __future__ import annotations

import random
from collections.abc import Iterator

MARKUP = ["<", ">", "&", '"', "'", "</script>", "<!--", "]]>", "<img src=x onerror=alert(1)>", "&lt;", "\\", "</title>", "</dl>"]
FORMULAS = ["=", "+", "-", "@", "\t", "\r", "\n", "\r\n", ",", ";", "=cmd|'/C calc'!A0", '"', "'", "＝1"]
CONTROLS = [chr(code) for code in [*range(0x01, 0x20), *range(0x7F, 0xA0)]]
SEQUENCES = ["\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\x1bP1;1|\x1b\\", "\x1b[?1049h", "\r\n", "\x08\x08"]
DIRECTIONS = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Combining, prepending (Grapheme_Cluster_Break=Prepend), joining and invisible characters.
MARKS = list("\u0301\u0338\u20dd\u0600\u06dd\u070f\u08e2\u0d4e\u200b\u200c\u200d\u2060\ufe0f\ufeff\u00ad\u2028\u2029\u0085")
MARKS += ["\U000110bd", "\U000111c2", "\U000e0001", "\U000e0041", "\U0001f3fb", "\U0001f1e9"]
WORDS = ["Happy", "Wütend", "怒り", "غضب", "a b", "1e5", "NaN", "null", "-1", "clip.npy", "\U0001f600"]
KINDS = [MARKUP, FORMULAS, CONTROLS, SEQUENCES, DIRECTIONS, MARKS, WORDS]

SPECIAL = [
    "\u0600</script><h1>x</h1>", "<\u0301img src=x>", "\u0600<b>n</b>", '"\u0301,\u0301"', "\u0600,\u0301\u0600\"", "=\u0301cmd|calc!A0",
    "\x1b[31mred\x1b]0;title\x07", "\x9b31mX", "a\u202eb", "line\u2028line\u2029\x85", "-\u0301x", "\u0600=1", "tab\tcr\rlf\n", "\x7f\x80\x9f",
]  # fmt: skip


def text(source: random.Random, most: int = 6) -> str:
    """A few pieces of every kind; never empty, no lone surrogate, no NUL."""
    pieces = [source.choice(source.choice(KINDS)) for _ in range(source.randint(1, most))]
    if source.random() < 0.2:
        code = source.randrange(1, 0x110000)
        pieces.append(chr(code) if not 0xD800 <= code <= 0xDFFF else "x")
    return "".join(pieces)


def texts(seed: int, count: int) -> Iterator[str]:
    """The named ones first, then random ones; the same for the same seed."""
    yield from SPECIAL
    source = random.Random(seed)
    for _ in range(count):
        yield text(source)
