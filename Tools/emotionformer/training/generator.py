"""Synthetic clips: people, their displays of an emotion, and what a camera and a landmark tracker make of them.

Everything is drawn from a seed. A person is drawn from (seed, number) alone, so people of different numbers are
different identities, and clips can be made in any order or in parallel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from emotionformer.training import mesh, motion
from emotionformer.training.action_units import COLUMNS, MIDDLE, basis, column, smooth_step
from emotionformer.training.camera import eye_distance_in_heights, project
from emotionformer.training.emotions import EMOTIONS, draw_incidental, draw_units

MINIMUM_FRAMES, MAXIMUM_FRAMES = 45, 300
MODES = 40
SPATIAL_NOISE_MODES = 24


@dataclass(frozen=True)
class Conditions:
    """The generator's difficulty. The defaults were fixed before training; the shifts below test beyond them."""

    intensity: float = 1.0  # factor on the strength of displays
    noise: float = 1.0  # factor on the tracker's noise
    pose: float = 1.0  # factor on head pose and its drift
    speech: float = 1.0  # factor on the movements of speech
    missing: float = 0.03  # mean share of frames without a face
    frame_rates: tuple[float, ...] = (15.0, 24.0, 25.0, 25.0, 29.97, 29.97, 29.97, 30.0, 30.0, 50.0, 60.0)


SHIFTS: dict[str, Conditions] = {
    "as trained": Conditions(),
    "noise x 3": Conditions(noise=3.0),
    "head pose x 2": Conditions(pose=2.0),
    "12 frames a second": Conditions(frame_rates=(12.0,)),
    "60 frames a second": Conditions(frame_rates=(60.0,)),
    "expressions half as strong": Conditions(intensity=0.5),
    "speech x 2": Conditions(speech=2.0),
    "a fifth of the frames missing": Conditions(missing=0.2),
    "all of it, moderately": Conditions(
        intensity=0.7, noise=2.0, pose=1.5, speech=1.5, missing=0.1, frame_rates=(12.0, 20.0, 60.0)
    ),
}


@cache
def _modes(reach: float, count: int) -> np.ndarray:
    """Smooth modes over the mesh (count, 478): a Gaussian process's components, of mean variance 1 together."""
    face = mesh.neutral()
    distance = np.square(face[:, None] - face[None]).sum(axis=-1)
    values, vectors = np.linalg.eigh(np.exp(-distance / (2 * reach**2)))
    kept = vectors[:, ::-1][:, :count] * np.sqrt(np.maximum(values[::-1][:count], 0))
    kept /= np.sqrt(np.square(kept).sum(axis=1).mean())
    # Eigenvectors come with either sign: one of them for everyone.
    kept *= np.where(kept[np.abs(kept).argmax(axis=0), np.arange(count)] < 0, -1.0, 1.0)
    return kept.T.astype(np.float32)


def _named_variation(random: np.random.Generator) -> np.ndarray:
    """Proportions that people differ in (478, 3), centimeters."""
    face = mesh.neutral()
    x, y, z = face.T
    draw = iter(random.standard_normal(16))
    shape = np.zeros_like(face)
    shape[:, 0] += 0.035 * next(draw) * x
    shape[:, 1] += 0.030 * next(draw) * y
    shape[:, 2] += 0.060 * next(draw) * z
    shape[:, 0] += 0.050 * next(draw) * x * smooth_step(y, 3.0, 9.0)
    shape[:, 1] += 0.35 * next(draw) * smooth_step(y, 5.5, 9.0)

    def near(landmarks: tuple[int, ...], reach: float) -> np.ndarray:
        both = list(landmarks) + list(mesh.mirror()[list(landmarks)])
        return np.exp(-np.square(face[:, None] - face[both][None]).sum(axis=-1).min(axis=1) / (2 * reach**2))

    outward = np.sign(x) * smooth_step(np.abs(x), 0.0, 0.6)
    brow, mouth, eye = near(mesh.RIGHT_BROW, 0.8), near((61, 13, 14), 1.2), near((159, 145, 33, 133), 1.0)
    nose, tip = near((129, 98, 64), 0.8), near((1, 4), 1.5)
    shape[:, 1] += 0.16 * next(draw) * brow
    shape[:, 1] += 0.10 * next(draw) * brow * (np.abs(x) - 3.0) / 2.0
    shape[:, 0] += 0.14 * next(draw) * outward * eye
    shape[:, 1] += 0.14 * next(draw) * eye
    shape[:, 0] += 0.14 * next(draw) * x / 2.4 * mouth
    shape[:, 1] += 0.20 * next(draw) * mouth
    shape[:, 0] += 0.13 * next(draw) * outward * nose
    shape[:, 2] += 0.25 * next(draw) * tip
    shape[:, 1] += 0.25 * next(draw) * tip
    lips = np.zeros(mesh.LANDMARKS)
    lips[list(mesh.UPPER_LIP)], lips[list(mesh.LOWER_LIP)] = -0.5, 0.5
    rim = np.clip(np.abs(y - 4.3) / 1.0, 0.0, 1.0)
    shape[:, 1] += 0.18 * next(draw) * lips * rim
    return shape


