"""Layers that Keras does not have: recognised where configuration and weights leave no doubt, refused otherwise."""

from __future__ import annotations

from .conversion import Converter, Result
from .graph import Call
from .layer import Layer


def recognised(converter: Converter, layer: Layer, call: Call) -> Result:
    """The meaning of a layer of a class that is not Keras's own."""
    if layer.class_name == "Lambda":
        raise layer.refuse(
            "a Lambda holds Python bytecode, which is never run; give its meaning with --custom FILE.py "
            "(see Tools/examples)"
        )
    raise layer.refuse("this class is not supported; give its meaning with --custom FILE.py (see Tools/examples)")
