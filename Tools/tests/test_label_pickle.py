"""Class names come out of every form of a pickled LabelEncoder; a pickle that wants anything else gets an error."""

from __future__ import annotations

import builtins
import bz2
import gzip
import io
import lzma
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
from emotionformer.export.reading import pickle_reader
from emotionformer.export.reading.label_pickle import label_names

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
            super().save(item, save_persistent_id)  # type: ignore[misc]
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
        held.numpy_array_alignment_bytes = 16
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
    "content,expected",
    [
        (b"", "damaged pickle .ValueError: pickle exhausted"),
        (b".", "damaged pickle .IndexError"),
        (b"\x80\x04.", "damaged pickle .IndexError"),
        (b"\x80\x04]\x94(h\x09e.", "damaged pickle .KeyError"),
        (b"not a pickle", "damaged pickle .ValueError: at position 0"),
        (b"\x78\x9cbroken", "damaged compressed pickle"),
        (b"\x80\x04\x95" + b"\xff" * 20, "damaged pickle .ValueError"),
        (b"cnumpy.core.multiarray\n_reconstruct\n.", "holds no LabelEncoder with classes"),
        (b"cnumpy\nndarray\n(I9999999999\ntR.", "calls something that is not a LabelEncoder"),
        (b"(((((((((", "damaged pickle .ValueError: pickle exhausted"),
        (b"\x82\x01.", "the pickle uses EXT1"),
        (pickle.dumps([1.5, object.__name__, None]), "found a class name of type NoneType"),
        (pickle.dumps({"a": 1}), "holds no LabelEncoder with classes"),
        (pickle.dumps({True: "a"}), "holds no LabelEncoder with classes"),
        (pickle.dumps([True]), "found a class name of type bool"),
        (pickle.dumps([1 << 40000]), "found a class number of 40001 bits"),
        (pickle.dumps(["\ud800"]), "half a character"),
        (pickle.dumps({1 << 40: "a"}), "dictionary key that is not a name or number"),
        (b"\x80\x04]\x8c\x01ab.", "a state it cannot have|an object that is not its own"),
        (b"\x80\x04)K\x01R.", "without a list of arguments"),
        (b"\x80\x04))\x93.", "refers to something that has no name"),
        (b"L" + b"9" * 5000 + b"L\n.", "damaged pickle .ValueError"),
    ],
)
def test_refuses_damage(tmp_path: Path, content: bytes, expected: str) -> None:
    """Damaged and unrelated files give an error in one line, never anything else."""
    with pytest.raises(ExportError, match=expected) as raised:
        label_names(written(tmp_path, content))
    assert len(str(raised.value)) < 300


class Foreign:
    """Names whose last part alone is right."""

    NAMES = (
        ("evil", "LabelEncoder"),
        ("evil.sklearn.preprocessing._label", "LabelEncoder"),
        ("sklearn.preprocessing._label.evil", "LabelEncoder"),
        ("sklearn.preprocessing", "_label.LabelEncoder"),
        ("sklearn.preprocessing._label", "LabelEncoder.fit"),
        ("evil", "_reconstruct"),
        ("evil.numpy._core.multiarray", "_reconstruct"),
        ("numpy", "core.multiarray._reconstruct"),
        ("evil", "ndarray"),
        ("evil", "dtype"),
        ("evil", "scalar"),
        ("evil", "encode"),
        ("evil.joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("", "LabelEncoder"),
    )


@pytest.mark.parametrize("module,name", Foreign.NAMES)
@pytest.mark.parametrize("form", ["GLOBAL", "STACK_GLOBAL"])
def test_refuses_a_name_by_all_of_it(tmp_path: Path, module: str, name: str, form: str) -> None:
    """`evil.LabelEncoder` is none, whatever its last name."""
    given = f"c{module}\n{name}\n".encode()
    if form == "STACK_GLOBAL":
        given = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93"
    state = pickle.dumps({"classes_": NAMES}, 2)[2:-1]
    content = b"\x80\x04" + given + b")\x81" + state + b"b."
    with pytest.raises(ExportError, match="^label_encoder.pkl: the pickle refers to .*; only a LabelEncoder, a "):
        label_names(written(tmp_path, content))
    right = b"\x80\x04csklearn.preprocessing._label\nLabelEncoder\n)\x81" + state + b"b."
    assert label_names(written(tmp_path, right)) == NAMES


def doubled(first: bytes, times: int = 40) -> bytes:
    """A tuple of a tuple of …, each twice in the next: 2^40 leaves from 40 lines."""
    return first + b"\x94" + b"".join(b"h%c\x86\x94" % index for index in range(times))


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n)R"
OBJECTS = b"cnumpy\ndtype\nX\x02\x00\x00\x00O8\x85R"
BYTES = b"cnumpy\ndtype\nX\x06\x00\x00\x00S60000\x85R"

