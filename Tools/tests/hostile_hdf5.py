"""Makes hostile `.h5` and `.keras` files out of the fixtures, for the tests of the readers."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from conftest import FIXTURES
from h5py import h5d, h5p, h5s, h5t

H5 = FIXTURES / "k2_post_norm_constant.h5"
KERAS = FIXTURES / "k3_post_norm_constant.keras"

Change = Callable[[h5py.File, str, Path], None]


def bias_of(file: h5py.File) -> str:
    """The path of some vector of weights."""
    names: list[str] = []

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 1 and "optimizer" not in name:
            names.append(name)

    file.visititems(note)
    return names[-1]


def hostile_h5(folder: Path, change: Change) -> Path:
    """The `.h5` fixture after `change(file, path of a vector, folder)`."""
    path = folder / "model.h5"
    shutil.copy(H5, path)
    with h5py.File(path, "r+") as file:
        change(file, bias_of(file), folder)
    return path


def hostile_keras(folder: Path, change: Change) -> Path:
    """The `.keras` fixture, its weights after `change`."""
    weights = folder / "model.weights.h5"
    with zipfile.ZipFile(KERAS) as archive:
        weights.write_bytes(archive.read("model.weights.h5"))
    with h5py.File(weights, "r+") as file:
        change(file, bias_of(file), folder)
    path = rezipped(folder, {"model.weights.h5": weights.read_bytes()})
    weights.unlink()
    return path


def rezipped(folder: Path, replaced: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """The `.keras` fixture with other members."""
    path = folder / "model.keras"
    with zipfile.ZipFile(KERAS) as old, zipfile.ZipFile(path, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, replaced.get(name, old.read(name)))
    return path


def config_of(path: Path = KERAS) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def external_storage(file: h5py.File, name: str, folder: Path) -> None:
    shape = file[name].shape
    del file[name]
    file.create_dataset(name, shape=shape, dtype="float32", external=[(str(folder / "secret"), 0, h5py.h5f.UNLIMITED)])


def external_link(file: h5py.File, name: str, folder: Path) -> None:
    shape = file[name].shape
    with h5py.File(folder / "secret", "w") as other:
        other["v"] = np.ones(shape, "float32")
    del file[name]
    file[name] = h5py.ExternalLink(str(folder / "secret"), "v")


def external_group(file: h5py.File, name: str, folder: Path) -> None:
    """The whole group of a layer lies in another file."""
    with h5py.File(folder / "secret", "w") as other:
        other.create_group("v")
    group = name.rsplit("/", 1)[0]
    del file[group]
    file[group] = h5py.ExternalLink(str(folder / "secret"), "v")


def unused_external_link(file: h5py.File, _: str, folder: Path) -> None:
    """Where no weight is looked for."""
    file["elsewhere"] = h5py.ExternalLink(str(folder / "secret"), "v")


def virtual(file: h5py.File, name: str, folder: Path) -> None:
    shape = file[name].shape
    with h5py.File(folder / "secret", "w") as other:
        other["v"] = np.ones(shape, "float32")
    del file[name]
    layout = h5py.VirtualLayout(shape=shape, dtype="float32")
    layout[:] = h5py.VirtualSource(str(folder / "secret"), "v", shape=shape)
    file.create_virtual_dataset(name, layout)


def virtual_of_itself(file: h5py.File, name: str, _: Path) -> None:
    shape = file[name].shape
    file.move(name, "moved")
    layout = h5py.VirtualLayout(shape=shape, dtype="float32")
    layout[:] = h5py.VirtualSource(".", "moved", shape=shape)
    file.create_virtual_dataset(name, layout)


def soft_link(file: h5py.File, name: str, _: Path) -> None:
    file.move(name, "moved")
    file[name] = h5py.SoftLink("/moved")


def soft_loop(file: h5py.File, name: str, _: Path) -> None:
    del file[name]
    file[name] = h5py.SoftLink(f"/{name}")


def group_in_itself(file: h5py.File, name: str, _: Path) -> None:
    group = file[name.rsplit("/", 1)[0]]
    group["again"] = group


def graph_of_groups(file: h5py.File, _: str, __: Path) -> None:
    """30 groups, each linked twice from the one before: 2^29 ways to the last."""
    holder = file["layers"] if "layers" in file else file["model_weights"]
    current = holder.create_group("graph")
    for _index in range(30):
        following = current.create_group("a")
        current["b"] = following
        current = following


def weight_twice(file: h5py.File, name: str, _: Path) -> None:
    file[f"{name}again"] = file[name]


def named_type(file: h5py.File, name: str, _: Path) -> None:
    del file[name]
    file[name] = np.dtype("float32")


def foreign_link(file: h5py.File, _: str, __: Path) -> None:
    """A link of a class that only an application's own library understands: its number stands in the link's message."""
    group = h5py.h5g.create(file.id, b"linked", gcpl=_compact())
    group.links.create_soft(b"user", b"/nowhere-in-particular")


def patched_foreign_link(path: Path) -> None:
    """Turns the soft link that `foreign_link` made into one of class 100."""
    content = bytearray(path.read_bytes())
    place = content.index(b"user", content.index(b"linked"))
    while content[place + 6 : place + 14] != b"/nowhere":
        place = content.index(b"user", place + 1)
    # The message: version, flags, type of the link, number of its creation (8 bytes), length of the name, name.
    assert content[place - 12] == 1 and content[place - 10] == 1
    content[place - 10] = 100
    path.write_bytes(content)


def _compact() -> h5p.PropGCID:
    properties = h5p.create(h5p.GROUP_CREATE)
    properties.set_link_creation_order(h5p.CRT_ORDER_TRACKED)
    return properties


def declared(file: h5py.File, name: str, shape: tuple[int, ...], **options: object) -> None:
    """A data set of a shape without any data."""
    del file[name]
    file.create_dataset(name, shape=shape, dtype="float32", **options)


def huge_fill(file: h5py.File, name: str, _: Path) -> None:
    declared(file, name, (1 << 32,), fillvalue=1)


def huge_fill_chunked(file: h5py.File, name: str, _: Path) -> None:
    declared(file, name, (1 << 32,), fillvalue=1, chunks=(1 << 20,))
    file[name][:4] = 1


def huge_fill_compressed(file: h5py.File, name: str, _: Path) -> None:
    declared(file, name, (1 << 32,), chunks=(1 << 10,), compression="gzip")
    file[name][:4] = 1


def bomb(file: h5py.File, name: str, _: Path) -> None:
    """Zeros that gzip makes a thousand times smaller."""
    del file[name]
    file.create_dataset(name, data=np.zeros(24 << 20, "float32"), chunks=(1 << 20,), compression="gzip")


def many_bombs(file: h5py.File, name: str, _: Path) -> None:
    """Each of them harmless."""
    group = file[name.rsplit("/", 1)[0]]
    for index in range(20):
        group.create_dataset(f"w{index}", data=np.zeros(2 << 20, "float32"), chunks=(1 << 20,), compression="gzip")


def absurd_chunk(file: h5py.File, name: str, _: Path) -> None:
    del file[name]
    dataset = file.create_dataset(name, (6,), "float32", chunks=(64 << 20,), maxshape=(None,), compression="gzip")
    dataset[:] = 1


def unwritten(file: h5py.File, name: str, _: Path) -> None:
    declared(file, name, file[name].shape)


def many_axes(file: h5py.File, name: str, _: Path) -> None:
    del file[name]
    file.create_dataset(name, data=np.ones((1,) * 32, "float32"))


def no_space(file: h5py.File, name: str, _: Path) -> None:
    del file[name]
    file[name] = h5py.Empty("float32")


def text(file: h5py.File, name: str, _: Path) -> None:
    count = len(file[name])
    del file[name]
    file[name] = np.array([b"text"] * count)


def references(file: h5py.File, name: str, _: Path) -> None:
    target = file.ref
    del file[name]
    file.create_dataset(name, data=np.array([target] * 6, dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)


def compound(file: h5py.File, name: str, _: Path) -> None:
    del file[name]
    file[name] = np.zeros(6, [("a", "f4"), ("b", "f4")])


def wide_floats(file: h5py.File, name: str, _: Path) -> None:
    del file[name]
    file[name] = np.ones(6, np.longdouble)


def unknown_filter(file: h5py.File, name: str, _: Path) -> None:
    """A filter that HDF5 would look for among the libraries on its plug-in path."""
    parent, last = name.rsplit("/", 1)
    shape = file[name].shape
    del file[name]
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk(shape)
    # 32004 is LZ4's registered number.
    properties.set_filter(32004, h5py.h5z.FLAG_OPTIONAL, ())
    h5d.create(file[parent].id, last.encode(), h5t.NATIVE_FLOAT, h5s.create_simple(shape), properties)


def deep(file: h5py.File, name: str, _: Path) -> None:
    file.create_group(f"{name.rsplit('/', 1)[0]}/" + "/".join(["g"] * 200))


HDF5_CASES: dict[str, tuple[Change, str]] = {
    "external storage": (external_storage, "takes its bytes from another file"),
    "external link": (external_link, "is a link to another file"),
    "external link instead of a group": (external_group, "is a link to another file"),
    "external link that nothing uses": (unused_external_link, "'elsewhere' is a link to another file"),
    "virtual data set": (virtual, "is a virtual data set, made of other files"),
    "virtual data set of the same file": (virtual_of_itself, "is a virtual data set"),
    "soft link": (soft_link, "is a soft link"),
    "loop of soft links": (soft_loop, "is a soft link"),
    "group in itself": (group_in_itself, "is linked a second time"),
    "30 groups linked as a graph": (graph_of_groups, "is linked a second time"),
    "weight linked twice": (weight_twice, "is linked a second time"),
    "named type": (named_type, "is a named type"),
    "16 GiB of fill values": (huge_fill, "the file holds 0 of its 17179869184 bytes"),
    "16 GiB of fill values in chunks": (huge_fill_chunked, "brings the weights to 171"),
    "16 GiB compressed": (huge_fill_compressed, "brings the weights to 171"),
    "compressed zeros": (bomb, "brings the weights to 100"),
    "many compressed zeros": (many_bombs, "brings the weights to"),
    "absurd chunks": (absurd_chunk, "is stored in chunks of 268435456 bytes, 24 in all"),
    "never written": (unwritten, "the file holds 0 of its"),
    "32 axes": (many_axes, "has 32 axes, expected at most 8"),
    "no shape": (no_space, "has no shape"),
    "text": (text, "element type that is not a number"),
    "references": (references, "element type that is not a number"),
    "compound": (compound, "element type that is not a number"),
    "80-bit floats": (wide_floats, "element type that is not a number"),
    "unknown filter": (unknown_filter, "is compressed by filter 32004"),
    "200 groups deep": (deep, "groups are nested more than 64 deep"),
}
