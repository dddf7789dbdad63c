"""Hostile files beside a model (statistics, metadata, labels): one line of error, whatever they ask for."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import FIXTURES, Export
from exporting import BASE, LABELS, failure

from emotionformer.errors import ExportError
from emotionformer.export import command as exporter
from emotionformer.export.reading.label_pickle import label_names
from emotionformer.export.reading.npy_file import read_npy


def npy(header: bytes, content: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    size = len(header) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size) + header + content


def described(shape: str = "(6,)", kind: str = "'<f4'", order: str = "False") -> bytes:
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode("latin-1")


HOSTILE_NPY = {
    "another format": (b"PK\x03\x04" + bytes(40), "is no .npy file"),
    "nothing": (b"", "is no .npy file"),
    "a version of the future": (npy(described(), bytes(24), 9), "is no .npy file"),
    "a header longer than the file": (npy(described(), b"", 1, 60_000), "its header of 60000 bytes"),
    "a header of 4 GiB": (npy(described(), bytes(24), 2, 0xFFFFFFFF), "its header of 4294967295 bytes"),
    "a terabyte": (npy(described("(1099511627776,)"), bytes(24)), "holds 24 of its 4398046511104 bytes"),
    "a size that overflows": (npy(described("(4294967296, 4294967296)"), bytes(24)), "holds 24 of its 737869762948"),
    "a negative extent": (npy(described("(-6,)"), bytes(24)), "holds no array|its header is not"),
    "an extent of 5000 digits": (npy(described(f"({'9' * 5000},)"), bytes(24)), "its shape is not a list"),
    "many axes": (npy(described(f"({'1,' * 40})"), bytes(24)), "its shape is not a list of at most 8"),
    "objects": (npy(described(kind="'|O'"), bytes(24)), "its element type is '|O'"),
    "complex numbers": (npy(described(kind="'<c8'"), bytes(48)), "its element type is '<c8'"),
    "records": (npy(described(kind="[('a', '<f4')]"), bytes(24)), "holds no array of numbers"),
    "code": (npy(b"{'descr': __import__('os').abort(), 'fortran_order': False, 'shape': ()}"), "holds no array"),
    "an open bracket": (npy(b"(" * 60_000), "its header is not"),
    "a tower of signs": (npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': " + b"-" * 50_000 + b"1}"), "header"),
    "a key twice": (npy(b"{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (6,)}"), "header"),
    "no shape": (npy(b"{'descr': '<f4', 'fortran_order': False}", bytes(24)), "its header is not"),
    "too little content": (npy(described(), bytes(23)), "holds 23 of its 24 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE_NPY)
def test_hostile_statistics(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content, expected = HOSTILE_NPY[name]
    mean = tmp_path / "mean.npy"
    mean.write_bytes(content)
    np.save(tmp_path / "std.npy", np.ones(6, np.float32))
    message = failure(capsys, tmp_path, str(BASE), "--mean", str(mean), "--std", str(tmp_path / "std.npy"))
    assert message.startswith("export: mean: mean.npy") and len(message) < 300
    assert any(part in message for part in expected.split("|"))


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype="<f4").reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
        np.arange(6, dtype="<i2"),
        np.array(3.0),
        np.zeros((0, 4), "<f4"),
        np.array(["a", "Ωmega"]),
    ],
    ids=["matrix", "columns first", "integers", "scalar", "empty", "text"],
)
def test_what_numpy_writes_is_read(tmp_path: Path, array: np.ndarray, version: tuple[int, int]) -> None:
    """The control."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)  # type: ignore[no-untyped-call]
    (tmp_path / "a.npy").write_bytes(stream.getvalue())
    read = read_npy(tmp_path / "a.npy", "mean")
    assert read.dtype == array.dtype and read.shape == array.shape and np.array_equal(read, array)


@pytest.mark.parametrize("code", [0x110000, 0xFFFFFFFF, 0xD800])
def test_text_of_no_character(tmp_path: Path, code: int) -> None:
    """NumPy's strings hold any number; Python ends in a SystemError for one that is not a character."""
    content = struct.pack("<I", code)
    (tmp_path / "names.npy").write_bytes(npy(described("(1,)", "'<U1'"), content))
    with pytest.raises(ExportError, match="^--labels: names.npy: found text that holds numbers of no character$"):
        read_npy(tmp_path / "names.npy", "--labels")
    pickled = pickle.dumps(np.array(["Ω"])).replace("Ω".encode("utf-32-le"), content)
    (tmp_path / "label_encoder.pkl").write_bytes(pickled)
    with pytest.raises(ExportError, match="^label_encoder.pkl: found text that holds numbers of no character$"):
        label_names(tmp_path / "label_encoder.pkl")


