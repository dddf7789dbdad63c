"""Makes the compressed files beside this file: python make_compressed.py (Python's own bz2 and lzma modules)."""

from __future__ import annotations

import bz2
import lzma
from pathlib import Path

FOLDER = Path(__file__).parent


def _plain() -> bytes:
    """Bytes that do not compress, long runs, and repetitions of any length at any distance."""
    state = 1

    def number(below: int) -> int:
        nonlocal state
        state = (state * 1103515245 + 12345) % (1 << 31)
        return (state >> 8) % below

    result = bytearray(b"frame 1 of clip 7, ") + bytes(900)
    while len(result) < 9000:
        kind = number(6)
        if kind == 0:
            result += bytes(number(256) for _ in range(number(12)))
        elif kind == 1:
            result += bytes([number(4)]) * (3 + number(300 if number(8) == 0 else 6))
        else:
            distance = 1 + number(min(len(result), 1 << (1 + number(13))))
            for _ in range(1 + number(4 if number(2) else 40)):
                result.append(result[-distance])
    return bytes(result)


PLAIN = _plain()


def main() -> None:
    def write(name: str, contents: bytes) -> None:
        (FOLDER / name).write_bytes(contents)

    write("plain.bin", PLAIN)
    write("small-blocks.bz2", bz2.compress(PLAIN, 1))
    write("two-streams.bz2", bz2.compress(PLAIN[:700]) + bz2.compress(PLAIN[700:]))
    write("empty.bz2", bz2.compress(b""))
    write("alone.lzma", lzma.compress(PLAIN, lzma.FORMAT_ALONE))
    # The same with its size in the header, and the mark at the end all the same.
    sized = bytearray(lzma.compress(PLAIN, lzma.FORMAT_ALONE))
    sized[5:13] = len(PLAIN).to_bytes(8, "little")
    write("sized.lzma", bytes(sized))
    for name, check in [
        ("none", lzma.CHECK_NONE), ("crc32", lzma.CHECK_CRC32), ("crc64", lzma.CHECK_CRC64), ("sha256", lzma.CHECK_SHA256),
    ]:
        write(f"{name}.xz", lzma.compress(PLAIN, check=check))
    write("two-streams.xz", lzma.compress(PLAIN[:700]) + bytes(4) + lzma.compress(PLAIN[700:]))
    write("empty.xz", lzma.compress(b""))
    # Properties other than the usual ones, and bytes as they are.
    odd = [{"id": lzma.FILTER_LZMA2, "lc": 1, "lp": 3, "pb": 1, "dict_size": 4096}]
    write("properties.xz", lzma.compress(PLAIN, filters=odd))
    write("noise.xz", lzma.compress(bytes(index * 7919 % 257 * (index % 31) % 256 for index in range(512))))
    delta = [{"id": lzma.FILTER_DELTA, "dist": 2}, {"id": lzma.FILTER_LZMA2}]
    write("delta.xz", lzma.compress(PLAIN, filters=delta))
    # 16 MiB of zeros in few bytes.
    write("zeros.bz2", bz2.compress(bytes(1 << 24)))
    write("zeros.lzma", lzma.compress(bytes(1 << 24), lzma.FORMAT_ALONE))
    write("zeros.xz", lzma.compress(bytes(1 << 24)))


if __name__ == "__main__":
    main()
