"""What goes wrong, in one line."""


class TrainError(Exception):
    """A message for the person at the keyboard."""
