"""The tensor library beside NumPy."""
