"""Reads as columns, written as a sorted and indexed BAM with bases and qualities.

Records are encoded by compiled code (SAM specification, section 4.2), because one Python object a
read costs several times as much as all the rest; pysam compresses and indexes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pysam
from numba import njit

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

#: To write at the fastest level of compression.
_MODE: Any = "wb1"
_BLOCK = 1 << 15  # reads encoded at a time; the bytes do not depend on it
#: Bytes of a record beside its name, bases, qualities and read group, at most.
_REST = 36 + 8 + 4 + 12
#: Codes of bases in a BAM, for A, C, G, T and N of `chrompute.genome`.
_NIBBLES = np.array([1, 2, 4, 8, 15], dtype=np.uint8)
#: Binned qualities of a patterned flow cell, and courses of them along a read.
_LEVELS = np.array([37, 25, 11, 2], dtype=np.uint8)
_PROFILES = 32
_NO_PLACE_BIN = 4680  # of a record at position -1


def write_bam(
    path: str | Path,
    genome: Mapping[str, npt.NDArray[np.uint8]],
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
    try:
        with pysam.BGZFile(str(part), _MODE, None) as handle:
            handle.write(_header(path.stem, genome))
            _write_records(handle, path.stem, genome, _in_order(reads), mismatches, rng)
        pysam.index("-o", str(index), str(part))
        part.replace(path)
        index.replace(f"{path}.bai")
    finally:
        part.unlink(missing_ok=True)
        index.unlink(missing_ok=True)


def _in_order(reads: Reads) -> Reads:
    """Sort by place, reads without one last, forward before reverse."""
    chrom = reads["chrom"].astype(np.int64)
    chrom[chrom < 0] = 1 << 29
    reverse = (reads["flag"] & REVERSE) != 0
    key = chrom << 33 | (reads["start"].astype(np.int64) + 1) << 1 | reverse
    return reads[np.argsort(key, kind="stable")]


def _header(sample: str, genome: Mapping[str, npt.NDArray[np.uint8]]) -> bytes:
    lines = ["@HD\tVN:1.6\tSO:coordinate"]
    lines += [f"@SQ\tSN:{name}\tLN:{codes.size}" for name, codes in genome.items()]
    lines += [f"@RG\tID:{sample}\tSM:{sample}", "@CO\tsimulated by chrompute"]
    text = "".join(f"{line}\n" for line in lines).encode()
    parts = [b"BAM\1", len(text).to_bytes(4, "little"), text, len(genome).to_bytes(4, "little")]
    for name, codes in genome.items():
        raw = name.encode() + b"\0"
        parts += [len(raw).to_bytes(4, "little"), raw, codes.size.to_bytes(4, "little")]
    return b"".join(parts)


def _write_records(
    handle: pysam.BGZFile,
    sample: str,
    genome: Mapping[str, npt.NDArray[np.uint8]],
    reads: Reads,
    mismatches: float,
    rng: np.random.Generator,
) -> None:
    longest = int(reads["length"].max(initial=1))
    mapped = (reads["flag"] & UNMAPPED) == 0
    loose = np.where(mapped, reads["clip"], reads["length"]).sum(dtype=np.int64)
    aligned = int(reads["length"].sum(dtype=np.int64) - loose)
    changed = np.unique(rng.integers(0, max(aligned, 1), rng.binomial(aligned, mismatches)))
    changes = rng.integers(1, 4, changed.size, dtype=np.uint8)
    spare = rng.integers(0, 4, loose, dtype=np.uint8)
    # Most reads have one of the better courses.
    courses = (_PROFILES * rng.random(len(reads), dtype=np.float32) ** 2).astype(np.uint8)
    codes = np.concatenate([*genome.values()])
    offsets = np.cumsum([0, *(chrom.size for chrom in genome.values())])
    qualities = _qualities(longest)
    prefix = np.frombuffer(f"{sample}:".encode(), dtype=np.uint8)
    group = np.frombuffer(b"RGZ" + sample.encode() + b"\0", dtype=np.uint8)
    out = np.empty(_BLOCK * (_REST + prefix.size + group.size + 2 * longest), dtype=np.uint8)
    done = np.zeros(3, dtype=np.int64)
    for begin in range(0, len(reads), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        size = _encode(
            out, reads[rows], courses[rows], codes, offsets, qualities, prefix, group,
            changed, changes, spare, done,
        )  # fmt: skip
        handle.write(out[:size].tobytes())


def _qualities(longest: int) -> Bytes:
    """Return the courses of quality, (_PROFILES, longest), in the order of sequencing.

    Qualities fall along a read, in the better courses late or never.
    """
    share = (np.arange(longest) + 0.5) / longest
    falls = np.linspace(1.3, 0.3, _PROFILES)[:, None] * np.array([1.0, 1.6, 2.5])
    return _LEVELS[(share[None, :, None] > falls[:, None, :]).sum(axis=2)]


@njit(cache=True, inline="always")
def _number(out: Bytes, at: int, value: Any, width: int) -> int:
    for _ in range(width):
        out[at] = value & 255
        value >>= 8
        at += 1
    return at


@njit(cache=True, inline="always")
def _text(out: Bytes, at: int, text: Bytes) -> int:
    for sign in text:
        out[at] = sign
        at += 1
    return at


@njit(cache=True, inline="always")
def _decimal(out: Bytes, at: int, value: int) -> int:
    width, rest = 1, value // 10
    while rest:
        width, rest = width + 1, rest // 10
    for place in range(at + width - 1, at - 1, -1):
        out[place] = 48 + value % 10
        value //= 10
    return at + width


@njit(cache=True)
def _bin(start: int, end: int) -> int:
    """Return the bin of [start, end) (SAM specification, section 5.3)."""
    first = 4681
    for shift in (14, 17, 20, 23, 26):
        if start >> shift == (end - 1) >> shift:
            return first + (start >> shift)
        first = (first - 1) >> 3
    return 0


@njit(cache=True)
def _head(out: Bytes, begin: int, read: Any, mapped: int, prefix: Bytes) -> int:
    """Write all that comes before the bases, of which `mapped` are aligned; return the end."""
    clipped = read.length - mapped if mapped else 0
    at = _number(out, begin + 4, read.chrom, 4)
    at = _number(out, at, read.start, 4) + 1  # the length of the name comes last
    at = _number(out, at, read.mapq, 1)
    place = _bin(read.start, read.start + max(mapped, 1)) if read.chrom >= 0 else _NO_PLACE_BIN
    at = _number(out, at, place, 2)
    at = _number(out, at, (mapped > 0) + (clipped > 0), 2)
    at = _number(out, at, read.flag, 2)
    at = _number(out, at, read.length, 4)
    at = _number(out, at, read.mate_chrom, 4)
    at = _number(out, at, read.mate_start, 4)
    at = _number(out, at, read.tlen, 4)
    end = _decimal(out, _text(out, at, prefix), read.pair)
    out[end] = 0
    out[begin + 12] = end + 1 - at
    at = end + 1
    if clipped and read.flag & REVERSE:
        at = _number(out, at, clipped << 4 | 4, 4)
    if mapped:
        at = _number(out, at, mapped << 4, 4)
    if clipped and not read.flag & REVERSE:
        at = _number(out, at, clipped << 4 | 4, 4)
    return at


@njit(cache=True)
def _bases(
    out: Bytes,
    at: int,
    read: Any,
    codes: Bytes,
    mapped: int,
    changed: npt.NDArray[np.int64],
    changes: Bytes,
    spare: Bytes,
    done: npt.NDArray[np.int64],
) -> int:
    """Write the bases, `codes` of the aligned ones first; return how many are mismatches."""
    first = read.length - mapped if mapped and read.flag & REVERSE else 0
    different = 0
    for place in range(read.length):
        if first <= place < first + mapped:
            code = codes[place - first]
            if done[1] < changed.size and changed[done[1]] == done[0]:
                if code < 4:
                    code = (code + changes[done[1]]) & 3
                    different += 1
                done[1] += 1
            # An N is a mismatch too (SAM tags, NM).
            different += code >= 4
            done[0] += 1
        else:
            code = spare[done[2]]
            done[2] += 1
        if place & 1:
            out[at + place // 2] |= _NIBBLES[code]
        else:
            out[at + place // 2] = _NIBBLES[code] << 4
    return different


@njit(cache=True)
def _encode(
    out: Bytes,
    reads: Reads,
    courses: Bytes,
    codes: Bytes,
    offsets: npt.NDArray[np.int64],
    qualities: Bytes,
    prefix: Bytes,
    group: Bytes,
    changed: npt.NDArray[np.int64],
    changes: Bytes,
    spare: Bytes,
    done: npt.NDArray[np.int64],
) -> int:
    """Write records one behind the other; return their bytes.

    `done` counts aligned bases, mismatches and spare bases used so far, and is moved on.
    """
    begin = 0
    for row in range(reads.size):
        read = reads[row]
        length: Any = np.int64(read.length)
        mapped = 0 if read.flag & UNMAPPED else length - read.clip
        at = _head(out, begin, read, mapped, prefix)
        here = offsets[read.chrom] + read.start if mapped else 0
        part = codes[here : here + mapped]
        different = _bases(out, at, read, part, mapped, changed, changes, spare, done)
        at += (length + 1) // 2
        reverse = read.flag & REVERSE
        for place in range(length):
            cycle = length - 1 - place if reverse else place
            out[at + place] = qualities[courses[row], cycle]
        at += length
        if mapped:
            # NM as an unsigned byte
            out[at], out[at + 1], out[at + 2], out[at + 3] = 78, 77, 67, min(different, 255)
            at += 4
        at = _text(out, at, group)
        _number(out, begin, at - begin - 4, 4)
        begin = at
    return begin
