"""Gives a model package names that break out of what they are put into. Only the standard library is used."""

from __future__ import annotations

import json
import re
import sys
from itertools import cycle
from pathlib import Path

from emotionformer.fixtures.hostile_text import SPECIAL


def main(folder: Path) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text("utf-8"))
    names = cycle(SPECIAL)
    manifest["name"] = next(names)
    for index, node in enumerate(manifest["graphs"][0]["nodes"]):
        node["name"] = f"{next(names)}{index}"
    # A package's labels have no control below 0x20.
    manifest["labels"] = [re.sub("[\\x00-\\x1f\\x7f]", "", next(names)) + str(index) for index in range(6)]
    file.write_text(json.dumps(manifest), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
