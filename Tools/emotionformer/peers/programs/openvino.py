# The least program that predicts one clip by OpenVINO: MODEL.onnx CLIP.npy
import sys

sys.path.pop(0)  # this folder, where this file has the runtime's name
import numpy as np
import openvino

clip = np.load(sys.argv[2])[None]
core = openvino.Core()
model = core.read_model(sys.argv[1])
model.reshape(clip.shape)
print(core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1})(clip)[0][0].tolist(), flush=True)
