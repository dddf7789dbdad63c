"""What keeps a video from becoming landmarks."""


class VideoError(Exception):
    """One line for people: which input, what is wrong, what was expected."""


class CameraLost(VideoError):
    """A camera gives no more pictures; those that it gave stand."""
