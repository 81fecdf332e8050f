"""From a BAM to fragments: one pass, every read counted under exactly one heading.

A pair counts once, from its mates' 5' ends: `start` is the first base of the forward mate,
`end` the base after the last one of the reverse mate. The strict path (the default) joins the
mates by name and both must pass every filter; the fast path reads the first mate alone and
takes the rest from its mate position, TLEN and, where present, its MQ tag.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import oxbow
import pyarrow as pa
import pysam

from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.genome import is_excluded
from chrompute.intervals import IntervalSet

logger = logging.getLogger(__name__)

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED = 0x1, 0x2, 0x4, 0x8
REVERSE, MATE_REVERSE, READ2 = 0x10, 0x20, 0x80
SECONDARY, QC_FAIL, DUPLICATE, SUPPLEMENTARY = 0x100, 0x200, 0x400, 0x800

#: Headings of the filter counts, in the order in which the filters act.
FILTERS = (
    "unmapped",
    "secondary",
    "supplementary",
    "qc_fail",
    "duplicate_flag",
    "excluded_chromosome",
    "mapq",
    "single_end",
    "improper_pair",
    "mate_failed",
    "length",
    "off_chromosome",
    "blacklist",
    "duplicate_ends",
)

_BATCH = 1 << 19
_STRICT_FIELDS = ["qname", "flag", "rname", "pos", "end", "mapq", "rnext", "pnext"]
_FAST_FIELDS = ["flag", "rname", "pos", "end", "mapq", "rnext", "pnext", "tlen"]
_NO_MAPQ = 255  # the SAM code for "not available"; the reader hands it over as null


@dataclass(frozen=True)
class FragmentFilter:
    """What a read, then a pair, must satisfy.

    Attributes
    ----------
    sizes
        {chromosome: bp} of the chromosomes that fragments may lie on.
    shift
        End shift that is applied to raw fragments.
    min_mapq
        Lowest mapping quality; 255 ("not available") passes.
    min_length, max_length
        Raw length in bp, both ends included, before the shift.
    excluded
        Names or shell patterns of chromosomes left out.
    aliases
        {name in the BAM: name in the genome}.
    blacklist
        A fragment that shares a base with it is dropped.
    remove_repeats
        Keep one of the fragments that share both ends.
    pairing
        "strict" or "fast".
    """

    sizes: Mapping[str, int]
    shift: Shift
    min_mapq: int = 30
    min_length: int = 20
    max_length: int = 1000
    excluded: Sequence[str] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    blacklist: IntervalSet = field(default_factory=lambda: IntervalSet([]))
    remove_repeats: bool = False
    pairing: str = "strict"


@dataclass
class _Reads:
    """Columns of the records of one batch that are still in play."""

    flag: npt.NDArray[np.int64]
    chrom: npt.NDArray[np.int64]  # index into the genome, -1 when unplaced, -2 when excluded
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    mapq: npt.NDArray[np.int64]
    mate_chrom: npt.NDArray[np.int64]
    mate_start: npt.NDArray[np.int64]
    extra: pa.Array  # names (strict) or TLEN (fast)

    def __len__(self) -> int:
        return len(self.flag)

    def take(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "_Reads":
        rows = np.flatnonzero(keep) if keep.dtype == bool else keep
        arrays = {name: getattr(self, name)[rows] for name in _NUMERIC}
        return _Reads(**arrays, extra=self.extra.take(pa.array(rows)))

    @classmethod
    def concat(cls, parts: Sequence["_Reads"]) -> "_Reads":
        arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in _NUMERIC}
        return cls(**arrays, extra=pa.concat_arrays([p.extra for p in parts]))


_NUMERIC = ("flag", "chrom", "start", "end", "mapq", "mate_chrom", "mate_start")


def read_bam(
    paths: Sequence[str | Path], rules: FragmentFilter
) -> tuple[Fragments, dict[str, int]]:
    """Read the fragments of one sample from its BAMs.

    Parameters
    ----------
    paths
        Coordinate-sorted, paired-end BAMs (the lanes of one sample).
    rules
        Filters and shift.

    Returns
    -------
    fragments
        The store.
    counts
        Reads under each heading of `FILTERS`, `kept` (two a fragment), `reads` (their sum, all
        records of the files) and `fragments`. On the fast path the mates that were not looked
        at stand under `second_mate` and `kept` counts one a fragment.

    Raises
    ------
    InputError
        When a file is damaged or unsorted, or no fragment is left.
    """
    counts: Counter[str] = Counter(dict.fromkeys(FILTERS, 0))
    pairs: list[npt.NDArray[np.int64]] = []
    for path in paths:
        before = counts["reads"]
        pairs.extend(_pairs_of_file(path, rules, counts))
        logger.info("%s: %s reads", path, f"{counts['reads'] - before:,}")
    chrom, start, end = np.concatenate(pairs, axis=1) if pairs else np.zeros((3, 0), np.int64)
    fragments = _filter_pairs(chrom, start, end, rules, counts)
    if len(fragments) == 0:
        seen = ", ".join(f"{name} {number:,}" for name, number in counts.items() if number)
        raise InputError(
            f"{', '.join(map(str, paths))}: no fragment passed the filters ({seen}); "
            "check min_mapq, lengths, blacklist and that the reads are paired"
        )
    return fragments, dict(counts)


def _pairs_of_file(
    path: str | Path, rules: FragmentFilter, counts: Counter[str]
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield (3, n) blocks of raw pairs: chromosome index, start, end."""
    fast = rules.pairing == "fast"
    needs_flag = _has_proper_flag(path, fast)
    waiting: _Reads | None = None
    for batch in _batches(path, rules, fast):
        counts["reads"] += len(batch)
        reads = _filter_reads(batch, rules, needs_flag, counts)
        if fast:
            yield _first_mates(reads, counts)
            continue
        pool = reads if waiting is None else _Reads.concat([waiting, reads])
        block, waiting = _join_mates(pool)
        waiting = _drop_hopeless(waiting, batch, counts)
        yield block
    if waiting is not None:
        counts["mate_failed"] += len(waiting)


