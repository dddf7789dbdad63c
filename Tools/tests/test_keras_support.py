"""The page of what of Keras runs is what the exporter's tables say."""

from __future__ import annotations

import os

from emotionformer.export.operators import keras2, keras3
from emotionformer.export.operators.families import TABLE
from emotionformer.export.reading.own_classes import names
from emotionformer.export.support import NOTES, page
from emotionformer.places import ROOT

PAGE = ROOT / "Sources" / "EmotionFormer" / "EmotionFormer.docc" / "KerasLayers.md"


def test_the_page_is_current() -> None:
    """EMOTIONFORMER_UPDATE_RENDERINGS=1 writes it anew."""
    if os.environ.get("EMOTIONFORMER_UPDATE_RENDERINGS") == "1":
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page()


def test_notes_are_of_layers_that_keras_has() -> None:
    known = {name for generation in names().values() for name in generation["layers"].values()}
    assert set(NOTES) <= known


def test_every_function_leads_somewhere() -> None:
    """A name without a function behind it would be refused by a list that says otherwise."""
    assert {name: ours for name, ours in keras2.NAMES.items() if ours not in TABLE} == {}
    assert {name: ours for name, ours in keras3.NAMES.items() if ours not in TABLE} == {}


def test_an_operation_is_exported_or_refused_for_a_reason() -> None:
    for name in names()["3"]["operations"]:
        assert (keras3.function_of(name) is None) == (name in keras3.REASONS), name
