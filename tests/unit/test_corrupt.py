"""Damaged and odd files: each ends in an error that names it, or in the right result."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.check_reads import inspect_reads
from chrompute.errors import InputError
from chrompute.findings import Findings
from chrompute.fragments import Fragments, Shift
from chrompute.sheets import Sample
from helpers import ROOT
from raw_files import END, SIZES, bgzf, block, cigar, good_records, header, record

RULES = FragmentFilter(SIZES, Shift(0, 0))
GOOD = good_records()
HEAD = header()
HEAD_TEXT = "@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:10000\n@SQ\tSN:chr2\tLN:5000\n"
WHOLE = bgzf(HEAD + b"".join(GOOD))
#: Words that tell what to do.
REMEDIES = (
    "copy", "align", "mend", "correct", "give", "run samtools sort", "check min_mapq", "remove",
    "convert", "leave",
)  # fmt: skip


def as_tuples(fragments: Fragments) -> list[tuple[str, int, int]]:
    return [
        (chrom, int(start), int(end))
        for chrom in fragments.sizes
        for start, end in zip(*fragments.intervals(chrom), strict=True)
    ]


def good_result() -> list[tuple[str, int, int]]:
    """Return what the good file holds, from the numbers it was made of."""
    found = [(f"chr{i % 2 + 1}", 50 + i * 37, 50 + i * 37 + 60 + i * 7 % 300) for i in range(40)]
    return sorted(found, key=lambda f: (f[0], f[1] + f[2], f[2] - f[1]))


def look(path: Path) -> list[str]:
    """Return the faults that the check finds; it must not raise."""
    sample = Sample("s", "s", "ATAC", "1", (str(path),), Shift(0, 0), False, ())
    found = Findings(sizes=dict(SIZES))
    inspect_reads(str(path), sample, [], {}, path.parent / "index", found)
    return found.faults


def require_told(path: Path) -> None:
    """Both ways of reading must end in an error that names the file and a remedy."""
    for pairing in ("strict", "fast"):
        with pytest.raises(InputError) as caught:
            read_sample([path], FragmentFilter(SIZES, Shift(0, 0), pairing=pairing))
        for fault in caught.value.faults:
            assert path.name in fault
            assert any(word in fault for word in REMEDIES), fault


def test_the_good_file_is_good(tmp_path: Path) -> None:
    path = tmp_path / "x.bam"
    path.write_bytes(WHOLE)
    assert as_tuples(read_sample([path], RULES)[0]) == good_result()
    assert look(path) == []


def body(*records: bytes) -> bytes:
    """Return a BAM of good records with some of one's own behind them on the last chromosome."""
    return bgzf(HEAD + b"".join(GOOD) + b"".join(records))


def late(**change: object) -> bytes:
    """Return a file whose last record is odd."""
    place = {"chrom": 1, "mate_chrom": 1, "start": 4000, "mate_start": 4180}
    return body(record("odd", **(place | change)))  # type: ignore[arg-type]


