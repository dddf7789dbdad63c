"""What the command reports in one line."""


class MutationError(Exception):
    """A list that does not fit the sources, or a tool that fails."""
