"""A progress bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from emotionformer.console.printing import printable

_CELLS = 24
_SECONDS_BETWEEN = 0.1


class Progress:
    """One line that is written over. `total` None: it is unknown. `is_quiet`: no bar, on a terminal neither."""

    def __init__(self, stream: TextIO, title: str, total: int | None, is_quiet: bool = False) -> None:
        self._stream = stream
        self._title = title
        self._total = total
        self._shown = 0.0
        self._began = time.monotonic()
        self._is_shown = stream.isatty() and not is_quiet

    def update(self, done: int, total: int | None = None) -> None:
        self._total = total or self._total
        now = time.monotonic()
        if not self._is_shown or now - self._shown < _SECONDS_BETWEEN:
            return
        self._shown = now
        self._stream.write(f"\r\x1b[2K{line(self._title, done, self._total, now - self._began)}")
        self._stream.flush()

    def clear(self) -> None:
        if self._is_shown and self._shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()


def line(title: str, done: int, total: int | None, seconds: float) -> str:
    """A title of any length, a bar if the total is known, frames, and frames a second."""
    title = printable(title)
    if len(title) > 32:
        title = title[:14] + "…" + title[-17:]
    rate = f"{done / seconds:.0f}/s" if seconds > 0 else ""
    if not total:
        return f"{title} {done} frames {rate}".rstrip()
    filled = min(_CELLS, done * _CELLS // total)
    return f"{title} {'█' * filled}{'░' * (_CELLS - filled)} {done}/{total} {rate}".rstrip()
