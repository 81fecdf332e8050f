"""Records of a BAM or CRAM as columns, in the file's order.

BAM is decompressed by ISA-L, which checks every block, and walked by compiled code; the header
is pysam's. CRAM goes through pysam. Why not a library for BAM records too:
docs/decisions/0005-reading-bam.md.
"""

import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pysam
from isal import igzip, isal_zlib
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chrompute.cram import require_sound
from chrompute.errors import InputError

#: What a fragment needs of an alignment. Positions are 0-based, `end` is half-open and equals
#: `start` where nothing is aligned; `chrom` and `mate_chrom` count the header's sequences, -1 is
#: none; 255 stands for "no quality", also for a mate without MQ tag; `name` is a digest.
RECORD = np.dtype(
    [
        ("name", "u8"), ("chrom", "i4"), ("start", "i4"), ("end", "i4"), ("mate_chrom", "i4"),
        ("mate_start", "i4"), ("tlen", "i4"), ("flag", "u2"), ("mapq", "u1"), ("mate_mapq", "u1"),
    ],
    align=True,
)  # fmt: skip
Records = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

NO_MAPQ = 255
_CHUNK = 1 << 19  # bytes decompressed at a time
_UNMAPPED, _READ2 = 0x4, 0x80
_SMALLEST = 36  # bytes of a record with neither name nor sequence
_LONGEST = 1 << 26  # bytes; what claims to be longer is no record but damage
_BATCH = 1 << 17  # records of a CRAM at a time
#: All columns but bases and qualities (bits of the SAM fields, as in htslib's sam.h).
_NO_BASES = b"required_fields=0x9ff"
#: The empty BGZF block that ends every complete BAM (SAM specification, section 4.1.2).
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
#: Place of the empty container that ends every complete CRAM since version 2.1.
_CRAM_END = b"\xe0EOF"
#: What decompressing a damaged file can raise.
_DAMAGE: Any = (OSError, EOFError, ValueError, zlib.error, isal_zlib.error)
_FAULTS = (
    "", "a record's length is impossible", "a record's parts are longer than the record",
    "a record names a sequence that the header lacks", "a record has a negative position",
    "a record's tags are damaged", "a record's CIGAR is impossible or does not fit its bases",
)  # fmt: skip


def read_records(path: str | Path, strict: bool = True) -> Iterator[Records]:
    """Yield the records of a BAM or CRAM in blocks, arrays of `RECORD`.

    Parameters
    ----------
    path
        The file; a CRAM is known by its first bytes.
    strict
        Whether mates will be joined by name. If not, `name` may be 0 where there is a TLEN; if
        so, `mate_mapq` may be 255.

    Raises
    ------
    InputError
        When the file is damaged, cut off, or no alignment file.
    """
    try:
        yield from _cram_records(path) if is_cram(path) else _bam_records(path, strict)
    except _DAMAGE as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path}: reading failed ({detail}); the file is damaged, copy or align it again"
        ) from error


def is_cram(path: str | Path) -> bool:
    """Tell by its first bytes whether a file is a CRAM."""
    with open(path, "rb") as handle:
        return handle.read(4) == b"CRAM"


def open_alignments(path: str | Path) -> pysam.AlignmentFile:
    """Open a BAM or CRAM with pysam, without its bases, so that a CRAM needs no genome."""
    before = pysam.set_verbosity(0)  # a missing index is no fault
    try:
        options: Any = [_NO_BASES, b"decode_md=0"] if is_cram(path) else []
        return pysam.AlignmentFile(str(path), "r", check_sq=False, format_options=options)
    except NotImplementedError as error:  # of a BAM in plain gzip
        raise ValueError("it is not compressed as a BAM is") from error
    finally:
        pysam.set_verbosity(before)


def has_bgzf_end(path: str | Path) -> bool:
    """Tell whether a file ends as a complete BGZF file does."""
    return _last_bytes(path, len(BGZF_END)) == BGZF_END


def _last_bytes(path: str | Path, number: int) -> bytes:
    with open(path, "rb") as handle:
        handle.seek(0, 2)
        handle.seek(max(0, handle.tell() - number))
        return handle.read()


