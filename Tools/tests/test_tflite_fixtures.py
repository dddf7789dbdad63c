"""The committed TensorFlow Lite fixtures are complete, small and finite."""

from __future__ import annotations

import json

import numpy as np

from emotionformer.places import FIXTURES

FOLDER = FIXTURES / "tflite"


def test_every_file_is_listed_with_its_arrays() -> None:
    cases = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))["cases"]
    assert sorted(cases) == sorted(path.stem for path in FOLDER.glob("*.tflite"))
    for name, case in cases.items():
        assert (FOLDER / f"{name}.tflite").read_bytes()[4:8] == b"TFL3"
        kinds = 2 if case["xnnpack"] else 1
        with (FOLDER / f"{name}.npys").open("rb") as stream:
            for _ in range(case["runs"] * (case["inputs"] + kinds * case["outputs"])):
                assert np.isfinite(np.load(stream)).all(), name
            assert stream.read() == b"", name


def test_files_stay_small() -> None:
    sizes = [path.stat().st_size for path in FOLDER.iterdir()]
    assert max(path.stat().st_size for path in FOLDER.glob("*.tflite")) <= 200 * 1024
    # Files of integer operators and models are 0.4 MiB of them, those of pictures 0.1 MiB.
    assert sum(sizes) <= 15 * 256 * 1024