@dataclass(frozen=True)
class Person:
    """One identity: a face, a resting expression, and habits."""

    face: np.ndarray  # (478, 3) centimeters
    strength: np.ndarray  # factor a column of activations
    resting: np.ndarray  # activations at rest
    expressiveness: float
    blink_rate: float  # a second
    mobility: float  # factor on the movement of the head

    @staticmethod
    def draw(random: np.random.Generator) -> Person:
        local = np.tensordot(random.standard_normal((3, MODES)), _modes(2.0, MODES), axes=1).T
        flipped = mesh.mirrored(local)
        local = 0.13 * ((local + flipped) / np.sqrt(2) + 0.3 * (local - flipped) / np.sqrt(2))
        fine = 0.03 * np.tensordot(random.standard_normal((3, 120)), _modes(0.8, 120), axes=1).T
        face = mesh.neutral() + _named_variation(random) + local + fine
        for letter, opening in zip("RL", random.normal(0.0, 0.12) + random.normal(0.0, 0.03, 2), strict=True):
            face += opening * basis()[column("45" + letter)]
        unit_strength = random.lognormal(0.0, 0.25, len(COLUMNS) // 2 + len(MIDDLE))
        sided = len(COLUMNS) - len(MIDDLE)
        side = random.lognormal(0.0, 0.10, len(COLUMNS))
        strength = np.concatenate([np.repeat(unit_strength[: sided // 2], 2), np.ones(len(MIDDLE))]) * side
        resting = np.zeros(len(COLUMNS))
        spreads = {"4": 0.14, "1": 0.08, "2": 0.08, "12": 0.08, "15": 0.10, "7": 0.12, "17": 0.08}
        for unit, spread in spreads.items():
            resting[[column(unit + "R"), column(unit + "L")]] = random.normal(0.0, spread)
        return Person(
            face=face.astype(np.float32),
            strength=strength,
            resting=resting,
            expressiveness=float(random.lognormal(0.0, 0.25)),
            blink_rate=float(random.gamma(2.0, 0.15)),
            mobility=float(random.lognormal(0.0, 0.4)),
        )


def _activations(
    person: Person, emotion: str, times: np.ndarray, conditions: Conditions, random: np.random.Generator
) -> np.ndarray:
    """What every unit does (frames, columns)."""
    length, frames = float(times[-1]), len(times)
    step = length / max(frames - 1, 1)
    active = np.tile(person.resting, (frames, 1))

    def add(unit: str, course: np.ndarray) -> None:
        if unit in MIDDLE:
            active[:, column(unit)] += course
        else:
            for side in "RL":
                active[:, column(unit + side)] += course * random.lognormal(0.0, 0.12)

    def show(units: dict[str, float], start: float, end: float) -> None:
        waver = 1 + 0.15 * motion.drifting(random, frames, step, 0.4, len(units))
        for index, (unit, level) in enumerate(units.items()):
            begin = start + random.normal(0.0, 0.12)
            onset, finish, offset = random.uniform(0.15, 0.8), end + random.normal(0, 0.15), random.uniform(0.3, 1.2)
            course = motion.display(times, begin, onset, finish, offset)
            add(unit, level * course * waver[:, index])

    # From traces (A) to the maximum (E); most displays are in between.
    intensity = conditions.intensity * person.expressiveness * (0.12 + 0.88 * random.beta(1.6, 2.0))
    # Many clips begin in the display, many end before it does.
    start = random.uniform(-1.0, -0.6) if random.random() < 0.35 else random.uniform(0.0, 0.45) * length
    end = 2 * length + 5 if random.random() < 0.55 else random.uniform(max(start, 0) + 0.35 * length, length)
    show(draw_units(emotion, intensity, random), start, end)
    if random.random() < 0.12:
        other = str(random.choice([name for name in EMOTIONS if name not in (emotion, "Neutral")]))
        share = 0.35 if emotion != "Neutral" else 0.15
        show(draw_units(other, share * intensity, random), start, end)
    incidental = draw_incidental(1.0, random)
    show(incidental, random.uniform(-1.0, 0.7) * length, random.uniform(0.4, 2.0) * length)
    # Raised brows go with talking; in no emotion more than in another.
    for _ in range(random.poisson(0.25 * length * conditions.speech)):
        at, level = random.uniform(0, length), random.uniform(0.1, 0.5)
        flash = motion.display(times, at, 0.15, at + random.uniform(0.2, 0.6), 0.25)
        for unit in ("1", "2"):
            add(unit, level * flash)
    if random.random() < 0.85:
        vigor = conditions.speech * random.lognormal(0.25, 0.4)
        for unit, course in motion.speech(times, random).items():
            add(unit, vigor * course)
    active[:, : len(COLUMNS) - len(MIDDLE)] *= person.strength[: len(COLUMNS) - len(MIDDLE)]
    closed = motion.blinks(times, person.blink_rate, random)
    active[:, [column("45R"), column("45L")]] += closed[:, None]
    gaze = motion.drifting(random, frames, step, 0.3, 2)
    active[:, column("gazeX")] += random.normal(0, 0.2) + 0.20 * gaze[:, 0]
    active[:, column("gazeY")] += random.normal(0, 0.2) + 0.15 * gaze[:, 1] + (0.15 if emotion == "Sad" else 0.0)
    return np.clip(active, -0.35, 1.6)


def _tracker_noise(frames: int, step: float, level: float, random: np.random.Generator) -> np.ndarray:
    """What a landmark tracker adds (frames, 478, 3), in distances of the outer eye corners."""
    broad = motion.wandering(random, frames, step, random.uniform(0.1, 0.6), SPATIAL_NOISE_MODES * 3)
    fine = motion.wandering(random, frames, step, random.uniform(0.03, 0.2), mesh.LANDMARKS * 3)
    smooth = broad.reshape(frames * 3, SPATIAL_NOISE_MODES) @ _modes(1.8, SPATIAL_NOISE_MODES)
    smooth = smooth.reshape(frames, 3, mesh.LANDMARKS).transpose(0, 2, 1)
    noise = 2.0 * smooth + 0.5 * fine.reshape(frames, mesh.LANDMARKS, 3)
    # The tracker is surer of x than of y, and knows depth only from the shape of faces.
    return noise * np.array((0.7 * level, 1.2 * level, 1.1 * level), dtype=np.float32)


def make_clip(person: Person, emotion: str, conditions: Conditions, random: np.random.Generator) -> np.ndarray:
    """One clip (frames, 478, 3), float32: x, y in 0 … 1 of the image, z on x's scale; NaN where no face was found."""
    rate = float(random.choice(conditions.frame_rates))
    seconds = float(np.clip(random.lognormal(np.log(2.9), 0.38), 1.4, 9.0))
    frames = int(np.clip(round(seconds * rate), MINIMUM_FRAMES, MAXIMUM_FRAMES))
    times = np.arange(frames) / rate
    active = _activations(person, emotion, times, conditions, random).astype(np.float32)
    faces = person.face + np.tensordot(active, basis(), axes=1)

    step = 1 / rate
    still = np.radians((9.0, 6.0, 4.0)) * random.standard_normal(3) + np.radians((0.0, -4.0, 0.0))
    drift = np.radians((2.2, 2.2, 1.2)) * person.mobility * motion.drifting(random, frames, step, 0.45, 3)
    nod = np.radians(1.2) * conditions.speech * person.mobility * motion.drifting(random, frames, step, 0.2)
    angles = conditions.pose * (still + drift)
    angles[:, 1] += nod[:, 0] + (np.radians(-2.0) if emotion == "Sad" else 0.0)
    travel = 0.25 * person.mobility * conditions.pose * motion.drifting(random, frames, step, 0.6, 3)

    size = float(np.exp(random.uniform(np.log(0.18), np.log(0.75))))
    aspect = float(random.choice((4 / 3, 4 / 3, 16 / 9, 16 / 9, 1.0, 3 / 4, 9 / 16)))
    size = min(size, 0.9 * aspect)
    room = np.maximum(0.5 - 0.5 * np.array([0.85 * size / aspect, size]), 0.02)
    center = 0.5 + np.clip(random.normal(0, 0.4, 2), -1, 1) * room
    image = project(faces, angles, travel, float(random.uniform(35, 200)), size, center, aspect)

    # Smaller faces have fewer pixels, and more noise; the filter of a video tracker follows late.
    level = 0.0011 * conditions.noise * random.lognormal(0.0, 0.4) * np.sqrt(0.35 / size)
    unit = eye_distance_in_heights(size) * np.array([1 / aspect, 1.0, 1 / aspect], dtype=np.float32)
    image += _tracker_noise(frames, step, level, random) * unit
    follow = np.float32(random.uniform(0.45, 1.0))
    for index in range(1, frames):
        image[index] = image[index - 1] + follow * (image[index] - image[index - 1])
    return _with_gaps(image.astype(np.float32), conditions.missing, random)


def _with_gaps(clip: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """Loses single frames and runs of frames in a third of the clips; never all of a clip."""
    frames = len(clip)
    if share <= 0 or random.random() > 1 / 3:
        return clip
    lost = 0
    while lost < 3 * share * frames * random.uniform(0.5, 1.5) and lost < frames // 2:
        run = int(random.geometric(0.3))
        at = int(random.integers(1, max(frames - run, 2)))
        clip[at : at + run] = np.nan
        lost = int(np.isnan(clip[:, 0, 0]).sum())
    return clip


@dataclass(frozen=True)
class SyntheticClip:
    """A clip with what is known of it."""

    clip: np.ndarray
    label: str
    subject: str


def clips_of(seed: int, number: int, clips: int, conditions: Conditions) -> Iterator[SyntheticClip]:
    """All clips of one person: every emotion in turn, beginning anywhere."""
    random = np.random.default_rng([seed, number])
    person = Person.draw(random)
    first = int(random.integers(len(EMOTIONS)))
    for index in range(clips):
        emotion = EMOTIONS[(first + index) % len(EMOTIONS)]
        own = np.random.default_rng([seed, number, index + 1])
        yield SyntheticClip(make_clip(person, emotion, conditions, own), emotion, f"synthetic-{number:06d}")
