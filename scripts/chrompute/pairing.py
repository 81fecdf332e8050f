"""From reads to raw fragments: the filters of reads, and the joining of mates.

A read is counted under the first filter that it fails. Mates are joined in one pass: the first
one waits in a hash table, keyed by a digest of its name and by both mates' positions, until the
second one comes. A table holds what one chromosome leaves open, so memory stays small.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from chrompute.records import Records

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED = 0x1, 0x2, 0x4, 0x8
REVERSE, MATE_REVERSE, READ2 = 0x10, 0x20, 0x80
SECONDARY, QC_FAIL, DUPLICATE, SUPPLEMENTARY = 0x100, 0x200, 0x400, 0x800

#: Headings of the filter counts, in the order in which the filters act.
FILTERS = (
    "other_barcode", "unmapped", "secondary", "supplementary", "qc_fail", "duplicate_flag",
    "excluded_chromosome", "mapq", "single_end", "paired_end", "improper_pair", "mate_failed",
    "length", "off_chromosome", "blacklist", "duplicate_ends",
)  # fmt: skip
#: Numbers that are no filters: mates that the fast path passes by, all reads, pairs that the fast
#: path had to join because they have no TLEN.
COUNTED = (*FILTERS, "second_mate", "reads", "joined_without_tlen")
(
    _BARCODE, _UNMAPPED, _SECONDARY, _SUPPLEMENTARY, _QC_FAIL, _DUPLICATE, _EXCLUDED, _MAPQ,
    _SINGLE_END, _PAIRED_END, _IMPROPER, _MATE_FAILED, _LENGTH, _OFF, _BLACKLIST, _ENDS,
    _SECOND_MATE, _READS, _NO_TLEN,
) = range(len(COUNTED))  # fmt: skip

Array = npt.NDArray[Any]
#: Ways of reading: mates joined by name; first mates alone; reads without mates.
STRICT, FAST, SINGLE = range(3)
#: A raw fragment. `flagged` ones have the duplicate flag: they tell of the library and are
#: dropped. `strand` is 1 or -1 for single-end reads, 0 for pairs.
RAW = np.dtype(
    [("chrom", "i4"), ("start", "i4"), ("end", "i4"), ("strand", "i1"), ("flagged", "?")],
    align=True,
)
_WAITING = np.dtype([("key", "u8"), ("end", "i4"), ("kind", "u1")], align=True)
_TABLE = 1 << 12  # slots of an empty table, a power of two
_FLAGGED = 4  # bits of `kind`: 1 second mate, 2 reverse strand, 4 duplicate


class Pairing:
    """The state of reading one file, block after block.

    Parameters
    ----------
    genome
        int32 (n,): the genome's index of each sequence of the header, -1 where it is left out.
    way
        STRICT, FAST or SINGLE.
    min_mapq
        Lowest mapping quality; 255 passes.
    needs_flag
        Whether a pair must have the proper-pair flag.
    counts
        int64 (len(COUNTED),): numbers by heading, added to.
    """

    def __init__(
        self,
        genome: npt.NDArray[np.int32],
        way: int,
        min_mapq: int,
        needs_flag: bool,
        counts: npt.NDArray[np.int64],
    ) -> None:
        # Header index -1, no sequence, is the last entry.
        self._genome = np.append(genome, np.int32(-1)).astype(np.int32)
        self._rules = (way, min_mapq, needs_flag)
        self._counts = counts
        self._last = np.array([-1, -1, 0], dtype=np.int64)  # sequence, start, reads waiting
        self._table = np.zeros(_TABLE, dtype=_WAITING)
        #: int64 (n,): primary mapped reads on each sequence of the header, excluded ones too.
        self.mapped = np.zeros(genome.size, dtype=np.int64)

    def add(self, records: Records) -> npt.NDArray[Any]:
        """Take the next records; return the raw fragments they complete, an array of `RAW`.

        Raises
        ------
        ValueError
            When a record lies before the one above it.
        """
        found = np.empty(len(records), dtype=RAW)
        number, self._table, wrong = _pair(
            records, self._genome, *self._rules, self._counts, self.mapped, self._last,
            self._table, found,
        )  # fmt: skip
        if wrong >= 0:
            raise ValueError(
                f"a read at position {records['start'][wrong] + 1:,} follows one at "
                f"{self._last[1] + 1:,}"
            )
        return found[:number]

    def finish(self) -> None:
        """Count the reads whose mates never came."""
        _give_up(self._table, self._counts)
        self._last[2] = 0


@njit(cache=True)
def _give_up(table: Array, counts: Array) -> None:
    """Empty the table and count what waited in it."""
    for entry in table:
        if entry.key != 0:
            if not entry.kind & _FLAGGED:
                counts[_MATE_FAILED] += 1
            entry.key = np.uint64(0)


@njit(cache=True)
def _put(table: Array, key: Any, end: int, kind: Any) -> None:
    mask = np.uint64(table.size - 1)
    slot = key & mask
    while table[slot].key != 0:
        slot = (slot + np.uint64(1)) & mask
    table[slot].key, table[slot].end, table[slot].kind = key, end, kind


@njit(cache=True)
def _find(table: Array, key: Any, kind: Any) -> Any:
    """Return the slot of a waiting mate, of the other read number and strand, or -1."""
    mask = np.uint64(table.size - 1)
    slot = key & mask
    while table[slot].key != 0:
        if table[slot].key == key and (table[slot].kind ^ kind) & 3 == 3:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & mask
    return np.int64(-1)


@njit(cache=True)
def _remove(table: Array, slot: int) -> None:
    """Take an entry out and close the gap (Knuth 1973, The Art of Computer Programming, 6.4 R)."""
    mask = np.uint64(table.size - 1)
    gap = np.uint64(slot)
    after = gap
    while True:
        after = (after + np.uint64(1)) & mask
        if table[after].key == 0:
            break
        home = table[after].key & mask
        if (after - home) & mask >= (after - gap) & mask:
            table[gap] = table[after]
            gap = after
    table[gap].key = np.uint64(0)


@njit(cache=True)
def _grown(table: Array) -> Array:
    larger = np.zeros(2 * table.size, dtype=table.dtype)
    for entry in table:
        if entry.key != 0:
            _put(larger, entry.key, entry.end, entry.kind)
    return larger


@njit(cache=True)
def _failed_filter(read: Any, place: int, way: int, min_mapq: int, needs_flag: bool) -> int:
    """Return the heading of the first filter that a read fails after the flags, or -1."""
    if place < 0:
        return _EXCLUDED
    flag = np.int64(read.flag)
    first = way == FAST and not flag & READ2
    if read.mapq < min_mapq or (first and read.mate_mapq < min_mapq):
        return _MAPQ
    paired = flag & PAIRED != 0
    if way == SINGLE:
        return _PAIRED_END if paired else -1
    if not paired:
        return _SINGLE_END
    same_strand = (flag & REVERSE != 0) == (flag & MATE_REVERSE != 0)
    if flag & MATE_UNMAPPED or read.mate_chrom != read.chrom or same_strand:
        return _IMPROPER
    return _IMPROPER if needs_flag and not flag & PROPER else -1


@njit(cache=True)
def _failed_flag(read: Any) -> int:
    """Return the heading of the flag that drops a read before all filters, or -1."""
    flag = np.int64(read.flag)
    if flag & UNMAPPED or read.end <= read.start or read.start < 0:
        return _UNMAPPED
    if flag & SECONDARY:
        return _SECONDARY
    return _SUPPLEMENTARY if flag & SUPPLEMENTARY else -1


@njit(cache=True)
def _pair(
    records: Records,
    genome: Array,
    way: int,
    min_mapq: int,
    needs_flag: bool,
    counts: Array,
    mapped: Array,
    last: Array,
    table: Array,
    found: Array,
) -> tuple[int, Array, int]:
    """Filter and join a block; return the fragments found, the table, and a misplaced row."""
    number = 0
    for row in range(records.size):
        read = records[row]
        if read.chrom >= 0:
            if read.chrom != last[0]:
                if read.chrom < last[0]:
                    return number, table, row
                if last[2] > 0:
                    _give_up(table, counts)
                    table = table[:_TABLE]
                last[0], last[1], last[2] = read.chrom, -1, 0
            if read.start < last[1]:
                return number, table, row
            last[1] = read.start
        counts[_READS] += 1
        heading = _failed_flag(read)
        if heading >= 0:
            counts[heading] += 1
            continue
        if read.chrom >= 0:
            mapped[read.chrom] += 1
        if read.flag & QC_FAIL:
            counts[_QC_FAIL] += 1
            continue
        # Duplicates are joined like all others, to tell how many there are, and counted here.
        flagged = read.flag & DUPLICATE != 0
        if flagged:
            counts[_DUPLICATE] += 1
        heading = _failed_filter(read, genome[read.chrom], way, min_mapq, needs_flag)
        if heading >= 0:
            if not flagged:
                counts[heading] += 1
            continue
        out = found[number]
        out.chrom, out.strand, out.flagged = genome[read.chrom], 0, flagged
        reverse, second = read.flag & REVERSE != 0, read.flag & READ2 != 0
        if way == SINGLE:
            out.start, out.end, out.strand = read.start, read.end, -1 if reverse else 1
            number += 1
        elif way == FAST and read.tlen != 0:
            if second:
                counts[_SECOND_MATE] += not flagged
                continue
            out.start = min(read.start, read.mate_start)
            out.end = out.start + abs(read.tlen)
            number += 1
        else:
            kind = np.uint8(second * 1 + reverse * 2 + flagged * _FLAGGED)
            here = read.end if reverse else read.start
            key = _key(read)
            slot = _find(table, key, kind)
            if slot < 0:
                if 2 * last[2] >= table.size:
                    table = _grown(table)
                _put(table, key, here, kind)
                last[2] += 1
                continue
            mate = table[slot].end
            waited = table[slot].kind & _FLAGGED != 0
            _remove(table, slot)
            last[2] -= 1
            if flagged != waited:
                counts[_MATE_FAILED] += 1
            if way == FAST:
                counts[_NO_TLEN] += 1
                counts[_SECOND_MATE] += not (flagged or waited)
            out.start, out.end = (mate, here) if reverse else (here, mate)
            out.flagged = flagged or waited
            number += 1
    return number, table, -1


@njit(cache=True, inline="always")
def _key(read: Any) -> Any:
    """Combine a read's name and both mates' positions; 0 marks an empty slot and is avoided."""
    low, high = min(read.start, read.mate_start), max(read.start, read.mate_start)
    place = np.uint64(np.uint32(low)) << np.uint64(32) | np.uint64(np.uint32(high))
    value = (read.name ^ place * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xD6E8FEB86659FD93)
    return max(value ^ value >> np.uint64(32), np.uint64(1))
