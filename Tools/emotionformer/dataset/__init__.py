"""The published landmark dataset as clips with labels: the command `Tools/dataset`."""
