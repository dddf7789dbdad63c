"""A few kills of what Tools/test-writers kills 201 times."""

from __future__ import annotations

from pathlib import Path

import pytest

from emotionformer.places import ROOT
from emotionformer.slow import killed_writers

BUILT = [ROOT / ".build" / kind / "emotionformer" for kind in ("release", "debug")]


def executable() -> Path | None:
    found = sorted((path for path in BUILT if path.exists()), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


@pytest.mark.parametrize("writer", killed_writers.writers(executable()), ids=lambda writer: writer.name)
def test_killed_at_random_moments(writer: killed_writers.Writer) -> None:
    counted = killed_writers.check(writer, 8, seed=2)
    assert counted["kept"] + counted["replaced"] == 8


def test_a_writer_that_leaves_half_is_noticed(tmp_path: Path) -> None:
    """The negative control: it writes in place."""
    code = "import sys, time; file = open(sys.argv[1], 'w'); file.write(sys.argv[2]); file.flush(); "
    code += "time.sleep(0.3); file.write('whole')"
    careless = killed_writers.Writer("careless", lambda target, form: ["python3", "-c", code, str(target), str(form)])
    with pytest.raises(SystemExit, match="neither the old nor the new one"):
        killed_writers.check(careless, 20, seed=1)
