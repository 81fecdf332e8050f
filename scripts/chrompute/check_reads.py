"""The check of one file of reads: readable, complete, sorted, and aligned to the genome at hand."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pysam

from chrompute.errors import InputError
from chrompute.findings import READ_ERRORS, Findings, show
from chrompute.fragment_files import (
    ALIGNMENTS,
    TextRules,
    format_of,
    read_barcodes,
    read_fragment_text,
)
from chrompute.genome import is_excluded
from chrompute.manifest import sha256_of
from chrompute.pairing import COUNTED, PAIRED
from chrompute.records import has_bgzf_end, is_cram, open_alignments, read_records
from chrompute.sheets import Sample
from chrompute.whole_files import written_whole

logger = logging.getLogger(__name__)


def inspect_reads(
    path: str,
    sample: Sample,
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    index_folder: str | Path | None,
    found: Findings,
) -> None:
    """Open one file of a sample, compare it with the genome and add what was seen to `found`.

    Parameters
    ----------
    path, sample
        The file and the line of the sheet that names it.
    excluded, aliases
        Chromosomes left out, and {name in the file: name in the genome}.
    index_folder
        Where an index is made when a BAM has none; None makes none.
    found
        Findings so far; the genome's sizes must be in it where it could be read.
    """
    try:
        faults = _digest_faults(path, sample)
        if not faults and format_of(path) != ALIGNMENTS:
            faults = _text_faults(path, sample, excluded, aliases, found)
        elif not faults:
            faults = file_faults(path)
            faults = faults or _content_faults(path, sample, excluded, aliases, index_folder, found)
    except InputError as error:
        faults = error.faults
    except (*READ_ERRORS, pysam.SamtoolsError) as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        faults = [f"{path}: cannot be read ({detail}); copy or align it again"]
    found.faults += faults


def inspect_fetched(
    path: str,
    entry: Mapping[str, Any],
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    sizes: Mapping[str, int],
) -> None:
    """Look at a file that was fetched, as the check looks at files on disk before a run.

    Parameters
    ----------
    path
        Where it was fetched to.
    entry
        The fields of its `Sample`.
    excluded, aliases
        As in `inspect_reads`.
    sizes
        {chromosome: bp} of the genome.

    Raises
    ------
    InputError
        With all its faults.
    """
    found = Findings(sizes=dict(sizes))
    inspect_reads(path, Sample(**entry), excluded, aliases, None, found)
    for note in found.notes:
        logger.warning("note: %s", note)
    if found.faults:
        raise InputError(found.faults)


def _digest_faults(path: str, sample: Sample) -> list[str]:
    if not sample.sha256 or path not in sample.paths:
        return []  # a fetched file was compared while it was fetched
    wanted = sample.sha256[sample.paths.index(path)]
    digest = sha256_of(path)
    if digest == wanted.lower():
        return []
    return [f"{path}: sha256 is {digest}, the sheet says {wanted}; fetch it again"]


def file_faults(path: str) -> list[str]:
    """See that a file of alignments is whole and can be decoded."""
    """Look at the bytes: a BAM or CRAM, and complete."""
    with open(path, "rb") as handle:
        begin = handle.read(4)
    if begin[:2] != b"\x1f\x8b" and begin != b"CRAM":
        return [f"{path}: is neither BAM nor CRAM; convert it with samtools view -b"]
    if is_cram(path):
        try:
            pysam.quickcheck(path)
        except pysam.SamtoolsError:
            return [f"{path}: is truncated or no CRAM; copy or align it again"]
    elif not has_bgzf_end(path):
        return [f"{path}: is truncated, the BGZF end marker is missing; copy or align it again"]
    else:
        next(read_records(path), None)  # header and first records, as the pass reads them
    return []


def _text_faults(
    path: str,
    sample: Sample,
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    found: Findings,
) -> list[str]:
    """Look at the beginning of a fragment file or BEDPE; the pass that reads it sees the rest."""
    names: set[str] = set()

    def code_of(raw: str) -> int:
        name = aliases.get(raw, raw)
        names.add(name)
        return 0

    barcodes = None
    if sample.barcodes is not None:
        barcodes = read_barcodes(sample.barcodes, sample.cell_type)
        found.files[sample.barcodes] = {"kind": "barcodes"}
    counts = np.zeros(len(COUNTED), dtype=np.int64)
    next(read_fragment_text(path, TextRules(code_of, barcodes), counts), None)
    found.files[path] = {"kind": format_of(path), "sample": sample.name}
    sizes = found.sizes
    foreign = [n for n in sorted(names) if n not in sizes and not is_excluded(n, excluded)]
    if not sizes or not foreign:
        return []
    return [
        f"{path}: has fragments on {len(foreign)} chromosome(s) that the genome lacks "
        f"({show(foreign)}; genome: {show(sizes)}); give the genome it was aligned to, or name "
        "them in genome/exclude or genome/aliases"
    ]


def _content_faults(
    path: str,
    sample: Sample,
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    index_folder: str | Path | None,
    found: Findings,
) -> list[str]:
    with open_alignments(path) as bam:
        header = dict(zip(bam.references, bam.lengths, strict=True))
        order = bam.header.to_dict().get("HD", {}).get("SO", "unknown")
        faults = _sheet_faults(path, sample, bam)
    if order in ("unsorted", "queryname"):
        faults.append(f"{path}: is sorted as {order!r}, not by coordinate; run samtools sort")
    if not faults:
        faults += _order_faults(path)
    found.bam_sizes = {aliases.get(raw, raw): size for raw, size in header.items()}
    reads = None
    if not faults:
        reads = _count_reads(path, sample, index_folder, found)
        if reads is not None and not sum(reads.values()):
            faults.append(f"{path}: holds no mapped read; remove the sample or align it again")
    return faults + name_faults(path, header, reads or {}, excluded, aliases, found)


def _count_reads(
    path: str, sample: Sample, index_folder: str | Path | None, found: Findings
) -> dict[str, int] | None:
    """Return the mapped reads of each chromosome, from the BAM's index or one made for it.

    Without a usable index and a folder to make one in, the BAM is noted in `found.unindexed`.
    """
    if is_cram(path):  # its index does not count reads
        found.files[path] = {"kind": "alignments", "sample": sample.name}
        return None
    beside = _index_beside(path)
    statistics = None if beside is None else _statistics(path, beside)
    if statistics is None and index_folder is None:
        found.unindexed.append((path, sample))
        return None
    if statistics is None and index_folder is not None:
        made = Path(index_folder) / f"{sample.name}.{sample.paths.index(path)}.csi"
        _make_index(path, made)
        statistics = _statistics(path, made)
        beside = None
    reads, unplaced = statistics or ({}, 0)
    found.files[path] = {
        "kind": "alignments",
        "sample": sample.name,
        "mapped_reads": sum(reads.values()),
        "unplaced_reads": unplaced,
        "own_index": beside is not None,
    }
    return reads


def _statistics(path: str, index: Path) -> tuple[dict[str, int], int] | None:
    """Return mapped reads by chromosome and unplaced reads; None when the index does not fit."""
    try:
        with pysam.AlignmentFile(path, "rb", index_filename=str(index)) as bam:
            entries, unplaced = bam.get_index_statistics(), int(bam.nocoordinate)
    except (OSError, ValueError):
        return None
    return {entry.contig: int(entry.mapped) for entry in entries}, unplaced


def _order_faults(path: str, most: int = 200_000) -> list[str]:
    """Compare the first records' order; the pass that makes fragments compares them all."""
    seen, last = 0, np.int64(-1)
    for records in read_records(path):
        placed = records["chrom"] >= 0
        # Reads without a place come last.
        number = len(records) if placed.all() else int(np.argmin(placed))
        place = records["chrom"].astype(np.int64) << 32 | (records["start"].astype(np.int64) + 1)
        wrong = np.flatnonzero(np.diff(place[:number], prepend=last) < 0)
        if wrong.size:
            return [
                f"{path}: is not sorted by coordinate (record {seen + int(wrong[0]) + 1:,} lies "
                "before the one above it); run samtools sort"
            ]
        seen += len(records)
        if seen >= most or number < len(records):
            break
        last = place[-1] if number else last
    return []


