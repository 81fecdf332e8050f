"""Fragments against plain pysam loops and hand-made reads."""

from pathlib import Path

import numpy as np
import pysam
import pytest

from chrompute import records
from chrompute.alignments import FragmentFilter, read_sample
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift, pool
from chrompute.intervals import IntervalSet
from chrompute.pairing import FILTERS
from chrompute.store_files import read_fragments, write_fragments
from helpers import MakeBam, Read, pair

SIZES = {"chr1": 10_000, "chr2": 5_000}
PLAIN = FragmentFilter(SIZES, Shift(0, 0))


def as_tuples(fragments: Fragments) -> list[tuple[str, int, int]]:
    return [
        (chrom, int(start), int(end))
        for chrom in fragments.sizes
        for start, end in zip(*fragments.intervals(chrom), strict=True)
    ]


def pysam_pairs(path: Path, min_mapq: int) -> list[tuple[str, int, int]]:
    """Join mates by name, read by read: the same rules, nothing shared with the library."""
    waiting: dict[str, pysam.AlignedSegment] = {}
    found = []
    with pysam.AlignmentFile(path) as bam:
        for read in bam:
            if read.flag & (0x4 | 0x8 | 0x100 | 0x200 | 0x400 | 0x800) or not read.is_proper_pair:
                continue
            if read.mapping_quality < min_mapq:
                continue
            mate = waiting.pop(read.query_name, None)
            if mate is None:
                waiting[read.query_name] = read
                continue
            forward, reverse = (mate, read) if read.is_reverse else (read, mate)
            found.append((forward.reference_name, forward.reference_start, reverse.reference_end))
    return found


def by_midpoint(items: list[tuple[str, int, int]], order: list[str]) -> list[tuple[str, int, int]]:
    return sorted(items, key=lambda f: (order.index(f[0]), f[1] + f[2], f[2] - f[1]))


@pytest.mark.parametrize("min_mapq", [0, 30])
@pytest.mark.parametrize("pairing", ["strict", "fast"])
def test_human_bam_agrees_with_a_pysam_loop(human_bam: Path, pairing: str, min_mapq: int) -> None:
    with pysam.AlignmentFile(human_bam) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
    rules = FragmentFilter(sizes, Shift(0, 0), min_mapq, 1, 10_000, pairing=pairing)
    fragments, account = read_sample([human_bam], rules)
    expected = by_midpoint(pysam_pairs(human_bam, min_mapq), list(sizes))
    # In this file mates carry one quality each, so both paths agree at any threshold.
    assert as_tuples(fragments) == expected
    if min_mapq == 0:
        assert len(fragments) == 43_537  # proper pairs, those with TLEN < 0 on both mates included
    assert (
        account.counts["reads"]
        == 88_714
        == sum(account.counts.get(n, 0) for n in (*FILTERS, "kept", "second_mate"))
    )


@pytest.mark.parametrize("pairing", ["strict", "fast"])
def test_yeast_bam_with_shift_blacklist_and_dedup(yeast: Path, pairing: str) -> None:
    path = yeast / "atac_SRR1822137_pr1.bam"
    with pysam.AlignmentFile(path) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
    rdna = ("chrXII", 451_000, 469_000)
    rules = FragmentFilter(
        sizes, Shift.parse("+4/-4"), 30, 30, 400, ["chrM"], {},
        IntervalSet.of(rdna), True, pairing,
    )  # fmt: skip
    fragments, account = read_sample([path], rules)
    expected = {
        (chrom, start + 4, end - 4)
        for chrom, start, end in pysam_pairs(path, 30)
        if chrom != "chrM"
        and 30 <= end - start <= 400
        and not (chrom == rdna[0] and start + 4 < rdna[2] and end - 4 > rdna[1])
    }
    assert as_tuples(fragments) == by_midpoint(list(expected), list(sizes))
    each = 1 if pairing == "fast" else 2
    assert account.counts["kept"] == each * len(expected)
    assert account.counts["reads"] == sum(
        account.counts.get(n, 0) for n in (*FILTERS, "kept", "second_mate")
    )
    assert (
        min(account.counts[n] for n in ("blacklist", "duplicate_ends", "excluded_chromosome")) > 0
    )


