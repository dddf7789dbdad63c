# The least program that predicts one clip by ONNX Runtime: MODEL.onnx CLIP.npy
import sys

sys.path.pop(0)  # this folder, where this file has the runtime's name
import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
print(session.run(None, {"clip": np.load(sys.argv[2])[None]})[0][0].tolist(), flush=True)