def _sheet_faults(path: str, sample: Sample, bam: pysam.AlignmentFile) -> list[str]:
    """Compare the first thousand reads with the layout of the sheet."""
    flags = Counter(bool(read.flag & PAIRED) for read in islice(bam, 1000))
    if not flags:
        return [f"{path}: holds no read; remove sample {sample.name!r} or align it again"]
    if sample.layout == "paired" and not flags[True]:
        return [
            f"{path}: its reads are single-end, and sample {sample.name!r} is declared as paired; "
            "write 'single' in the sheet's column layout"
        ]
    if sample.layout == "single" and not flags[False]:
        return [
            f"{path}: its reads are paired, and sample {sample.name!r} is declared as single; "
            "write 'paired' in the sheet's column layout"
        ]
    return []


def _index_beside(path: str) -> Path | None:
    names = (f"{path}.bai", f"{path}.csi", str(Path(path).with_suffix(".bai")))
    return next((Path(name) for name in names if Path(name).is_file()), None)


def _make_index(path: str, target: Path) -> None:
    """Index a BAM, unless an earlier start has done so since the BAM was written."""
    if target.is_file() and target.stat().st_mtime >= Path(path).stat().st_mtime:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    logger.info("%s has no usable index, writing %s", path, target)
    with written_whole(target) as part:
        pysam.index("-c", "-o", str(part), path)


def name_faults(
    path: str,
    header: Mapping[str, int],
    reads: Mapping[str, int],
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    found: Findings,
) -> list[str]:
    """Compare names and lengths with the genome."""
    if not found.sizes:
        return []
    names = {raw: aliases.get(raw, raw) for raw in header}
    shared = [raw for raw, name in names.items() if name in found.sizes]
    if not shared:
        return [
            f"{path}: no chromosome name agrees with the genome (BAM: {show(header)}; genome: "
            f"{show(found.sizes)}); give the genome it was aligned to, or genome/aliases"
        ]
    faults = []
    wrong = [
        f"{raw} {header[raw]:,} against {found.sizes[names[raw]]:,}"
        for raw in shared
        if header[raw] != found.sizes[names[raw]] and not is_excluded(names[raw], excluded)
    ]
    if wrong:
        faults.append(
            f"{path}: {len(wrong)} chromosome(s) have another length than in the genome "
            f"({show(wrong)} bp); give the genome it was aligned to"
        )
    foreign = [
        raw
        for raw, name in names.items()
        if name not in found.sizes and reads.get(raw) and not is_excluded(name, excluded)
    ]
    if foreign:
        faults.append(
            f"{path}: has reads on {len(foreign)} chromosome(s) that the genome lacks "
            f"({show(foreign)}; genome: {show(found.sizes)}); give the genome it was aligned "
            "to, or name them in genome/exclude or genome/aliases"
        )
    empty = [
        name
        for name in found.sizes
        if not is_excluded(name, excluded)
        and reads
        and not any(reads.get(raw) for raw, other in names.items() if other == name)
    ]
    if empty:
        found.notes.append(f"{path}: no read on {show(empty)}")
    return faults
