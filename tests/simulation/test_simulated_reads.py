"""Simulated BAMs, read back with pysam and samtools and compared with what was to be written."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
import pytest

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.errors import InputError
from chrompute.fragments import Shift
from chrompute.genome import BASES, UNKNOWN_BASE
from chrompute.pairing import FILTERS
from chrompute.simulate.reads import ReadRules, write_paired, write_single

SIZES = {"chrA": 60_000, "chrB": 20_000, "chrC": 5_000}
#: All that can happen, more often than it does.
RULES = ReadRules(36, 0.2, 0.3, 0.05, 0.04, 0.1, 0.01, 0.08)
NOTHING = ReadRules(36, 0, 0, 0, 0, 0, 0, 0)


def make_genome() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    genome = {name: rng.integers(0, 4, size, dtype=np.uint8) for name, size in SIZES.items()}
    genome["chrB"][8_000:9_000] = UNKNOWN_BASE
    return genome


def make_fragments(number: int = 4_000) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return fragments in no order, some shorter than a read, some at chromosome ends."""
    rng = np.random.default_rng(6)
    found = {}
    for name, share in (("chrC", 0.1), ("chrA", 0.7), ("chrB", 0.2)):
        length = rng.integers(10, 400, int(number * share))
        start = rng.integers(0, SIZES[name] - length + 1)
        start[:20], start[20:40] = 0, SIZES[name] - length[20:40]
        found[name] = (start, start + length)
    return found


GENOME, FRAGMENTS = make_genome(), make_fragments()
TRUTH = Counter((c, s, e) for c, pair in FRAGMENTS.items() for s, e in zip(*map(list, pair)))  # noqa: B905
LETTERS = {name: "".join((BASES + "N")[code] for code in codes) for name, codes in GENOME.items()}


def written(path: Path) -> list[pysam.AlignedSegment]:
    with pysam.AlignmentFile(str(path)) as bam:
        return list(bam.fetch(until_eof=True))


def five_prime(read: pysam.AlignedSegment) -> int:
    return read.reference_end - 1 if read.is_reverse else read.reference_start


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    path = tmp_path_factory.mktemp("reads") / "atac_1.bam"
    return path, write_paired(path, GENOME, FRAGMENTS, RULES, np.random.default_rng(7))


@pytest.fixture(scope="module")
def mates(paired: tuple[Path, dict[str, int]]) -> list[tuple[pysam.AlignedSegment, ...]]:
    """The reads of each pair, first mate first."""
    by_name: dict[str, list[pysam.AlignedSegment]] = {}
    for read in written(paired[0]):
        by_name.setdefault(read.query_name, []).append(read)
    assert all(len(reads) == 2 for reads in by_name.values())
    pairs = [tuple(sorted(reads, key=lambda read: read.is_read2)) for reads in by_name.values()]
    assert all(one.is_read1 and other.is_read2 for one, other in pairs)
    return pairs


def test_the_file_is_complete_sorted_and_indexed(paired: tuple[Path, dict[str, int]]) -> None:
    path, counts = paired
    pysam.quickcheck(str(path))
    reads = written(path)
    assert len(reads) == counts["reads"]
    places = [(read.reference_id % 2**31, read.reference_start) for read in reads]
    assert all(one <= next_one for one, next_one in pairwise(places))
    assert sum(read.reference_id < 0 for read in reads) == 2 * counts["unmapped"]
    with pysam.AlignmentFile(str(path)) as bam:
        head = bam.header.to_dict()
        assert dict(zip(bam.references, bam.lengths, strict=True)) == SIZES
        for chrom, low, high in (("chrA", 1_000, 1_700), ("chrB", 0, 40), ("chrC", 4_990, 5_000)):
            there = {(r.query_name, r.flag) for r in bam.fetch(chrom, low, high)}
            assert there == {
                (r.query_name, r.flag)
                for r in reads
                if r.reference_name == chrom
                and r.reference_start < high
                and (r.reference_end or r.reference_start + 1) > low
            }
            assert there
        assert bam.nocoordinate == 2 * counts["unmapped"]
    assert head["HD"]["SO"] == "coordinate"
    assert head["RG"] == [{"ID": "atac_1", "SM": "atac_1"}]
    assert head["CO"] == ["simulated by chrompute"]
    assert {read.get_tag("RG") for read in reads} == {"atac_1"}
    assert sorted(path.parent.iterdir()) == [path, Path(f"{path}.bai")]


