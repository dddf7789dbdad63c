"""Standard output and standard error of a tool, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from emotionformer.console.printing import printable
from emotionformer.errors import ToolError
from emotionformer.outputs.ending import ending_tidily


class ReaderGone(Exception):
    """Whoever read standard output has had enough, which is not a failure."""


class OutputFailed(Exception):
    """Standard output cannot be written."""


def show(line: str) -> None:
    """A line on standard output."""
    write(printable(line) + "\n")


def write(text: str, flush: bool = False) -> None:
    """Text of our own on standard output, as it is. Not an `OSError` if it fails: that would be taken for a file's."""
    try:
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGone from error
    except OSError as error:
        raise OutputFailed(error.strerror or str(error)) from error


def say(program: str, message: object) -> None:
    """A line on standard error, behind the program's name."""
    tell(f"{program}: {' '.join(str(message).split())}")


def tell(line: str) -> None:
    """A line on standard error; lost if nobody can read it."""
    try:
        print(printable(line), file=sys.stderr, flush=True)
    except OSError:
        pass


def run(program: str, body: Callable[[], int], failed: int = 1) -> int:
    """The exit code of a tool: `body`'s; `failed` with one line after a `ToolError`; 130 with one line after an
    interrupt, when what was not finished has been removed; 0 if the reader of standard output has gone; 1 with one line
    if standard output cannot be written. Everything that was printed has been written then."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            with ending_tidily():
                code = body()
        except ToolError as error:
            say(program, error)
            code = failed
        except KeyboardInterrupt:
            say(program, "interrupted")
            code = 130
        except SystemExit:
            # After help, or wrong arguments.
            write("", flush=True)
            raise
        write("", flush=True)
    except ReaderGone:
        _forget()
        return 0
    except OutputFailed as error:
        _forget()
        say(program, f"standard output cannot be written ({error})")
        return 1
    return code


def _forget() -> None:
    """What is left in the buffer goes nowhere, so that nothing fails at exit."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass
