"""An interpreter of pickle opcodes that can make a LabelEncoder, NumPy arrays and plain data, and calls nothing."""

from __future__ import annotations

import io
import pickletools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import ExportError

MAXIMUM_ELEMENTS = 1 << 20


@dataclass(frozen=True)
class Symbol:
    """A global name that the pickle refers to."""

    module: str
    name: str

    @property
    def path(self) -> str:
        module = self.module.replace("numpy._core.", "numpy.core.")
        module = {"copy_reg": "copyreg", "__builtin__": "builtins"}.get(module, module)
        return f"{module}.{self.name}"


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
ALLOWED = LABEL_ENCODERS | {
    "numpy.ndarray",
    "numpy.dtype",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
    "joblib.numpy_pickle.NumpyArrayWrapper",
    "_codecs.encode",
    # How protocols 0 and 1 write "an object of this class".
    "copyreg._reconstructor",
    "builtins.object",
}
MARK = Symbol("", "mark")


class PickleReader:
    """An interpreter of pickle opcodes that can build the allowed kinds and nothing else."""

    def __init__(self, stream: io.BytesIO, place: str, depth: int = 0) -> None:
        self.stream, self.place, self.depth = stream, place, depth
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def read(self) -> Any:
        for opcode, argument, _ in pickletools.genops(self.stream):
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
        index = max(position for position, item in enumerate(self.stack) if item is MARK)
        items = self.stack[index + 1 :]
        del self.stack[index:]
        return items

    def _mark(self, _: Any) -> None:
        self.stack.append(MARK)

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
        self.stack.append(list(self._marked()))

    def _tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._marked()))

    def _dict(self, _: Any) -> None:
        items = self._marked()
        self.stack.append(dict(zip(items[::2], items[1::2])))

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
            raise ExportError(f"{self.place}: the pickle appends to something that is no list: refused")
        return self.stack[-1]

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._dict_at_top()[key] = value

    def _setitems(self, _: Any) -> None:
        items = self._marked()
        self._dict_at_top().update(zip(items[::2], items[1::2]))

    def _dict_at_top(self) -> dict[Any, Any]:
        if not isinstance(self.stack[-1], dict):
            raise ExportError(f"{self.place}: the pickle sets an item of something that is no dictionary: refused")
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
        symbol = Symbol(str(module), str(name))
        if symbol.path not in ALLOWED:
            raise ExportError(
                f"{self.place}: the pickle refers to {symbol.module}.{symbol.name}; only a LabelEncoder and NumPy "
                "arrays are read. Give the class names with --labels A,B,C instead"
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
        if path == "copyreg._reconstructor" and isinstance(arguments[0], Symbol):
            path = arguments[0].path
        if path in LABEL_ENCODERS:
            return Made("encoder")
        if path == "joblib.numpy_pickle.NumpyArrayWrapper":
            return Made("wrapper")
        if path == "numpy.core.multiarray._reconstruct":
            return Made("array")
        if path == "numpy.dtype":
            return Made("dtype", value=_element_type(arguments[0], self.place))
        if path == "_codecs.encode" and isinstance(arguments[0], str):
            return arguments[0].encode("latin-1")
        if path == "numpy.core.multiarray.scalar":
            return Made("scalar", value=_array(arguments[0].value, (), arguments[1], "C", self.place).item())
        if path == "numpy.core.numeric._frombuffer":
            buffer, element, shape, order = arguments
            return Made("array", value=_array(element.value, shape, bytes(buffer), order, self.place))
        raise ExportError(f"{self.place}: the pickle calls something that is not a LabelEncoder or an array: refused")

    def _build(self, _: Any) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if not isinstance(made, Made):
            raise ExportError(f"{self.place}: the pickle changes an object that is not its own: refused")
        if made.kind == "array":
            _, shape, element, fortran, content = state
            made.value = _array(element.value, shape, content, "F" if fortran else "C", self.place)
        elif made.kind == "dtype":
            if len(state) > 1 and state[1] in (">", "<") and made.value.kind != "O":
                made.value = made.value.newbyteorder(state[1])
        elif made.kind in ("encoder", "wrapper") and isinstance(state, dict):
            made.state.update(state)
            if made.kind == "wrapper":
                self.stack[-1] = self._wrapped_array(made.state)
        else:
            raise ExportError(f"{self.place}: the pickle gives an object a state it cannot have: refused")

    def _wrapped_array(self, state: dict[str, Any]) -> Made:
        """joblib writes an array's bytes into the stream, behind the object that describes it."""
        shape, element = tuple(state["shape"]), state["dtype"].value
        if element.kind == "O":
            if self.depth > 4:
                raise ExportError(f"{self.place}: arrays of objects are nested too deep: refused")
            inner = PickleReader(self.stream, self.place, self.depth + 1).read()
            if not isinstance(inner, Made) or inner.kind != "array":
                raise ExportError(f"{self.place}: found no array where joblib's wrapper announces one")
            return inner
        if state.get("numpy_array_alignment_bytes") is not None:
            self.stream.read(self.stream.read(1)[0])
        content = self.stream.read(_count(shape, self.place) * element.itemsize)
        return Made("array", value=_array(element, shape, content, state.get("order", "C"), self.place))


PUSHES = {
    "INT",
    "BININT",
    "BININT1",
    "BININT2",
    "LONG",
    "LONG1",
    "LONG4",
    "FLOAT",
    "BINFLOAT",
    "UNICODE",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "STRING",
    "BINSTRING",
    "SHORT_BINSTRING",
    "BINBYTES",
    "SHORT_BINBYTES",
    "BINBYTES8",
    "BYTEARRAY8",
}


def _element_type(code: Any, place: str) -> np.dtype:
    text = code.decode("ascii") if isinstance(code, bytes) else code
    if not isinstance(text, str) or text.lstrip("<>|=")[:1] not in tuple("OUSifub") or len(text) > 8:
        raise ExportError(f"{place}: found an array of element type {str(text)[:20]!r}, expected text or numbers")
    return np.dtype(text)


def _count(shape: tuple[Any, ...], place: str) -> int:
    count = 1
    for extent in shape:
        if not isinstance(extent, int) or extent < 0:
            raise ExportError(f"{place}: found an array of shape {shape}")
        count *= extent
    if count > MAXIMUM_ELEMENTS:
        raise ExportError(f"{place}: found an array of {count} elements, more than a label encoder has")
    return count


def _array(element: np.dtype, shape: Any, content: Any, order: Any, place: str) -> np.ndarray:
    """An array from bytes or, for objects, from a list; its size must be what shape and element type say."""
    count = _count(tuple(shape), place)
    if element.kind == "O":
        if not isinstance(content, list) or len(content) != count:
            raise ExportError(f"{place}: an array of {count} objects has other content")
        result = np.empty(count, dtype=object)
        for index, item in enumerate(content):
            result[index] = item
        return result.reshape(shape)
    if isinstance(content, str):
        content = content.encode("latin-1")
    if not isinstance(content, (bytes, bytearray)) or len(content) != count * element.itemsize:
        raise ExportError(f"{place}: an array of shape {tuple(shape)} has other than {count * element.itemsize} bytes")
    return np.frombuffer(bytes(content), element).reshape(shape, order="F" if order == "F" else "C")
