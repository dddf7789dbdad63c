"""Both roads lead to one plan: a Keras file, exported, and the .tflite file that was converted from the same model.

The steps of the printed plans are compared as a whole, each with its kind, sizes and rows; the order of steps that do
not depend on each other is the file's own. Files that cannot have the same steps are listed with the reason, and must
still run and agree.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import FIXTURES, Export
from test_engine import predictions, run
from test_models import options

from emotionformer.places import ROOT

CONVERTED = ROOT / "Tests" / "Fixtures" / "tflite"
ROADS = ROOT / "Tests" / "Fixtures" / "roads"

# Of probabilities: float forms against LiteRT's reference kernels, int8 against its default ones.
TOLERANCE = {"float32": 2e-6, "float16": 2e-6, "int8": 2e-6}
# float16 weights against what Keras computes with the float32 ones.
ROUNDED = 2e-3

# Not among the fixtures: the converter's rounding alone takes it far away from its Keras model.
UNLIKE_KERAS = "k2_masked_attention_float16"

LOOPS = "the recurrent loop has int8 products, which lstm has not; a raised loop would quantize other rows"
EQUAL = "float16 turns the mask's -1e9 into -65504, which does not make a row with nothing to attend to weigh all alike"
JOINED = "the converter joins the equal masks of a residual sum anew, where the exporter knows that they are one"
MASKED = "a masked recurrence is a loop that hands on states and outputs; it stays one"

# Files that do not reach their Keras model's steps, and why.
EXCEPTIONS = {
    "k3_bilstm_int8": LOOPS,
    "k2_masked_float16": EQUAL,
    "k2_masked_attention_float32": JOINED,
    "k2_bilstm_before_masked_float32": MASKED,
    "k2_bilstm_before_masked_float16": f"{MASKED}; {EQUAL}",
    "k3_bilstm_before_masked_float32": MASKED,
    "k3_bilstm_before_masked_float16": MASKED,
}

pytestmark = pytest.mark.executable


def keras_source(path: Path) -> Path | None:
    """The Keras file of the model that was converted."""
    folder = FIXTURES if path.parent == ROADS else CONVERTED
    places = [folder / f"{model_name(path)}{suffix}" for suffix in (".h5", ".keras")]
    return next((place for place in places if place.exists()), None)


def model_name(path: Path) -> str:
    return path.stem.removesuffix("_dynamic").rpartition("_")[0]


def form(path: Path) -> str:
    return path.stem.removesuffix("_dynamic").rpartition("_")[2]


def steps(model: Path, *, exact: bool = True) -> Counter[str]:
    """The plan's steps; not exact: without the mark of int8 weights."""
    done = run("inspect", "--stage", "plan", "--json", model)
    assert done.returncode == 0, done.stderr
    labels = [f"{step['step']}, {step['rows']} rows" for step in json.loads(done.stdout)["steps"]]
    return Counter(label if exact else label.replace(" int8", "") for label in labels)


def arrays(path: Path) -> list[np.ndarray]:
    found = []
    with path.open("rb") as stream:
        while stream.peek(1):
            found.append(np.load(stream))
    return found


def expected(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Clips, and what LiteRT or, for a file of `roads`, Keras makes of them."""
    if path.parent == ROADS:
        golden = np.load(FIXTURES / f"{model_name(path)}.npz")
        return golden["input"], golden["output"]
    held = arrays(path.with_suffix(".npys"))
    case = json.loads((CONVERTED / "index.json").read_text("utf-8"))["cases"][path.stem]
    kinds = 3 if case["xnnpack"] else 2
    outputs = held[2::kinds] if form(path) == "int8" and case["xnnpack"] else held[1::kinds]
    return np.concatenate(held[::kinds]), np.concatenate(outputs)


FILES = [*sorted(CONVERTED.glob("k[23]_*.tflite")), *sorted(ROADS.glob("*.tflite"))]
PAIRS = [(path, source) for path in FILES if (source := keras_source(path))]


@pytest.mark.parametrize(("path", "source"), PAIRS, ids=[path.stem for path, _ in PAIRS])
def test_same_plan(path: Path, source: Path, export: Export, tmp_path: Path) -> None:
    """The same steps, or an exception that really is one; in either case the outputs agree."""
    exact = form(path) != "int8"
    package = steps(export(source, *options(source)).folder, exact=exact)
    converted = steps(path, exact=exact)
    if path.stem in EXCEPTIONS:
        assert package != converted, f"no exception any more: {EXCEPTIONS[path.stem]}"
    else:
        assert package - converted == converted - package == Counter()
    clips, outputs = expected(path)
    found = np.array([list(row["probabilities"].values()) for row in predictions(path, clips, tmp_path)])
    limit = ROUNDED if path.parent == ROADS and form(path) == "float16" else TOLERANCE[form(path)]
    assert np.abs(found - outputs).max() <= limit
    assert np.abs(found - np.roll(outputs, 1, axis=0)).max() > limit


def test_every_pair_has_both_generations_and_floats() -> None:
    names = {path.stem for path, _ in PAIRS}
    for name in {model_name(path) for path, _ in PAIRS}:
        other = f"k{'3' if name[1] == '2' else '2'}{name[2:]}"
        for kind in ("float32", "float16"):
            assert {f"{name}_{kind}", f"{other}_{kind}"} - {UNLIKE_KERAS} <= names
    assert set(EXCEPTIONS) <= names and len(names) >= 43


def test_another_model_has_another_plan() -> None:
    """The negative control."""
    assert steps(CONVERTED / "k2_transformer_float32.tflite") != steps(CONVERTED / "k2_prenorm_gelu_float32.tflite")