def at(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


BLOCKS = [
    block((HEAD + b"".join(GOOD))[i : i + 400]) for i in range(0, len(HEAD + b"".join(GOOD)), 400)
]
PAYLOAD = HEAD + b"".join(GOOD)
#: What is refused wherever it is read.
REFUSED: dict[str, bytes] = {
    "empty file": b"",
    "one byte": b"\x1f",
    "only the end marker": END,
    "binary noise": bytes(np.random.default_rng(1).integers(0, 256, 5000, dtype=np.uint8)),
    "text": b"chr1\t100\t200\n" * 50,
    "SAM": b"@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:10000\nr\t0\tchr1\t1\t60\t1M\t*\t0\t0\tA\tI\n",
    "BED in BGZF": bgzf(b"chr1\t100\t200\n" * 50),
    "plain gzip": gzip.compress(PAYLOAD, mtime=0),
    "without end marker": WHOLE[: -len(END)],
    "end marker cut": WHOLE[:-1],
    "cut in half": WHOLE[: len(WHOLE) // 2],
    "cut between two blocks": b"".join(BLOCKS[:5]),
    "a block cut in half, end marker there": b"".join(BLOCKS[:5]) + BLOCKS[5][:100] + END,
    "a record cut, end marker there": bgzf(PAYLOAD[:-9]),
    "a length cut, end marker there": bgzf(PAYLOAD + b"\x20\0"),
    "rubbish behind the end": WHOLE + b"rubbish",
    "noughts behind the end": WHOLE + b"\0" * 100,
    "rubbish between blocks": BLOCKS[0] + b"rubbish" + b"".join(BLOCKS[1:]) + END,
    "wrong CRC": b"".join([*BLOCKS[:3], block(PAYLOAD[1200:1600], crc=1), *BLOCKS[4:], END]),
    "wrong ISIZE": b"".join([*BLOCKS[:3], block(PAYLOAD[1200:1600], size=399), *BLOCKS[4:], END]),
    "a block without its beginning": b"".join([*BLOCKS[:3], BLOCKS[3][20:], *BLOCKS[4:], END]),
    "wrong BAM magic": bgzf(b"BAM\2" + PAYLOAD[4:]),
    "header cut": bgzf(HEAD[:40]),
    "negative length of the header": bgzf(at(PAYLOAD, 4, b"\xff\xff\xff\xff")),
    "header longer than the file": bgzf(at(PAYLOAD, 4, b"\xff\xff\xff\x0f")),
    "too many sequences": bgzf(header(number=3) + b"".join(GOOD)),
    "too few sequences": bgzf(header(number=1) + b"".join(GOOD)),
    "negative number of sequences": bgzf(header(number=-1) + b"".join(GOOD)),
    "header's text and list disagree on lengths": bgzf(
        header(text="@SQ\tSN:chr1\tLN:9000\n@SQ\tSN:chr2\tLN:5000\n") + b"".join(GOOD)
    ),
    "header's text and list disagree on names": bgzf(
        header(text="@SQ\tSN:chrA\tLN:10000\n@SQ\tSN:chr2\tLN:5000\n") + b"".join(GOOD)
    ),
    "header's text and list disagree on numbers": bgzf(
        header(text="@SQ\tSN:chr1\tLN:10000\n") + b"".join(GOOD)
    ),
    "sequence without name": bgzf(header({"chr1": 10_000, "": 5000}, "") + b"".join(GOOD)),
    "sequence of negative length": bgzf(header({"chr1": 10_000, "chr2": -1}, "") + b"".join(GOOD)),
    "one name for two sequences": bgzf(
        header({"chr1": 10_000, "chr2": 5000}, "").replace(b"chr2", b"chr1") + b"".join(GOOD)
    ),
    "header alone": bgzf(HEAD),
    "unmapped reads alone": bgzf(
        HEAD + b"".join(record(f"u{i}", -1, -1, 0x4D, -1, 0, mate_chrom=-1) for i in range(9))
    ),
    "record of size 0": late(size=0),
    "record of negative size": late(size=-5),
    "record of size 31": late(size=31),
    "record of 2 GB": late(size=(1 << 31) - 1),
    "record longer than the file": late(size=100_000),
    "record shorter than its parts": late(size=60),
    "name of length 0": late(name_size=0),
    "name that does not end": late(name_size=2),
    "name longer than the record": late(name_size=255),
    "CIGAR longer than the record": late(n_cigar=65_535),
    "negative number of bases": late(bases=-1, operations=()),
    "unknown CIGAR operation": late(operations=[20 << 4 | 9]),
    "CIGAR does not fit the bases": late(operations=cigar((19, "M"))),
    "unknown sequence": late(chrom=2, mate_chrom=2),
    "unknown sequence of the mate": late(mate_chrom=7),
    "sequence -2": late(chrom=-2),
    "negative position": late(start=-2),
    "negative position of the mate": late(mate_start=-77),
    "unsorted positions": late(start=100),
    "unsorted sequences": late(chrom=0, mate_chrom=0),
    "two files in one": WHOLE[: -len(END)] + WHOLE,
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_sound_bam_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "odd.bam"
    path.write_bytes(REFUSED[name])
    require_told(path)
    for fault in look(path):
        assert path.name in fault
        assert any(word in fault for word in REMEDIES), fault


#: What the check before a run must see by itself, before any job.
SEEN_BY_THE_CHECK = [
    name
    for name in REFUSED
    if name.startswith(("empty file", "one byte", "binary", "text", "SAM", "plain", "without end",
                        "end marker", "cut", "rubbish behind", "noughts", "wrong BAM", "header",
                        "unmapped", "negative length", "unsorted", "too many"))
]  # fmt: skip


@pytest.mark.parametrize("name", SEEN_BY_THE_CHECK)
def test_the_check_sees_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / "odd.bam"
    path.write_bytes(REFUSED[name])
    assert look(path)


#: What looks odd and is sound: the same fragments come out.
SOUND: dict[str, bytes] = {
    "empty blocks in the middle": END.join(BLOCKS) + END,
    "two end markers": WHOLE + END,
    "blocks of one byte": bgzf(PAYLOAD, 1),
    "one block": bgzf(PAYLOAD, 60_000),
    "no text in the header": bgzf(header(text="") + b"".join(GOOD)),
    "noughts behind the header's text": bgzf(header(text=HEAD_TEXT + "\0\0") + b"".join(GOOD)),
    "a CIGAR that reaches beyond everything": late(
        operations=cigar((20, "M"), *[((1 << 28) - 1, "D")] * 9), flag=0x93
    ),
    "past the chromosome's end": late(start=4990, mate_start=4995),
    "mapped without CIGAR": late(operations=(), bases=0),
    "a position without a sequence": body(record("odd", -1, 77, 0x4D, 77, 0, mate_chrom=-1)),
    "a lost mate": late(),
    "damaged tags, which nothing needs": late(tags=b"XX?", flag=0x93),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("pairing", ["strict", "fast"])
def test_what_is_odd_and_sound_gives_the_same_fragments(
    tmp_path: Path, name: str, pairing: str
) -> None:
    path = tmp_path / "odd.bam"
    path.write_bytes(SOUND[name])
    rules = FragmentFilter(SIZES, Shift(0, 0), pairing=pairing)
    if name == "a lost mate" and pairing == "fast":
        rules = FragmentFilter(SIZES, Shift(0, 0), pairing="strict")  # it takes the mate's word
    fragments, account = read_sample([path], rules)
    assert as_tuples(fragments) == good_result()
    left_out = {"reads", "fragments"}
    assert account.counts["reads"] == sum(n for k, n in account.counts.items() if k not in left_out)


def test_damaged_tags_are_told_where_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.bam"
    for tags in (b"XX?", b"XXi\1", b"XXZabc", b"XXBc\xff\xff\xff\x7f", b"X"):
        path.write_bytes(late(tags=tags))
        with pytest.raises(InputError, match=r"odd\.bam: .*tags are damaged: record 81"):
            read_sample([path], FragmentFilter(SIZES, Shift(0, 0), pairing="fast"))


FLIPS = """
import json, sys
from pathlib import Path
import numpy as np
sys.path[:0] = [sys.argv[1] + "/scripts", sys.argv[1] + "/tests", sys.argv[1] + "/tests/unit"]
from chrompute.alignments import FragmentFilter, read_sample
from chrompute.errors import InputError
from chrompute.fragments import Shift
path, sizes = Path(sys.argv[2]), json.loads(sys.argv[3])
rules = FragmentFilter(sizes, Shift(0, 0))
whole = path.read_bytes()
def read():
    store, account = read_sample([path], rules)
    return [store.offsets.tolist(), store.midpoints.tolist(), store.lengths.tolist()]
good, rng, told, equal, bad = read(), np.random.default_rng(7), 0, 0, []
for place, bit in zip(rng.integers(0, len(whole), 300), rng.integers(0, 8, 300)):
    data = bytearray(whole)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    try:
        same = read() == good
        equal += same
        if not same:
            bad.append([int(place), int(bit), "another result"])
    except InputError as error:
        told += 1
        if path.name not in str(error):
            bad.append([int(place), int(bit), str(error)])
    except Exception as error:
        bad.append([int(place), int(bit), repr(error)])
print(json.dumps([told, equal, bad]))
"""


def flip_bits(path: Path) -> tuple[int, int]:
    """Flip 300 bits one by one, in a process of its own, lest a crash take the tests with it."""
    result = subprocess.run(
        [sys.executable, "-c", FLIPS, str(ROOT), str(path), json.dumps(SIZES)],
        capture_output=True, text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    told, equal, bad = json.loads(result.stdout.splitlines()[-1])
    assert bad == []
    assert told + equal == 300
    return told, equal


def test_flipped_bits_of_a_bam_are_told_or_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.bam"
    path.write_bytes(bgzf(PAYLOAD, 3000))
    told, equal = flip_bits(path)
    # What does no harm are time stamps and the like in the heads of the blocks.
    assert told > 250
    assert equal < 50


def test_flipped_bits_of_a_cram_are_told_or_do_no_harm(tmp_path: Path) -> None:
    told, _ = flip_bits(make_cram(tmp_path))
    assert told > 200


def test_flipped_bits_of_a_fragment_file_are_told_or_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv.gz"
    path.write_bytes(bgzf(TEXT, 600))
    told, _ = flip_bits(path)
    assert told > 200


def make_cram(folder: Path) -> Path:
    bam_path, path = folder / "x.bam", folder / "x.cram"
    bam_path.write_bytes(WHOLE)
    with (
        pysam.AlignmentFile(bam_path) as bam,
        pysam.AlignmentFile(path, "wc", template=bam, format_options=[b"no_ref=1"]) as cram,
    ):
        for read in bam:
            cram.write(read)
    return path


CRAM_DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda data: data[: len(data) // 2],
    "without its last container": lambda data: data[:-38],
    "cut in its last container": lambda data: data[:-5],
    "only its magic": lambda data: data[:4],
    "another version": lambda data: at(data, 4, b"\x09"),
    "rubbish in the middle": lambda data: at(data, len(data) // 2, b"rubbish"),
    "rubbish behind": lambda data: data + b"rubbish" * 20,
}


@pytest.mark.parametrize("name", CRAM_DAMAGE)
def test_a_damaged_cram_is_refused(tmp_path: Path, name: str) -> None:
    path = make_cram(tmp_path)
    assert as_tuples(read_sample([path], RULES)[0]) == good_result()
    assert look(path) == []
    path.write_bytes(CRAM_DAMAGE[name](path.read_bytes()))
    require_told(path)
    for fault in look(path):
        assert path.name in fault


TEXT = b"".join(
    b"%s\t%d\t%d\tAC%d-1\t1\n" % (chrom.encode(), start, end, start)
    for chrom, start, end in good_result()
)
BEDPE = b"".join(
    b"%s\t%d\t%d\t%s\t%d\t%d\tr\t60\t+\t-\n"
    % (chrom.encode(), start, start + 20, chrom.encode(), end - 20, end)
    for chrom, start, end in good_result()
)
LINE = b"chr2\t%s\t%s\tAAAC-1\t1\n"
PAIR = b"chr2\t%s\t%s\tchr2\t%s\t%s\tr\t60\t+\t-\n"
PACKED = gzip.compress(TEXT, mtime=0)
BAD_TEXT: dict[str, tuple[str, bytes]] = {
    "empty file": ("x.tsv", b""),
    "only comments": ("x.tsv", b"# a\n# b\n"),
    "only blank lines": ("x.tsv", b"\n\n\n"),
    "empty gzip": ("x.tsv.gz", gzip.compress(b"", mtime=0)),
    "not gzip": ("x.tsv.gz", TEXT),
    "gzip named as text": ("x.tsv", gzip.compress(TEXT, mtime=0)),
    "noise": ("x.tsv", REFUSED["binary noise"]),
    "noise in gzip": ("x.tsv.gz", gzip.compress(REFUSED["binary noise"], mtime=0)),
    "noise after a gzip head": ("x.tsv.gz", gzip.compress(TEXT)[:10] + REFUSED["binary noise"]),
    "gzip cut": ("x.tsv.gz", gzip.compress(TEXT, mtime=0)[:-30]),
    "gzip's check sum wrong": ("x.tsv.gz", at(PACKED, len(PACKED) - 8, b"\1\2\3\4")),
    "BGZF cut between blocks": ("x.tsv.gz", block(TEXT[:600])),
    "one column": ("x.tsv", b"chr1\n"),
    "two columns": ("x.tsv", b"chr1\t5\n"),
    "spaces": ("x.tsv", b"chr1 100 200 AAAC-1 1\n"),
    "a line too short": ("x.tsv", TEXT + b"chr2\t100\n"),
    "a line too long": ("x.tsv", TEXT + b"chr2\t100\t200\tA\t1\t2\n"),
    "a negative start": ("x.tsv", TEXT + LINE % (b"-1", b"100")),
    "ends turned round": ("x.tsv", TEXT + LINE % (b"200", b"100")),
    "nothing between the ends": ("x.tsv", TEXT + LINE % (b"200", b"200")),
    "a fraction": ("x.tsv", TEXT + LINE % (b"100.5", b"200")),
    "a number with an exponent": ("x.tsv", TEXT + LINE % (b"1e2", b"200")),
    "a missing start": ("x.tsv", TEXT + LINE % (b"", b"200")),
    "NA": ("x.tsv", TEXT + LINE % (b"100", b"NA")),
    "a word": ("x.tsv", TEXT + LINE % (b"start", b"200")),
    "more than 64 bits": ("x.tsv", TEXT + LINE % (b"1", b"99999999999999999999")),
    "more than 31 bits": ("x.tsv", TEXT + LINE % (b"1", b"4294967396")),
    "another chromosome": ("x.tsv", TEXT + b"chr9\t100\t200\tA\t1\n"),
    "a header without #": ("x.tsv", b"chrom\tstart\tend\tbarcode\tcount\n" + TEXT),
    "not UTF-8": ("x.tsv", TEXT + b"chr\xff\xfe\t100\t200\tA\t1\n"),
    "a comment in the middle": ("x.tsv", TEXT + b"# more\n" + TEXT),
    "BEDPE of four columns": ("x.bedpe", b"chr1\t5\t90\tchr1\n"),
    "BEDPE of five columns": ("x.bedpe", b"chr1\t5\t25\tchr1\t90\n"),
    "BEDPE, a negative start": ("x.bedpe", BEDPE + PAIR % (b"-7", b"20", b"50", b"70")),
    "BEDPE, ends turned round": ("x.bedpe", BEDPE + PAIR % (b"90", b"20", b"95", b"10")),
    "BEDPE, a missing end": ("x.bedpe", BEDPE + PAIR % (b"9", b"20", b"95", b"")),
    "BEDPE, another chromosome": ("x.bedpe", BEDPE.replace(b"chr2", b"chr7")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TEXT)
def test_a_damaged_text_is_refused(tmp_path: Path, name: str) -> None:
    file, content = BAD_TEXT[name]
    path = tmp_path / file
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_sample([path], RULES)
    assert path.name in str(caught.value)
    assert any(word in str(caught.value) for word in REMEDIES), str(caught.value)
    # Files as small as these the check reads whole.
    assert look(path)


SOUND_TEXT: dict[str, tuple[str, bytes]] = {
    "as it is": ("x.tsv", TEXT),
    "gzip": ("x.tsv.gz", gzip.compress(TEXT, mtime=0)),
    "gzip of several members": ("x.tsv.gz", gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:])),
    "BGZF": ("x.tsv.gz", bgzf(TEXT)),
    "CRLF": ("x.tsv", TEXT.replace(b"\n", b"\r\n")),
    "no end of the last line": ("x.tsv", TEXT[:-1]),
    "comments above": ("x.tsv", b"# id=x\n# a\tb\n" + TEXT),
    "blank lines": ("x.tsv", b"\n" + TEXT + b"\n\n"),
    "three columns": ("x.tsv", re.sub(rb"\tAC.*", b"", TEXT)),
    "quotes": ("x.tsv", TEXT.replace(b"AC", b'"')),
    "BEDPE": ("x.bedpe", BEDPE),
    "BEDPE, CRLF": ("x.bedpe.gz", gzip.compress(BEDPE.replace(b"\n", b"\r\n"))),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND_TEXT)
def test_a_sound_text_gives_the_same_fragments(tmp_path: Path, name: str) -> None:
    file, content = SOUND_TEXT[name]
    path = tmp_path / file
    path.write_bytes(content)
    assert as_tuples(read_sample([path], RULES)[0]) == good_result()
    assert look(path) == []


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for name in ("none.bam", "none.tsv.gz", "none.bedpe"):
        with pytest.raises(InputError, match=name):
            read_sample([tmp_path / name], RULES)
        (tmp_path / name).mkdir()
        with pytest.raises(InputError, match=name):
            read_sample([tmp_path / name], RULES)
