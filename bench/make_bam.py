"""Write a coordinate-sorted ATAC-seq BAM of 2 x 50 bp reads, for benchmarks.

    python bench/make_bam.py PAIRS OUT.bam [CHROMOSOME ...]

Lengths and places are made up after the usual picture: a nucleosome-free peak and a ladder of
nucleosomes, 40 % of the fragments in peaks, 8 % duplicates, 5 % soft-clipped, 6 % of low mapping
quality. Names, qualities (four levels) and tags (NM, MD, MC, MQ, AS, XS, RG) are those that
bwa mem and a duplicate marker leave. Equal arguments give equal bytes.
"""

import sys
from pathlib import Path

import numba
import numpy as np
import pysam

#: Chromosomes of a human genome (GRCh38), bp.
SIZES = dict(
    zip(
        [f"chr{name}" for name in (*range(1, 23), "X", "Y")],
        [
            248_956_422, 242_193_529, 198_295_559, 190_214_555, 181_538_259, 170_805_979,
            159_345_973, 145_138_636, 138_394_717, 133_797_422, 135_086_622, 133_275_309,
            114_364_328, 107_043_718, 101_991_189, 90_338_345, 83_257_441, 80_373_285,
            58_617_616, 64_444_167, 46_709_983, 50_818_468, 156_040_895, 57_227_415,
        ],
        strict=True,
    )
)  # fmt: skip
READ = 50
_LEVELS = np.array([37, 25, 11, 2], dtype=np.uint8)
_BLOCK = 200_000


