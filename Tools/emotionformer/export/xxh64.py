"""XXH64, the fast checksum that a package's manifest carries (specification: xxHash, section XXH64)."""

from __future__ import annotations

MASK = 0xFFFFFFFFFFFFFFFF
PRIME1 = 0x9E3779B185EBCA87
PRIME2 = 0xC2B2AE3D27D4EB4F
PRIME3 = 0x165667B19E3779F9
PRIME4 = 0x85EBCA77C2B2AE63
PRIME5 = 0x27D4EB2F165667C5


def _rotated(value: int, count: int) -> int:
    return ((value << count) & MASK) | (value >> (64 - count))


def _round(accumulator: int, lane: int) -> int:
    return (_rotated((accumulator + lane * PRIME2) & MASK, 31) * PRIME1) & MASK


def xxh64(data: bytes, seed: int = 0) -> str:
    """The hash of `data` as 16 hexadecimal digits. Each of the four lanes is a chain: no step can be vectorized."""
    length, position = len(data), 0
    if length >= 32:
        position = length // 32 * 32
        lanes = memoryview(data)[:position].cast("Q") if _little_endian() else _swapped(data[:position])
        total = _stripes(lanes, seed)
    else:
        total = (seed + PRIME5) & MASK
    total = (total + length) & MASK
    while position + 8 <= length:
        total ^= _round(0, int.from_bytes(data[position : position + 8], "little"))
        total = (_rotated(total, 27) * PRIME1 + PRIME4) & MASK
        position += 8
    if position + 4 <= length:
        total ^= (int.from_bytes(data[position : position + 4], "little") * PRIME1) & MASK
        total = (_rotated(total, 23) * PRIME2 + PRIME3) & MASK
        position += 4
    for byte in data[position:]:
        total ^= (byte * PRIME5) & MASK
        total = (_rotated(total, 11) * PRIME1) & MASK
    total = ((total ^ (total >> 33)) * PRIME2) & MASK
    total = ((total ^ (total >> 29)) * PRIME3) & MASK
    return f"{total ^ (total >> 32):016x}"


def _stripes(lanes: memoryview, seed: int) -> int:
    starts = ((seed + PRIME1 + PRIME2) & MASK, (seed + PRIME2) & MASK, seed & MASK, (seed - PRIME1) & MASK)
    chains = []
    for offset, value in enumerate(starts):
        for lane in lanes[offset::4].tolist():
            value = (value + lane * PRIME2) & MASK
            value = ((((value << 31) | (value >> 33)) & MASK) * PRIME1) & MASK
        chains.append(value)
    total = 0
    for value, count in zip(chains, (1, 7, 12, 18)):
        total = (total + _rotated(value, count)) & MASK
    for value in chains:
        total = ((total ^ _round(0, value)) * PRIME1 + PRIME4) & MASK
    return total


def _little_endian() -> bool:
    import sys

    return sys.byteorder == "little"


def _swapped(data: bytes) -> memoryview:
    import array

    words = array.array("Q", data)
    words.byteswap()
    return memoryview(words)
