"""Quantizes a model statically by NNCF: FOLDER, with plain.onnx and clips.npy, gets nncf-int8.xml and its weights."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from emotionformer.peers.correctness import Agreement


def main() -> int:
    import nncf
    import openvino

    folder, core = Path(sys.argv[1]), openvino.Core()
    clips = np.load(folder / "clips.npy", allow_pickle=False)
    parts = [clips[index : index + 1] for index in range(len(clips))]
    # Ranges are those of the clips that everybody is compared on: the best case for static ranges. SmoothQuant makes
    # random weights worse.
    made = nncf.quantize(
        core.read_model(folder / "plain.onnx"),
        nncf.Dataset(parts),
        preset=nncf.QuantizationPreset.MIXED,
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(clips),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=-1)
        ),
    )
    compiled = core.compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    rows = [np.array(compiled(part)[0])[0].tolist() for part in parts]
    problem = Agreement.of(rows, json.loads((folder / "keras.json").read_text("utf-8")), "int8").problem
    if problem is not None:
        sys.exit(f"with static ranges it is {problem}")
    openvino.save_model(made, folder / "nncf-int8.xml", compress_to_fp16=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
