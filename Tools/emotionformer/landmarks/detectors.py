"""MediaPipe's two face detectors behind one method."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from emotionformer.errors import VideoError
from emotionformer.landmarks.writing import LANDMARKS

Array = np.ndarray[Any, np.dtype[Any]]


class Detector(Protocol):
    """Finds faces in RGB pictures that come in order."""

    def faces(self, picture: Array, milliseconds: int) -> list[Array]:
        """The landmarks (478 × 3) of each face."""
        ...

    def __enter__(self) -> Detector: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class DetectorOptions:
    """`count` above 1 switches MediaPipe's smoothing off."""

    count: int = 1
    confidence: float = 0.5
    still: bool = False


def open_detector(task: Path | None, options: DetectorOptions) -> Detector:
    return FaceMesh(options) if task is None else FaceLandmarker(task, options)


def _array(landmarks: Any) -> Array:
    return np.array([(point.x, point.y, point.z) for point in landmarks], np.float32)


class FaceLandmarker:
    """The Face Landmarker task, in VIDEO or IMAGE mode."""

    def __init__(self, task: Path, options: DetectorOptions) -> None:
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        self._mediapipe = mediapipe
        self._still = options.still
        mode = vision.RunningMode.IMAGE if options.still else vision.RunningMode.VIDEO
        try:
            content = task.read_bytes()
            self._landmarker = vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    base_options=BaseOptions(model_asset_buffer=content),
                    running_mode=mode,
                    num_faces=options.count,
                    min_face_detection_confidence=options.confidence,
                )
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise VideoError(f"{task}: this is not a bundle of the Face Landmarker that can be read") from error

    def faces(self, picture: Array, milliseconds: int) -> list[Array]:
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=picture)
        if self._still:
            result = self._landmarker.detect(image)
        else:
            result = self._landmarker.detect_for_video(image, milliseconds)
        faces = [_array(landmarks) for landmarks in result.face_landmarks]
        if faces and len(faces[0]) != LANDMARKS:
            raise VideoError(f"the model finds {len(faces[0])} landmarks a face (expected {LANDMARKS})")
        return faces

    def __enter__(self) -> FaceLandmarker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._landmarker.close()


class FaceMesh:
    """The Face Mesh inside mediapipe 0.10.21, with the irises' landmarks."""

    def __init__(self, options: DetectorOptions) -> None:
        from mediapipe.python.solutions.face_mesh import FaceMesh as Solution

        self._mesh = Solution(
            static_image_mode=options.still,
            max_num_faces=options.count,
            refine_landmarks=True,
            min_detection_confidence=options.confidence,
            min_tracking_confidence=0.5,
        )

    def faces(self, picture: Array, milliseconds: int) -> list[Array]:
        found = self._mesh.process(picture).multi_face_landmarks
        return [_array(face.landmark) for face in found or []]

    def __enter__(self) -> FaceMesh:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mesh.close()