AMPLIFIED: dict[str, tuple[bytes, str]] = {
    # Every REDUCE copies what one text holds.
    "copies of a text": (
        b"X"
        + (4 << 20).to_bytes(4, "little")
        + b"a" * (4 << 20)
        + b"q\x000"
        + b"c_codecs\nencode\nq\x010"
        + b"h\x01h\x00X\x06\x00\x00\x00latin1\x86R0" * 1000
        + b".",
        "makes more than 67108864 bytes",
    ),
    # Every BUILD copies a list of a thousand into an array of objects.
    "copies of a list": (
        b"("
        + b"N" * 1000
        + b"lq\x000"
        + OBJECTS
        + b"q\x010"
        + ARRAY
        + b"(K\x01M\xe8\x03\x85h\x01I00\nh\x00tb" * 1000
        + b".",
        "takes more than 524288 steps",
    ),
    "copies of bytes": (
        b"B"
        + (60000).to_bytes(4, "little")
        + b"a" * 60000
        + b"q\x000"
        + BYTES
        + b"q\x010"
        + ARRAY
        + b"(K\x01K\x01\x85h\x01I00\nh\x00tb" * 2000
        + b".",
        "makes more than 67108864 bytes",
    ),
    "an encoder built again and again": (
        b"}("
        + b"".join(b"K%cN" % index for index in range(200))
        + b"uq\x000"
        + b"csklearn.preprocessing\nLabelEncoder\n)R"
        + b"h\x00b" * 3000
        + b".",
        "takes more than 524288 steps",
    ),
    "marks and pops": (b"(1" * (1 << 19) + b".", "takes more than 524288 steps"),
    "marks": (b"(" * (1 << 20) + b".", "takes more than 524288 steps"),
    "nothing, a million times": (b"N" * (1 << 20) + b".", "takes more than 524288 steps"),
    "tuples of tuples as a key": (b"\x80\x04" + doubled(b")") + b"}(h(Nu.", "dictionary key that is not a name"),
    "tuples of tuples as a shape": (b"\x80\x04" + doubled(b")") + ARRAY + b"(K\x01h(N\x89Ntb.", "has no element type"),
    "tuples of tuples as an extent": (
        b"\x80\x04" + doubled(b")") + OBJECTS + b"\x94" + ARRAY + b"(K\x01h(\x85h)\x89]tb.",
        "an extent that is not a number",
    ),
    "tuples of tuples as an element type": (
        b"\x80\x04" + doubled(b")") + b"cnumpy\ndtype\nh(\x85R.",
        "element type tuple",
    ),
    "tuples of tuples as a name": (b"\x80\x04" + doubled(b")") + b"h(h(\x93.", "something that has no name"),
    "tuples of tuples as class names": (b"\x80\x04" + doubled(b")") + b"h(.", "class name of type tuple"),
    "an absurd element type": (b"cnumpy\ndtype\nX\x08\x00\x00\x00U9999999\x85R.", "element type 'U9999999'"),
    "an element type of fields": (b"cnumpy\ndtype\nX\x05\x00\x00\x00i4,i4\x85R.", "element type 'i4,i4'"),
    "an absurd extent": (
        OBJECTS + b"q\x010" + ARRAY + b"(K\x01J\xff\xff\xff\x7f\x85h\x01I00\n]tb.",
        "an extent that is not a number up to 65536",
    ),
    "absurd extents together": (
        OBJECTS + b"q\x010" + ARRAY + b"(K\x01M\xff\xffM\xff\xff\x86h\x01I00\n]tb.",
        "an array of 4294836225 elements",
    ),
    "an absurd length": (b"\x8e" + b"\xff" * 7 + b"\x7f" + b"aaa.", "damaged pickle"),
    "an absurd frame": (b"\x80\x04\x95" + b"\xff" * 7 + b"\x7fN.", "holds no LabelEncoder"),
    "lists in lists": (b"]" * 100_000 + b"a" * 99_999 + b".", "class name of type list"),
}


