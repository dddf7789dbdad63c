"""The end of a command, however it comes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from emotionformer.outputs.interruption import SIGNALS, interrupt, shielded
from emotionformer.outputs.unfinished import remove_all


@contextmanager
def ending_tidily() -> Iterator[None]:
    """Around a whole command. SIGTERM and SIGHUP end it as Ctrl-C does, with KeyboardInterrupt, and what it has not
    finished writing is removed. A signal that the caller ignores (nohup) stays ignored."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, interrupt)
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
