"""Holds this package's engine to LiteRT on the same TensorFlow Lite file and inputs, operation by operation."""
