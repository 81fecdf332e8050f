"""BED files and sets of intervals. Everything is 0-based half-open."""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from chrompute.errors import InputError

_HEADER = re.compile(r"#|track\b(?!\t)|browser\b(?!\t)")


@dataclass(frozen=True)
class BedRecord:
    """One line of a BED file.

    Attributes
    ----------
    line
        The line's number in the file, from 1.
    chrom, start, end
        Chromosome (after aliasing) and 0-based half-open interval.
    name, strand
        Column 4, "" when absent; column 6, "." when absent.
    """

    line: int
    chrom: str
    start: int
    end: int
    name: str
    strand: str


def open_text(path: str | Path) -> IO[str]:
    """Open a plain or gzipped text file."""
    if str(path).endswith((".gz", ".bgz")):
        return gzip.open(path, "rt", encoding="utf-8")
    return open(path, encoding="utf-8")


def _fault_of(record: BedRecord, sizes: Mapping[str, int]) -> str | None:
    if record.chrom not in sizes:
        known = ", ".join(list(sizes)[:5])
        return f"chromosome {record.chrom!r} is not in the genome ({known}, ...)"
    if not 0 <= record.start < record.end:
        return f"start {record.start} and end {record.end} make no interval (0 <= start < end)"
    if record.end > sizes[record.chrom]:
        return (
            f"end {record.end:,} lies beyond the end of {record.chrom} ({sizes[record.chrom]:,} bp)"
        )
    return None


def _parse_line(line: str, number: int, aliases: Mapping[str, str]) -> BedRecord | str:
    """Return the record, or what is wrong with the line."""
    fields = line.rstrip("\r\n").split("\t")
    if len(fields) < 3:
        return f"has {len(fields)} tab-separated column(s), BED needs at least 3"
    try:
        start, end = int(fields[1]), int(fields[2])
    except ValueError:
        return f"start {fields[1]!r} and end {fields[2]!r} must be whole numbers"
    chrom = aliases.get(fields[0], fields[0])
    name = fields[3] if len(fields) > 3 else ""
    strand = fields[5] if len(fields) > 5 and fields[5] in "+-" and fields[5] else "."
    return BedRecord(number, chrom, start, end, name, strand)


def scan_bed(
    path: str | Path, sizes: Mapping[str, int], aliases: Mapping[str, str] | None = None
) -> Iterator[BedRecord | str]:
    """Yield each record of a BED file, or a sentence that says what is wrong with its line.

    Parameters
    ----------
    path
        Plain or gzipped BED; comment, track and browser lines are passed over.
    sizes
        Chromosome lengths in bp; a record outside them is a fault.
    aliases
        Other names of chromosomes, {name in file: name in the genome}.
    """
    with open_text(path) as handle:
        for number, line in enumerate(handle, 1):
            if not line.strip() or _HEADER.match(line):
                continue
            parsed = _parse_line(line, number, aliases or {})
            fault = parsed if isinstance(parsed, str) else _fault_of(parsed, sizes)
            if fault is None:
                yield parsed
            else:
                yield f"{path}, line {number}: {fault}; correct or remove the line"


def read_bed(
    path: str | Path, sizes: Mapping[str, int], aliases: Mapping[str, str] | None = None
) -> list[BedRecord]:
    """Read a BED file whole.

    Raises
    ------
    InputError
        With every faulty line of the file (the first 5 of them are shown).
    """
    records: list[BedRecord] = []
    faults: list[str] = []
    for item in scan_bed(path, sizes, aliases):
        if isinstance(item, str):
            faults.append(item)
        else:
            records.append(item)
    if faults:
        raise InputError(shorten(faults, str(path)))
    return records


def shorten(faults: list[str], path: str, most: int = 5) -> list[str]:
    """Keep the first `most` faults of one file and say how many more there are."""
    if len(faults) <= most:
        return faults
    return [*faults[:most], f"{path}: and {len(faults) - most:,} more faulty lines like these"]


class IntervalSet:
    """Merged intervals by chromosome that answer "is this base inside?".

    Parameters
    ----------
    records
        Any intervals; overlapping and touching ones are merged.
    """

    def __init__(self, records: list[BedRecord]) -> None:
        by_chrom: dict[str, list[tuple[int, int]]] = {}
        for record in records:
            by_chrom.setdefault(record.chrom, []).append((record.start, record.end))
        self._edges = {chrom: _merged(pairs) for chrom, pairs in by_chrom.items()}

    def __contains__(self, chrom: str) -> bool:
        """Tell whether the set holds anything of a chromosome."""
        return chrom in self._edges

    def contains(self, chrom: str, positions: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Tell for each base position of `chrom` whether it lies inside an interval."""
        positions = np.asarray(positions)
        if chrom not in self._edges:
            return np.zeros(positions.shape, dtype=bool)
        # The flattened edges alternate start, end: an odd rank is inside.
        return np.searchsorted(self._edges[chrom], positions, side="right") % 2 == 1

    def overlaps(
        self, chrom: str, starts: npt.ArrayLike, ends: npt.ArrayLike
    ) -> npt.NDArray[np.bool_]:
        """Tell for each interval of `chrom` whether it shares at least one base with the set."""
        starts, ends = np.asarray(starts), np.asarray(ends)
        if chrom not in self._edges:
            return np.zeros(starts.shape, dtype=bool)
        edges = self._edges[chrom]
        first = np.searchsorted(edges, starts, side="right")
        last = np.searchsorted(edges, ends, side="left")
        return (first % 2 == 1) | (last > first)

    @property
    def total_bp(self) -> int:
        """Number of bases covered."""
        return int(sum((edges[1::2] - edges[::2]).sum() for edges in self._edges.values()))


def _merged(pairs: list[tuple[int, int]]) -> npt.NDArray[np.int64]:
    merged: list[list[int]] = []
    for start, end in sorted(pairs):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return np.array(merged, dtype=np.int64).reshape(-1)


def read_blacklist(
    paths: Iterable[str | Path],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
) -> IntervalSet:
    """Read any number of BED files (none is fine) as one set."""
    return IntervalSet([record for path in paths for record in read_bed(path, sizes, aliases)])
