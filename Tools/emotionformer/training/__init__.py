"""The training recipe of `Tools/train`, and the generator of synthetic clips behind the bundled weights."""
