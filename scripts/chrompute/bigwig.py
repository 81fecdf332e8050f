"""Write bigWig files from runs of one value, with zoom levels.

The format is that of Kent et al. 2010 (Bioinformatics 26:2204), version 4. Files are written here
and not through pyBigWig or pybigtools, which want a Python object or a string for every run and
cost five times as much (docs/decisions/0005-bigwig.md). The tests read them with pyBigWig.
"""

import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from chrompute.bigwig_trees import chromosome_tree, position_tree
from chrompute.pileup import Runs

_MAGIC, _VERSION = 0x888FFC26, 4
_HEADER, _ZOOM_HEADER, _TOTALS = struct.Struct("<IHHQQQHHQQIQ"), struct.Struct("<IIQQ"), "<Qdddd"
#: Type, runs' chromosome, start, end, step, span, type of a section, and its number of runs.
_SECTION_HEADER = struct.Struct("<IIIIIBBH")
_BEDGRAPH, _FIXED_STEP = 1, 3
#: Runs in a section, and records in a block of a zoom level, as in the tools of UCSC.
_SECTION, _SLOT = 1024, 512
#: Bases that a record of the first zoom level sums up, and how much coarser each next level is.
_FIRST_ZOOM, _ZOOM_STEP = 2048, 4
_MOST_ZOOMS = 10
#: Runs worked on at once.
_PIECE = 64 * _SECTION
#: The fastest level of ISA-L that compresses runs as well as level 6 of zlib.
_LEVEL = 1

_RUN = np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")])
#: A record of a zoom level (Kent 2010, supplementary table 19).
_ZOOM = np.dtype(
    [
        *((name, "<u4") for name in ("chrom", "start", "end", "bases")),
        *((name, "<f4") for name in ("min", "max", "sum", "squares")),
    ]
)
#: float64 (6, n_bins): number of the bin, its bases with a value, and of these values the
#: smallest, the largest, the sum and the sum of squares.
Summary = npt.NDArray[np.float64]
_BIN, _BASES, _LEAST, _MOST, _SUM, _SQUARES = range(6)


class _Blocks:
    """Compressed blocks, written one after the other, and what the index says of each."""

    def __init__(self, file: BinaryIO, per_block: int) -> None:
        self.file = file
        self.per_block = per_block
        self.records = 0
        self._entries = array("Q")  # plain numbers: a track at base resolution has millions

    def add(self, chrom: int, start: int, end: int, content: bytes) -> None:
        """Compress and write the records of one stretch of a chromosome."""
        block = isal_zlib.compress(content, _LEVEL)
        self._entries.extend((chrom, start, end, self.file.tell(), len(block)))
        self.file.write(block)

    def index(self, moved: int, position: int) -> bytes:
        """Return the index, to lie at `position`, of blocks that were moved by some bytes."""
        entries = np.array(self._entries, dtype=np.uint64).reshape(-1, 5)
        entries[:, 3] += np.uint64(moved)
        return position_tree(entries, position, self.per_block)


def write_bigwig(
    tracks: Iterable[tuple[str, Iterable[Runs]]], sizes: Mapping[str, int], path: str | Path
) -> None:
    """Write runs as a bigWig; values become 32-bit floats.

    Parameters
    ----------
    tracks
        (chromosome, its runs) in the order of `sizes`; chromosomes may be left out. The runs come
        in neighbouring pieces from the first base to the last, taken one at a time, so that a
        whole chromosome need not fit in memory.
    sizes
        {chromosome: length in bp}, in order: all chromosomes of the header.
    path
        The file to write. Equal input gives equal bytes.
    """
    reductions = _reductions(max(sizes.values()))
    zooms = [_Blocks(BytesIO(), _SLOT) for _ in reductions]
    totals = []
    with Path(path).open("wb") as file:
        file.write(bytes(_HEADER.size + _ZOOM_HEADER.size * len(reductions)))
        totals_at = file.tell()
        file.write(bytes(struct.calcsize(_TOTALS)))
        tree_at = file.tell()
        file.write(chromosome_tree(sizes, tree_at))
        data_at = file.tell()
        file.write(bytes(8))
        data = _Blocks(file, _SECTION)
        numbers = {name: number for number, name in enumerate(sizes)}
        for chrom, pieces in tracks:
            parts = []
            for runs in _pieces(pieces):
                _add_sections(data, numbers[chrom], runs)
                parts.append(_summarise(runs, reductions[0]))
            summary = _merged(np.concatenate(parts, axis=1))
            totals.append(_merged(summary, sizes[chrom]))  # one bin
            for zoom, reduction in zip(zooms, reductions, strict=True):
                _add_zoom(zoom, numbers[chrom], summary, reduction, sizes[chrom])
                summary = _merged(summary, _ZOOM_STEP)
        index_at = file.tell()
        file.write(data.index(0, index_at))
        headers = [
            _write_zoom(file, zoom, reduction)
            for zoom, reduction in zip(zooms, reductions, strict=True)
        ]
        file.write(struct.pack("<I", _MAGIC))
        buffer = max(_SECTION_HEADER.size + _SECTION * _RUN.itemsize, _SLOT * _ZOOM.itemsize)
        places = (tree_at, data_at, index_at, 0, 0, 0, totals_at, buffer, 0)
        file.seek(0)
        file.write(_HEADER.pack(_MAGIC, _VERSION, len(reductions), *places))
        file.write(b"".join(headers))
        file.write(_pack_totals(totals))
        file.seek(data_at)
        file.write(struct.pack("<Q", data.records))


