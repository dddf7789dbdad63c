"""The neutral face: MediaPipe's canonical mesh with irises, in centimeters and in the image's axes.

Axes as in MediaPipe's landmarks: x to the image's right, y down, z away from the camera. "Right" and "left" are the
pictured person's: the right eye is at negative x.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

LANDMARKS, MESH_LANDMARKS = 478, 468
IRIS_RADIUS = 0.57

RIGHT_BROW = (70, 63, 105, 66, 107, 46, 53, 52, 65, 55)
RIGHT_UPPER_LID = (246, 161, 160, 159, 158, 157, 173)
RIGHT_LOWER_LID = (7, 163, 144, 145, 153, 154, 155)
RIGHT_LID_FOLD = (247, 30, 29, 27, 28, 56, 190)
RIGHT_LID_BAG = (25, 110, 24, 23, 22, 26, 112)
RIGHT_EYE_CORNERS = (33, 133)
RIGHT_IRIS = (468, 469, 470, 471, 472)
LEFT_IRIS = (473, 476, 475, 474, 477)  # in the order of the mirrored right iris
MOUTH_CORNERS = (61, 76, 62, 78, 291, 306, 292, 308)
UPPER_LIP = (185, 40, 39, 37, 0, 267, 269, 270, 409, 184, 74, 73, 72, 11, 302, 303, 304, 408) + (
    (183, 42, 41, 38, 12, 268, 271, 272, 407, 191, 80, 81, 82, 13, 312, 311, 310, 415)
)
LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307) + (
    (96, 89, 179, 86, 15, 316, 403, 319, 325, 95, 88, 178, 87, 14, 317, 402, 318, 324)
)


@cache
def neutral() -> np.ndarray:
    """The canonical face (478, 3), read-only."""
    file = np.load(Path(__file__).with_name("canonical_face.npy")).astype(np.float64)
    face = np.empty((LANDMARKS, 3))
    face[:MESH_LANDMARKS] = file * (1, -1, -1)
    corners = face[list(RIGHT_EYE_CORNERS)].mean(axis=0)
    lids = (face[159] + face[145]) / 2
    center = np.array([corners[0], lids[1], corners[2] - 0.33])
    ring = IRIS_RADIUS * np.array([(0, 0, 0), (1, 0, 0), (0, -1, 0), (-1, 0, 0), (0, 1, 0)])
    face[list(RIGHT_IRIS)] = center + ring
    face[list(LEFT_IRIS)] = (center + ring) * (-1, 1, 1)
    face.flags.writeable = False
    return face


@cache
def mirror() -> np.ndarray:
    """For each landmark the one on the other side of the face; its own number in the middle."""
    face = neutral()[:MESH_LANDMARKS]
    distance = np.square((face * (-1, 1, 1))[:, None] - face[None]).sum(axis=-1)
    pairs = np.arange(LANDMARKS)
    pairs[:MESH_LANDMARKS] = distance.argmin(axis=1)
    pairs[list(RIGHT_IRIS)] = LEFT_IRIS
    pairs[list(LEFT_IRIS)] = RIGHT_IRIS
    return pairs


def mirrored(field: np.ndarray) -> np.ndarray:
    """A displacement field (478, 3) as it is on the other side of the face."""
    return field[mirror()] * (-1, 1, 1)


def eye_distance() -> float:
    """Between the outer corners of the eyes, in centimeters."""
    face = neutral()
    return float(np.linalg.norm(face[33] - face[263]))
