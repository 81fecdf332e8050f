"""Compressed text, read with a bound: a small file that unpacks without end is refused."""

import gzip
import io
from pathlib import Path
from typing import IO

#: Texts of regions shrink to a thirtieth at best; deflate itself can reach a thousandth.
MOST_TIMES = 200
#: Bytes that any file may unpack to.
ALWAYS = 1 << 28
_BLOCK = 1 << 20
_MAGIC = b"\x1f\x8b"


class _Bounded(io.RawIOBase):
    """The unpacked bytes of a gzip file, as long as they are no more than a text could hold."""

    def __init__(self, path: str | Path) -> None:
        self._file = gzip.GzipFile(path, "rb")
        self._left = max(ALWAYS, MOST_TIMES * Path(path).stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number = self._file.readinto(buffer)
        self._left -= number
        if self._left < 0:
            raise gzip.BadGzipFile(
                f"it unpacks to more than {MOST_TIMES} times its size, as no genuine text does"
            )
        return number

    def close(self) -> None:
        self._file.close()
        super().close()


def open_text(path: str | Path) -> IO[str]:
    """Open a plain text file, or a gzipped one, whose name ends in .gz or .bgz.

    Raises
    ------
    gzip.BadGzipFile
        While it is read, when it unpacks to more than `MOST_TIMES` times its size.
    """
    if not str(path).endswith((".gz", ".bgz")):
        return open(path, encoding="utf-8")
    return io.TextIOWrapper(io.BufferedReader(_Bounded(path), _BLOCK), encoding="utf-8")


def refuse_endless(path: str | Path) -> None:
    """Read a gzipped file through and keep nothing of it; do nothing with a plain one.

    What it is says its beginning, not its name: the programs that will read it go by that.

    Raises
    ------
    gzip.BadGzipFile
        As `open_text`, before another program would fill the memory with it.
    """
    with open(path, "rb") as handle:
        if handle.read(len(_MAGIC)) != _MAGIC:
            return
    with io.BufferedReader(_Bounded(path), _BLOCK) as unpacked:
        while unpacked.read(_BLOCK):
            pass
