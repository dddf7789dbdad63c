"""Facial action units as displacement fields over the mesh.

A field (478, 3) is what a landmark moves, in centimeters, at full intensity (level E of the Facial Action Coding
System). It is a sum of smooth bumps around named landmarks. Lips, lids and jaw get masks of their own: points that are
close in space there may belong to parts that move apart. Amounts follow descriptions of the units in the FACS manual
and were set by eye on rendered faces; they are not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from emotionformer.training import mesh

JAW_ANGLE = 0.20


@dataclass(frozen=True)
class Bump:
    """Moves the neighborhood of some landmarks of the face's right side."""

    landmarks: tuple[int, ...]
    reach: float  # standard deviation of the fall-off in centimeters
    move: tuple[float, float, float]  # centimeters: + inwards, + down, + back
    region: str = "all"


BROW_INNER, BROW_OUTER, BROW_MIDDLE = (107, 66, 55, 65), (70, 63, 46, 53), (105, 52)
CHEEK, CHEEK_FOLD = (50, 101, 118, 117, 123), (205, 207, 187, 216)
NOSE_WING, CORNER = (129, 98, 64, 48, 49, 102), (61, 76)
UPPER_LIP_SIDE, LOWER_LIP_SIDE = (37, 39, 40, 72, 73), (84, 181, 91, 85, 180)
LIP_MIDDLE_UPPER, LIP_MIDDLE_LOWER = (0, 11, 12), (17, 16, 15)
CHIN = (199, 175, 200, 208, 171)

# Unit → bumps of the right side; the left side is their mirror image. Lids and jaw are made below.
BUMPS: dict[str, tuple[Bump, ...]] = {
    "1": (Bump(BROW_INNER, 1.1, (0.04, -0.70, 0.0), "brow"), Bump((108, 9), 1.0, (0.0, -0.25, 0.0), "brow")),
    "2": (Bump(BROW_OUTER, 1.1, (-0.04, -0.65, 0.0), "brow"), Bump(BROW_MIDDLE, 0.8, (0.0, -0.25, 0.0), "brow")),
    "4": (Bump(BROW_INNER, 1.2, (0.32, 0.42, 0.0), "brow"), Bump(BROW_MIDDLE, 1.1, (0.12, 0.28, 0.0), "brow")),
    "6": (Bump(CHEEK, 1.3, (0.02, -0.38, -0.12), "cheek"), Bump((33, 130, 226), 0.7, (0.06, 0.03, 0.0))),
    "9": (
        Bump(NOSE_WING, 0.9, (-0.02, -0.34, -0.06), "upper"),
        Bump((55, 107, 193), 1.0, (0.10, 0.26, 0.0), "brow"),
        Bump((37, 39, 72), 0.8, (0.0, -0.16, 0.0), "upper"),
        Bump((122, 196, 188), 0.8, (-0.05, -0.15, -0.08)),
    ),
    "10": (
        Bump(UPPER_LIP_SIDE, 0.8, (-0.03, -0.42, -0.10), "upper"),
        Bump((203, 206, 165, 92), 0.9, (-0.06, -0.22, -0.05), "upper"),
        Bump(LIP_MIDDLE_UPPER, 0.6, (0.0, -0.14, -0.03), "upper"),
    ),
    "12": (Bump(CORNER, 1.2, (-0.60, -0.60, 0.35)), Bump(CHEEK_FOLD, 1.2, (-0.10, -0.30, -0.18))),
    "14": (Bump(CORNER, 1.0, (-0.22, -0.02, 0.25)),),
    "15": (Bump(CORNER, 1.0, (-0.06, 0.50, 0.04)), Bump((43, 57, 202), 0.9, (-0.06, 0.16, -0.03))),
    "16": (
        Bump(LOWER_LIP_SIDE, 0.9, (-0.04, 0.36, -0.04), "lower"),
        Bump(LIP_MIDDLE_LOWER, 0.8, (0.0, 0.14, 0.0), "lower"),
    ),
    "17": (
        Bump(CHIN, 1.2, (0.0, -0.34, -0.12), "lower"),
        Bump(LOWER_LIP_SIDE, 0.9, (0.0, -0.16, -0.10), "lower"),
        Bump(LIP_MIDDLE_UPPER, 0.7, (0.0, -0.05, -0.03), "upper"),
    ),
    "18": (
        Bump(CORNER, 1.2, (0.55, 0.0, -0.30)),
        Bump(UPPER_LIP_SIDE, 0.9, (0.12, 0.02, -0.30), "upper"),
        Bump(LOWER_LIP_SIDE, 0.9, (0.12, -0.02, -0.30), "lower"),
    ),
    "20": (Bump(CORNER, 1.2, (-0.62, 0.14, 0.28)), Bump((43, 57, 202, 204), 1.0, (-0.22, 0.10, 0.05), "lower")),
    "23": (
        Bump(CORNER, 1.0, (0.22, 0.0, 0.02)),
        Bump(UPPER_LIP_SIDE, 0.7, (0.05, 0.13, 0.04), "upper"),
        Bump(LOWER_LIP_SIDE, 0.7, (0.05, -0.13, 0.04), "lower"),
    ),
    "24": (
        Bump(CORNER, 1.0, (0.08, 0.04, 0.0)),
        Bump(UPPER_LIP_SIDE + LIP_MIDDLE_UPPER, 0.8, (0.0, 0.14, 0.06), "upper"),
        Bump(LOWER_LIP_SIDE + LIP_MIDDLE_LOWER, 0.8, (0.0, -0.16, 0.06), "lower"),
    ),
    "25": (
        Bump(UPPER_LIP_SIDE + LIP_MIDDLE_UPPER, 0.8, (0.0, -0.07, 0.0), "upper"),
        Bump(LOWER_LIP_SIDE + LIP_MIDDLE_LOWER, 1.0, (0.0, 0.30, 0.02), "lower"),
    ),
}

