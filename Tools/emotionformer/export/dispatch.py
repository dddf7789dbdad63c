"""Which function converts a layer: the user's own, Keras's by its class, or one recognized by its weights."""

from __future__ import annotations

import numpy as np

from emotionformer.export.constants import with_constants
from emotionformer.export.conversion import ADVICE, HANDLERS, Converter, Handler, Result
from emotionformer.export.functional import run_model
from emotionformer.export.graph import Call, Tensor
from emotionformer.export.layer import Layer
from emotionformer.export.layers import (
    attention,
    borders,
    convolution,
    core,
    encoding,
    merging,
    normalization,
    pooling,
    quantized,
    recurrent,
    shape,
)
from emotionformer.export.operators import keras2, keras3
from emotionformer.export.readings import Readings
from emotionformer.export.recognition import recognized

# Each registers what it handles.
FAMILIES = (
    attention, borders, convolution, core, encoding, merging, normalization, pooling, recurrent, shape,
)
OPERATORS = {2: keras2.convert, 3: keras3.convert}


def handler(custom: dict[str, Handler], readings: Readings | None = None) -> Handler:
    """The conversion of any layer; `custom` holds the user's own, by class or by name, `readings` what the user says of
    custom layers that are recognized."""
    stated = readings or Readings()

    def convert(converter: Converter, layer: Layer, call: Call) -> Result:
        if layer.layers:
            _without_training(converter, layer, call)
            call = with_constants(converter, layer, call)
            with converter.inside(layer):
                return run_model(converter, layer, call)
        for key in (layer.registered, layer.class_name, layer.name):
            if key and key in custom:
                return custom[key](converter, layer, call)
        _without_training(converter, layer, call)
        if layer.operator:
            return OPERATORS[converter.generation](converter, layer, call)
        if layer.known:
            call = with_constants(converter, layer, call)
        if layer.known and quantized.quantizes_rows(layer):
            return quantized.convert(converter, layer, call)
        if layer.known and layer.class_name in HANDLERS:
            return HANDLERS[layer.class_name](converter, layer, call)
        return recognized(converter, layer, call, stated)

    return convert


def _without_training(converter: Converter, layer: Layer, call: Call) -> None:
    """Keras 2 keeps to `training=True` in prediction. In Keras 3 `predict` computes as in prediction all the same, and
    the file holds True for every layer that augments pictures."""
    training = call.keywords.get("training")
    if layer.operator or training is None or (not isinstance(training, Tensor) and not np.any(training)):
        return
    if converter.generation == 2:
        raise layer.refuse(
            f"it is called with training=True and computes as in training also in prediction; build the model without "
            f"it, or {ADVICE}"
        )
    if layer.class_name not in encoding.AUGMENTATION:
        converter.note(
            f"{layer.described} is called with training=True: it is exported as predict() computes it, which is as "
            "without; model(x) differs"
        )
