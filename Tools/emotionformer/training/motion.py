"""Time courses: wandering values, displays with onset, apex and offset, blinks, speech."""

from __future__ import annotations

import numpy as np

from emotionformer.training.action_units import smooth_step


def wandering(random: np.random.Generator, frames: int, step: float, timescale: float, width: int = 1) -> np.ndarray:
    """An Ornstein-Uhlenbeck process of standard deviation 1 (frames, width); `step` and `timescale` in seconds."""
    keep = np.float32(np.exp(-step / max(timescale, 1e-6)))
    values = random.standard_normal((frames, width), dtype=np.float32)
    values[1:] *= np.sqrt(1 - keep * keep)
    for index in range(1, frames):
        values[index] += keep * values[index - 1]
    return values


def drifting(random: np.random.Generator, frames: int, step: float, timescale: float, width: int = 1) -> np.ndarray:
    """A smooth wandering of standard deviation 1 (frames, width): noise through two equal poles, as bodies move."""
    keep = np.exp(-step / timescale)
    reach = int(min(8 * timescale / step, 600)) + 1
    response = np.arange(1, reach + 1) * keep ** np.arange(reach)
    response /= np.sqrt(np.square(response).sum())
    noise = random.standard_normal((width, frames + reach - 1))
    rows = [np.convolve(row, response, mode="valid") for row in noise]
    return np.stack(rows, axis=1) if rows else np.empty((frames, 0))


def display(times: np.ndarray, start: float, onset: float, end: float, offset: float) -> np.ndarray:
    """0 before `start`, 1 after `onset` seconds more, falling from `end` on for `offset` seconds."""
    rising = smooth_step(times, start, start + onset)
    return rising * (1 - smooth_step(times, end, end + offset))


def blinks(times: np.ndarray, rate: float, random: np.random.Generator) -> np.ndarray:
    """How closed the eyes are (frames): blinks of 0.15 … 0.4 s, `rate` a second on average."""
    closed = np.zeros_like(times)
    for _ in range(random.poisson(rate * (times[-1] + 0.3))):
        at, length = random.uniform(-0.3, times[-1]), random.uniform(0.15, 0.4)
        closed = np.maximum(closed, display(times, at, 0.35 * length, at + 0.4 * length, 0.6 * length))
    return closed


def speech(times: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Units of a talking mouth (frames each), about 0 … 1: syllables at 3 … 6 a second within a phrase."""
    length = times[-1]
    begin, finish = random.uniform(-0.4, 0.35) * length, random.uniform(0.6, 1.3) * length
    phrase = display(times, begin, 0.15, finish, 0.2)
    syllables = np.zeros((3, len(times)))
    moment = begin
    while moment < min(finish, length):
        duration = 1.0 / random.uniform(3.0, 6.0)
        shape = np.exp(-0.5 * np.square((times - moment - duration / 2) / (0.30 * duration)))
        opening = random.gamma(2.0, 0.45)
        rounding, closure = random.random(2)
        syllables[0] += opening * shape
        syllables[1] += (rounding < 0.3) * random.uniform(0.3, 1.0) * shape
        syllables[2] += (closure < 0.3) * random.uniform(0.2, 0.8) * shape
        moment += duration
    jaw, rounded, pressed = np.minimum(syllables, 2.0) * phrase
    spread = {"26": 0.5 * jaw, "25": 0.6 * jaw, "16": 0.2 * jaw, "20": 0.15 * jaw}
    return {**spread, "18": 0.8 * rounded, "24": 0.6 * pressed}
