"""The one error that every part of the exporter raises for a problem the user can act on."""


class ExportError(Exception):
    """A model, file or option that cannot be exported; the message is one line and says what to do."""
