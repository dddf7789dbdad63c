"""Class names come out of every form of a pickled LabelEncoder; a pickle that wants anything else gets an error."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import sys
import types
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotionformer.errors import ExportError
from emotionformer.label_pickle import label_names

NAMES = ["Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad"]


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A class that pickles as scikit-learn's does, without scikit-learn."""
    names = ("sklearn", "sklearn.preprocessing", "sklearn.preprocessing._label")
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    made = type("LabelEncoder", (), {"__module__": names[-1]})
    sys.modules[names[-1]].LabelEncoder = made  # type: ignore[attr-defined]
    return made


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "label_encoder.pkl"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", ["U", "O", "S"])
def test_reads_plain_pickles(encoder: Any, tmp_path: Path, protocol: int, kind: str) -> None:
    """All protocols; names as text, as objects and as bytes."""
    made = encoder()
    made.classes_ = np.array(NAMES, dtype=object if kind == "O" else kind)
    made._sklearn_version = "1.5.0"
    assert label_names(written(tmp_path, pickle.dumps(made, protocol))) == NAMES


def joblib_bytes(encoder: Any, array: np.ndarray, aligned: bool, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A file as `joblib.dump` writes it: the pickle with the array's bytes spliced in behind the wrapper's BUILD."""
    for name in ("joblib", "joblib.numpy_pickle"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    module = "joblib.numpy_pickle"
    wrapper = type("NumpyArrayWrapper", (), {"__module__": module})
    sys.modules[module].NumpyArrayWrapper = wrapper  # type: ignore[attr-defined]
    stream = io.BytesIO()

    class Pickler(pickle._Pickler):
        def save(self, item: Any, save_persistent_id: bool = True) -> None:
            super().save(item, save_persistent_id)
            if isinstance(item, wrapper):
                if array.dtype.hasobject:
                    pickle.dump(array, stream, protocol=2)
                    return
                if aligned:
                    padding = 16 - (stream.tell() + 1) % 16
                    stream.write(bytes([padding]) + b"\xff" * padding)
                stream.write(array.tobytes())

    held = wrapper()
    held.__dict__.update(subclass=np.ndarray, shape=array.shape, order="C", dtype=array.dtype, allow_mmap=True)
    if aligned:
        held.numpy_array_alignment_bytes = 16  # type: ignore[attr-defined]
    made = encoder()
    made.classes_ = held
    Pickler(stream, protocol=3).dump(made)
    return stream.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind,aligned", [("U", True), ("U", False), ("O", False)])
def test_reads_joblib(
    encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compressed: bool, kind: str, aligned: bool
) -> None:
    """joblib's own layout: arrays behind their wrapper, with and without alignment, and compressed."""
    array = np.array(NAMES, dtype=object if kind == "O" else kind)
    content = joblib_bytes(encoder, array, aligned, monkeypatch)
    assert label_names(written(tmp_path, zlib.compress(content) if compressed else content)) == NAMES


class Hostile:
    """A pickle that runs a function when it is loaded."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("function", [os.system, builtins.eval, builtins.__import__, builtins.getattr])
def test_refuses_a_call(tmp_path: Path, protocol: int, function: Any) -> None:
    """Nothing is called: the marker file that the pickle would make is not there."""
    marker = tmp_path / "marker"
    content = pickle.dumps({"classes_": [Hostile(function, f"touch {marker}")]}, protocol)
    with pytest.raises(ExportError, match="refers to"):
        label_names(written(tmp_path, content))
    assert not marker.exists()


def test_refuses_a_hostile_encoder(encoder: Any, tmp_path: Path) -> None:
    """A real encoder whose class names hide a call."""
    made = encoder()
    made.classes_ = Hostile(os.system, "true")
    with pytest.raises(ExportError, match="only a LabelEncoder"):
        label_names(written(tmp_path, pickle.dumps(made)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"\x80\x04.",
        b"\x80\x04]\x94(h\x09e.",
        b"not a pickle",
        b"\x78\x9cbroken",
        b"\x80\x04\x95" + b"\xff" * 20,
        b"cnumpy.core.multiarray\n_reconstruct\n.",
        b"cnumpy\nndarray\n(I9999999999\ntR.",
        b"(((((((((",
        b"\x82\x01.",
        pickle.dumps([1.5, object.__name__, None]),
        pickle.dumps({"a": 1}),
    ],
)
def test_refuses_damage(tmp_path: Path, content: bytes) -> None:
    """Damaged and unrelated files give an error, never anything else."""
    with pytest.raises(ExportError):
        label_names(written(tmp_path, content))


def test_refuses_a_bomb(tmp_path: Path) -> None:
    """A small compressed file that would fill the memory."""
    with pytest.raises(ExportError, match="refused"):
        label_names(written(tmp_path, zlib.compress(bytes(64 << 20), 9)))


def test_refuses_truncation(encoder: Any, tmp_path: Path) -> None:
    """Every prefix of a good pickle is an error."""
    made = encoder()
    made.classes_ = np.array(NAMES)
    content = pickle.dumps(made)
    for length in range(len(content)):
        with pytest.raises(ExportError):
            label_names(written(tmp_path, content[:length]))


@pytest.mark.parametrize("module", ["evil", "sklearn", "sklearn.preprocessing._label.evil", "numpy"])
def test_refuses_a_class_that_only_has_the_name(tmp_path: Path, module: str) -> None:
    content = f"c{module}\nLabelEncoder\n)R.".encode()
    with pytest.raises(ExportError, match="refers to"):
        label_names(written(tmp_path, content))
    # Negative control: scikit-learn's own goes on, and holds no classes.
    with pytest.raises(ExportError, match="no LabelEncoder with classes"):
        label_names(written(tmp_path, content.replace(module.encode(), b"sklearn.preprocessing")))


@pytest.mark.parametrize("is_number_first", [True, False])
def test_numbers_order_names_as_numbers(tmp_path: Path, is_number_first: bool) -> None:
    """Eleven of them: as text, 10 would stand in front of 2."""
    names = [f"name {11 - number}" for number in range(11)]
    pairs = list(enumerate(names))[::-1]
    held = dict(pairs) if is_number_first else {name: number for number, name in pairs}
    assert label_names(written(tmp_path, pickle.dumps(held))) == names


@pytest.mark.parametrize("numbers", [[0, 2], [1, 2], [0, 0.5]])
def test_refuses_numbers_with_gaps(tmp_path: Path, numbers: list[float]) -> None:
    held = dict(zip(numbers, "ab", strict=True))
    with pytest.raises(ExportError, match="no LabelEncoder with classes"):
        label_names(written(tmp_path, pickle.dumps(held)))


@pytest.mark.parametrize("shape", ["I1048577\n", "I1025\nI1024\n", "I4294967296\nI4294967296\n"])
def test_refuses_more_names_than_an_encoder_has(tmp_path: Path, shape: str) -> None:
    """Told from the shape, before the elements are looked for: there are none."""
    content = f"cnumpy.core.numeric\n_frombuffer\n(C\0cnumpy\ndtype\n(S'i8'\ntR({shape}tS'C'\ntR."
    with pytest.raises(ExportError, match="more than a label encoder has"):
        label_names(written(tmp_path, content.encode()))
