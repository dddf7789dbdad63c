"""Training, validation and test clips, chosen by a seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from emotionformer.dataset.index import Clip
from emotionformer.errors import DatasetError


def counts(total: int, shares: Sequence[float]) -> list[int]:
    """Whole numbers that add up to the total, each less than 1 from its share of it."""
    wanted = [total * share for share in shares]
    result = [int(number) for number in wanted]
    rest = sorted(range(len(shares)), key=lambda i: (int(wanted[i]) - wanted[i], i))
    for i in rest[: total - sum(result)]:
        result[i] += 1
    return result


def split_by_clip(clips: Sequence[Clip], shares: Sequence[tuple[str, float]], seed: int) -> None:
    """Each class is divided by the shares, to within a clip."""
    classes: dict[str, list[Clip]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.name):
        classes[clip.label].append(clip)
    generator = random.Random(seed)
    for label in sorted(classes):
        members = classes[label]
        generator.shuffle(members)
        _assign(members, shares)


def split_by_subject(clips: Sequence[Clip], shares: Sequence[tuple[str, float]], seed: int) -> None:
    """No person is in two parts; the shares are those of people, and the classes come as they come."""
    without = next((clip for clip in clips if not clip.subject), None)
    if without:
        raise DatasetError(f"{without.video}: the file name does not tell the person (expected CREMA-D's names)")
    people: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        people[clip.subject].append(clip)
    subjects = sorted(people)
    random.Random(seed).shuffle(subjects)
    position = 0
    for (name, _), count in zip(shares, counts(len(subjects), [share for _, share in shares])):
        for subject in subjects[position : position + count]:
            for clip in people[subject]:
                clip.split = name
        position += count


def _assign(clips: Sequence[Clip], shares: Sequence[tuple[str, float]]) -> None:
    position = 0
    for (name, _), count in zip(shares, counts(len(clips), [share for _, share in shares])):
        for clip in clips[position : position + count]:
            clip.split = name
        position += count
