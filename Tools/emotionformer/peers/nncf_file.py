"""Quantizes a model statically by NNCF: FOLDER, with plain.onnx and clips.npy, gets nncf-int8.xml and its weights."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def main() -> int:
    import nncf
    import openvino

    folder = Path(sys.argv[1])
    clips = np.load(folder / "clips.npy", allow_pickle=False)
    model = openvino.Core().read_model(folder / "plain.onnx")
    # Ranges are those of the clips that everybody is compared on: the best case for static ranges.
    data = nncf.Dataset([clips[index : index + 1] for index in range(len(clips))])
    made = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(clips))
    openvino.save_model(made, folder / "nncf-int8.xml", compress_to_fp16=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
