"""Head pose and camera: a face in centimeters to coordinates as MediaPipe gives them."""

from __future__ import annotations

import numpy as np

from emotionformer.training import mesh

FACE_HEIGHT = 17.7  # forehead to chin of the canonical face, centimeters


def rotations(angles: np.ndarray) -> np.ndarray:
    """Yaw, pitch, roll in radians (frames, 3) to matrices (frames, 3, 3) that turn row vectors' transposes."""
    (sy, sp, sr), (cy, cp, cr) = np.sin(angles).T, np.cos(angles).T
    zero, one = np.zeros_like(sy), np.ones_like(sy)

    def matrix(*rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    yaw = matrix((cy, zero, sy), (zero, one, zero), (-sy, zero, cy))
    pitch = matrix((one, zero, zero), (zero, cp, -sp), (zero, sp, cp))
    roll = matrix((cr, -sr, zero), (sr, cr, zero), (zero, zero, one))
    return roll @ pitch @ yaw


def project(
    faces: np.ndarray,
    angles: np.ndarray,
    travel: np.ndarray,
    distance: float,
    size: float,
    center: np.ndarray,
    aspect: float,
) -> np.ndarray:
    """Faces (frames, 478, 3) in centimeters to image coordinates (frames, 478, 3).

    `travel` (frames, 3): the head's movement in centimeters; `distance`: of the camera, centimeters; `size`: the face's
    height as a fraction of the image's; `center`: where the face stands, fractions; `aspect`: image width / height.
    x and y are fractions of width and height under perspective; z is depth on the scale of x, 0 at the landmarks' mean.
    """
    pivot = np.array([0.0, 2.0, 6.0], dtype=np.float32)  # the neck's end of the skull
    turn = rotations(angles).astype(np.float32).transpose(0, 2, 1)
    turned = np.matmul(faces.astype(np.float32, copy=False) - pivot, turn) + pivot
    turned += travel[:, None].astype(np.float32)
    turned = turned.astype(np.float32, copy=False)
    scale = np.float32(size / FACE_HEIGHT)  # image heights a centimeter, at the distance of the head's origin
    depth = turned[..., 2]
    shrink = scale * np.float32(distance) / (np.float32(distance) + depth)
    image = np.empty_like(turned)
    image[..., 0] = center[0] + turned[..., 0] * (shrink / np.float32(aspect))
    image[..., 1] = center[1] + turned[..., 1] * shrink
    image[..., 2] = (depth - depth.mean(axis=1, keepdims=True)) * (scale / np.float32(aspect))
    return image


def eye_distance_in_heights(size: float) -> float:
    """The distance of the outer eye corners in image heights, for a face of this size seen from the front."""
    return mesh.eye_distance() * size / FACE_HEIGHT
