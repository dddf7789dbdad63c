"""An interpreter of pickle opcodes that can make a LabelEncoder, NumPy arrays and plain data, and calls nothing."""

from __future__ import annotations

import io
import pickletools
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.reading.npy_file import check_text

# A label encoder takes some hundred steps. One budget for all that a pickle does: each opcode, each element of an
# array, each item of a list and each entry of a dictionary is a step, however often it is made again.
MAXIMUM_STEPS = 1 << 19
MAXIMUM_ELEMENTS = 1 << 16
MAXIMUM_DEPTH = 4
MAXIMUM_BYTES_MADE = 64 << 20


@dataclass(frozen=True)
class Symbol:
    """A global name that the pickle refers to."""

    module: str
    name: str

    @property
    def path(self) -> str:
        """The whole name, in the newest spelling: the last part alone would let `evil.LabelEncoder` through."""
        module = self.module
        if module.startswith("numpy._core."):
            module = module.replace("numpy._core.", "numpy.core.", 1)
        module = {"copy_reg": "copyreg", "__builtin__": "builtins"}.get(module, module)
        return f"{module}.{self.name}" if "." not in self.name else ""


@dataclass
class Made:
    """An object under construction: which of the allowed kinds, and its state."""

    kind: str
    state: dict[str, Any] = field(default_factory=dict)
    value: Any = None


LABEL_ENCODERS = {
    "sklearn.preprocessing._label.LabelEncoder",
    "sklearn.preprocessing.label.LabelEncoder",
    "sklearn.preprocessing.LabelEncoder",
}
SCALERS = {"sklearn.preprocessing._data.StandardScaler", "sklearn.preprocessing.data.StandardScaler"}
ALLOWED = LABEL_ENCODERS | SCALERS | {
    "numpy.ndarray", "numpy.dtype", "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer", "joblib.numpy_pickle.NumpyArrayWrapper", "_codecs.encode",
    # How protocols 0 and 1 write "an object of this class".
    "copyreg._reconstructor",
    "builtins.object",
}


class Budget:
    """What a pickle and all that are nested in it may do together."""

    def __init__(self, place: str) -> None:
        self.place, self.steps, self.bytes = place, MAXIMUM_STEPS, MAXIMUM_BYTES_MADE

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise ExportError(
                f"{self.place}: the pickle takes more than {MAXIMUM_STEPS} steps, far more than a label encoder: "
                "refused"
            )

    def make(self, size: int) -> None:
        """Before so many bytes are made or copied."""
        self.bytes -= size
        if self.bytes < 0:
            raise ExportError(
                f"{self.place}: the pickle makes more than {MAXIMUM_BYTES_MADE} bytes, far more than a label encoder: "
                "refused"
            )