def _has_proper_flag(path: str | Path, fast: bool) -> bool:
    """Tell from the first reads whether the aligner set proper-pair flags; some files have none."""
    batch = next(_record_batches(path, fields=["flag", "tlen"]), None)
    if batch is None:
        return False
    if fast and not np.any(_ints(batch.column("tlen"), 0)):
        raise InputError(
            f"{path}: no read has a template length (TLEN), which pairing 'fast' needs; "
            "set fragments/pairing to 'strict'"
        )
    found = bool((batch.column("flag").to_numpy() & PROPER).any())
    if not found:
        logger.warning("%s: no proper-pair flag among the first reads; mate positions decide", path)
    return found


def _batches(path: str | Path, rules: FragmentFilter, fast: bool) -> Iterator[_Reads]:
    """Read the records, map names to genome indices and see that the order is by coordinate."""
    names = list(rules.sizes)
    last = (-1, -1)
    columns: dict[str, Any] = {"fields": _FAST_FIELDS if fast else _STRICT_FIELDS}
    if fast:
        columns["tag_defs"] = [("MQ", "C")]
    for batch in _record_batches(path, **columns):
        last = _require_sorted(path, batch, last)
        yield _Reads(
            flag=_ints(batch.column("flag"), 0),
            chrom=_chromosomes(batch, "rname", names, rules),
            start=_ints(batch.column("pos"), 0) - 1,  # the file reader counts from 1
            end=_ints(batch.column("end"), 0),
            mapq=_mapping_quality(batch, fast),
            mate_chrom=_chromosomes(batch, "rnext", names, rules),
            mate_start=_ints(batch.column("pnext"), 0) - 1,
            extra=batch.column("tlen" if fast else "qname"),
        )


def _record_batches(path: str | Path, **columns: Any) -> Iterator[pa.RecordBatch]:
    """Yield the records as Arrow batches, by the fast reader or, where it refuses, by pysam."""
    batches = oxbow_batches(path, **columns)
    try:
        first = next(batches, None)
    except Exception as error:  # what the reader raises has no class of its own
        logger.warning("%s: read by pysam, the fast reader says: %s", path, error)
        batches, first = pysam_batches(path), None
    try:
        if first is not None:
            yield first
        yield from batches
    except Exception as error:
        raise InputError(
            f"{path}: reading failed ({error}); the file is damaged, copy or align it again"
        ) from error


def oxbow_batches(path: str | Path, **columns: Any) -> Iterator[pa.RecordBatch]:
    """Read some columns of a BAM; positions count from 1, quality 255 is null."""
    for item in oxbow.from_bam(str(path), batch_size=_BATCH, **columns).batches():
        yield pa.record_batch(item)


