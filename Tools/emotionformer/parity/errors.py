"""What keeps a comparison from being made."""


class ParityError(Exception):
    """One line for people: what is wrong, and where."""