def test_every_filter_counts_its_reads_and_the_counts_add_up(make_bam: MakeBam) -> None:
    reads = [
        *pair("kept", "chr1", 100, 300),
        *pair("same_ends", "chr1", 100, 300),
        *pair("flagged", "chr1", 400, 600, flag=0x400),
        *pair("failed", "chr1", 420, 600, flag=0x200),
        *pair("low", "chr1", 500, 700, mapq=10),
        *pair("long", "chr1", 600, 2000),
        *pair("short", "chr1", 700, 721),
        *pair("listed", "chr1", 4990, 5100),
        *pair("excluded", "chr2", 100, 300),
        Read("unmapped", "chr1", 900, 0x4D, 900),
        Read("its_mate", "chr1", 900, 0x89, 900),
        Read("secondary", "chr1", 950, 0x163, 1000),
        Read("supplementary", "chr1", 960, 0x863, 1000),
        Read("single", "chr1", 970, 0x0),
        Read("elsewhere", "chr1", 980, 0x63, 100, "chr2"),
        Read("lonely", "chr1", 990, 0x63, 1200, None, 230),
        Read("half_low", "chr1", 1000, 0x63, 1180, None, 200),
        Read("half_low", "chr1", 1180, 0x93, 1000, None, -200, mapq=3),
    ]
    rules = FragmentFilter(
        SIZES, Shift(4, -4), 30, 30, 1000, ["chr2"], {},
        IntervalSet.of(("chr1", 5000, 5010)), True,
    )  # fmt: skip
    fragments, account = read_sample([make_bam(reads, SIZES)], rules)
    assert as_tuples(fragments) == [("chr1", 104, 296)]
    assert account.counts == {
        "unmapped": 1, "secondary": 1, "supplementary": 1, "qc_fail": 2, "duplicate_flag": 2,
        "excluded_chromosome": 2, "mapq": 3, "single_end": 1, "paired_end": 0, "improper_pair": 2,
        "mate_failed": 2, "other_barcode": 0, "length": 4, "off_chromosome": 0, "blacklist": 2,
        "duplicate_ends": 2,
        "reads": len(reads), "kept": 2, "fragments": 1,
    }  # fmt: skip


def test_length_limits_act_on_the_raw_length(make_bam: MakeBam) -> None:
    reads = [*pair("in", "chr1", 100, 140), *pair("out", "chr1", 200, 239)]
    rules = FragmentFilter(SIZES, Shift(4, -5), min_length=40)
    fragments, _ = read_sample([make_bam(reads, SIZES)], rules)
    assert as_tuples(fragments) == [("chr1", 104, 135)]


def test_the_cuts_of_a_shifted_duplication_meet_on_one_base() -> None:
    # One transposition duplicates 9 bp: a fragment ends where its neighbour starts plus 9.
    left, right = (100, 309), (300, 500)
    shift = Shift.parse("+4/-4")
    assert left[1] + shift.end - 1 == right[0] + shift.start


def test_five_prime_ends_decide_not_tlen(make_bam: MakeBam) -> None:
    reads = [
        Read("soft", "chr1", 100, 0x63, 280, None, 0, cigar="5S15M"),
        Read("soft", "chr1", 280, 0x93, 100, None, 0, cigar="10M2D10M"),
        # Both mates begin at one base: the fragment is shorter than either read would allow.
        Read("overlap", "chr1", 500, 0x63, 500, None, -20),
        Read("overlap", "chr1", 500, 0x93, 500, None, -20),
    ]
    fragments, _ = read_sample([make_bam(reads, SIZES)], PLAIN)
    assert as_tuples(fragments) == [("chr1", 100, 302), ("chr1", 500, 520)]


