"""Changes that know the form of what they change: bytes, JSON values, pickles, NumPy headers."""

from __future__ import annotations

import io
import json
import pickletools
import re
from random import Random
from typing import Any

NUMBERS: tuple[Any, ...] = (
    0, -1, 1, 2, 3, 7, 64, 1000, 2**16, 2**31 - 1, 2**31, 2**32, 2**63, 2**64, 10**12, 10**40, -(2**31),
    0.0, -0.0, 0.5, 1e-45, 1e-300, 1e38, 1e39, 1e308, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
TEXTS = (
    "", "a", "relu", "softmax", "float16", "int64", "bool", "../x", "/etc/passwd", "\u0000", "\u202e", "\U0001f600",
    "é" * 300, "x" * 100_000, "same", "causal", "__tensor__", "Lambda", "Sequential", "Functional", "ij,jk->ik", "...",
    ",", "->", "\ud800", "\x1b[31m", "a\nb",
)  # fmt: skip
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": None}, [None], [0], [-1, 2**31], {"class_name": 3})
ELEMENT_TYPES = (
    "|O", "<f2", ">f4", "<f8", "<f16", "<c8", "|b1", "<M8[s]", "<U1", "|V8", "|S0", "<i8", "|u1", "f" * 1000, "",
    "<U99999999999", "|V2147483648",
)  # fmt: skip
HEADERS = ("(" * 60_000, "{}", "{'a': " * 90, "-" * 50_000 + "1", "__import__('os')", "9" * 6000)
OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]


def changed_bytes(data: bytes, random: Random) -> bytes:
    """Some bytes set, taken away, put in or copied from elsewhere."""
    result = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8, 30))):
        place = random.randrange(len(result) + 1)
        width = min(random.choice((1, 1, 1, 2, 4, 8, 64)), len(result) - place)
        match random.randrange(7):
            case 0:
                result[place : place + width] = random.randbytes(width)
            case 1:
                if place < len(result):
                    result[place] ^= 1 << random.randrange(8)
            case 2:
                del result[place : place + width]
            case 3:
                result[place:place] = random.randbytes(width)
            case 4:
                value = random.choice((0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1))
                stored = value.to_bytes(8, random.choice(("little", "big")))[: random.choice((1, 2, 4, 8))]
                result[place : place + len(stored)] = stored
            case 5:
                source = random.randrange(len(result) + 1)
                result[place:place] = result[source : source + random.choice((1, 8, 64, 512))]
            case 6:
                if random.random() < 0.3:
                    del result[place:]
    return bytes(result)


def value(random: Random) -> Any:
    """A value that few expect."""
    chosen = random.random()
    if chosen < 0.5:
        return random.choice(NUMBERS)
    if chosen < 0.7:
        return random.choice(TEXTS)
    if chosen < 0.95:
        return random.choice(OTHERS)
    nested: Any = random.choice(NUMBERS)
    for _ in range(random.choice((5, 40, 400))):
        nested = [nested] if random.random() < 0.5 else {"config": nested}
    return nested


def changed_json(document: Any, random: Random, times: int = 0) -> Any:
    """A few of the document's values replaced, left out, doubled, exchanged or put elsewhere, in place."""
    for _ in range(times or random.choice((1, 1, 1, 1, 2, 3, 6))):
        places = _places(document)
        if not places:
            return value(random)
        holder, key = random.choice(places)
        match random.randrange(10):
            case 0 | 1 | 2 | 3:
                holder[key] = value(random)
            case 4:
                holder[key] = _near(holder[key], random)
            case 5:
                del holder[key]
            case 6:
                if isinstance(holder, list):
                    holder.insert(random.randrange(len(holder) + 1), _copy(holder[key]))
                else:
                    holder[random.choice(TEXTS[:20])] = _copy(holder[key])
            case 7:
                other, place = random.choice(places)
                # One may lie inside the other, so a copy.
                if place in other if isinstance(other, dict) else place < len(other):
                    holder[key] = _copy(other[place])
            case 8:
                holder[key] = [holder[key]] if random.random() < 0.5 else {"config": holder[key], "class_name": "Dense"}
            case 9:
                if isinstance(holder, dict):
                    holder[random.choice(list(holder))] = holder[key]
                    holder.setdefault("name", value(random))
                else:
                    random.shuffle(holder)
    return document


