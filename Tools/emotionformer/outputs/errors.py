"""The one error of writing."""

from __future__ import annotations


class OutputError(Exception):
    """A target that is not replaced or cannot be written, in one line."""


def reason(error: OSError) -> str:
    """What the system says."""
    return error.strerror or type(error).__name__
