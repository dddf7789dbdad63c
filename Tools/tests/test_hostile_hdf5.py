"""A hostile `.h5` or `.keras` file is one line on standard error, within seconds, and no other file is read for it."""

from __future__ import annotations

import json
import os
import stat
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import Export
from exporting import failure
from hostile_hdf5 import (
    H5,
    HDF5_CASES,
    KERAS,
    external_storage,
    foreign_link,
    hostile_h5,
    hostile_keras,
    patched_foreign_link,
    rezipped,
)

from emotionformer.errors import ExportError
from emotionformer.export.reading import isolation
from emotionformer.export.reading.isolation import isolated


@pytest.mark.parametrize("name", HDF5_CASES)
@pytest.mark.parametrize("kind", ["h5", "keras"])
def test_hostile_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str) -> None:
    change, expected = HDF5_CASES[name]
    path = (hostile_h5 if kind == "h5" else hostile_keras)(tmp_path, change)
    assert expected in failure(capsys, tmp_path, str(path))


def test_the_other_file_is_not_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A FIFO in its place: whoever opened it would wait for ever."""
    path = hostile_h5(tmp_path, external_storage)
    os.mkfifo(tmp_path / "secret")
    assert "takes its bytes from another file" in failure(capsys, tmp_path, str(path))


def test_the_reading_process_can_open_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second wall behind the first: without the check, HDF5 itself finds the door closed."""
    (tmp_path / "secret").write_bytes(bytes(range(256)))
    path = hostile_h5(tmp_path, external_storage)

    class Blind:
        """Properties that tell of no other file."""

        def __init__(self, real: h5py.h5p.PropDCID) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            return (lambda: 0) if name == "get_external_count" else getattr(self.real, name)

    class Dataset:
        def __init__(self, real: h5py.h5d.DatasetID) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            found = getattr(self.real, name)
            return (lambda: Blind(found())) if name == "get_create_plist" else found

    from emotionformer.export.reading import hdf5_tree, source

    checked = hdf5_tree._dataset
    monkeypatch.setattr(hdf5_tree, "_dataset", lambda dataset, name, census: checked(Dataset(dataset), name, census))
    monkeypatch.setattr(h5py, "Dataset", lambda held: h5py._hl.dataset.Dataset(held.real))
    with pytest.raises(ExportError, match="damaged HDF5 file"):
        source.open_source(path)
    # The control: with the door open, the bytes of the other file arrive.
    monkeypatch.setattr(isolation, "close_doors", lambda: None)
    source.open_source(path)


def test_a_link_of_a_foreign_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = hostile_h5(tmp_path, foreign_link)
    patched_foreign_link(path)
    assert "'linked/user' is a link of a foreign kind" in failure(capsys, tmp_path, str(path))


def test_compressed_weights_are_read(tmp_path: Path, export: Export) -> None:
    """The control of the bounds: gzip, shuffle and checksums, as h5repack writes them, export to the same package."""
    path = tmp_path / "packed.h5"
    with h5py.File(H5) as old, h5py.File(path, "w") as new:
        for name, value in old.attrs.items():
            new.attrs[name] = value

        def copied(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Group):
                made = new.create_group(name)
            else:
                pack = {"compression": "gzip", "shuffle": True, "fletcher32": True} if item.size > 1 else {}
                made = new.create_dataset(name, data=item[()], **pack)
            for key, value in item.attrs.items():
                made.attrs[key] = value

        old.visititems(copied)
    expected = export(H5).manifest["tensors"]
    assert export(path).manifest["tensors"] == expected


def test_a_second_member_of_the_same_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rezipped(tmp_path, {})
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "{}")
    assert "holds 'config.json' twice" in failure(capsys, tmp_path, str(path))


@pytest.mark.parametrize("name", ["../config.json", "/etc/config.json", "assets/../../x", "..\\x"])
def test_a_member_outside_of_the_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    path = rezipped(tmp_path, {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "{}")
    assert "lies outside of it" in failure(capsys, tmp_path, str(path))


def test_a_member_that_is_a_symbolic_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(KERAS) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name)
            if name == "model.weights.h5":
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            new.writestr(info, b"/etc/passwd" if name == "model.weights.h5" else old.read(name))
    assert "'model.weights.h5' is a symbolic link" in failure(capsys, tmp_path, str(path))


