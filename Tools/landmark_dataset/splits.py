"""Training, validation and test clips, chosen by a seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from landmark_dataset.errors import DatasetError
from landmark_dataset.index import Clip


def parsed_shares(text: str) -> list[tuple[str, float]]:
    """`train=0.8,validation=0.1,test=0.1`; the shares are made to add up to 1."""
    shares = []
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            share = float(number)
        except ValueError:
            share = -1
        if not name.strip() or not 0 < share < 1e6:
            raise ValueError(f"expected NAME=SHARE,NAME=SHARE,… (found {part})")
        shares.append((name.strip(), share))
    if len({name for name, _ in shares}) != len(shares):
        raise ValueError("a name occurs twice")
    whole = sum(share for _, share in shares)
    return [(name, share / whole) for name, share in shares]


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
