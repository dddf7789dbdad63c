"""MediaPipe's landmarks of a video's frames: TASK VIDEO. Prints the processor time of a frame, in milliseconds, over
all frames but the first, which runs the detector and finds cold caches."""

import json
import sys
import time

import av
import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision

options = vision.FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path=sys.argv[1]), running_mode=vision.RunningMode.VIDEO
)
with av.open(sys.argv[2]) as container:
    frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
with vision.FaceLandmarker.create_from_options(options) as landmarker:

    def detect(number: int) -> None:
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=frames[number])
        landmarker.detect_for_video(picture, number * 1000 // 30)

    detect(0)
    start = time.process_time()
    for number in range(1, len(frames)):
        detect(number)
    spent = time.process_time() - start
print(json.dumps({"milliseconds": spent * 1000 / (len(frames) - 1)}), flush=True)
