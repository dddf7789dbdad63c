"""python3 -m emotionformer.embedded FOLDER SOURCE…: test files for Embedded Swift, with a `main` that runs them."""

from __future__ import annotations

import sys
from pathlib import Path

from emotionformer.embedded.rewriting import converted, program

folder = Path(sys.argv[1])
cases = []
for name in sys.argv[2:]:
    source = Path(name)
    text, found = converted(source.read_text("utf-8"))
    (folder / source.name).write_text(text, "utf-8")
    cases += found
(folder / "Main.swift").write_text(program(cases), "utf-8")