def draw_pairs(pairs: int, sizes: dict[str, int], seed: int = 1) -> np.ndarray:
    """Draw fragments: int64 (3, pairs), chromosome index, start and end, sorted by start."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum(list(sizes.values()))
    starts = np.concatenate([[0], ends[:-1]])
    total = int(ends[-1])
    peaks = rng.integers(0, total, 60_000)
    place = rng.integers(0, total, pairs)
    in_peak = rng.random(pairs) < 0.4
    chosen = peaks[(rng.random(pairs) ** 2 * peaks.size).astype(int)]
    place[in_peak] = (chosen + rng.normal(0, 150, pairs).astype(int))[in_peak]
    place = np.clip(place, 0, total - 1)
    chrom = np.searchsorted(ends, place, side="right")
    kind = rng.choice(4, pairs, p=[0.55, 0.3, 0.1, 0.05])
    centre, spread = np.array([70, 200, 390, 580]), np.array([25, 30, 40, 50])
    length = np.clip(rng.normal(centre[kind], spread[kind]), 38, 950).astype(int)
    start = np.clip(place - starts[chrom], 0, np.array(list(sizes.values()))[chrom] - length - 1)
    repeated = rng.random(pairs) < 0.08
    source = np.maximum(np.arange(pairs) - 1, 0)
    for values in (chrom, start, length):
        values[repeated] = values[source][repeated]
    order = np.lexsort((start, chrom))
    return np.stack([chrom, start, start + length])[:, order]


@numba.njit(cache=True)
def _digits(out, at, number, width):
    for place in range(width):
        out[at + width - 1 - place] = 48 + number % 10
        number //= 10
    return at + width


@numba.njit(cache=True)
def _text(out, at, text):
    for sign in text:
        out[at] = sign
        at += 1
    return at


@numba.njit(cache=True)
def _number(out, at, value, width):
    for _ in range(width):
        out[at] = value & 255
        value >>= 8
        at += 1
    return at


@numba.njit(cache=True)
def _write_records(out, reads, bases, levels, prefix, group):
    """Write records one behind the other; return the bytes written."""
    at = 0
    for row in range(reads.shape[0]):
        pair, chrom, pos, mate, tlen, flag, mapq, mate_mapq, clip = reads[row]
        begin = at
        at = _number(out, at + 4, chrom, 4)
        at = _number(out, at, pos, 4)
        at += 1  # length of the name, below
        at = _number(out, at, mapq, 1)
        at = _number(out, at, 4681, 2)
        n_cigar = 2 if clip else 1
        at = _number(out, at, n_cigar, 2)
        at = _number(out, at, flag, 2)
        at = _number(out, at, 50, 4)
        at = _number(out, at, chrom, 4)
        at = _number(out, at, mate, 4)
        at = _number(out, at, tlen, 4)
        name = at
        at = _text(out, at, prefix)
        at = _digits(out, at, 1 + pair % 4, 1)
        out[at] = 58
        at = _digits(out, at + 1, 1101 + (pair // 4) % 578, 4)
        out[at] = 58
        at = _digits(out, at + 1, (pair * 7919) % 32768, 3 + pair % 3)
        out[at] = 58
        at = _digits(out, at + 1, pair % 100_000, 5)
        out[at] = 0
        at += 1
        out[begin + 12] = at - name
        at = _number(out, at, (50 - clip) << 4, 4)
        if clip:
            at = _number(out, at, clip << 4 | 4, 4)
        for place in range(25):
            code = bases[row, place]
            out[at] = (1 << (code & 3)) << 4 | 1 << (code >> 2 & 3)
            at += 1
        for place in range(50):
            out[at] = levels[row, place]
            at += 1
        at = _text(out, at, b"NMC\0MDZ50\0MCZ50M\0MQC")
        at = _number(out, at, mate_mapq, 1)
        at = _text(out, at, b"ASC")
        at = _number(out, at, 50 - pair % 3, 1)
        at = _text(out, at, b"XSC")
        at = _number(out, at, pair % 41, 1)
        at = _text(out, at, group)
        _number(out, begin, at - begin - 4, 4)
    return at


def _reads(fragments: np.ndarray, seed: int = 2) -> np.ndarray:
    """Return int64 (2 * pairs, 9): the reads in the order of their positions."""
    rng = np.random.default_rng(seed)
    pairs = fragments.shape[1]
    chrom, start, end = fragments
    mapq = np.where(rng.random(pairs) < 0.06, rng.integers(0, 30, pairs), 60)
    clip = np.where(rng.random(pairs) < 0.05, rng.integers(3, 20, pairs), 0)
    left, right = start, np.maximum(end - READ, start)
    turned = rng.random(pairs) < 0.5
    duplicate = np.zeros(pairs, dtype=np.int64)
    same = (np.diff(fragments) == 0).all(axis=0)
    duplicate[1:][same] = 0x400
    number = np.arange(pairs)
    tlen = end - start
    both = []
    for forward in (True, False):
        first = turned == forward
        flag = 0x3 | duplicate | np.where(first, 0x40, 0x80) | (0x20 if forward else 0x10)
        pos, mate = (left, right) if forward else (right, left)
        sign = tlen if forward else -tlen
        # The clipped end of the forward read is the one within the fragment.
        own_clip = clip if forward else np.zeros_like(clip)
        both.append(np.stack([number, chrom, pos, mate, sign, flag, mapq, mapq, own_clip], axis=1))
    reads = np.concatenate(both)
    return reads[np.lexsort((reads[:, 2], reads[:, 1]))]


def make_bam(pairs: int, path: str | Path, sizes: dict[str, int], seed: int = 1) -> None:
    """Write the BAM and its index."""
    reads = _reads(draw_pairs(pairs, sizes, seed))
    header = pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [{"SN": name, "LN": size} for name, size in sizes.items()],
            "RG": [{"ID": "lane1", "SM": "sample"}],
        }
    )
    with pysam.AlignmentFile(str(path), "wb", header=header):
        pass
    rng = np.random.default_rng(seed + 1)
    out = np.zeros(_BLOCK * 300, dtype=np.uint8)
    with pysam.BGZFile(str(path), "wb") as handle:
        handle.write(_header_bytes(header, sizes))
        for begin in range(0, len(reads), _BLOCK):
            block = reads[begin : begin + _BLOCK]
            bases = rng.integers(0, 16, (len(block), 25), dtype=np.uint8)
            draws = rng.random((len(block), READ), dtype=np.float32)
            levels = _LEVELS[np.searchsorted([0.88, 0.95, 0.985], draws)]
            size = _write_records(out, block, bases, levels, b"A00228:279:HFWFV:", b"RGZlane1\0")
            handle.write(out[:size].tobytes())
    pysam.index(str(path))


def _header_bytes(header: pysam.AlignmentHeader, sizes: dict[str, int]) -> bytes:
    text = str(header).encode()
    parts = [b"BAM\1", len(text).to_bytes(4, "little"), text, len(sizes).to_bytes(4, "little")]
    for name, size in sizes.items():
        raw = name.encode() + b"\0"
        parts += [len(raw).to_bytes(4, "little"), raw, size.to_bytes(4, "little")]
    return b"".join(parts)


if __name__ == "__main__":
    chosen = sys.argv[3:] or [*SIZES]
    make_bam(int(sys.argv[1]), sys.argv[2], {name: SIZES[name] for name in chosen})
