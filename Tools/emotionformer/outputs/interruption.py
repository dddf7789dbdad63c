"""Signals that end a program: none leaves half a result, and none comes between two steps that belong together."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_shields = 0
_waiting = False


def interrupt(number: int, frame: object) -> None:
    global _waiting
    if _shields:
        _waiting = True
    else:
        raise KeyboardInterrupt


@contextmanager
def shielded() -> Iterator[None]:
    """Signals wait until the end."""
    global _shields, _waiting
    _shields += 1
    try:
        yield
    finally:
        _shields -= 1
        if _waiting and not _shields:
            _waiting = False
            raise KeyboardInterrupt
