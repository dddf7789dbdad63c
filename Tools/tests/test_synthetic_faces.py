"""The generator of synthetic clips: the mesh, the action units, and what a clip looks like."""

from __future__ import annotations

import numpy as np
import pytest

from emotionformer.training import action_units, generator, mesh, motion
from emotionformer.training.emotions import EMOTIONS, PROTOTYPES, draw_units
from emotionformer.training.generator import Conditions, Person, clips_of, make_clip


def moved(*columns: str) -> np.ndarray:
    """The displacement (478, 3) of some columns together."""
    return action_units.basis()[[action_units.column(name) for name in columns]].sum(axis=0)


def test_mesh_is_symmetric_and_has_irises_inside_the_eyes() -> None:
    face, pairs = mesh.neutral(), mesh.mirror()
    assert face.shape == (478, 3) and np.isfinite(face).all()
    assert (pairs[pairs] == np.arange(478)).all()
    np.testing.assert_allclose(face[pairs] * (-1, 1, 1), face, atol=1e-6)
    for iris, (outer, inner) in ((468, (33, 133)), (473, (263, 362))):
        low, high = sorted((face[outer, 0], face[inner, 0]))
        assert low < face[iris, 0] < high


# Landmark, axis (0 outwards on the left side of the face, 1 down), sign of the movement.
DIRECTIONS = {
    "1": (336, 1, -1),
    "2": (300, 1, -1),
    "4": (336, 1, +1),
    "5": (386, 1, -1),
    "6": (280, 1, -1),
    "7": (374, 1, -1),
    "9": (358, 1, -1),
    "10": (270, 1, -1),
    "12": (291, 1, -1),
    "15": (291, 1, +1),
    "16": (405, 1, +1),
    "17": (199, 1, -1),
    "20": (291, 0, +1),
    "23": (291, 0, -1),
    "24": (17, 1, -1),
    "25": (17, 1, +1),
}


@pytest.mark.parametrize("unit", DIRECTIONS)
def test_units_move_the_face_the_way_their_name_says(unit: str) -> None:
    landmark, axis, sign = DIRECTIONS[unit]
    field = moved(unit + "L", unit + "R")
    assert sign * field[landmark, axis] > 0.05
    np.testing.assert_allclose(mesh.mirrored(field), field, atol=1e-5)
    assert np.abs(moved(unit + "L")[mesh.neutral()[:, 0] < -0.5]).max() < 1e-6


def test_jaw_opens_the_mouth_and_leaves_the_upper_face() -> None:
    field = moved("26")
    assert field[152, 1] > 0.5 and field[14, 1] - field[13, 1] > 0.5
    assert np.abs(field[mesh.neutral()[:, 1] < 3.0]).max() < 1e-6


def test_blink_closes_the_eye() -> None:
    face = mesh.neutral() + moved("45L", "45R")
    assert abs(face[145, 1] - face[159, 1]) < 0.1 * abs(mesh.neutral()[145, 1] - mesh.neutral()[159, 1])


def test_every_prototype_shows_a_core_unit() -> None:
    random = np.random.default_rng(1)
    for emotion in EMOTIONS:
        core = PROTOTYPES[emotion].core
        for _ in range(50):
            units = draw_units(emotion, 0.5, random)
            assert not core or any(unit in units for unit in core)


def test_clips_look_like_the_trackers_output() -> None:
    for item in clips_of(3, 7, 6, Conditions()):
        clip = item.clip
        assert clip.dtype == np.float32 and clip.shape[1:] == (478, 3) and 45 <= len(clip) <= 300
        lost = np.isnan(clip).any(axis=(1, 2))
        assert (np.isnan(clip).all(axis=(1, 2)) == lost).all() and lost.mean() <= 0.75
        seen = clip[~lost]
        assert seen[..., :2].min() > -0.3 and seen[..., :2].max() < 1.3
        assert np.abs(seen[..., 2].mean(axis=1)).max() < 0.02


def test_a_person_is_the_same_whoever_came_before() -> None:
    first = [item.clip for item in clips_of(3, 4, 2, Conditions())]
    list(clips_of(3, 5, 1, Conditions()))
    again = [item.clip for item in clips_of(3, 4, 2, Conditions())]
    other = [item.clip for item in clips_of(3, 5, 2, Conditions())]
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0][0], other[0][0])


def test_a_smile_is_stronger_than_none_and_grows_with_intensity() -> None:
    calm = Conditions(noise=0.0, pose=0.0, speech=0.0, missing=0.0, frame_rates=(30.0,))

    def spread(emotion: str, intensity: float) -> float:
        widths = []
        for seed in range(12):
            random = np.random.default_rng([seed, 1])
            person = Person.draw(random)
            conditions = Conditions(**{**calm.__dict__, "intensity": intensity})
            clip = make_clip(person, emotion, conditions, np.random.default_rng([seed, 2]))
            eyes = np.linalg.norm(clip[:, 33, :2] - clip[:, 263, :2], axis=1)
            widths.append((np.linalg.norm(clip[:, 61, :2] - clip[:, 291, :2], axis=1) / eyes).max())
        return float(np.mean(widths))

    assert spread("Neutral", 1.0) < spread("Happy", 0.5) < spread("Happy", 1.5)


def test_shifts_differ_from_the_training_conditions() -> None:
    for name, conditions in generator.SHIFTS.items():
        assert (conditions == Conditions()) == (name == "as trained")


def test_wandering_and_drifting_have_unit_spread() -> None:
    random = np.random.default_rng(5)
    assert abs(motion.wandering(random, 300, 1 / 30, 0.1, 50).std() - 1) < 0.1
    assert abs(motion.drifting(random, 300, 1 / 30, 0.2, 50).std() - 1) < 0.1
    assert motion.drifting(random, 30, 1 / 30, 0.2, 0).shape == (30, 0)
