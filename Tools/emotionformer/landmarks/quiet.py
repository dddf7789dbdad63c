"""Keeps what native libraries log away from standard error, where our own messages go."""

from __future__ import annotations

import os
import sys


def quieten() -> None:
    """Python's standard error stays; the descriptor 2, to which native code writes, is led nowhere."""
    sys.stderr.flush()
    own = os.dup(2)
    os.set_inheritable(own, False)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(own, "w", buffering=1, encoding="utf-8", errors="replace")