def _near(item: Any, random: Random) -> Any:
    """A value of the same type."""
    if isinstance(item, bool):
        return not item
    if isinstance(item, int):
        return random.choice((item + 1, item - 1, -item, item * 2, item * 1000, item * 10**6, 2**31, 10**12))
    if isinstance(item, float):
        return random.choice((-item, item * 1e30, item * 1e-30, 0.0, 1e308, float("nan")))
    if isinstance(item, str):
        return random.choice((item[:-1], item + "x", item.upper(), *TEXTS))
    if isinstance(item, list):
        return item * random.choice((0, 2, 3, 50)) if random.random() < 0.6 else item[: random.randrange(len(item) + 1)]
    return value(random)


def _copy(item: Any) -> Any:
    return {key: _copy(inner) for key, inner in item.items()} if isinstance(item, dict) else (
        [_copy(inner) for inner in item] if isinstance(item, list) else item
    )


def _places(document: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        item = waiting.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        found += [(item, key) for key in keys]
        waiting += [item[key] for key in keys]
    return found


def json_bytes(document: Any) -> bytes:
    """The document, with whatever Unicode it holds escaped."""
    return json.dumps(document).encode()


def changed_json_bytes(data: bytes, random: Random) -> bytes:
    """A JSON file changed by its values, or by its bytes."""
    if random.random() < 0.12:
        return changed_bytes(data, random)
    if random.random() < 0.03:
        depth = random.choice((500, 5000, 200_000))
        return random.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"9" * depth))
    return json_bytes(changed_json(json.loads(data), random))


def changed_pickle(data: bytes, random: Random) -> bytes:
    """A pickle whose opcodes are left out, doubled, exchanged, replaced, or given other arguments."""
    try:
        places = [place for _, _, place in pickletools.genops(io.BytesIO(data)) if place is not None]
    except Exception:  # joblib's arrays between the opcodes are none.
        return changed_bytes(data, random)
    parts = [data[one:two] for one, two in zip(places, [*places[1:], len(data)])]
    for _ in range(random.choice((1, 1, 2, 3, 5, 12))):
        place = random.randrange(len(parts))
        match random.randrange(7):
            case 0:
                if len(parts) > 1:
                    del parts[place]
            case 1:
                count = random.choice((1, 1, 2, 20, 2000))
                parts[place:place] = [parts[place]] * count
            case 2:
                other = random.randrange(len(parts))
                parts[place], parts[other] = parts[other], parts[place]
            case 3:
                parts[place] = random.choice(OPCODES) + parts[place][1:]
            case 4:
                argument = random.choice((b"", b"\0", b"\x04abcd", b"0\n", b"\xff\xff\xff\x7f"))
                parts.insert(place, random.choice(OPCODES) + argument)
            case 5:
                parts[place] = parts[place][:1] + changed_bytes(parts[place][1:], random)
            case 6:
                start, count = random.randrange(len(parts)), random.choice((1, 2, 5, 10))
                parts[place:place] = parts[start : start + count] * random.choice((1, 1, 10, 1000))
        if sum(map(len, parts)) > 1 << 20:
            break
    return b"".join(parts)


def changed_npy(data: bytes, random: Random) -> bytes:
    """An `.npy` file with another shape, element type, order, version or length of its header, or other bytes."""
    if random.random() < 0.2 or data[:6] != b"\x93NUMPY":
        return changed_bytes(data, random)
    length = int.from_bytes(data[8:10], "little")
    header, content, version = data[10 : 10 + length].decode("latin-1"), data[10 + length :], data[6:8]
    match random.randrange(8):
        case 0 | 1:
            extents = [random.choice(NUMBERS) for _ in range(random.choice((0, 1, 1, 2, 3, 40)))]
            header = re.sub(r"\(.*?\)", f"({', '.join(map(str, extents))},)", header)
        case 2 | 3:
            kind = random.choice(ELEMENT_TYPES)
            descr = random.choice((repr(kind), repr(kind), "[]", "0", repr([("a", kind)])))
            header = re.sub(r"'descr': '[^']*'", f"'descr': {descr}", header)
        case 4:
            header = header.replace(": False", ": " + random.choice(("True", "2", "'x'", "[" * 300 + "]" * 300)))
        case 5:
            header = random.choice(HEADERS)
        case 6:
            content = random.choice((b"", content[:-1], content * 100, content + b"x", b"\xff" * len(content)))
        case 7:
            version = random.choice((b"\x02\0", b"\x03\0", b"\x09\0", b"\0\0"))
    encoded = header.encode("latin-1", "replace")[: (1 << 16) - 1]
    size = len(encoded) if random.random() < 0.85 else random.choice((0, 1, 65535, len(encoded) * 2 & 0xFFFF))
    return b"\x93NUMPY" + version + size.to_bytes(4 if version[0] > 1 else 2, "little") + encoded + content
