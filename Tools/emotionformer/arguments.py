"""Command lines. Only the standard library is used here and in every tool's `arguments.py`: help and what is wrong with
the arguments come before any environment is made."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from emotionformer.console.output import say
from emotionformer.errors import ToolError

# Raises `ToolError` if arguments do not go together; may complete them.
Check = Callable[[argparse.Namespace], None]


class Parser(argparse.ArgumentParser):
    """A tool's arguments. A wrong command line is one line on standard error and exit code 2."""

    def __init__(
        self, tool: str, description: str = "", epilog: str = "", check: Check | None = None, **settings: Any
    ) -> None:
        settings = {"prog": f"Tools/{tool}", "formatter_class": argparse.RawDescriptionHelpFormatter, **settings}
        super().__init__(description=description, epilog=epilog, **settings)
        self.tool, self._check = tool, check

    def parsed(self, given: Sequence[str] | None) -> argparse.Namespace:
        """The arguments, checked among themselves."""
        arguments = self.parse_args(given)
        try:
            if self._check:
                self._check(arguments)
        except ToolError as error:
            self.error(str(error))
        return arguments

    def error(self, message: str) -> NoReturn:
        say(self.tool, f"{message} (see --help)")
        raise SystemExit(2)


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number, written in digits."""
    wanted = f"from {least} on" if most is None else f"from {least} to {most}"

    def number(text: str) -> int:
        digits = text.isascii() and text.isdigit() and len(text) < 16
        if not digits or int(text) < least or (most is not None and int(text) > most):
            raise argparse.ArgumentTypeError(f"a number {wanted} is expected (found {text})")
        return int(text)

    return number