def _bam_records(path: str | Path, strict: bool) -> Iterator[Records]:
    if not has_bgzf_end(path):
        raise ValueError("the BGZF end marker is missing, the file is cut off")
    seen = 0
    with igzip.open(path, "rb") as handle:
        n_chroms = _skip_header(handle, path)
        # One buffer for all: fresh memory for each chunk would cost more than walking over it.
        data, rest = np.empty(2 * _CHUNK, dtype=np.uint8), 0
        while size := handle.readinto(data[rest : rest + _CHUNK].data):
            size += rest
            records = np.empty(size // _SMALLEST + 1, dtype=RECORD)
            number, consumed, fault = _walk(data[:size], records, n_chroms, strict)
            if fault:
                raise ValueError(f"{_FAULTS[fault]}: record {seen + number + 1:,}")
            seen += number
            rest = size - consumed
            if rest > data.size - _CHUNK:
                data = np.concatenate([data, np.empty_like(data)])
            data[:rest] = data[consumed:size].copy()
            yield records[:number]
    if rest:
        raise ValueError("the file ends in the middle of a record")


def _skip_header(handle: Any, path: str | Path) -> int:
    """Move to the first record; return the number of sequences."""

    def number() -> int:
        return int.from_bytes(_exactly(handle, 4), "little", signed=True)

    if handle.read(4) != b"BAM\1":
        raise ValueError("it does not begin as a BAM does")
    text = _exactly(handle, number()).rstrip(b"\0").decode("utf-8", "replace")
    names, lengths = [], []
    for _ in range(number()):
        names.append(_exactly(handle, number()).rstrip(b"\0").decode("utf-8", "replace"))
        lengths.append(number())
    lines = [line.split("\t")[1:] for line in text.splitlines() if line.startswith("@SQ\t")]
    fields = [dict(field.split(":", 1) for field in line if ":" in field) for line in lines]
    listed = [(line.get("SN", ""), line.get("LN", "")) for line in fields]
    if listed and listed != [(n, str(b)) for n, b in zip(names, lengths, strict=True)]:
        raise ValueError("the header's text and its list of sequences disagree")
    if len({*names, ""}) <= len(names) or min(lengths, default=0) < 0:
        raise ValueError("the header lists a sequence twice, without name, or of negative length")
    return len(names)


def _exactly(handle: Any, size: int) -> bytes:
    data: bytes = handle.read(size) if size >= 0 else b""
    if size < 0 or len(data) != size:
        raise ValueError("the header is cut off")
    return data


def _load_type(typing_context: Any, data: Any, at: Any, like: Any) -> Any:
    """Load a number of the type of `like` from the bytes at a place that need not be aligned."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        width = ir.IntType(like.bitwidth).as_pointer()
        return builder.load(builder.bitcast(place, width), align=1)

    return like(data, types.int64, like), generate


_load: Any = intrinsic(_load_type)


@njit(cache=True, inline="always")
def _i4(data: Bytes, at: int) -> Any:
    return _load(data, np.int64(at), np.int32(0))


@njit(cache=True, inline="always")
def _u2(data: Bytes, at: int) -> Any:
    return np.int64(_load(data, np.int64(at), np.uint16(0)))


@njit(cache=True)
def digest(data: Bytes, begin: Any, end: Any) -> Any:
    """Digest the bytes begin to end of an array, eight at a time (multiply and fold)."""
    value = np.uint64(0xCBF29CE484222325)
    prime = np.uint64(0x9E3779B97F4A7C15)
    if end - begin >= 8:
        for at in range(begin, end - 7, 8):
            value = (value ^ _load(data, np.int64(at), np.uint64(0))) * prime
            value ^= value >> np.uint64(32)
        # The last eight bytes, some of them a second time.
        value = (value ^ _load(data, np.int64(end - 8), np.uint64(0))) * prime
    else:
        for at in range(begin, end):
            value = (value ^ np.uint64(data[at])) * prime
    # The length comes last: at the beginning, a change of the first byte could cancel it.
    value = (value ^ value >> np.uint64(29)) + np.uint64(end - begin)
    value *= np.uint64(0xD6E8FEB86659FD93)
    return value ^ value >> np.uint64(32)


@njit(cache=True)
def _mate_quality(data: Bytes, at: Any, end: Any) -> Any:
    """Return the tag MQ, 255 without a number from 0 to 255, -1 when the tags are damaged."""
    size: Any
    while at + 3 <= end:
        kind = data[at + 2]
        wanted = data[at] == 77 and data[at + 1] == 81  # M, Q
        at += 3
        if kind == 65 or kind == 67 or kind == 99:  # A, C, c
            size = 1
        elif kind == 83 or kind == 115:  # S, s
            size = 2
        elif kind == 73 or kind == 105 or kind == 102:  # I, i, f
            size = 4
        elif kind == 90 or kind == 72:  # Z, H
            size = 1
            while at + size <= end and data[at + size - 1] != 0:
                size += 1
        elif kind == 66 and at + 5 <= end:  # B
            each = data[at]
            width = 1 if each == 67 or each == 99 else 2 if each == 83 or each == 115 else 4
            size = 5 + width * np.int64(np.uint32(_i4(data, at + 1)))
        else:
            return -1
        if at + size > end:
            return -1
        if wanted and size <= 4 and kind != 65 and kind != 90 and kind != 72 and kind != 102:
            high = kind == 99 and data[at] > 127
            for place in range(at + 1, at + size):
                high |= data[place] != 0
            return 255 if high else np.int64(data[at])
        at += size
    return 255 if at == end else -1


@njit(cache=True)
def _walk(data: Bytes, records: Records, n_chroms: int, strict: bool) -> tuple[Any, Any, int]:
    """Fill `records` from the whole records in `data`; return their number, bytes and fault."""
    at: Any = 0
    number: Any = 0
    while at + 4 <= data.size:
        size = np.int64(_i4(data, at))
        if size < 32:
            return number, at, 1
        end = at + 4 + size
        if end > data.size:
            return number, at, 1 if size > _LONGEST else 0
        out = records[number]
        out.chrom, out.start = _i4(data, at + 4), _i4(data, at + 8)
        name_size, out.mapq = np.int64(data[at + 12]), data[at + 13]
        n_cigar, out.flag = _u2(data, at + 16), np.uint16(_u2(data, at + 18))
        bases = np.int64(_i4(data, at + 20))
        out.mate_chrom, out.mate_start = _i4(data, at + 24), _i4(data, at + 28)
        out.tlen = _i4(data, at + 32)
        cigar = at + 36 + name_size
        tags = cigar + 4 * n_cigar + (bases + 1) // 2 + bases
        if name_size < 1 or bases < 0 or tags > end or data[cigar - 1] != 0:
            return number, at, 2
        if not (-1 <= out.chrom < n_chroms and -1 <= out.mate_chrom < n_chroms):
            return number, at, 3
        if out.start < -1 or out.mate_start < -1:
            return number, at, 4
        reach, read = np.int64(out.start), np.int64(0)
        known: Any = True
        for place in range(cigar, cigar + 4 * n_cigar, 4):
            operation = np.uint32(_i4(data, place))
            kind, length = operation & 15, np.int64(operation >> 4)
            known = known and kind < 9
            if 0x18D >> kind & 1:  # M, D, N, = and X move along the reference
                reach += length
            if 0x193 >> kind & 1:  # M, I, S, = and X move along the read
                read += length
        aligned = n_cigar > 0 and not out.flag & _UNMAPPED
        if not known or (aligned and bases > 0 and read != bases):
            return number, at, 6
        # Insertions alone take one base, as in htslib.
        out.end = min(max(reach, out.start + 1), 0x7FFFFFFF) if aligned else out.start
        # What costs time is left out where the caller does not need it.
        out.name = digest(data, at + 36, cigar - 1) if strict or out.tlen == 0 else np.uint64(0)
        out.mate_mapq = NO_MAPQ
        if not strict and not out.flag & _READ2:
            quality = _mate_quality(data, tags, end)
            if quality < 0:
                return number, at, 5
            out.mate_mapq = quality
        number += 1
        at = end
    return number, at, 0


def _cram_records(path: str | Path) -> Iterator[Records]:
    if _CRAM_END not in _last_bytes(path, 38):
        raise ValueError("the CRAM end marker is missing, the file is cut off")
    require_sound(path)
    with open_alignments(path) as cram:
        while reads := list(islice(cram, _BATCH)):
            yield np.array([_fields(read) for read in reads], dtype=RECORD)


def _fields(read: pysam.AlignedSegment) -> tuple[int, ...]:
    """Return what `RECORD` holds of a read."""
    name = np.frombuffer((read.query_name or "").encode(), np.uint8)
    end = read.reference_end
    mate_mapq = read.get_tag("MQ") if read.has_tag("MQ") else None
    return (
        int(digest(name, 0, name.size)),
        read.reference_id,
        read.reference_start,
        read.reference_start if end is None else end,
        read.next_reference_id,
        read.next_reference_start,
        read.template_length,
        read.flag,
        read.mapping_quality,
        mate_mapq if isinstance(mate_mapq, int) and 0 <= mate_mapq <= NO_MAPQ else NO_MAPQ,
    )