@pytest.mark.parametrize("name", AMPLIFIED)
def test_refuses_amplification(tmp_path: Path, name: str) -> None:
    """What a few bytes make is paid from one budget."""
    content, expected = AMPLIFIED[name]
    with pytest.raises(ExportError, match=expected) as raised:
        label_names(written(tmp_path, content))
    assert len(str(raised.value)) < 300


def test_the_budget_is_one_for_nested_pickles(encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """joblib's arrays of objects are pickles inside the pickle: theirs are the same steps, nested so deep at most."""
    content = joblib_bytes(encoder, np.array(NAMES, dtype=object), False, monkeypatch)
    assert label_names(written(tmp_path, content)) == NAMES
    monkeypatch.setattr(pickle_reader, "MAXIMUM_STEPS", 100)
    with pytest.raises(ExportError, match="takes more than 100 steps"):
        label_names(written(tmp_path, content))


def test_the_limits_are_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last step that is allowed, and one more; likewise elements and nesting."""
    content = b"(" + b"X\x01\x00\x00\x00a" * 10 + b"l."
    # One step for each of the 13 opcodes and one for each of the 10 items of the list.
    monkeypatch.setattr(pickle_reader, "MAXIMUM_STEPS", 23)
    assert label_names(written(tmp_path, content)) == ["a"] * 10
    monkeypatch.setattr(pickle_reader, "MAXIMUM_STEPS", 22)
    with pytest.raises(ExportError, match="takes more than 22 steps"):
        label_names(written(tmp_path, content))
    monkeypatch.undo()
    array = pickle.dumps(np.array(NAMES))
    monkeypatch.setattr(pickle_reader, "MAXIMUM_ELEMENTS", 6)
    assert label_names(written(tmp_path, array)) == NAMES
    monkeypatch.setattr(pickle_reader, "MAXIMUM_ELEMENTS", 5)
    with pytest.raises(ExportError, match="an extent that is not a number up to 5"):
        label_names(written(tmp_path, array))
    monkeypatch.undo()
    state = b"}(X\x05\x00\x00\x00shape)X\x05\x00\x00\x00dtype" + OBJECTS + b"ub"
    wrapper = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + state
    inner = pickle.dumps(np.array(NAMES, dtype=object), 2)
    assert label_names(written(tmp_path, (wrapper + b"") * 4 + inner + b"." * 4)) == NAMES
    with pytest.raises(ExportError, match="nested too deep"):
        label_names(written(tmp_path, wrapper * 5 + inner + b"." * 5))


def test_refuses_a_large_file(tmp_path: Path) -> None:
    """Whatever size it says it has: a sparse one, and a device."""
    path = written(tmp_path, b"")
    os.truncate(path, 1 << 40)
    with pytest.raises(ExportError, match="larger than 16777216 bytes, expected a label encoder"):
        label_names(path)
    with pytest.raises(ExportError, match="not a regular file"):
        label_names(Path("/dev/zero"))


@pytest.mark.parametrize("form", [zlib.compress, gzip.compress, bz2.compress, lzma.compress])
def test_compressed_pickles(tmp_path: Path, form: Any) -> None:
    """All forms that joblib writes; a small file that would fill the memory; one that ends early."""
    content = form(pickle.dumps(NAMES))
    assert label_names(written(tmp_path, content)) == NAMES
    with pytest.raises(ExportError, match="expands to more than 16777216 bytes: refused"):
        label_names(written(tmp_path, form(bytes(17 << 20))))
    with pytest.raises(ExportError, match="damaged compressed pickle"):
        label_names(written(tmp_path, content[:-9]))


def test_refuses_truncation(encoder: Any, tmp_path: Path) -> None:
    """Every prefix of a good pickle is an error."""
    made = encoder()
    made.classes_ = np.array(NAMES)
    content = pickle.dumps(made)
    for length in range(len(content)):
        with pytest.raises(ExportError, match="damaged pickle|ends early"):
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


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("is_number_first", [False, True])
def test_numpy_numbers_and_names_in_a_dictionary(tmp_path: Path, protocol: int, is_number_first: bool) -> None:
    """As `{np.int64(0): np.str_("Angry"), …}`, or the other way round."""
    pairs = [(np.int64(number), np.str_(name)) for number, name in enumerate(NAMES)][::-1]
    held = dict(pairs) if is_number_first else {name: number for number, name in pairs}
    path = tmp_path / "map.pkl"
    path.write_bytes(pickle.dumps(held, protocol))
    assert label_names(path) == NAMES


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
