"""What keeps a comparison from being made."""


class PeersError(Exception):
    """One line for people: what is wrong, and where."""