METADATA = {
    "nothing": (b"", "not JSON"),
    "no UTF-8": (b'{"a": "\xff"}', "not UTF-8"),
    "NaN": (b'{"accuracy": NaN}', "holds NaN, which is not JSON"),
    "nested for ever": (b"[" * 200_000, "nested too deep"),
    "nested deep": (b"[" * 100 + b"]" * 100, "nested more than 64 deep"),
    "a key twice": (b'{"labels": [], "labels": []}', "'labels' occurs twice"),
    "half a character": (b'{"a": "\\udc00"}', "half a character"),
    "digits": (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    "large": (b" " * (17 << 20), "larger than 16777216 bytes"),
}


@pytest.mark.parametrize("name", METADATA)
def test_hostile_metadata(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content, expected = METADATA[name]
    shutil.copy(BASE, tmp_path / "model.keras")
    (tmp_path / "metadata.json").write_bytes(content)
    message = failure(capsys, tmp_path, str(tmp_path))
    assert message.startswith("export: metadata.json: ") and expected in message and len(message) < 300


def test_numbers_that_are_not_digits_are_no_class_numbers(tmp_path: Path, export: Export) -> None:
    """`²` is a digit for `str.isdigit` and none for `int`."""
    shutil.copy(BASE, tmp_path / "model.keras")
    (tmp_path / "metadata.json").write_text(json.dumps({"classes": {"²": "a", "³": "b"}}))
    assert "labels" not in export(tmp_path).manifest


@pytest.mark.parametrize("name", ["names.json", "names.txt", "names.npy", "names.pkl", "mean.npy"])
def test_what_is_no_regular_file_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A FIFO would keep its reader waiting for ever; as a class list it is taken for a list with commas."""
    os.mkfifo(tmp_path / name)
    if name.startswith("names"):
        options = ["--labels", str(tmp_path / name)]
        expected = "is neither a file nor a list"
    else:
        options = ["--mean", str(tmp_path / name), "--std", str(tmp_path / name)]
        expected = "mean.npy: not a regular file"
    assert expected in failure(capsys, tmp_path, str(BASE), *options)


def test_label_files_of_any_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "names.txt").write_bytes(b"a\n" * (1 << 20))
    message = failure(capsys, tmp_path, str(BASE), "--labels", str(tmp_path / "names.txt"))
    assert message == "export: names.txt: larger than 1048576 bytes, expected class names"
    (tmp_path / "names.txt").write_bytes("".join(f"name {number}\n" for number in range(50_000)).encode())
    message = failure(capsys, tmp_path, str(BASE), "--labels", str(tmp_path / "names.txt"))
    assert message.startswith("export: 50000 labels (name 0, ") and len(message) < 300


@pytest.mark.parametrize(
    "error", [RuntimeError("a\nb"), SystemError("x" * 5000), AssertionError(), StopIteration(3), RecursionError("deep")]
)
def test_any_exception_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(exporter, "read_model", fail)
    message = failure(capsys, tmp_path, str(BASE), "--labels", LABELS)
    assert type(error).__name__ in message and len(message) < 1000
    monkeypatch.setenv("EMOTIONFORMER_TRACEBACK", "1")
    assert exporter.main([str(BASE), "-o", str(tmp_path / "made")]) == 1
    assert "Traceback (most recent call last):" in capsys.readouterr().err


def test_an_interrupt_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporter, "read_model", interrupt)
    assert failure(capsys, tmp_path, str(FIXTURES / "k2_nested.h5")) == "export: interrupted"


def test_no_warning_beside_the_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    """Statistics that float32 does not hold: NumPy would say so on lines of its own."""
    for name in ("mean", "std"):
        np.save(tmp_path / f"{name}.npy", np.full(478, 1e308))
    options = ["--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")]
    assert "a NaN or an infinity" in failure(capsys, tmp_path, str(BASE), *options)
    assert not recwarn.list
