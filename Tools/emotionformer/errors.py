"""What a tool reports in one line: which input, what is wrong, what was expected. Anything else is a fault of the
tool."""

from __future__ import annotations


class ToolError(Exception):
    """The message is one line for people, and says what to do."""


class OutputError(ToolError):
    """A target that cannot be written, or that is not a tool's own and so is not replaced."""


class ExportError(ToolError):
    """A model, a file or an option that cannot be exported."""


class VideoError(ToolError):
    """A video that does not become landmarks."""


class CameraLost(VideoError):
    """A camera gives no more pictures; those that it gave are kept."""


class DatasetError(ToolError):
    """A Parquet file that does not become a dataset."""


class TrainError(ToolError):
    """A training that cannot begin or go on."""


class ParityError(ToolError):
    """A file that the two engines cannot be compared on."""


class PeersError(ToolError):
    """A measurement beside other engines that cannot be made."""


class MutationError(ToolError):
    """A list of faults that does not fit the sources, or tests that cannot be run."""


class BrowserError(ToolError):
    """A browser that does not start or does not answer."""


def reason(error: BaseException) -> str:
    """What the system or a library says, in one line; the error's type if it says nothing."""
    text = str(getattr(error, "strerror", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
