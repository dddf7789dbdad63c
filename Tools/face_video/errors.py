"""What keeps a video from becoming landmarks."""


class VideoError(Exception):
    """One line for people: which input, what is wrong, what was expected."""
