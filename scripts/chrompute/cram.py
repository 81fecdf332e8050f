"""The check sums of a CRAM: htslib compares those of most blocks, this module those of all.

The layout is that of the CRAM specification 3.0 and 3.1, sections 6 to 8: after 26 bytes come
containers, each a head with a check sum and blocks with one each.
"""

import zlib
from pathlib import Path
from typing import IO

_FILE_HEAD = 26


def require_sound(path: str | Path) -> None:
    """Compare every check sum of a CRAM, a container at a time.

    Raises
    ------
    ValueError
        When one differs, or the file is cut off. CRAMs before version 3 have no check sums.
    """
    with open(path, "rb") as handle:
        if _exactly(handle, _FILE_HEAD)[4] < 3:
            return
        while begin := handle.read(4):
            _compare(_container_head(handle, begin), handle)
            blocks = _exactly(handle, int.from_bytes(begin, "little", signed=True))
            _check_blocks(blocks)


def _check_blocks(blocks: bytes) -> None:
    at = 0
    while at < len(blocks):
        begin, at = at, at + 2  # method, content type
        sizes = []
        for _ in range(3):  # content, size, size when unpacked
            if at >= len(blocks):
                raise ValueError("a block of the CRAM is cut off")
            width = _width(blocks[at])
            sizes.append(_number(blocks[at : at + width]))
            at += width
        at += sizes[1]
        if (
            sizes[1] < 0
            or zlib.crc32(blocks[begin:at]).to_bytes(4, "little") != blocks[at : at + 4]
        ):
            raise ValueError("the check sum of a block of the CRAM is wrong")
        at += 4


def _container_head(handle: IO[bytes], begin: bytes) -> bytes:
    """Return the bytes of a container's head, behind its first four, without its check sum."""
    head = begin
    # Sequence, start, span, records, (counter, bases: long numbers), blocks, landmarks.
    for place in range(8):
        first = _exactly(handle, 1)
        width = _width(first[0], long=place in (4, 5))
        number = first + _exactly(handle, width - 1)
        head += number
    for _ in range(_number(number)):
        first = _exactly(handle, 1)
        head += first + _exactly(handle, _width(first[0]) - 1)
    return head


def _compare(data: bytes, handle: IO[bytes]) -> None:
    if zlib.crc32(data).to_bytes(4, "little") != _exactly(handle, 4):
        raise ValueError("the check sum of a container of the CRAM is wrong")


def _exactly(handle: IO[bytes], size: int) -> bytes:
    data = handle.read(size) if size >= 0 else b""
    if size < 0 or len(data) != size:
        raise ValueError("the CRAM is cut off")
    return data


def _width(first: int, long: bool = False) -> int:
    """Return the bytes that a number takes: one more for each leading bit that is set."""
    ones = 8 - (first ^ 0xFF).bit_length()
    return 1 + (ones if long else min(ones, 4))


def _number(data: bytes) -> int:
    """Return an ITF8 number."""
    if len(data) < 5:
        # The leading bits say how many bytes there are.
        return int.from_bytes(data, "big") & (1 << 7 * len(data)) - 1
    high = int.from_bytes(data[:4], "big") & 0x0FFFFFFF
    value = high << 4 | data[4] & 0x0F
    return value - (1 << 32) if value >= 1 << 31 else value
