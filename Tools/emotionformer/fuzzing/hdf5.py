"""Changes of an HDF5 model file: its configuration, its lists of names, its data sets, and what links to what."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

from emotionformer.fuzzing.values import TEXTS, changed_bytes, changed_json, json_bytes, value

TYPES = ("<f4", ">f4", "<f2", "<f8", "<i4", "<i8", "|u1", "|b1", "|S4", "<c8", "<f16")


def change_hdf5(path: Path, random: Random) -> None:
    """Changes the file at `path`: what it holds, or its bytes, or both."""
    chosen = random.random()
    if chosen < 0.88:
        with h5py.File(path, "r+") as file:
            if "model_config" in file.attrs and chosen < 0.62:
                document = json.loads(file.attrs["model_config"])
                file.attrs["model_config"] = json_bytes(changed_json(document, random)).decode()
            else:
                for _ in range(random.choice((1, 1, 2, 4))):
                    _change_content(file, random)
    if chosen >= 0.85:
        path.write_bytes(changed_bytes(path.read_bytes(), random))


def _change_content(file: h5py.File, random: Random) -> None:
    groups: list[h5py.Group] = [file]
    weights: list[str] = []

    def collect(name: str, item: Any) -> None:
        if isinstance(item, h5py.Group):
            groups.append(item)
        else:
            weights.append(name)

    file.visititems(collect)
    group = random.choice(groups)
    try:
        if weights and random.random() < 0.6:
            _change_weight(file, random.choice(weights), random)
        elif random.random() < 0.6:
            _change_attribute(random.choice([one for one in groups if len(one.attrs)] or groups), random)
        else:
            _change_links(file, group, random)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, OverflowError):
        pass  # Not everything can be written; the file is what it was.


@np.errstate(all="ignore")
def _change_weight(file: h5py.File, name: str, random: Random) -> None:
    if file[name].size > 1 << 20:
        return  # Made by a change before this one: what it declares is not there.
    array = file[name][()]
    attributes = dict(file[name].attrs)
    del file[name]
    match random.randrange(9):
        case 0:
            return
        case 1:
            file.create_dataset(name, data=array.astype(random.choice(TYPES)))
        case 2:
            shape = tuple(random.choice((0, 1, 2, 3, 17, 10**6)) for _ in range(random.choice((0, 1, 2, 3, 4))))
            file.create_dataset(name, shape, array.dtype)
        case 3:
            file.create_dataset(name, data=np.full_like(array, random.choice((np.nan, np.inf, 1e38, -0.0, 1e-45))))
        case 4:
            file.create_dataset(name, data=array.reshape(-1))
        case 5:
            file.create_dataset(name, data=np.moveaxis(array, 0, -1) if array.ndim else array)
        case 6:
            file.create_dataset(
                name,
                data=array,
                chunks=tuple(max(1, extent) for extent in array.shape) or None,
                compression=random.choice((None, "gzip", "lzf")),
                shuffle=random.random() < 0.5,
                maxshape=(None,) * array.ndim or None,
            )
        case 7:
            extent = random.choice((2**20, 2**31, 2**40, 2**62))
            file.create_dataset(name, (extent,), array.dtype, chunks=(random.choice((1, 1024, 2**20)),))
        case 8:
            file.create_dataset(name, array.shape, array.dtype, external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])
    for key, held in attributes.items():
        file[name].attrs[key] = held


def _change_attribute(group: h5py.Group, random: Random) -> None:
    names = list(group.attrs)
    if not names:
        group.attrs["layer_names"] = ["a"]
        return
    name = random.choice(names)
    held = group.attrs[name]
    match random.randrange(6):
        case 0:
            del group.attrs[name]
        case 1:
            group.attrs[name] = random.choice((0, 1.5, np.arange(3), np.zeros((0, 2)), b"\xff\xfe", "", True))
        case 2:
            group.attrs[name] = random.choice(TEXTS).replace("\0", "")
        case 3:
            items = [str(item) for item in np.ravel(held)]
            random.shuffle(items)
            group.attrs[name] = items
        case 4:
            group.attrs[name] = list(np.ravel(held)) * random.choice((2, 3, 100))
        case 5:
            group.attrs[f"{name}0"] = str(value(random))[:5000].replace("\0", "")


def _change_links(file: h5py.File, group: h5py.Group, random: Random) -> None:
    members = list(group)
    match random.randrange(6):
        case 0:
            if members:
                del group[random.choice(members)]
        case 1:
            group[f"linked{random.randrange(9)}"] = group
        case 2:
            group["soft"] = h5py.SoftLink(random.choice(("/", "/soft", "x/soft", f"{group.name}/soft")))
        case 3:
            group["other"] = h5py.ExternalLink(random.choice(("/etc/passwd", "model.h5", "..")), "/")
        case 4:
            if len(members) > 1:
                one, two = random.sample(members, 2)
                file.move(f"{group.name}/{one}", f"{group.name}/{one}_")
                file.move(f"{group.name}/{two}", f"{group.name}/{one}")
                file.move(f"{group.name}/{one}_", f"{group.name}/{two}")
        case 5:
            inner = group
            for _ in range(random.choice((3, 30, 70, 300))):
                inner = inner.create_group("n")