def _reductions(longest: int) -> list[int]:
    """Return the bases that a record of each zoom level sums up: at least one level."""
    reductions = [_FIRST_ZOOM * _ZOOM_STEP**level for level in range(_MOST_ZOOMS)]
    return [reductions[0], *(r for r in reductions[1:] if r < longest)]


def _pieces(runs: Iterable[Runs]) -> Iterator[Runs]:
    """Cut long stretches, so that what is made of a piece stays in the cache."""
    for each in runs:
        for first in range(0, each.values.size, _PIECE):
            last = first + _PIECE
            edges = each.edges[first : last + 1].astype(np.int64)
            yield Runs(edges, each.values[first:last])


def _add_sections(data: _Blocks, chrom: int, runs: Runs) -> None:
    """Write runs in sections: of one width as values alone, others with starts and ends."""
    records = np.empty(runs.values.size, dtype=_RUN)
    records["start"], records["end"] = runs.edges[:-1], runs.edges[1:]
    records["value"] = runs.values
    widths = np.diff(runs.edges)
    for first in range(0, records.size, _SECTION):
        section = records[first : first + _SECTION]
        start, end = int(section["start"][0]), int(section["end"][-1])
        width = int(widths[first])
        if width * section.size == end - start and np.all(
            widths[first : first + _SECTION] == width
        ):
            kind, content = _FIXED_STEP, section["value"].tobytes()
        else:
            kind, width, content = _BEDGRAPH, 0, section.tobytes()
        head = _SECTION_HEADER.pack(chrom, start, end, width, width, kind, 0, section.size)
        data.add(chrom, start, end, head + content)
        data.records += 1


def _summarise(runs: Runs, reduction: int) -> Summary:
    """Sum up runs over bins of `reduction` bases; those at both ends may be part of a bin."""
    edges, values = runs.edges, runs.values.astype("<f4").astype(np.float64)
    bins = np.arange(edges[0] // reduction, (edges[-1] - 1) // reduction + 1)
    starts = np.maximum(bins * reduction, edges[0])
    ends = np.minimum((bins + 1) * reduction, edges[-1])
    # A bin overlaps the runs first to last, the outer two perhaps in part.
    first = np.searchsorted(edges, starts, side="right") - 1
    last = np.searchsorted(edges, ends, side="left") - 1
    spans = np.column_stack([first, last + 1]).ravel()
    padded = np.append(values, values[-1])  # reduceat wants every index to exist
    rows = [bins, ends - starts]
    rows += [extreme.reduceat(padded, spans)[::2] for extreme in (np.minimum, np.maximum)]
    widths, head, tail = np.diff(edges), starts - edges[first], edges[last + 1] - ends
    for each in (values, values * values):
        before = np.append(0, np.cumsum(each * widths))
        rows.append(before[last + 1] - before[first] - each[first] * head - each[last] * tail)
    return np.array(rows, dtype=np.float64)


def _merged(summary: Summary, step: int = 1) -> Summary:
    """Join the summaries of every `step` bins, and those of parts of one bin."""
    bins = summary[_BIN] // step
    first = np.flatnonzero(np.append(True, bins[1:] != bins[:-1]))
    joins = (np.add, np.minimum, np.maximum, np.add, np.add)
    rows = [join.reduceat(row, first) for join, row in zip(joins, summary[1:], strict=True)]
    return np.array([bins[first], *rows])


def _add_zoom(zoom: _Blocks, chrom: int, summary: Summary, reduction: int, size: int) -> None:
    """Add the records of one chromosome to a zoom level."""
    records = np.empty(summary.shape[1], dtype=_ZOOM)
    records["chrom"] = chrom
    records["start"] = summary[_BIN] * reduction
    records["end"] = np.minimum((summary[_BIN] + 1) * reduction, size)
    names = ("bases", "min", "max", "sum", "squares")
    for name, row in zip(names, summary[1:], strict=True):
        records[name] = row
    for first in range(0, records.size, _SLOT):
        block = records[first : first + _SLOT]
        zoom.add(chrom, int(block["start"][0]), int(block["end"][-1]), block.tobytes())
    zoom.records += records.size


def _write_zoom(file: BinaryIO, zoom: _Blocks, reduction: int) -> bytes:
    """Write the blocks and the index of a zoom level; return its header."""
    at = file.tell()
    file.write(struct.pack("<I", zoom.records))
    moved = file.tell()
    assert isinstance(zoom.file, BytesIO)
    file.write(zoom.file.getbuffer())
    index_at = file.tell()
    file.write(zoom.index(moved, index_at))
    return _ZOOM_HEADER.pack(reduction, 0, at, index_at)


def _pack_totals(totals: list[Summary]) -> bytes:
    """Sum up the whole file: bases with a value, smallest, largest, sum and sum of squares."""
    if not totals:
        return struct.pack(_TOTALS, 0, 0, 0, 0, 0)
    whole = np.concatenate(totals, axis=1)
    return struct.pack(
        _TOTALS,
        int(whole[_BASES].sum()),
        whole[_LEAST].min(),
        whole[_MOST].max(),
        whole[_SUM].sum(),
        whole[_SQUARES].sum(),
    )
