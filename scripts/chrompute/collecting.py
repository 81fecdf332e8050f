"""Raw fragments in, a sorted store out: the filters that need a whole fragment.

Fragments are kept as one number each, ordered as the store is, so that a chromosome is sorted
in one go: doubled midpoint, length and strand in 31, 16 and 2 bits.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chrompute.fragments import Fragments, Shift, require_short
from chrompute.intervals import IntervalSet
from chrompute.pairing import COUNTED

Keys = npt.NDArray[np.uint64]
_LENGTH_BITS, _STRAND_BITS = 16, 2


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
        codes = raw["chrom"]
        if raw.size and (codes == codes[0]).all():
            self._add_chromosome(int(codes[0]), raw)
            return
        for code in set(codes.tolist()):
            self._add_chromosome(code, raw[codes == code])

    def _add_chromosome(self, code: int, raw: npt.NDArray[Any]) -> None:
        name = list(self._sizes)[code]
        start, end = raw["start"].astype(np.int64), raw["end"].astype(np.int64)
        length = end - start
        low, high = self._lengths
        bad_length = (length < low) | (length > high)
        # A single read has one cut, its 5' end, which moves as that end of a fragment would.
        begin = start + np.where(raw["strand"] >= 0, self._shift.start, 0)
        stop = end + np.where(raw["strand"] <= 0, self._shift.end, 0)
        bad_length |= stop <= begin
        outside = (np.minimum(start, begin) < 0) | (np.maximum(end, stop) > self._sizes[name])
        failures = {
            "length": bad_length,
            "off_chromosome": outside,
            "blacklist": self._blacklist.overlaps(name, begin, stop),
        }
        alive = np.ones(raw.size, dtype=bool)
        for heading, failed in failures.items():
            lost = alive & failed & ~raw["flagged"]
            self._counts[COUNTED.index(heading)] += self._reads_each * int(lost.sum())
            alive &= ~failed
        keys = _pack(begin, stop, raw["strand"].astype(np.int64))
        self._kept[code].append(keys[alive & ~raw["flagged"]])
        if raw["flagged"].any():
            self._flagged[code].append(keys[alive & raw["flagged"]])

    def finish(self, remove_repeats: bool) -> tuple[Fragments, Library]:
        """Sort what was collected, count duplicates and, if wanted, remove them."""
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
        return _unpack(self._sizes, stores), library


def _pack(
    start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], strand: npt.NDArray[np.int64]
) -> Keys:
    keys = (start + end) << _LENGTH_BITS | (end - start)
    return (keys << _STRAND_BITS | (strand + 1)).astype(np.uint64)


def _unpack(sizes: dict[str, int], stores: list[Keys]) -> Fragments:
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
    return Fragments(sizes, offsets, midpoints, lengths, strands if strands.any() else None)
