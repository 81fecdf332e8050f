"""Every column of every record, against pysam."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import raw_files
from chrompute import records
from chrompute.errors import InputError
from chrompute.records import RECORD, read_records
from raw_files import cigar, record, write_bam


def pysam_columns(path: Path) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the names, and all other columns but `mate_mapq`, from a plain pysam loop."""
    names, rows = [], []
    with pysam.AlignmentFile(str(path), check_sq=False) as bam:
        for read in bam:
            names.append(read.query_name)
            end = read.reference_end  # None when nothing is aligned
            start = read.reference_start
            rows.append(
                (
                    read.reference_id, start, start if end is None else end,
                    read.next_reference_id, read.next_reference_start, read.template_length,
                    read.flag, read.mapping_quality,
                )
            )  # fmt: skip
    return names, np.array(rows, dtype=np.int64).reshape(-1, 8)


COLUMNS = ("chrom", "start", "end", "mate_chrom", "mate_start", "tlen", "flag", "mapq")


def require_equal(path: Path, strict: bool = True) -> npt.NDArray[np.void]:
    """Compare a file's records with pysam's, digests too; return them."""
    found = np.concatenate([np.zeros(0, RECORD), *read_records(path, strict)])
    names, expected = pysam_columns(path)
    assert len(found) == len(expected)
    for index, column in enumerate(COLUMNS):
        np.testing.assert_array_equal(found[column], expected[:, index], err_msg=column)
    if strict:
        # Equal names have equal digests, and different ones different digests.
        assert len({*zip(names, found["name"].tolist(), strict=True)}) == len({*names})
        assert len({*found["name"].tolist()}) == len({*names})
    return found


@pytest.mark.parametrize("strict", [True, False])
def test_every_column_equals_pysam_on_the_human_bam(human_bam: Path, strict: bool) -> None:
    assert len(require_equal(human_bam, strict)) == 88_714


@pytest.mark.parametrize("name", ["atac_SRR1822137_pr1.bam", "mnase_henikoff2011.bam"])
def test_every_column_equals_pysam_on_yeast(yeast: Path, name: str, tmp_path: Path) -> None:
    path = tmp_path / "part.bam"
    with (
        pysam.AlignmentFile(yeast / name) as bam,
        pysam.AlignmentFile(path, "wb", template=bam) as out,
    ):
        for chrom in ("chrI", "chrVI", "chrM"):
            for read in bam.fetch(chrom):
                out.write(read)
    assert len(require_equal(path)) > 5000


@pytest.mark.parametrize("size", [1, 7, 37, 64, 1000, 1 << 19])
def test_records_may_lie_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(records, "_CHUNK", size)
    assert len(require_equal(write_bam(tmp_path / "x.bam", raw_files.good_records()))) == 80


def test_names_of_every_length(tmp_path: Path) -> None:
    """From 1 to 254 characters, and pairs of names that differ in one character anywhere."""
    names = ["n" * length for length in range(1, 255)]
    for length in (3, 8, 9, 16, 17, 40):
        names += ["n" * at + "m" + "n" * (length - at - 1) for at in range(length)]
    reads = [record(name) for name in [*names, *names]]
    assert len(require_equal(write_bam(tmp_path / "x.bam", reads))) == 2 * len(names)


def test_digests_of_many_names_do_not_meet() -> None:
    names = [f"A00228:279:HF:{i % 4}:{1101 + i % 97}:{i}:{i * 7919 % 32768}" for i in range(50_000)]
    digests = {
        int(records.digest(raw := np.frombuffer(n.encode(), np.uint8), 0, raw.size)) for n in names
    }
    assert len(digests) == len(names)


def test_a_digest_depends_on_its_bytes_alone() -> None:
    """Not on where in memory they lie, nor on what lies around them."""
    for length in (1, 7, 8, 9, 23, 254):
        name = np.frombuffer(b"x" * (length - 1) + b"y", np.uint8)
        found = set()
        for lead in range(9):
            around = np.concatenate(
                [np.full(lead, lead, np.uint8), name, np.full(9, lead, np.uint8)]
            )
            found.add(int(records.digest(around, lead, lead + length)))
        assert len(found) == 1


