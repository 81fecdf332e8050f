"""Reads as columns, written as a sorted and indexed BAM with bases and qualities."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pysam

from chrompute.simulate.bases import PROFILES, draw_bases, quality_profiles

#: One read. `start` is its first aligned base, 0-based; `length` counts all its bases, `clip` those
#: of them that are soft-clipped at its 3' end; chromosome and start are -1 where it has no place.
#: An unmapped read (flag 0x4) is not aligned, whatever its place.
READ = np.dtype(
    [
        ("pair", "i4"), ("chrom", "i4"), ("start", "i4"), ("mate_chrom", "i4"),
        ("mate_start", "i4"), ("tlen", "i4"), ("length", "i2"), ("clip", "i2"), ("flag", "u2"),
        ("mapq", "u1"),
    ],
    align=True,
)  # fmt: skip
Reads = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED = 0x1, 0x2, 0x4, 0x8
REVERSE, MATE_REVERSE, READ1, READ2, DUPLICATE = 0x10, 0x20, 0x40, 0x80, 0x400

#: The fastest level of compression.
_OPTIONS: Any = [b"level=1"]
_BLOCK = 4096  # reads whose bases are drawn at a time; small enough for the processor's cache


def write_bam(
    path: str | Path,
    genome: Mapping[str, Bytes],
    reads: Reads,
    mismatches: float,
    rng: np.random.Generator,
) -> None:
    """Write reads as a coordinate-sorted BAM, with its index `<path>.bai`.

    The file's name without ending is the name of the sample, of the read group, and of the reads
    ("sample:pair"). Neither file is there before both are complete. Equal arguments and an equal
    state of `rng` give equal bytes.

    Parameters
    ----------
    path
        The BAM.
    genome
        {chromosome: codes of its bases}, as `chrompute.genome.encode` gives them.
    reads
        Array of `READ`, in any order; `chrom` counts the chromosomes of `genome`.
    mismatches
        Chance of an aligned base to be read as another one.
    rng
        Source of mismatches, of bases that are not aligned, and of qualities.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    index = path.with_name(f".{path.name}.bai.part")
    header = _header(path.stem, genome)
    try:
        with pysam.AlignmentFile(str(part), "wb", header=header, format_options=_OPTIONS) as bam:
            # Parsing a line of text is quicker than setting the fields one by one.
            for line in _lines(path.stem, genome, _in_order(reads), mismatches, rng):
                bam.write(pysam.AlignedSegment.fromstring(line, header))
        pysam.index("-o", str(index), str(part))
        part.replace(path)
        index.replace(f"{path}.bai")
    finally:
        part.unlink(missing_ok=True)
        index.unlink(missing_ok=True)


def _in_order(reads: Reads) -> Reads:
    """Sort by place, reads without one last, forward before reverse."""
    chrom = reads["chrom"].astype(np.uint32)  # -1 becomes the largest number
    return reads[np.lexsort((reads["flag"] & REVERSE, reads["start"], chrom))]


def _header(sample: str, genome: Mapping[str, Bytes]) -> pysam.AlignmentHeader:
    return pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [{"SN": name, "LN": codes.size} for name, codes in genome.items()],
            "RG": [{"ID": sample, "SM": sample}],
            "CO": ["simulated by chrompute"],
        }
    )


def _lines(
    sample: str,
    genome: Mapping[str, Bytes],
    reads: Reads,
    mismatches: float,
    rng: np.random.Generator,
) -> Iterator[str]:
    """Yield the reads as lines of SAM."""
    longest = int(reads["length"].max(initial=1))
    codes = np.concatenate([*genome.values()])
    offsets = np.cumsum([0, *(chrom.size for chrom in genome.values())])
    names = [*genome, "*"]  # of chromosome -1
    profiles = [bytes(profile + 33).decode() for profile in quality_profiles(longest)]
    for begin in range(0, len(reads), _BLOCK):
        block = reads[begin : begin + _BLOCK]
        place, aligned = _places(block, offsets)
        drawn = draw_bases(codes, place, aligned, mismatches, rng)
        # Most reads have one of the better profiles.
        chosen = (PROFILES * rng.random(len(block)) ** 2).astype(np.int64).tolist()
        for read, bases, nm, profile in zip(block.tolist(), *drawn, chosen, strict=True):
            pair, chrom, start, mate, mate_start, tlen, length, clip, flag, mapq = read
            quality = profiles[profile][:length]
            fields = (
                f"{sample}:{pair}\t{flag}\t{names[chrom]}\t{start + 1}\t{mapq}",
                _cigar(length, clip, flag & (REVERSE | UNMAPPED)),
                f"{names[mate]}\t{mate_start + 1}\t{tlen}\t{bases[:length]}",
                quality[::-1] if flag & REVERSE else quality,
                f"RG:Z:{sample}" if flag & UNMAPPED else f"NM:i:{nm}\tRG:Z:{sample}",
            )
            yield "\t".join(fields)


def _places(
    reads: Reads, offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return where each base lies in the joined genome and whether it is aligned, (n, longest)."""
    length, clip = reads["length"].astype(np.int64), reads["clip"].astype(np.int64)
    mapped = np.where(reads["flag"] & UNMAPPED, 0, length - clip)[:, None]
    first = np.where(reads["flag"] & REVERSE, clip, 0)[:, None]
    column = np.arange(length.max())
    place = (offsets[reads["chrom"]] + reads["start"])[:, None] + column - first
    return place, (column >= first) & (column < first + mapped)


@cache
def _cigar(length: int, clip: int, flag: int) -> str:
    if flag & UNMAPPED:
        return "*"
    clipped, aligned = f"{clip}S" if clip else "", f"{length - clip}M"
    return clipped + aligned if flag & REVERSE else aligned + clipped
