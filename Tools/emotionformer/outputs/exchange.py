"""Two entries of a file system change their names in one step, where the system can do that."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_LINUX_EXCHANGE = 2
_DARWIN_SWAP = 2


def exchange(first: Path, second: Path) -> bool:
    """Whether the two have changed places; False if this system or file system cannot do it, with nothing changed."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        names = os.fsencode(first), os.fsencode(second)
        if sys.platform == "darwin":
            return bool(library.renamex_np(*names, ctypes.c_uint(_DARWIN_SWAP)) == 0)
        call = library.renameat2
        call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
        return bool(call(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _LINUX_EXCHANGE) == 0)
    except (OSError, AttributeError):
        return False
