"""BAM and BGZF written byte by byte, so that a test decides about each of them.

Written from the SAM specification (sections 4.1 and 4.2); the library has no part in it.
"""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
SIZES = {"chr1": 10_000, "chr2": 5_000}
_BASES = {"M": 0, "I": 1, "D": 2, "N": 3, "S": 4, "H": 5, "P": 6, "=": 7, "X": 8}


def block(payload: bytes, crc: int | None = None, size: int | None = None) -> bytes:
    """Return one BGZF block; a wrong CRC or size can be given."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(payload) + packer.flush()
    head = bytes.fromhex("1f8b08040000000000ff060042430200") + struct.pack("<H", len(body) + 25)
    crc = zlib.crc32(payload) if crc is None else crc
    return head + body + struct.pack("<II", crc, len(payload) if size is None else size)


def bgzf(payload: bytes, each: int = 400, end: bytes = END) -> bytes:
    """Return a whole BGZF file of blocks of so many bytes."""
    return b"".join(block(payload[i : i + each]) for i in range(0, len(payload), each)) + end


def header(
    sizes: dict[str, int] = SIZES, text: str | None = None, number: int | None = None
) -> bytes:
    """Return a BAM's header; the text and the number of sequences can be wrong."""
    if text is None:
        text = "@HD\tVN:1.6\tSO:coordinate\n"
        text += "".join(f"@SQ\tSN:{name}\tLN:{size}\n" for name, size in sizes.items())
    parts = [b"BAM\1", struct.pack("<i", len(text)), text.encode()]
    parts.append(struct.pack("<i", len(sizes) if number is None else number))
    for name, size in sizes.items():
        parts += [struct.pack("<i", len(name) + 1), name.encode() + b"\0", struct.pack("<i", size)]
    return b"".join(parts)


def cigar(*operations: tuple[int, str]) -> list[int]:
    """Return operations as BAM has them."""
    return [length << 4 | _BASES[kind] for length, kind in operations]


def record(
    name: str = "r",
    chrom: int = 0,
    start: int = 100,
    flag: int = 0x63,
    mate_start: int = 280,
    tlen: int = 200,
    *,
    mate_chrom: int = 0,
    mapq: int = 60,
    operations: Sequence[int] = (20 << 4,),
    bases: int = 20,
    tags: bytes = b"",
    name_size: int | None = None,
    n_cigar: int | None = None,
    size: int | None = None,
) -> bytes:
    """Return one BAM record; sizes that do not fit its content can be given."""
    raw = name.encode() + b"\0"
    body = struct.pack(
        "<iiBBHHHiiii", chrom, start, len(raw) if name_size is None else name_size, mapq, 4681,
        len(operations) if n_cigar is None else n_cigar, flag, bases, mate_chrom, mate_start, tlen,
    )  # fmt: skip
    body += raw + struct.pack(f"<{len(operations)}I", *operations)
    body += b"\x11" * ((bases + 1) // 2) + b"\x20" * bases + tags
    return struct.pack("<i", len(body) if size is None else size) + body


def both(name: str, chrom: int, start: int, end: int) -> list[tuple[int, int, bytes]]:
    """Return (chromosome, start, record) of a proper pair of 20-bp reads on [start, end)."""
    place = {"chrom": chrom, "mate_chrom": chrom}
    first = record(name, start=start, flag=0x63, mate_start=end - 20, tlen=end - start, **place)
    second = record(name, start=end - 20, flag=0x93, mate_start=start, tlen=start - end, **place)
    return [(chrom, start, first), (chrom, end - 20, second)]


def good_records(pairs: int = 40) -> list[bytes]:
    """Return the records of some pairs on both chromosomes, sorted."""
    found = []
    for i in range(pairs):
        start = 50 + i * 37
        found += both(f"read{i}", i % 2, start, start + 60 + i * 7 % 300)
    return [raw for _, _, raw in sorted(found, key=lambda item: item[:2])]


def write_bam(path: Path, records: Sequence[bytes], head: bytes | None = None) -> Path:
    """Write a BAM."""
    path.write_bytes(bgzf((header() if head is None else head) + b"".join(records)))
    return path