def pysam_batches(path: str | Path) -> Iterator[pa.RecordBatch]:
    """Read all columns of a BAM in the form of `oxbow_batches`, four times as slowly.

    Headers that samtools accepts and the fast reader does not are common enough: a program
    that stands in them twice, an empty value, a missing version.
    """
    with pysam.AlignmentFile(str(path), "rb", check_sq=False) as bam:
        names = pa.array(list(bam.references), pa.string())
        while reads := list(islice(bam, _BATCH)):
            columns = {
                "qname": pa.array([r.query_name for r in reads], pa.string()),
                "flag": pa.array([r.flag for r in reads], pa.uint16()),
                "rname": _coded([r.reference_id for r in reads], names),
                "pos": pa.array([r.reference_start + 1 for r in reads], pa.int32()),
                "end": pa.array([r.reference_end or 0 for r in reads], pa.int32()),
                "mapq": pa.array([r.mapping_quality for r in reads], pa.uint8()),
                "rnext": _coded([r.next_reference_id for r in reads], names),
                "pnext": pa.array([r.next_reference_start + 1 for r in reads], pa.int32()),
                "tlen": pa.array([r.template_length for r in reads], pa.int32()),
                "tags": pa.array(
                    [{"MQ": r.get_tag("MQ") if r.has_tag("MQ") else None} for r in reads],
                    pa.struct({"MQ": pa.int64()}),
                ),
            }
            yield pa.record_batch(columns)


def _coded(ids: list[int], names: pa.Array) -> pa.DictionaryArray:
    codes = pa.array([code if code >= 0 else None for code in ids], pa.int32())
    return pa.DictionaryArray.from_arrays(codes, names)


def _mapping_quality(batch: pa.RecordBatch, fast: bool) -> npt.NDArray[np.int64]:
    """Return the read's own quality; on the fast path the lower of its own and its mate's tag."""
    own = _ints(batch.column("mapq"), _NO_MAPQ)
    if not fast:
        return own
    return np.minimum(own, _ints(batch.column("tags").field("MQ"), _NO_MAPQ))


def _ints(column: pa.Array, null: int) -> npt.NDArray[np.int64]:
    return column.cast(pa.int64()).fill_null(null).to_numpy(zero_copy_only=False)


def _chromosomes(
    batch: pa.RecordBatch, name: str, names: list[str], rules: FragmentFilter
) -> npt.NDArray[np.int64]:
    column = batch.column(name)
    index = {chrom: code for code, chrom in enumerate(names)}
    codes = [
        -2 if is_excluded(chrom, rules.excluded) else index.get(chrom, -2)
        for chrom in (rules.aliases.get(raw, raw) for raw in column.dictionary.to_pylist())
    ]
    rank = _ints(column.indices, len(codes))
    return np.array([*codes, -1], dtype=np.int64)[rank]


def _require_sorted(
    path: str | Path, batch: pa.RecordBatch, last: tuple[int, int]
) -> tuple[int, int]:
    """Raise unless records go up by header rank and position; return the last placed record."""
    rank = _ints(batch.column("rname").indices, -1)
    position = _ints(batch.column("pos"), 0)[rank >= 0]
    placed = rank[rank >= 0]
    keys = np.concatenate([[last[0] << 32 | max(last[1], 0)], placed << 32 | position])
    if last[0] < 0:
        keys = keys[1:]
    wrong = np.flatnonzero(np.diff(keys) < 0)
    if wrong.size:
        raise InputError(
            f"{path}: is not sorted by coordinate (a read at position "
            f"{int(keys[wrong[0] + 1] & 0xFFFFFFFF):,} follows one at "
            f"{int(keys[wrong[0]] & 0xFFFFFFFF):,}); run samtools sort"
        )
    return (int(placed[-1]), int(position[-1])) if placed.size else last


def _filter_reads(
    reads: _Reads, rules: FragmentFilter, needs_flag: bool, counts: Counter[str]
) -> _Reads:
    """Drop reads one filter after the other, counting each read at the first that it fails."""
    flag = reads.flag
    same_strand = ((flag & REVERSE) > 0) == ((flag & MATE_REVERSE) > 0)
    improper = (
        ((flag & MATE_UNMAPPED) > 0)
        | (reads.mate_chrom != reads.chrom)
        | same_strand
        | (((flag & PROPER) == 0) & needs_flag)
    )
    failures = {
        "unmapped": (flag & UNMAPPED) > 0,
        "secondary": (flag & SECONDARY) > 0,
        "supplementary": (flag & SUPPLEMENTARY) > 0,
        "qc_fail": (flag & QC_FAIL) > 0,
        "duplicate_flag": (flag & DUPLICATE) > 0,
        "excluded_chromosome": reads.chrom < 0,
        "mapq": reads.mapq < rules.min_mapq,
        "single_end": (flag & PAIRED) == 0,
        "improper_pair": improper,
    }
    alive = np.ones(len(reads), dtype=bool)
    for name, failed in failures.items():
        counts[name] += int((alive & failed).sum())
        alive &= ~failed
    return reads.take(alive)


