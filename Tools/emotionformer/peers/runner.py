"""A peer's process: loads a model once and answers each count n on standard input with n timed predictions.

The answer is one JSON line, {"milliseconds": [...]}, as of `emotionformer benchmark --interactive`. One prediction is a
batch: input handed over, run, output read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float32]]
# Clips (batch × frames × features) → probabilities (batch × classes).
Predict = Callable[[Array], Array]
MODES = ("batched", "streams")


def in_streams(sessions: list[Predict]) -> Predict:
    """One clip after another, each by the next session that is free: a thread a session."""
    pool = ThreadPoolExecutor(len(sessions))

    def predict(clips: Array) -> Array:
        def work(index: int) -> list[tuple[int, Array]]:
            return [(at, sessions[index](clips[at : at + 1])) for at in range(index, len(clips), len(sessions))]

        done = [pair for future in [pool.submit(work, i) for i in range(len(sessions))] for pair in future.result()]
        return np.concatenate([rows for _, rows in sorted(done, key=lambda pair: pair[0])])

    return predict


def litert(model: str, threads: int, batch: int, mode: str) -> Predict:
    from ai_edge_litert.interpreter import Interpreter

    def session(thread_count: int) -> Predict:
        interpreter = Interpreter(model_path=model, num_threads=thread_count)
        interpreter.allocate_tensors()
        source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        # A fused LSTM keeps its state from one run to the next: a clip is independent of the one before.
        recurrent = any("LSTM" in operator["op_name"] for operator in interpreter._get_ops_details())

        def predict(clips: Array) -> Array:
            if recurrent:
                interpreter.reset_all_variables()
            interpreter.set_tensor(source, clips)
            interpreter.invoke()
            return np.array(interpreter.get_tensor(result))

        return predict

    return session(threads) if mode == "batched" else in_streams([session(1) for _ in range(threads)])


def onnxruntime(model: str, threads: int, batch: int, mode: str) -> Predict:
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads if mode == "batched" else 1
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def predict(clips: Array) -> Array:
        rows: Array = session.run(None, {"clip": clips})[0]
        return rows

    return predict if mode == "batched" else in_streams([predict] * threads)


def openvino(model: str, threads: int, batch: int, mode: str) -> Predict:
    import openvino as runtime

    core = runtime.Core()
    graph = core.read_model(model)
    graph.reshape([batch if mode == "batched" else 1, *graph.inputs[0].partial_shape[1:]])
    hint = "LATENCY" if mode == "batched" else "THROUGHPUT"
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": hint,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1 if mode == "batched" else threads,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = core.compile_model(graph, "CPU", settings)
    if mode == "batched":
        request = compiled.create_infer_request()

        def predict(clips: Array) -> Array:
            return np.array(request.infer({0: clips}, share_inputs=True, share_outputs=True)[0])

        return predict

    requests = runtime.AsyncInferQueue(compiled, threads)
    rows: Array = np.zeros((batch, compiled.outputs[0].shape[1]), np.float32)

    def store(request: Any, index: int) -> None:
        rows[index] = request.get_output_tensor(0).data[0]

    requests.set_callback(store)

    def predict_all(clips: Array) -> Array:
        for index in range(len(clips)):
            requests.start_async({0: clips[index : index + 1]}, index)
        requests.wait_all()
        return rows.copy()

    return predict_all


def mnn(model: str, threads: int, batch: int, mode: str) -> Predict:
    import MNN.expr
    import MNN.nn
    import MNN.numpy

    def session(thread_count: int) -> Predict:
        settings = {"backend": "CPU", "numThread": thread_count, "precision": "high", "memory": "low"}
        manager = MNN.nn.create_runtime_manager((settings,))
        module = MNN.nn.load_module_from_file(model, ["clip"], ["probabilities"], runtime_manager=manager)

        def predict(clips: Array) -> Array:
            given = MNN.expr.const(np.ascontiguousarray(clips), list(clips.shape), MNN.expr.NCHW, MNN.expr.float)
            found = module.forward([given])
            return np.array((found[0] if isinstance(found, (list, tuple)) else found).read())

        return predict

    return session(threads) if mode == "batched" else in_streams([session(1) for _ in range(threads)])


RUNTIMES: dict[str, Callable[[str, int, int, str], Predict]] = {
    "litert": litert,
    "mnn": mnn,
    "onnxruntime": onnxruntime,
    "openvino": openvino,
}


def check(predict: Predict, clips: Array, batch: int) -> Array:
    """The outputs of every clip, predicted in batches as they are timed."""
    rows = []
    for start in range(0, len(clips), batch):
        part = clips[start : start + batch]
        full = np.resize(part, (batch, *clips.shape[1:]))
        rows.append(predict(full)[: len(part)])
    return np.concatenate(rows)


def answers() -> TextIO:
    """Standard output, for answers alone: what a runtime prints there by itself goes to standard error from now on."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return own


def serve(predict: Predict, clips: Array, output: TextIO) -> None:
    for line in sys.stdin:
        samples = []
        for _ in range(int(line)):
            start = time.perf_counter()
            predict(clips)
            samples.append((time.perf_counter() - start) * 1000)
        print(json.dumps({"milliseconds": samples}), file=output, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: echo 20 | python -m emotionformer.peers.runner litert f32.tflite --clips clips.npy",
    )
    parser.add_argument("runtime", choices=RUNTIMES)
    parser.add_argument("model")
    parser.add_argument("--clips", required=True, help=".npy of clips × frames × features")
    parser.add_argument("--outputs", help="write the outputs of the clips to this .json first")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--mode", choices=MODES, default="batched", help="one batched input, or a stream a thread")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    output = answers()
    clips = np.load(arguments.clips, allow_pickle=False)
    predict = RUNTIMES[arguments.runtime](arguments.model, arguments.threads, arguments.batch, arguments.mode)
    if arguments.outputs:
        with open(arguments.outputs, "w", encoding="utf-8") as file:
            json.dump(check(predict, clips, arguments.batch).tolist(), file)
    serve(predict, np.ascontiguousarray(np.resize(clips, (arguments.batch, *clips.shape[1:]))), output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
