"""Reading a file in a process of its own, which may take only so much memory and time and can open no other file.

The C libraries behind some formats crash, hang or follow names to other files when a file is made for that. In a
process of its own this costs an error message and nothing else.
"""

from __future__ import annotations

import faulthandler
import json
import math
import os
import resource
import select
import signal
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np

from emotionformer.errors import ExportError

MEMORY = 384 << 20
# Of a processor's time: on a busy machine a good file takes many times as long by the clock.
SECONDS = 8.0
# How many times as long by the clock is waited for it.
PATIENCE = 30
# Reading a file of a gigabyte from a slow disk takes its time.
BYTES_A_SECOND = 16 << 20
MAXIMUM_HEADER = 96 << 20
_LENGTHS = struct.Struct("<cQQ")

Parts = tuple[Any, list[np.ndarray]]


def isolated(read: Callable[[], Parts], place: str, size: int) -> tuple[Any, memoryview]:
    """What `read` gives, run in a process of its own: a JSON value, and the bytes of all arrays one after the other.

    `read` calls `close_doors` once it has opened its file. `size` is the file's: memory and time grow with it.
    """
    seconds = SECONDS + size / BYTES_A_SECOND
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve(read, writing, MEMORY + 12 * size, seconds)
    os.close(writing)
    status = 0
    try:
        kind, document, content = _received(reading, time.monotonic() + PATIENCE * seconds)
    except TimeoutError:
        kind, document, content = b"T", b"", bytearray()
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        kind = b"T"
    if kind == b"R":
        return json.loads(document), memoryview(content)
    if kind == b"E":
        raise ExportError(document.decode("utf-8", "replace"))
    reasons = {
        b"M": "it asks for far more memory than its size explains: refused",
        b"T": "it cannot be read in the time that its size explains: refused",
    }
    raise ExportError(f"{place}: damaged file ({reasons.get(kind, 'the library that reads it came to a halt')})")


def close_doors() -> None:
    """From now on this process can open no file and write none."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _serve(read: Callable[[], Parts], writing: int, memory: int, seconds: float) -> NoReturn:
    try:
        faulthandler.disable()
        # What a C library prints before it aborts is not a line of ours.
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        limit_memory(memory)
        limit_time(seconds)
        try:
            value, arrays = read()
            document = json.dumps(value).encode()
            _send(writing, b"R", document, [array.reshape(-1).view(np.uint8) for array in arrays])
        except ExportError as error:
            _send(writing, b"E", str(error).encode("utf-8", "replace"))
        except MemoryError:
            _send(writing, b"M")
    finally:
        # Nothing of the parent's runs twice: no buffers are flushed, no handlers called.
        os._exit(0)


def limit_memory(more: int) -> None:
    """Lets this process take so many bytes of address space more than it has, where the system can tell."""
    with suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as file:
            held = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (held + more, hard))


def limit_time(seconds: float) -> None:
    """Lets this process, which has just begun, take so much of a processor's time; SIGXCPU ends it then."""
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), hard))


def _send(writing: int, kind: bytes, document: bytes = b"", arrays: Iterable[np.ndarray] = ()) -> None:
    arrays = list(arrays)
    _write(writing, memoryview(_LENGTHS.pack(kind, len(document), sum(array.nbytes for array in arrays))))
    _write(writing, memoryview(document))
    for array in arrays:
        _write(writing, array.data)


def _write(writing: int, data: memoryview) -> None:
    while len(data):
        data = data[os.write(writing, data[: 1 << 20]) :]


def _received(reading: int, deadline: float) -> tuple[bytes, bytes, bytearray]:
    head = bytes(_filled(reading, _LENGTHS.size, deadline))
    if len(head) < _LENGTHS.size:
        return b"", b"", bytearray()
    kind, document, content = _LENGTHS.unpack(head)
    if document > MAXIMUM_HEADER:
        return b"M", b"", bytearray()
    text = bytes(_filled(reading, document, deadline))
    held = _filled(reading, content, deadline)
    return (kind, text, held) if len(text) == document and len(held) == content else (b"", b"", bytearray())


def _filled(reading: int, count: int, deadline: float) -> bytearray:
    """So many bytes from the pipe, or fewer if it ends."""
    result = bytearray(count)
    place, view = 0, memoryview(result)
    while place < count:
        if not select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        taken = os.readv(reading, [view[place : place + (1 << 20)]])
        if taken == 0:
            view.release()
            return result[:place]
        place += taken
    return result
