"""Signals that end a program: none leaves half a result, and none comes between two steps that belong together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_shields = 0
_waiting = False


def _interrupt(number: int, frame: object) -> None:
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


@contextmanager
def ending_tidily() -> Iterator[None]:
    """Around a whole command. SIGTERM and SIGHUP end it as Ctrl-C does, with KeyboardInterrupt, and what it has not
    finished writing is removed. A signal that the caller ignores (nohup) stays ignored."""
    from emotionformer.outputs.unfinished import remove_all

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        try:
            with shielded():
                remove_all()
        except KeyboardInterrupt:
            pass  # All is over already: well, or with an error of its own.
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
