"""A network of the landmarker by LiteRT: MODEL.tflite THREADS. Answers counts with timings, as every contestant."""

import sys
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from emotionformer.peers.runner import answers, serve

output = answers()
interpreter = Interpreter(model_path=sys.argv[1], num_threads=int(sys.argv[2]))
interpreter.allocate_tensors()
source = interpreter.get_input_details()[0]
results = [result["index"] for result in interpreter.get_output_details()]
picture = np.random.default_rng(1).random(source["shape"], dtype=np.float32)


def predict(given: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    interpreter.set_tensor(source["index"], given)
    interpreter.invoke()
    found = [np.array(interpreter.get_tensor(result)) for result in results]
    return found[0]


serve(predict, picture, output)
