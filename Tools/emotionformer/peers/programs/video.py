# The least program from a video to an emotion by MediaPipe and LiteRT: TASK MODEL.tflite VIDEO
import sys

import av
import mediapipe as mp
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from mediapipe.tasks.python import BaseOptions, vision

options = vision.FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path=sys.argv[1]), running_mode=vision.RunningMode.VIDEO
)
clip = []
with av.open(sys.argv[3]) as container, vision.FaceLandmarker.create_from_options(options) as landmarker:
    for number, frame in enumerate(container.decode(video=0)):
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=frame.to_ndarray(format="rgb24"))
        found = landmarker.detect_for_video(picture, number * 1000 // 30).face_landmarks
        if found:
            clip.append([(point.x, point.y, point.z) for point in found[0]])
interpreter = Interpreter(model_path=sys.argv[2], num_threads=2)
interpreter.allocate_tensors()
given = interpreter.get_input_details()[0]
features = np.zeros(given["shape"], np.float32)
rows = np.asarray(clip, np.float32).reshape(len(clip), -1)[: features.shape[1]]
features[0, : len(rows)] = rows
interpreter.set_tensor(given["index"], features)
interpreter.invoke()
print(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].tolist(), flush=True)