class PickleReader:
    """An interpreter of pickle opcodes that can build the allowed kinds and nothing else."""

    def __init__(self, stream: io.BytesIO, place: str, outer: PickleReader | None = None) -> None:
        self.stream, self.place = stream, place
        self.depth: int = outer.depth + 1 if outer else 0
        self.budget: Budget = outer.budget if outer else Budget(place)
        self.stack: list[Any] = []
        # What stands below each mark, as Python's own unpickler keeps it.
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def read(self) -> Any:
        for opcode, argument, _ in pickletools.genops(self.stream):
            self.budget.spend(1)
            if opcode.name == "STOP":
                return self.stack.pop()
            handler = getattr(self, f"_{opcode.name.lower()}", None)
            if handler is not None:
                handler(argument)
            elif opcode.name in PUSHES:
                self.stack.append(argument)
            elif opcode.name not in ("PROTO", "FRAME"):
                raise ExportError(f"{self.place}: the pickle uses {opcode.name}, which no label encoder needs: refused")
        raise ExportError(f"{self.place}: the pickle ends early")

    def _marked(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        self.budget.spend(len(items))
        return items

    def _mark(self, _: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._marked()

    def _none(self, _: Any) -> None:
        self.stack.append(None)

    def _newtrue(self, _: Any) -> None:
        self.stack.append(True)

    def _newfalse(self, _: Any) -> None:
        self.stack.append(False)

    def _empty_list(self, _: Any) -> None:
        self.stack.append([])

    def _empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def _empty_tuple(self, _: Any) -> None:
        self.stack.append(())

    def _list(self, _: Any) -> None:
        items = self._marked()
        self.stack.append(items)

    def _tuple(self, _: Any) -> None:
        items = self._marked()
        self.stack.append(tuple(items))

    def _dict(self, _: Any) -> None:
        items = self._marked()
        self.stack.append({})
        self._fill(items)

    def _tuple1(self, _: Any) -> None:
        self.stack[-1:] = [tuple(self.stack[-1:])]

    def _tuple2(self, _: Any) -> None:
        self.stack[-2:] = [tuple(self.stack[-2:])]

    def _tuple3(self, _: Any) -> None:
        self.stack[-3:] = [tuple(self.stack[-3:])]

    def _append(self, _: Any) -> None:
        item = self.stack.pop()
        self._list_at_top().append(item)

    def _appends(self, _: Any) -> None:
        items = self._marked()
        self._list_at_top().extend(items)

    def _list_at_top(self) -> list[Any]:
        if not isinstance(self.stack[-1], list):
            raise ExportError(f"{self.place}: the pickle appends to something that is not a list: refused")
        return self.stack[-1]

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._fill([key, value])

    def _setitems(self, _: Any) -> None:
        self._fill(self._marked())

    def _fill(self, items: list[Any]) -> None:
        target = self._dict_at_top()
        for key, value in zip(items[::2], items[1::2]):
            if isinstance(key, Made) and key.kind == "scalar":
                key = key.value
            # Hashing a tuple of tuples of the same tuple takes for ever, and large integers can be made to collide.
            small = isinstance(key, (int, float)) and abs(key) < 1 << 31
            if not small and not (isinstance(key, (str, bytes)) and len(key) < 1 << 12):
                raise ExportError(
                    f"{self.place}: the pickle has a dictionary key that is not a name or number: refused"
                )
            target[key] = value

    def _dict_at_top(self) -> dict[Any, Any]:
        if not isinstance(self.stack[-1], dict):
            raise ExportError(f"{self.place}: the pickle sets an item of something that is not a dictionary: refused")
        return self.stack[-1]

    def _memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _put(self, index: Any) -> None:
        self.memo[int(index)] = self.stack[-1]

    _binput = _long_binput = _put

    def _get(self, index: Any) -> None:
        self.stack.append(self.memo[int(index)])

    _binget = _long_binget = _get

    def _global(self, argument: str) -> None:
        self._push_symbol(*argument.split(" ", 1))

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._push_symbol(module, name)

    def _push_symbol(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise ExportError(f"{self.place}: the pickle refers to something that has no name: refused")
        symbol = Symbol(module, name)
        if symbol.path not in ALLOWED:
            raise ExportError(
                f"{self.place}: the pickle refers to {module[:100]}.{name[:100]}; only a LabelEncoder, a "
                "StandardScaler and NumPy arrays are read. Give the class names with --labels A,B,C instead, and a "
                "scaler's numbers with --mean and --std"
            )
        self.stack.append(symbol)

    def _newobj(self, _: Any) -> None:
        arguments, symbol = self.stack.pop(), self.stack.pop()
        self.stack.append(self._make(symbol, arguments))

    def _reduce(self, _: Any) -> None:
        arguments, symbol = self.stack.pop(), self.stack.pop()
        self.stack.append(self._make(symbol, arguments))

    def _make(self, symbol: Any, arguments: Any) -> Any:
        path = symbol.path if isinstance(symbol, Symbol) else ""
        if not isinstance(arguments, tuple):
            raise ExportError(f"{self.place}: the pickle calls something without a list of arguments: refused")
        if path == "copyreg._reconstructor" and arguments and isinstance(arguments[0], Symbol):
            path = arguments[0].path
        if path in LABEL_ENCODERS:
            return Made("encoder")
        if path in SCALERS:
            return Made("scaler")
        if path == "joblib.numpy_pickle.NumpyArrayWrapper":
            return Made("wrapper")
        if path == "numpy.core.multiarray._reconstruct":
            return Made("array")
        if path == "numpy.dtype":
            return Made("dtype", value=_element_type(arguments[0], self.place))
        if path == "_codecs.encode" and isinstance(arguments[0], str):
            self.budget.make(len(arguments[0]))
            return arguments[0].encode("latin-1")
        if path == "numpy.core.multiarray.scalar":
            element = self._dtype(arguments[0])
            return Made("scalar", value=self._array(element, (), arguments[1], "C").item())
        if path == "numpy.core.numeric._frombuffer":
            buffer, element, shape, order = arguments
            return Made("array", value=self._array(self._dtype(element), shape, buffer, order))
        raise ExportError(f"{self.place}: the pickle calls something that is not a LabelEncoder or an array: refused")

    def _dtype(self, made: Any) -> np.dtype:
        if not isinstance(made, Made) or made.kind != "dtype":
            raise ExportError(f"{self.place}: an array of the pickle has no element type")
        return made.value

    def _build(self, _: Any) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if not isinstance(made, Made):
            raise ExportError(f"{self.place}: the pickle changes an object that is not its own: refused")
        if made.kind == "array":
            _, shape, element, fortran, content = state
            made.value = self._array(self._dtype(element), shape, content, "F" if fortran else "C")
        elif made.kind == "dtype":
            if len(state) > 1 and state[1] in (">", "<") and made.value.kind != "O":
                made.value = made.value.newbyteorder(state[1])
        elif made.kind in ("encoder", "scaler", "wrapper") and isinstance(state, dict):
            self.budget.spend(len(state))
            made.state.update(state)
            if made.kind == "wrapper":
                self.stack[-1] = self._wrapped_array(made.state)
        else:
            raise ExportError(f"{self.place}: the pickle gives an object a state it cannot have: refused")

    def _wrapped_array(self, state: dict[str, Any]) -> Made:
        """joblib writes an array's bytes into the stream, behind the object that describes it."""
        shape, element = state["shape"], self._dtype(state["dtype"])
        if element.kind == "O":
            if self.depth >= MAXIMUM_DEPTH:
                raise ExportError(f"{self.place}: arrays of objects are nested too deep: refused")
            inner = PickleReader(self.stream, self.place, self).read()
            if not isinstance(inner, Made) or inner.kind != "array":
                raise ExportError(f"{self.place}: found no array where joblib's wrapper announces one")
            return inner
        if state.get("numpy_array_alignment_bytes") is not None:
            self.stream.read(self.stream.read(1)[0])
        content = self.stream.read(self._count(shape) * element.itemsize)
        return Made("array", value=self._array(element, shape, content, state.get("order", "C")))

    def _count(self, shape: Any) -> int:
        if not isinstance(shape, (tuple, list)) or len(shape) > 8:
            raise ExportError(f"{self.place}: found an array whose shape is not a list of at most 8 extents")
        count = 1
        for extent in shape:
            if not isinstance(extent, int) or not 0 <= extent <= MAXIMUM_ELEMENTS:
                raise ExportError(
                    f"{self.place}: found an array with an extent that is not a number up to {MAXIMUM_ELEMENTS}: more "
                    "than a label encoder has"
                )
            count *= extent
        if count > MAXIMUM_ELEMENTS:
            raise ExportError(f"{self.place}: found an array of {count} elements, more than a label encoder has")
        return count

    def _array(self, element: np.dtype, shape: Any, content: Any, order: Any) -> np.ndarray:
        """An array from bytes or, for objects, from a list; its size must be what shape and element type say."""
        count = self._count(shape)
        self.budget.spend(count)
        if element.kind == "O":
            if not isinstance(content, list) or len(content) != count:
                raise ExportError(f"{self.place}: an array of {count} objects has other content")
            result = np.empty(count, dtype=object)
            for index, item in enumerate(content):
                result[index] = item
            return result.reshape(shape)
        size = count * element.itemsize
        self.budget.make(size)
        if isinstance(content, str) and len(content) == size:
            content = content.encode("latin-1")
        if not isinstance(content, (bytes, bytearray)) or len(content) != size:
            raise ExportError(f"{self.place}: an array of {count} elements has other than {size} bytes")
        array = np.frombuffer(bytes(content), element, count).reshape(shape, order="F" if order == "F" else "C")
        if element.kind == "U" and size:
            check_text(array, self.place)
        return array


PUSHES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "UNICODE", "BINUNICODE",
    "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8", "BYTEARRAY8",
}


def _element_type(code: Any, place: str) -> np.dtype:
    text = code.decode("ascii", "replace") if isinstance(code, bytes) else code
    if not isinstance(text, str) or not re.fullmatch(r"[<>|=]?(O8?|b1?|[US][0-9]{0,5}|[iu][1248]|f[248])", text):
        found = repr(text[:20]) if isinstance(text, str) else type(text).__name__
        raise ExportError(f"{place}: found an array of element type {found}, expected text or numbers")
    return np.dtype(text)