def test_without_proper_flags_mate_positions_decide(
    make_bam: MakeBam, caplog: pytest.LogCaptureFixture
) -> None:
    reads = [
        Read("a", "chr1", 100, 0x61, 280, None, 200),
        Read("a", "chr1", 280, 0x91, 100, None, -200),
    ]
    fragments, _ = read_sample([make_bam(reads, SIZES)], PLAIN)
    assert as_tuples(fragments) == [("chr1", 100, 300)]
    assert "mate positions decide" in caplog.text


def test_mapq_255_passes_and_mq_tags_count_on_the_fast_path(make_bam: MakeBam) -> None:
    reads = [*pair("unknown", "chr1", 100, 300, mapq=255)]
    reads += [
        Read("tagged", "chr1", 400, 0x63, 580, None, 200, tags=(("MQ", 3),)),
        Read("tagged", "chr1", 580, 0x93, 400, None, -200, mapq=3),
    ]
    path = make_bam(reads, SIZES)
    for pairing in ("strict", "fast"):
        rules = FragmentFilter(SIZES, Shift(0, 0), pairing=pairing)
        assert as_tuples(read_sample([path], rules)[0]) == [("chr1", 100, 300)]


def test_mates_are_joined_across_batches(
    make_bam: MakeBam, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    spans = [
        (int(s), int(s + n))
        for s, n in zip(rng.integers(0, 8000, 200), rng.integers(40, 900, 200), strict=True)
    ]
    reads = [r for i, (s, e) in enumerate(spans) for r in pair(f"r{i % 50}", "chr1", s, e)]
    monkeypatch.setattr(records, "_CHUNK", 500)
    fragments, account = read_sample([make_bam(reads, SIZES)], PLAIN)
    assert as_tuples(fragments) == by_midpoint([("chr1", s, e) for s, e in spans], list(SIZES))
    assert account.counts["mate_failed"] == 0


def test_several_bams_of_a_sample_are_one(make_bam: MakeBam) -> None:
    one = make_bam(pair("a", "chr1", 100, 300), SIZES, "one.bam")
    two = make_bam([*pair("a", "chr1", 100, 300), *pair("b", "chr2", 5, 90)], SIZES, "two.bam")
    rules = FragmentFilter(SIZES, Shift(0, 0), remove_repeats=True)
    fragments, account = read_sample([one, two], rules)
    assert as_tuples(fragments) == [("chr1", 100, 300), ("chr2", 5, 90)]
    assert account.counts["reads"] == 6


def test_aliases_name_chromosomes(make_bam: MakeBam) -> None:
    path = make_bam(pair("a", "1", 100, 300), {"1": 10_000})
    rules = FragmentFilter(SIZES, Shift(0, 0), aliases={"1": "chr1"})
    assert as_tuples(read_sample([path], rules)[0]) == [("chr1", 100, 300)]


@pytest.mark.parametrize("batch", [100, 1 << 19])
def test_unsorted_bam_is_refused(
    make_bam: MakeBam, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(records, "_CHUNK", batch)
    reads = [*pair("b", "chr1", 500, 700), *pair("a", "chr1", 100, 300)]
    path = make_bam(reads, SIZES, sort=False)
    with pytest.raises(
        InputError, match=r"test\.bam: is not sorted by coordinate .* samtools sort"
    ):
        read_sample([path], PLAIN)


@pytest.mark.parametrize("pairing", ["strict", "fast"])
def test_a_header_that_other_readers_refuse(human_bam: Path, tmp_path: Path, pairing: str) -> None:
    """samtools accepts a program that stands in the header twice; many pipelines write that."""
    path = tmp_path / "odd.bam"
    with pysam.AlignmentFile(human_bam) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
        text = str(bam.header) + "@PG\tID:twice\n@PG\tID:twice\n"
        header = pysam.AlignmentHeader.from_text(text)
        with pysam.AlignmentFile(path, "wb", header=header) as out:
            for read in bam:
                out.write(pysam.AlignedSegment.from_dict(read.to_dict(), header))
    rules = FragmentFilter(sizes, Shift(0, 0), pairing=pairing)
    expected, account = read_sample([human_bam], rules)
    found, odd = read_sample([path], rules)
    assert as_tuples(found) == as_tuples(expected)
    assert odd == account


def test_truncated_bam_is_refused(yeast: Path, tmp_path: Path) -> None:
    whole = (yeast / "atac_SRR1822137_pr1.bam").read_bytes()
    path = tmp_path / "cut.bam"
    path.write_bytes(whole[: len(whole) // 2])
    rules = FragmentFilter({"chrI": 230_218}, Shift(0, 0))
    with pytest.raises(InputError, match=r"cut\.bam: .*(cut off|truncated).*copy or align"):
        read_sample([path], rules)


def test_no_fragment_left_says_where_the_reads_went(make_bam: MakeBam) -> None:
    path = make_bam(pair("a", "chr1", 100, 300, mapq=3), SIZES)
    with pytest.raises(InputError, match=r"no fragment passed the filters .*mapq 2"):
        read_sample([path], PLAIN)


@pytest.mark.parametrize(
    ("text", "shift"), [("+4/-4", (4, -4)), ("4/-5", (4, -5)), ("none", (0, 0)), ("-3/0", (-3, 0))]
)
def test_shift_is_read(text: str, shift: tuple[int, int]) -> None:
    assert Shift.parse(text) == Shift(*shift)
    assert Shift.parse(str(Shift(*shift))) == Shift(*shift)


@pytest.mark.parametrize("text", ["", "4", "+4/-4/1", "a/b"])
def test_bad_shift_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="two whole numbers"):
        Shift.parse(text)


def random_store(seed: int, n: int = 500) -> Fragments:
    rng = np.random.default_rng(seed)
    chroms = rng.integers(0, 2, n)
    starts = rng.integers(0, 4000, n)
    return Fragments.from_intervals(SIZES, chroms, starts, starts + rng.integers(1, 900, n))


def test_store_survives_the_disk_and_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    store = random_store(1)
    for name in ("a", "b"):
        write_fragments(store, tmp_path / f"{name}.parquet", {"sample": "s"})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    again = read_fragments(tmp_path / "a.parquet")
    assert as_tuples(again) == as_tuples(store)
    assert again.sizes == SIZES


def test_store_is_sorted_by_doubled_midpoint() -> None:
    store = random_store(2)
    for chrom in SIZES:
        starts, ends = store.intervals(chrom)
        keys = [*zip(starts + ends, ends - starts, strict=True)]
        assert keys == sorted(keys)


def test_store_with_an_empty_chromosome_in_the_middle(tmp_path: Path) -> None:
    sizes = {"a": 100, "b": 100, "c": 100}
    store = Fragments.from_intervals(sizes, [2, 0], [5, 7], [9, 12])
    write_fragments(store, tmp_path / "s.parquet")
    assert as_tuples(read_fragments(tmp_path / "s.parquet")) == [("a", 7, 12), ("c", 5, 9)]


def test_pool_is_the_sorted_union() -> None:
    one, two = random_store(3), random_store(4)
    expected = by_midpoint(as_tuples(one) + as_tuples(two), list(SIZES))
    assert as_tuples(pool([one, two])) == expected


def test_pool_refuses_two_genomes() -> None:
    other = Fragments.from_intervals({"chr1": 9}, [0], [1], [2])
    with pytest.raises(InputError, match="different genomes"):
        pool([random_store(1), other])


def test_a_foreign_parquet_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_text("no parquet")
    with pytest.raises(InputError, match="is no fragment store"):
        read_fragments(path)