def _join_mates(pool: _Reads) -> tuple[npt.NDArray[np.int64], _Reads]:
    """Join mates by name and mutual position; return the pairs and the reads left alone."""
    blocks = []
    while len(pool) > 1:
        code = pool.extra.dictionary_encode().indices.to_numpy()
        low = np.minimum(pool.start, pool.mate_start)
        high = np.maximum(pool.start, pool.mate_start)
        second = (pool.flag & READ2) > 0
        order = np.lexsort((second, high, low, pool.chrom, code))
        first, next_ = order[:-1], order[1:]
        joined = ~second[first] & second[next_]
        for key in (code, pool.chrom, low, high):
            joined &= key[first] == key[next_]
        reverse = (pool.flag & REVERSE) > 0
        joined &= reverse[first] != reverse[next_]
        if not joined.any():
            break
        one, two = first[joined], next_[joined]
        forward, backward = np.where(reverse[one], two, one), np.where(reverse[one], one, two)
        blocks.append(np.stack([pool.chrom[one], pool.start[forward], pool.end[backward]]))
        alone = np.ones(len(pool), dtype=bool)
        alone[one] = alone[two] = False
        # Reads that share name and place (lanes merged under one name) need another round.
        pool = pool.take(alone)
    return (np.concatenate(blocks, axis=1) if blocks else np.zeros((3, 0), np.int64)), pool


def _drop_hopeless(waiting: _Reads, batch: _Reads, counts: Counter[str]) -> _Reads:
    """Give up the reads whose mate's place the sorted file has already passed."""
    if len(batch) == 0 or batch.chrom[-1] < 0:
        return waiting
    here = (waiting.chrom == batch.chrom[-1]) & (waiting.mate_start >= batch.start[-1])
    counts["mate_failed"] += int((~here).sum())
    return waiting.take(here)


def _first_mates(reads: _Reads, counts: Counter[str]) -> npt.NDArray[np.int64]:
    second = (reads.flag & READ2) > 0
    counts["second_mate"] += int(second.sum())
    reads = reads.take(~second)
    length = np.abs(_ints(reads.extra, 0))
    start = np.minimum(reads.start, reads.mate_start)
    return np.stack([reads.chrom, start, start + length])


def _filter_pairs(
    chrom: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    rules: FragmentFilter,
    counts: Counter[str],
) -> Fragments:
    """Apply the filters that need the whole fragment, shift, sort and count."""
    reads_each = 1 if rules.pairing == "fast" else 2
    length = end - start
    shifted_start, shifted_end = start + rules.shift.start, end + rules.shift.end
    size = np.array(list(rules.sizes.values()), dtype=np.int64)[chrom]
    bad_length = (length < rules.min_length) | (length > rules.max_length)
    bad_length |= shifted_end <= shifted_start
    failures = {
        "length": bad_length,
        "off_chromosome": (np.minimum(start, shifted_start) < 0)
        | (np.maximum(end, shifted_end) > size),
        "blacklist": _blacklisted(chrom, shifted_start, shifted_end, rules),
    }
    alive = np.ones(len(chrom), dtype=bool)
    for name, failed in failures.items():
        counts[name] += reads_each * int((alive & failed).sum())
        alive &= ~failed
    fragments = Fragments.from_intervals(
        rules.sizes, chrom[alive], shifted_start[alive], shifted_end[alive]
    )
    if rules.remove_repeats:
        repeats = fragments.repeats()
        counts["duplicate_ends"] += reads_each * int(repeats.sum())
        fragments = fragments.select(~repeats)
    counts["kept"] = reads_each * len(fragments)
    counts["fragments"] = len(fragments)
    return fragments


def _blacklisted(
    chrom: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    rules: FragmentFilter,
) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(chrom), dtype=bool)
    for code, name in enumerate(rules.sizes):
        rows = np.flatnonzero(chrom == code)
        inside[rows] = rules.blacklist.overlaps(name, start[rows], end[rows])
    return inside
