"""Raw fragments in, a sorted store out: the filters that need a whole fragment.

Fragments are kept as one number each, ordered as the store is, so that a chromosome is sorted
in one go: doubled midpoint, length and strand in 31, 16 and 2 bits.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from chrompute.fragments import Fragments, Shift, require_short
from chrompute.intervals import IntervalSet
from chrompute.pairing import COUNTED

Keys = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
_LENGTH_BITS, _STRAND_BITS = 16, 2
_LENGTH, _OFF = COUNTED.index("length"), COUNTED.index("off_chromosome")


@dataclass
class Library:
    """What tells of a library's complexity, all duplicates included (Landt et al. 2012).

    Attributes
    ----------
    pairs
        Fragments before any removal of duplicates, flagged ones included.
    distinct
        Different (chromosome, start, end, strand of single reads).
    once, twice
        Those seen exactly once, and exactly twice.
    """

    pairs: int = 0
    distinct: int = 0
    once: int = 0
    twice: int = 0

    def add(self, keys: Keys) -> None:
        """Add one chromosome's fragments, sorted."""
        if keys.size == 0:
            return
        begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        times = np.diff(np.append(begins, keys.size))
        self.pairs += int(keys.size)
        self.distinct += int(times.size)
        self.once += int((times == 1).sum())
        self.twice += int((times == 2).sum())

    def as_dict(self) -> dict[str, int]:
        """Return the four numbers by name."""
        return asdict(self)


class Collector:
    """Collects the raw fragments of one sample.

    Parameters
    ----------
    sizes
        {chromosome: bp}.
    shift
        End shift that is applied.
    lengths
        Shortest and longest raw length, bp, both included.
    blacklist
        A fragment that shares a base with it is dropped.
    reads_each
        Reads that a fragment stands for in the counts.
    counts
        int64 (len(COUNTED),): numbers by heading, added to.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        shift: Shift,
        lengths: tuple[int, int],
        blacklist: IntervalSet,
        reads_each: int,
        counts: npt.NDArray[np.int64],
    ) -> None:
        require_short(sizes)
        self._sizes = dict(sizes)
        self._shift, self._lengths, self._blacklist = shift, lengths, blacklist
        self._reads_each, self._counts = reads_each, counts
        self._kept: list[list[Keys]] = [[] for _ in sizes]
        self._flagged: list[list[Keys]] = [[] for _ in sizes]

    def add(self, raw: npt.NDArray[Any]) -> None:
        """Take raw fragments, an array of `chrompute.pairing.RAW`, in any order."""
        keys = np.empty(raw.size, dtype=np.uint64)
        heading = np.empty(raw.size, dtype=np.int8)
        shift = (self._shift.start, self._shift.end)
        _screen(raw, np.array([*self._sizes.values()]), *self._lengths, *shift, keys, heading)
        codes = raw["chrom"]
        for code in _distinct(codes):
            rows = np.flatnonzero((codes == code) & (heading < 0))
            rows = rows[~self._blacklisted(code, keys[rows], raw["flagged"][rows])]
            flagged = raw["flagged"][rows]
            self._kept[code].append(keys[rows[~flagged]])
            if flagged.any():
                self._flagged[code].append(keys[rows[flagged]])
        for name in ("length", "off_chromosome"):
            lost = (heading == COUNTED.index(name)) & ~raw["flagged"]
            self._counts[COUNTED.index(name)] += self._reads_each * int(lost.sum())

    def _blacklisted(self, code: int, keys: Keys, flagged: npt.NDArray[np.bool_]) -> Mask:
        """Tell which fragments meet the blacklist, and count them."""
        name = list(self._sizes)[code]
        if name not in self._blacklist:
            return np.zeros(keys.size, dtype=bool)
        middle, length = _parts(keys)
        inside = self._blacklist.overlaps(name, (middle - length) // 2, (middle + length) // 2)
        lost = int((inside & ~flagged).sum())
        self._counts[COUNTED.index("blacklist")] += self._reads_each * lost
        return inside

    def finish(self, remove_repeats: bool, strands: bool = True) -> tuple[Fragments, Library]:
        """Sort what was collected, count duplicates and, if wanted, remove them.

        Without `strands`, the fragments are those with both ends: the strand of the reads that
        they were made from has told duplicates apart, and is dropped.
        """
        library = Library()
        stores: list[Keys] = []
        for kept, flagged in zip(self._kept, self._flagged, strict=True):
            keys = np.concatenate([np.zeros(0, np.uint64), *kept])
            kept.clear()
            keys.sort()
            if flagged:
                library.add(np.sort(np.concatenate([keys, *flagged])))
                flagged.clear()
            else:
                library.add(keys)
            if remove_repeats and keys.size:
                first = np.concatenate([[True], keys[1:] != keys[:-1]])
                lost = int(keys.size - first.sum())
                self._counts[COUNTED.index("duplicate_ends")] += self._reads_each * lost
                keys = keys[first]
            stores.append(keys)
        return _unpack(self._sizes, stores, strands), library


def _distinct(codes: npt.NDArray[np.int32]) -> set[int]:
    """Return the chromosomes of a block; nearly always there is one."""
    one = codes.size and (codes == codes[0]).all()
    return {int(codes[0])} if one else set(codes.tolist())


@njit(cache=True)
def _screen(
    raw: npt.NDArray[Any], sizes: npt.NDArray[np.int64], low: int, high: int,
    shift_start: int, shift_end: int, keys: Keys, heading: npt.NDArray[np.int8],
) -> None:  # fmt: skip
    """Shift and pack fragments; note the heading that each fails, -1 for none."""
    for row in range(raw.size):
        one = raw[row]
        start, end = np.int64(one.start), np.int64(one.end)
        # A single read has one cut, its 5' end, which moves as that end of a fragment would.
        begin = start + shift_start if one.strand >= 0 else start
        stop = end + shift_end if one.strand <= 0 else end
        heading[row] = -1
        if end - start < low or end - start > high or stop <= begin:
            heading[row] = _LENGTH
        elif min(start, begin) < 0 or max(end, stop) > sizes[one.chrom]:
            heading[row] = _OFF
        packed = (begin + stop) << _LENGTH_BITS | (stop - begin)
        keys[row] = np.uint64(packed << _STRAND_BITS | (one.strand + 1))


def _parts(keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the doubled midpoints and the lengths."""
    length = keys >> np.uint64(_STRAND_BITS) & np.uint64(0xFFFF)
    return (keys >> np.uint64(_LENGTH_BITS + _STRAND_BITS)).astype(np.int64), length.astype(
        np.int64
    )


def _unpack(sizes: dict[str, int], stores: list[Keys], with_strands: bool) -> Fragments:
    offsets = np.concatenate([[0], np.cumsum([keys.size for keys in stores])]).astype(np.int64)
    midpoints = np.empty(offsets[-1], dtype=np.int32)
    lengths = np.empty(offsets[-1], dtype=np.uint16)
    strands = np.empty(offsets[-1], dtype=np.int8)
    for index, begin in enumerate(offsets[:-1]):
        keys, stores[index] = stores[index], np.zeros(0, np.uint64)
        rows = slice(begin, begin + keys.size)
        midpoints[rows] = keys >> np.uint64(_LENGTH_BITS + _STRAND_BITS)
        lengths[rows] = keys >> np.uint64(_STRAND_BITS) & np.uint64(0xFFFF)
        strands[rows] = (keys & np.uint64(3)).astype(np.int8) - 1
    return Fragments(
        sizes, offsets, midpoints, lengths, strands if with_strands and strands.any() else None
    )
