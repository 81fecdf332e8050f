"""Fragment files and BEDPE, against a plain loop over lines."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.check_reads import inspect_reads
from chrompute.errors import InputError
from chrompute.findings import Findings
from chrompute.fragment_files import format_of, read_barcodes
from chrompute.fragments import Fragments, Shift
from chrompute.pairing import FILTERS
from chrompute.sheets import Sample, read_samples
from helpers import MakeBam, pair

SIZES = {"chr1": 10_000, "chr2": 5_000, "chrM": 900}
PLAIN = FragmentFilter(SIZES, Shift(0, 0))
Interval = tuple[str, int, int]


def as_tuples(fragments: Fragments) -> list[Interval]:
    return [
        (chrom, int(start), int(end))
        for chrom in fragments.sizes
        for start, end in zip(*fragments.intervals(chrom), strict=True)
    ]


def random_fragments(number: int = 400) -> list[Interval]:
    rng = np.random.default_rng(3)
    found = []
    for chrom in ("chr1", "chr2", "chrM"):
        starts = np.sort(rng.integers(10, SIZES[chrom] - 200, number // 3))
        found += [
            (chrom, int(s), int(s) + int(n))
            for s, n in zip(starts, rng.integers(15, 190, starts.size), strict=True)
        ]
    return found


def write(path: Path, lines: list[str]) -> Path:
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return path


def tsv(path: Path, fragments: list[Interval]) -> Path:
    """Write a fragment file; the barcodes are B0 to B6 in turn."""
    lines = [f"{c}\t{s}\t{e}\tB{i % 7}\t{1 + i % 3}" for i, (c, s, e) in enumerate(fragments)]
    return write(path, ["# id=test", "# primary_contig=chr1", *lines])


def bedpe_line(fragment: Interval, number: int, read: int = 12) -> str:
    chrom, start, end = fragment
    ends = [(start, start + read, "+"), (end - read, end, "-")]
    (s1, e1, d1), (s2, e2, d2) = ends[:: -1 if number % 2 else 1]
    return f"{chrom}\t{s1}\t{e1}\t{chrom}\t{s2}\t{e2}\tr{number}\t60\t{d1}\t{d2}"


def kept(fragments: list[Interval], low: int = 20, excluded: str = "") -> list[Interval]:
    found = [f for f in fragments if f[2] - f[1] >= low and f[0] != excluded]
    return sorted(found, key=lambda f: (f[0], f[1] + f[2], f[2] - f[1]))


def test_formats_are_told_by_name() -> None:
    names = {
        "a.tsv": "fragments", "A.TSV.GZ": "fragments", "x.tsv.bgz": "fragments",
        "a.bedpe.gz": "bedpe", "a.bam": "alignments", "a.cram": "alignments", "tsv": "alignments",
    }  # fmt: skip
    assert {name: format_of(name) for name in names} == names


@pytest.mark.parametrize("name", ["x.tsv", "x.tsv.gz"])
def test_a_fragment_file_equals_a_loop_over_its_lines(tmp_path: Path, name: str) -> None:
    fragments = random_fragments()
    path = tsv(tmp_path / name, fragments)
    rules = FragmentFilter(SIZES, Shift(0, 0), excluded=["chrM"])
    found, account = read_sample([path], rules)
    assert as_tuples(found) == kept(fragments, excluded="chrM")
    counts = account.counts
    assert counts["reads"] == len(fragments)
    assert counts["excluded_chromosome"] == sum(c == "chrM" for c, _, _ in fragments)
    assert counts["reads"] == sum(counts[n] for n in (*FILTERS, "kept"))


def test_only_the_barcodes_of_a_cell_type_are_taken(tmp_path: Path) -> None:
    fragments = random_fragments()
    path = tsv(tmp_path / "x.tsv.gz", fragments)
    stores = {}
    for header in ([], ["barcode\tcell_type"], ["# made by hand", "Barcode\tCellType"]):
        table = write(tmp_path / "cells.tsv", [*header, "B0\tneuron", "B3\tneuron", "B4\tglia"])
        barcodes = read_barcodes(table, "neuron")
        assert barcodes == {"B0", "B3"}
        stores[len(header)] = read_sample(
            [path], FragmentFilter(SIZES, Shift(0, 0), barcodes=barcodes)
        )
    expected = [f for i, f in enumerate(fragments) if f"B{i % 7}" in ("B0", "B3")]
    for found, account in stores.values():
        assert as_tuples(found) == kept(expected)
        assert account.counts["other_barcode"] == len(fragments) - len(expected)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["B0\tneuron", "B0\tglia"], "line 2: barcode 'B0' has two cell types"),
        (["B0"], "line 1: must be 'barcode<TAB>cell type'"),
        (["B0\tneuron\t7"], "line 1: must be"),
        (["\tneuron"], "line 1: must be"),
        (["B0\tglia"], r"holds no barcode of cell type 'neuron' \(it holds glia\)"),
        ([], r"holds no barcode .*none"),
    ],
)
def test_a_faulty_table_of_barcodes_is_told(tmp_path: Path, lines: list[str], words: str) -> None:
    with pytest.raises(InputError, match=rf"cells\.tsv.*{words}"):
        read_barcodes(write(tmp_path / "cells.tsv", lines), "neuron")


def test_a_damaged_table_of_barcodes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cells.tsv.gz"
    path.write_bytes(gzip.compress(b"B0\tneuron\n" * 99)[:-12])
    with pytest.raises(InputError, match=r"cells\.tsv\.gz: reading failed"):
        read_barcodes(path, "neuron")


def test_barcodes_of_a_file_without_them(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tsv", ["chr1\t5\t90"])
    with pytest.raises(InputError, match=r"x\.tsv: has no column of barcodes"):
        read_sample([path], FragmentFilter(SIZES, Shift(0, 0), barcodes={"B0"}))


def test_bedpe_equals_a_loop_over_its_lines(tmp_path: Path) -> None:
    fragments = random_fragments()
    lines = [bedpe_line(f, i) for i, f in enumerate(fragments)]
    for width in (10, 8, 6):
        path = write(tmp_path / "x.bedpe.gz", ["\t".join(x.split("\t")[:width]) for x in lines])
        found, account = read_sample([path], PLAIN)
        assert as_tuples(found) == kept(fragments)
        assert account.counts["improper_pair"] == 0


def test_bedpe_lines_that_are_no_pair(tmp_path: Path) -> None:
    lines = [
        bedpe_line(("chr1", 100, 300), 0),
        "chr1\t5\t20\t.\t-1\t-1\tr\t60\t+\t.",
        ".\t-1\t-1\tchr1\t5\t20\tr\t60\t.\t+",
        ".\t-1\t-1\t.\t-1\t-1\tr\t0\t.\t.",
        "chr1\t5\t20\tchr2\t50\t70\tr\t60\t+\t-",
        "chr1\t5\t20\tchr1\t50\t70\tr\t60\t+\t+",
        "chr1\t500\t520\tchr1\t550\t570\tr\t60\t.\t.",
    ]
    path = write(tmp_path / "x.bedpe", lines)
    found, account = read_sample([path], PLAIN)
    assert as_tuples(found) == [("chr1", 100, 300), ("chr1", 500, 570)]
    assert account.counts["improper_pair"] == 5
    sample = Sample("s", "s", "MNase", "1", (str(path),), Shift(0, 0), False, ())
    seen = Findings(sizes=SIZES)
    inspect_reads(str(path), sample, [], {}, None, seen)
    assert seen.faults == []


def test_bedpe_of_macs(tmp_path: Path) -> None:
    fragments = random_fragments()
    path = write(tmp_path / "x.bedpe", [f"{c}\t{s}\t{e}" for c, s, e in fragments])
    assert as_tuples(read_sample([path], PLAIN)[0]) == kept(fragments)


@pytest.mark.parametrize("name", ["x.tsv", "x.bedpe"])
def test_an_unknown_chromosome_is_told(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ["chr1\t5\t90", "2\t5\t90"])
    with pytest.raises(InputError, match=rf"{name}: .*genome lacks \(2\).*genome/aliases"):
        read_sample([path], PLAIN)
    aliased = FragmentFilter(SIZES, Shift(0, 0), aliases={"2": "chr2"})
    assert len(read_sample([path], aliased)[0]) == 2
    assert len(read_sample([path], FragmentFilter(SIZES, Shift(0, 0), excluded=["2"]))[0]) == 1


def test_several_files_are_one_sample(tmp_path: Path) -> None:
    fragments = random_fragments()
    one = tsv(tmp_path / "one.tsv.gz", fragments[:150])
    two = tsv(tmp_path / "two.tsv", fragments[150:])
    found, account = read_sample([one, two], PLAIN)
    assert as_tuples(found) == kept(fragments)
    assert account.counts["reads"] == len(fragments)


def test_a_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tsv", ["# one", "# two", "chr1\t5\t90", "chr1\t90\t5"])
    with pytest.raises(InputError, match=r"x\.tsv, line 4: start 90 and end 5 make no fragment"):
        read_sample([path], PLAIN)


def test_one_set_of_fragments_in_three_formats(make_bam: MakeBam, tmp_path: Path) -> None:
    """A BAM, its fragment file (shifted by +4/-5) and its BEDPE end as one store under +4/-4."""
    fragments = [f for f in random_fragments() if f[2] - f[1] > 40]
    reads = [read for i, f in enumerate(fragments) for read in pair(f"r{i}", *f)]
    paths = {
        "+4/-4": make_bam(reads, SIZES),
        "4/-4": write(tmp_path / "x.bedpe", [bedpe_line(f, i) for i, f in enumerate(fragments)]),
        "+0/+1": tsv(tmp_path / "x.tsv.gz", [(c, s + 4, e - 5) for c, s, e in fragments]),
    }
    stores = [
        read_sample([path], FragmentFilter(SIZES, Shift.parse(shift)))[0]
        for shift, path in paths.items()
    ]
    assert as_tuples(stores[0]) == kept([(c, s + 4, e - 4) for c, s, e in fragments])
    for store in stores[1:]:
        assert as_tuples(store) == as_tuples(stores[0])


def test_the_sheet_knows_how_fragment_files_are_shifted(tmp_path: Path) -> None:
    lines = ["sample\tcell_type\tassay\tpath\tshift\tdedup"]
    lines += [
        "a\tx\tATAC\ta.tsv.gz\t\t", "b\tx\tATAC\tb.bam\t\t", "c\tx\tATAC\tc.tsv.gz\t+4/-4\tyes",
        "d\tx\tMNase\td.tsv.gz\t\t", "e\tx\tATAC\te.bedpe\t\t",
    ]  # fmt: skip
    samples, faults = read_samples(str(write(tmp_path / "samples.tsv", lines)))
    assert faults == []
    shifts = [str(sample.shift) for sample in samples]
    assert shifts == ["+0/+1", "+4/-4", "+4/-4", "none", "+4/-4"]
    assert [sample.dedup for sample in samples] == [False, True, True, False, True]
