# The least program that predicts one clip by LiteRT: MODEL.tflite CLIP.npy
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.load(sys.argv[2])[None])
interpreter.invoke()
print(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].tolist(), flush=True)