LID_UNITS = ("5", "7", "45")
GAZE = ("gazeX", "gazeY")
SIDED = tuple(BUMPS) + LID_UNITS
MIDDLE = ("26", *GAZE)
# One column an activation: both sides of the sided units, then the units that have no sides.
COLUMNS = tuple(f"{unit}{side}" for unit in SIDED for side in "RL") + MIDDLE


def smooth_step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, a cubic between."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return share * share * (3 - 2 * share)


@cache
def _regions() -> dict[str, np.ndarray]:
    """How much of a bump each landmark takes (478), for the names that a bump's region may have."""
    face = mesh.neutral()
    x, y = face[:, 0], face[:, 1]
    lower = smooth_step(y, 4.2, 4.7)
    lower[list(mesh.LOWER_LIP)] = 1.0
    lower[list(mesh.UPPER_LIP)] = 0.0
    lower[list(mesh.MOUTH_CORNERS)] = 0.5
    upper = 1.0 - lower
    # From nothing at the upper lid to all at the brow.
    brow = 1.0 - smooth_step(y, -4.2, -3.1)
    brow[list(mesh.RIGHT_UPPER_LID + mesh.RIGHT_LOWER_LID)] = 0.0
    cheek = smooth_step(y, -2.4, -1.0) * smooth_step(np.abs(x), 0.8, 2.2)
    return {"all": np.ones_like(x), "upper": upper, "lower": lower, "brow": brow, "cheek": cheek}


def _bump_field(bump: Bump) -> np.ndarray:
    face = mesh.neutral()
    centers = face[list(bump.landmarks)]
    nearest = np.square(face[:, None] - centers[None]).sum(axis=-1).min(axis=1)
    weight = np.exp(-nearest / (2 * bump.reach**2)) * _regions()[bump.region]
    weight[mesh.MESH_LANDMARKS :] = 0.0
    return weight[:, None] * np.array(bump.move)


def _jaw_weight() -> np.ndarray:
    face = mesh.neutral()
    weight = smooth_step(face[:, 1], 3.6, 6.4)
    weight[list(mesh.UPPER_LIP)] = 0.0
    # From the corners to the middle of the lower lip.
    lower = list(mesh.LOWER_LIP)
    weight[lower] = 0.45 + 0.5 * smooth_step(-np.abs(face[lower, 0]), -2.4, -0.6)
    weight[list(mesh.MOUTH_CORNERS)] = 0.35
    return weight


def _jaw_field() -> np.ndarray:
    """The lower jaw turning about the axis through its joints, to first order."""
    face, field = mesh.neutral(), np.zeros((mesh.LANDMARKS, 3))
    joint_y, joint_z = 0.3, 2.0
    field[:, 1] = -(face[:, 2] - joint_z) * JAW_ANGLE
    field[:, 2] = (face[:, 1] - joint_y) * JAW_ANGLE
    return field * _jaw_weight()[:, None]


def _lid_field(unit: str) -> np.ndarray:
    """5 raises the upper lid, 7 tightens both, 45 is a blink: all in shares of the opening of the eye."""
    face, field = mesh.neutral(), np.zeros((mesh.LANDMARKS, 3))
    upper, lower = list(mesh.RIGHT_UPPER_LID), list(mesh.RIGHT_LOWER_LID)
    opening = face[lower, 1] - face[upper, 1]
    shares = {"5": (-0.36, 0.02, 0.25, 0.0), "7": (0.14, 0.30, 0.5, 0.7), "45": (0.88, 0.08, 0.4, 0.4)}
    down, up, fold, bag = shares[unit]
    field[upper, 1] = down * opening
    field[lower, 1] = -up * opening
    field[list(mesh.RIGHT_LID_FOLD), 1] = fold * down * opening
    field[list(mesh.RIGHT_LID_BAG), 1] = -bag * up * opening
    if unit == "45":
        # The upper lid comes forward over the ball of the eye; the tracker's iris follows the lid a little.
        field[upper, 2] = -0.05
        field[list(mesh.RIGHT_IRIS), 1] = 0.12
    return field


def _gaze_field(axis: int) -> np.ndarray:
    field = np.zeros((mesh.LANDMARKS, 3))
    field[mesh.MESH_LANDMARKS :, axis] = 0.35
    if axis == 1:
        # Upper lids follow a look down.
        for side in (list(mesh.RIGHT_UPPER_LID), list(mesh.mirror()[list(mesh.RIGHT_UPPER_LID)])):
            field[side, 1] = 0.16
    return field


@cache
def right_field(unit: str) -> np.ndarray:
    """A sided unit on the right side of the face (478, 3)."""
    if unit in LID_UNITS:
        return _lid_field(unit)
    field = sum((_bump_field(bump) for bump in BUMPS[unit]), np.zeros((mesh.LANDMARKS, 3)))
    if unit == "6":
        field = field + 0.6 * _lid_field("7")
    # Bumps around the middle of the face reach over it: each side takes its half.
    return field * (1 - smooth_step(mesh.neutral()[:, 0], -0.35, 0.35))[:, None]


@cache
def basis() -> np.ndarray:
    """The fields of all columns (columns, 478, 3), float32, read-only."""
    fields = []
    for unit in SIDED:
        fields += [right_field(unit), mesh.mirrored(right_field(unit))]
    fields += [_jaw_field(), _gaze_field(0), _gaze_field(1)]
    stacked = np.stack(fields).astype(np.float32)
    stacked.flags.writeable = False
    return stacked


def column(name: str) -> int:
    """Where an activation stands, such as "12L" or "26"."""
    return COLUMNS.index(name)