def test_bins_are_those_that_htslib_computes(
    paired: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    # samtools recomputes bins while it sorts; nothing else may change.
    pysam.sort("--no-PG", "-o", str(tmp_path / "again.bam"), str(paired[0]))
    again = written(tmp_path / "again.bam")
    assert [read.to_string() for read in again] == [r.to_string() for r in written(paired[0])]
    assert [read.bin for read in again] == [read.bin for read in written(paired[0])]


def test_mates_agree_with_each_other(mates: list[tuple[pysam.AlignedSegment, ...]]) -> None:
    for pair in mates:
        for read, mate in (pair, pair[::-1]):
            assert read.is_paired
            assert read.mate_is_reverse == mate.is_reverse
            assert read.mate_is_unmapped == mate.is_unmapped
            assert (read.next_reference_id, read.next_reference_start) == (
                mate.reference_id,
                mate.reference_start,
            )
            assert read.template_length == -mate.template_length
            assert (read.is_duplicate, read.is_proper_pair) == (
                mate.is_duplicate,
                mate.is_proper_pair,
            )
            assert read.is_unmapped == (read.cigarstring is None)
            if read.is_proper_pair:
                assert read.flag & ~0x400 in (99, 147, 83, 163)
            elif read.is_unmapped:
                assert (read.mapping_quality, read.template_length) == (0, 0)


def test_samtools_would_fill_in_the_same_mates(
    paired: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    by_name, fixed = str(tmp_path / "name.bam"), str(tmp_path / "fixed.bam")
    pysam.sort("-n", "-o", by_name, str(paired[0]))
    pysam.fixmate("-p", by_name, fixed)

    def fields(path: str) -> list[tuple[object, ...]]:
        return [
            (r.query_name, r.flag, r.next_reference_id, r.next_reference_start)
            + ((r.template_length,) if r.is_proper_pair else ())
            for r in written(Path(path))
        ]

    assert fields(by_name) == fields(fixed)


def test_every_fragment_is_there_as_often_as_counted(
    paired: tuple[Path, dict[str, int]], mates: list[tuple[pysam.AlignedSegment, ...]]
) -> None:
    counts = paired[1]
    sorts: Counter[str] = Counter()
    found: dict[bool, Counter[tuple[str, int, int]]] = {False: Counter(), True: Counter()}
    first_forward = 0
    for one, other in mates:
        if one.is_proper_pair:
            low, high = sorted((five_prime(one), five_prime(other)))
            forward = other if one.is_reverse else one
            assert five_prime(forward) == low
            assert forward.template_length == high + 1 - low
            found[one.is_duplicate][one.reference_name, low, high + 1] += 1
            assert (one.mapping_quality < 30) == (other.mapping_quality < 30)
            first_forward += one is forward
            kind = "low_mapq" if one.mapping_quality < 30 else "good"
            sorts["flagged" if one.is_duplicate else kind] += 1
        else:
            lost = one.is_unmapped + other.is_unmapped
            sorts["improper" if not lost else "half_mapped" if lost == 1 else "unmapped"] += 1
            if not lost and one.reference_id == other.reference_id:
                assert abs(one.template_length) > 1_000
    assert sorts == {name: counts[name] for name in sorts}
    assert sorts.total() * 2 == counts["reads"]
    assert set(sorts) == set(counts) - {"unflagged", "reads"}
    given = TRUTH.total()
    assert (found[False] + found[True]).total() == given + counts["flagged"] + counts["unflagged"]
    assert (found[False] - TRUTH).total() == counts["unflagged"]
    assert not TRUTH - found[False]
    assert set(found[True]) <= set(TRUTH)
    # Within five standard deviations of what was asked for.
    copies = counts["flagged"] + counts["unflagged"]
    for seen, of, rate in (
        (copies, given, RULES.duplicates),
        (counts["unflagged"], copies, RULES.unflagged),
        (counts["low_mapq"], given, RULES.low_mapq * (1 + 0.2 * 0.3)),
        (first_forward, given + copies, 0.5),
    ):
        assert abs(seen - of * rate) < 5 * np.sqrt(of * rate * (1 - rate)) + 10
    assert counts["improper"] == given * RULES.improper
    assert counts["unmapped"] == given * RULES.unmapped
    assert counts["half_mapped"] == given * RULES.unmapped / 10


def test_bases_are_the_genomes_but_for_counted_mismatches(
    paired: tuple[Path, dict[str, int]],
) -> None:
    different = unknown = aligned = clipped = placed = 0
    for read in written(paired[0]):
        sequence = read.query_sequence
        assert len(read.query_qualities) == len(sequence) <= RULES.read_length
        if read.is_unmapped:
            assert len(sequence) == RULES.read_length
            continue
        placed += 1
        here = LETTERS[read.reference_name]
        pairs = read.get_aligned_pairs(matches_only=True)
        assert len(pairs) == read.reference_end - read.reference_start
        off = [(sequence[i], here[at]) for i, at in pairs if sequence[i] != here[at]]
        without = sum(here[at] == "N" for _, at in pairs)
        assert read.get_tag("NM") == len(off) + without
        assert "N" not in {base for pair in off for base in pair}
        different, unknown, aligned = different + len(off), unknown + without, aligned + len(pairs)
        if len(pairs) < len(sequence):
            clipped += 1
            # The 5' end stays aligned.
            assert read.cigartuples[-1 if read.is_reverse else 0][0] == pysam.CMATCH
            assert 3 <= len(sequence) - len(pairs) <= 10
    assert unknown > 100
    expected = (aligned - unknown) * RULES.mismatches
    assert abs(different - expected) < 5 * np.sqrt(expected)
    assert abs(clipped / placed - RULES.soft_clips) < 0.02


def test_the_second_mate_is_read_from_the_other_strand(tmp_path: Path) -> None:
    fragments = {"chrA": (np.array([100]), np.array([160]))}
    write_paired(tmp_path / "x.bam", GENOME, fragments, NOTHING, np.random.default_rng(0))
    insert = LETTERS["chrA"][100:160]
    other = insert[::-1].translate(str.maketrans("ACGT", "TGCA"))
    reads = {read.is_reverse: read for read in written(tmp_path / "x.bam")}
    assert reads[False].get_forward_sequence() == insert[:36]
    assert reads[True].get_forward_sequence() == other[:36]
    assert [read.cigarstring for read in reads.values()] == ["36M", "36M"]
    assert {read.query_name for read in reads.values()} == {"x:0"}


def test_qualities_fall_along_reads_of_both_strands(paired: tuple[Path, dict[str, int]]) -> None:
    for reverse in (False, True):
        qualities = np.array(
            [
                read.get_forward_qualities()
                for read in written(paired[0])
                if read.is_reverse == reverse and read.query_length == 36
            ]
        )
        mean = qualities.mean(axis=0)
        assert mean[0] == 37
        assert (np.diff(mean) <= 0).all()
        assert 25 < mean[-1] < 34
        assert set(np.unique(qualities)) <= {37, 25, 11, 2}


@pytest.mark.parametrize("pairing", ["strict", "fast"])
def test_the_workflows_filters_count_what_was_planted(
    paired: tuple[Path, dict[str, int]], pairing: str
) -> None:
    path, counts = paired
    rules = FragmentFilter(SIZES, Shift(0, 0), min_length=1, pairing=pairing)
    fragments, account = read_sample([path], rules)
    seen = account.counts
    assert seen["reads"] == counts["reads"]
    assert seen["unmapped"] == 2 * counts["unmapped"] + counts["half_mapped"]
    assert seen["duplicate_flag"] == 2 * counts["flagged"]
    assert seen["improper_pair"] == 2 * counts["improper"] + counts["half_mapped"]
    assert seen["fragments"] == counts["good"]
    looked_at = seen["mapq"] + (seen["kept"] + seen["second_mate"] if pairing == "fast" else 0)
    assert looked_at == 2 * counts["low_mapq"] + (2 * counts["good"] if pairing == "fast" else 0)
    others = set(FILTERS) - {"unmapped", "duplicate_flag", "improper_pair", "mapq"}
    assert not any(seen[name] for name in others)
    stored = Counter(
        (chrom, *ends)
        for chrom in SIZES
        for ends in zip(*(side.tolist() for side in fragments.intervals(chrom)), strict=True)
    )
    assert set(stored) <= set(TRUTH)


def test_equal_seeds_give_equal_bytes(tmp_path: Path) -> None:
    fragments = make_fragments(500)
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "s.bam"
        write_paired(path, GENOME, fragments, RULES, np.random.default_rng(seed))
    files = [[(tmp_path / f / f"s.bam{end}").read_bytes() for end in ("", ".bai")] for f in "abc"]
    assert files[0] == files[1]
    assert files[0][0] != files[2][0]


def test_single_reads_lie_where_they_were_put(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    positions = {
        name: (
            np.concatenate([[0, 10, size - 1, size - 10], rng.integers(0, size, 900)]),
            np.concatenate([[False, True, True, False], rng.random(900) < 0.5]),
        )
        for name, size in SIZES.items()
    }
    path = tmp_path / "chip.bam"
    counts = write_single(path, GENOME, positions, RULES, rng)
    pysam.quickcheck(str(path))
    truth = Counter((c, f, r) for c, p in positions.items() for f, r in zip(*p, strict=True))
    reads = written(path)
    assert len(reads) == counts["reads"]
    assert len({read.query_name for read in reads}) == len(reads)
    assert {read.flag for read in reads} == {0, 16, 4, 1024, 1040}
    placed = [read for read in reads if not read.is_unmapped]
    assert counts["unmapped"] == len(reads) - len(placed) == round(0.05 * truth.total())
    plain = [read for read in placed if not read.is_duplicate]
    found = Counter((r.reference_name, five_prime(r), r.is_reverse) for r in plain)
    assert not truth - found
    assert (found - truth).total() == counts["unflagged"]
    assert counts["flagged"] == len(placed) - len(plain)
    assert counts["low_mapq"] == sum(read.mapping_quality < 30 for read in plain)
    assert counts["good"] + counts["low_mapq"] == len(plain)
    for read in placed:
        base = LETTERS[read.reference_name][read.reference_start : read.reference_end]
        ours = read.query_alignment_sequence
        off = sum(a != b or a == "N" for a, b in zip(ours, base, strict=True))
        assert read.get_tag("NM") == off
        room = five_prime(read) + 1
        if not read.is_reverse:
            room = SIZES[read.reference_name] - room + 1
        assert read.query_length == min(36, room)
        assert (read.next_reference_id, read.next_reference_start) == (-1, -1)
    rules = FragmentFilter(SIZES, Shift(0, 0), min_length=1, layout="single")
    _, account = read_sample([path], rules)
    assert account.counts["kept"] == counts["good"]
    assert account.counts["duplicate_flag"] == counts["flagged"]


def test_a_sample_without_fragments_is_an_empty_file(tmp_path: Path) -> None:
    counts = write_paired(tmp_path / "e.bam", GENOME, {}, RULES, np.random.default_rng(0))
    assert set(counts.values()) == {0}
    assert written(tmp_path / "e.bam") == []


def test_what_cannot_be_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"duplicates is 1\.5; give a fraction") as caught:
        ReadRules(read_length=0, duplicates=1.5)
    assert "read_length is 0" in str(caught.value)
    rng = np.random.default_rng(0)
    for start, end in ((-1, 50), (50, 50), (4_990, 5_001)):
        with pytest.raises(ValueError, match="do not lie on their chromosomes"):
            write_paired(
                tmp_path / "x.bam",
                GENOME,
                {"chrC": (np.array([start]), np.array([end]))},
                RULES,
                rng,
            )
    with pytest.raises(ValueError, match="the genome has no chromosome chrX"):
        write_single(
            tmp_path / "x.bam", GENOME, {"chrX": (np.array([1]), np.array([True]))}, RULES, rng
        )
    assert list(tmp_path.iterdir()) == []
