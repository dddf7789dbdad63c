"""How every tool writes: beside the target, then in its place in one step. What stands there is replaced only if it is
recognizably a tool's own; what is not a regular file is never replaced."""

from emotionformer.outputs.ending import ending_tidily
from emotionformer.outputs.file import OutputFile, write_text
from emotionformer.outputs.folder import Kind, OutputFolder

__all__ = ["Kind", "OutputFile", "OutputFolder", "ending_tidily", "write_text"]
