"""What a file of `Tools/export --custom` imports: it gives layers that Keras does not have a meaning."""

from emotionformer.export import blocks
from emotionformer.export.conversion import Converter
from emotionformer.export.graph import Call, Tensor
from emotionformer.export.layer import Layer

__all__ = ["Call", "Converter", "Layer", "Tensor", "blocks"]