def test_odd_cigars(tmp_path: Path) -> None:
    reads = [
        record("soft", operations=cigar((5, "S"), (10, "M"), (5, "S"))),
        record("hard", operations=cigar((30, "H"), (20, "M"), (7, "H"))),
        record("spliced", operations=cigar((10, "M"), (700, "N"), (10, "M"))),
        record("gaps", operations=cigar((5, "="), (1, "X"), (3, "I"), (2, "D"), (11, "M"))),
        record("padded", operations=cigar((10, "M"), (2, "P"), (10, "M"))),
        record("inserted", operations=cigar((20, "I"))),
        record("none", operations=()),
        record("no bases", bases=0),
        record("past the end", start=9_995),
        record("unmapped", flag=0x4D, operations=()),
        record("unmapped, aligned", flag=0x4D, operations=cigar((13, "M")), bases=20),
        record("nowhere", -1, -1, 0x4D, -1, 0, mate_chrom=-1, operations=()),
        record("long deletion", operations=cigar((20, "M"), ((1 << 28) - 1, "D"))),
    ]
    require_equal(write_bam(tmp_path / "x.bam", reads))


def test_a_cigar_of_more_than_65535_operations(tmp_path: Path) -> None:
    """Its true operations stand in a tag; the place holder tells how far it reaches."""
    path = tmp_path / "long.bam"
    head = pysam.AlignmentHeader.from_dict({"SQ": [{"SN": "chr1", "LN": 1_000_000}]})
    with pysam.AlignmentFile(path, "wb", header=head) as out:
        for name, bases in (("long", True), ("long_without_bases", False), ("short", True)):
            read = pysam.AlignedSegment(head)
            read.query_name, read.flag, read.reference_id, read.reference_start = name, 0, 0, 17
            operations = [(0, 1), (2, 1)] * 35_000 if "long" in name else [(0, 30)]
            read.query_sequence = (
                "A" * sum(n for kind, n in operations if kind == 0) if bases else None
            )
            read.cigartuples = operations
            out.write(read)
    found = require_equal(path)
    assert found["end"].tolist() == [70_017, 70_017, 47]


TAGS: dict[str, bytes] = {
    "A": b"XAAq", "c": b"Xcc\xfe", "C": b"XCC\xfe", "s": b"Xss\xfe\xff", "S": b"XSS\xfe\xff",
    "i": b"Xii\xfe\xff\xff\xff", "I": b"XII\xfe\xff\xff\xff", "f": b"Xff\0\0\x80\x3f",
    "Z": b"XZZtext\0", "empty Z": b"XYZ\0", "H": b"XHH1AE3\0", "B empty": b"XbBc\0\0\0\0",
    **{f"B{t}": b"X" + t.lower().encode() + b"B" + t.encode() + struct.pack("<I", 3) + b"MQC" * w
       for t, w in zip("cCsSiIf", (1, 1, 2, 2, 4, 4, 4), strict=True)},
}  # fmt: skip
QUALITIES = {
    "c 3": (b"MQc\x03", 3), "c -1": (b"MQc\xff", None), "C 200": (b"MQC\xc8", 200),
    "C 255": (b"MQC\xff", 255), "s 29": (b"MQs\x1d\0", 29), "s -1": (b"MQs\xff\xff", None),
    "s 256": (b"MQs\0\1", None), "S 60": (b"MQS\x3c\0", 60), "i 7": (b"MQi\7\0\0\0", 7),
    "i 65536": (b"MQi\0\0\1\0", None), "i -1": (b"MQi\xff\xff\xff\xff", None),
    "I 30": (b"MQI\x1e\0\0\0", 30), "f": (b"MQf\0\0\x80\x3f", None), "A": (b"MQAx", None),
    "Z": (b"MQZ7\0", None), "B": (b"MQBC\1\0\0\0\7", None), "none": (b"", None),
}  # fmt: skip