def test_an_encrypted_member(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rezipped(tmp_path, {})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(b"config.json", content.index(signature))
        content[content.rindex(signature, 0, place) + offset] |= 1
    path.write_bytes(content)
    assert "config.json is encrypted" in failure(capsys, tmp_path, str(path))


def test_a_member_of_another_compression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rezipped(tmp_path, {}, zipfile.ZIP_LZMA)
    assert "is compressed by method 14" in failure(capsys, tmp_path, str(path))


@pytest.mark.parametrize("member,size", [("config.json", 17 << 20), ("model.weights.h5", 80 << 20)])
def test_a_zip_bomb(tmp_path: Path, capsys: pytest.CaptureFixture[str], member: str, size: int) -> None:
    path = rezipped(tmp_path, {member: bytes(size)}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    assert f"{member} claims {size} bytes" in failure(capsys, tmp_path, str(path))


@pytest.mark.parametrize(
    "content,expected",
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"config": ' * 100_000, "nested too deep"),
        (b'{"class_name": "Functional", "class_name": "Sequential"}', "'class_name' occurs twice"),
        (b'{"config": {"a": {"b": 1, "b": 2}}}', "'b' occurs twice"),
        (b'{"class_name": "\\ud800"}', "half a character"),
        (b'{"n": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[]", "found list, expected an object"),
        (b"", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
    ],
)
def test_hostile_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, expected: str) -> None:
    path = rezipped(tmp_path, {"config.json": content})
    message = failure(capsys, tmp_path, str(path))
    assert expected in message and len(message) < 300


@pytest.mark.parametrize("name", ["layer_names", "weight_names"])
def test_lists_of_names_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    def change(file: h5py.File, _: str, __: Path) -> None:
        group = file["model_weights"]
        group = group if name in group.attrs else next(inner for inner in group.values() if len(inner))
        group.attrs[name] = np.arange(4)

    assert f"the attribute '{name}'" in failure(capsys, tmp_path, str(hostile_h5(tmp_path, change)))


def test_long_lists_of_names_in_pieces(tmp_path: Path, export: Export) -> None:
    """`layer_names0`, `layer_names1`, …, as Keras writes what is too long for one attribute."""

    def change(file: h5py.File, _: str, __: Path) -> None:
        group = file["model_weights"]
        names = group.attrs["layer_names"]
        del group.attrs["layer_names"]
        for index, name in enumerate(names):
            group.attrs[f"layer_names{index}"] = [name]

    path = hostile_h5(tmp_path, change)
    assert export(path).manifest["tensors"] == export(H5).manifest["tensors"]


class Crash:
    """What a reading library may do to its process."""

    @staticmethod
    def kill() -> tuple[object, list[np.ndarray]]:
        os.abort()

    @staticmethod
    def sleep() -> tuple[object, list[np.ndarray]]:
        while True:
            pass

    @staticmethod
    def fill() -> tuple[object, list[np.ndarray]]:
        return None, [np.ones(1 << 33, np.uint8)]

    @staticmethod
    def leave() -> tuple[object, list[np.ndarray]]:
        os._exit(0)


@pytest.mark.parametrize(
    "crash,expected",
    [
        (Crash.kill, "came to a halt"),
        (Crash.leave, "came to a halt"),
        (Crash.sleep, "cannot be read in the time"),
        (Crash.fill, "asks for far more memory"),
    ],
)
def test_a_crash_while_reading_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], crash: object, expected: str
) -> None:
    monkeypatch.setattr(isolation, "SECONDS", 0.3)
    with pytest.raises(ExportError, match=f"^model.h5: damaged file .*{expected}"):
        isolated(crash, "model.h5", 0)  # type: ignore[arg-type]
    assert capfd.readouterr() == ("", "")


def test_a_busy_machine_does_not_make_a_file_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is a processor's; by the clock it may take many times as long, but not for ever."""

    def wait() -> tuple[object, list[np.ndarray]]:
        time.sleep(1.5)
        return 7, []

    monkeypatch.setattr(isolation, "SECONDS", 0.1)
    monkeypatch.setattr(isolation, "PATIENCE", 300)
    assert isolated(wait, "model.h5", 0)[0] == 7
    monkeypatch.setattr(isolation, "PATIENCE", 1)
    with pytest.raises(ExportError, match="cannot be read in the time"):
        isolated(wait, "model.h5", 0)


def test_an_isolated_reader_gives_its_arrays() -> None:
    """The control."""
    arrays = [np.arange(6, dtype="<i4").reshape(2, 3), np.zeros((0, 4)), np.array(True)]
    value, content = isolated(lambda: ({"a": [1, "ü"]}, arrays), "x", 0)
    assert value == {"a": [1, "ü"]} and content == b"".join(array.tobytes() for array in arrays)


def test_keras_does_not_run_a_models_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keras 2 runs the bytecode in a Lambda when it loads a model."""
    config = json.loads(zipfile.ZipFile(KERAS).read("config.json"))
    pool = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "GlobalAveragePooling1D")
    pool.update({"class_name": "Lambda", "config": {"name": "pool", "function": ["4wEAAAA=", None, None]}})
    path = rezipped(tmp_path, {"config.json": json.dumps(config).encode()})
    custom = tmp_path / "meaning.py"
    custom.write_text(
        "def pool(converter, layer, call):\n"
        "    from emotionformer.export.graph import Tensor\n"
        "    return Tensor(converter.graph.one('globalPooling1D', call.first.value))\n"
        "LAYERS = {'pool': pool}\n"
    )
    arguments = [str(path), "--custom", str(custom), "--verify-with", "keras"]
    assert "Lambda 'pool' holds code that Keras would run" in failure(capsys, tmp_path, *arguments)