@pytest.mark.parametrize("name", QUALITIES)
def test_the_tag_mq_is_found_behind_tags_of_every_type(tmp_path: Path, name: str) -> None:
    """Values that are no mapping quality stand for "no quality", as the tag's absence does."""
    raw, expected = QUALITIES[name]
    reads = [record(f"{before} {after}", tags=TAGS[before] + raw + TAGS[after])
             for before in TAGS for after in TAGS]  # fmt: skip
    found = require_equal(write_bam(tmp_path / "x.bam", reads), strict=False)
    assert set(found["mate_mapq"].tolist()) == {255 if expected is None else expected}
    # The same through the door of CRAM, whose tags pysam reads.
    with pysam.AlignmentFile(tmp_path / "x.bam") as bam:
        assert {records._fields(read)[-1] for read in bam} == set(found["mate_mapq"].tolist())


def test_without_bases_or_qualities(tmp_path: Path) -> None:
    path = tmp_path / "x.bam"
    head = pysam.AlignmentHeader.from_dict({"SQ": [{"SN": "chr1", "LN": 1000}]})
    with pysam.AlignmentFile(path, "wb", header=head) as out:
        for name, bases, qualities in (
            ("a", "ACGTA", "IIIII"),
            ("b", "ACGTA", None),
            ("c", None, None),
        ):
            read = pysam.AlignedSegment(head)
            read.query_name, read.flag, read.reference_id, read.reference_start = name, 0, 0, 5
            read.query_sequence = bases
            read.query_qualities = (
                None if qualities is None else pysam.qualitystring_to_array(qualities)
            )
            read.cigarstring = "5M"
            read.set_tag("MQ", 11)
            out.write(read)
    assert require_equal(path, strict=False)["mate_mapq"].tolist() == [11] * 3
    assert len(require_equal(path)) == 3


def make_cram(bam_path: Path, cram_path: Path) -> Path:
    with (
        pysam.AlignmentFile(bam_path) as bam,
        pysam.AlignmentFile(cram_path, "wc", template=bam, format_options=[b"no_ref=1"]) as cram,
    ):
        for read in bam:
            cram.write(read)
    return cram_path


def test_a_cram_equals_its_bam(human_bam: Path, tmp_path: Path) -> None:
    path = make_cram(human_bam, tmp_path / "human.cram")
    bam, cram = (np.concatenate([*read_records(p)]) for p in (human_bam, path))
    for column in RECORD.names or ():
        if column != "mate_mapq":
            np.testing.assert_array_equal(bam[column], cram[column], err_msg=column)


def test_an_empty_bam_has_no_records(tmp_path: Path) -> None:
    assert len(require_equal(write_bam(tmp_path / "x.bam", []))) == 0


@pytest.mark.parametrize("size", [0, 1, 3])
def test_empty_blocks_in_the_middle_are_legal(tmp_path: Path, size: int) -> None:
    payload = raw_files.header() + b"".join(raw_files.good_records())
    parts = [raw_files.block(payload[i : i + 300]) for i in range(0, len(payload), 300)]
    path = tmp_path / "x.bam"
    path.write_bytes((raw_files.END * size).join(parts) + raw_files.END)
    assert len(require_equal(path)) == 80


kinds = st.sampled_from("MIDNSHP=X")
any_read = st.builds(
    lambda operations, with_bases, **rest: record(
        operations=cigar(*operations),
        bases=sum(n for n, kind in operations if kind in "MIS=X") * with_bases,
        **rest,
    ),
    operations=st.lists(st.tuples(st.integers(0, 60), kinds), max_size=6),
    with_bases=st.booleans(),
    name=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    chrom=st.integers(-1, 1),
    start=st.integers(-1, 1 << 29),
    flag=st.integers(0, 0xFFF),
    mate_start=st.integers(-1, (1 << 31) - 1),
    mate_chrom=st.integers(-1, 1),
    tlen=st.integers(-(1 << 31) + 1, (1 << 31) - 1),
    mapq=st.integers(0, 255),
    tags=st.lists(st.sampled_from([*TAGS.values()]), max_size=4).map(b"".join),
)


@settings(
    deadline=None, derandomize=True, max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(reads=st.lists(any_read, max_size=30))
def test_records_of_any_kind(tmp_path: Path, reads: list[bytes]) -> None:
    require_equal(write_bam(tmp_path / "x.bam", reads))


def test_a_file_that_is_not_there_or_a_folder_is_an_input_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.bam"):
        with pytest.raises(InputError, match=str(path)):
            [*read_records(path)]
