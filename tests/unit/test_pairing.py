"""Filters and joining, against a loop with a dictionary of names."""

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chrompute import records
from chrompute.alignments import Account, FragmentFilter, read_sample
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.intervals import IntervalSet
from chrompute.pairing import FILTERS
from helpers import MakeBam, Read, pair
from raw_files import bgzf, cigar, header, record

SIZES = {"chr1": 3000, "chr2": 1500, "chrM": 800}
BLACK = ("chr1", 1400, 1450)
Interval = tuple[str, int, int]
# Without shrinking: a failure would take minutes.
SETTINGS = settings(
    deadline=None, derandomize=True, max_examples=120, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@dataclass(frozen=True)
class Alignment:
    """A read of a random BAM."""

    name: str
    chrom: int
    start: int
    flag: int
    mate_chrom: int
    mate_start: int
    tlen: int
    mapq: int
    mate_quality: int | None
    clips: tuple[int, int]
    hard: bool
    aligned: int

    @property
    def end(self) -> int:
        return self.start + self.aligned

    def raw(self) -> bytes:
        kind = "H" if self.hard else "S"
        parts = [(self.clips[0], kind), (self.aligned, "M"), (self.clips[1], kind)]
        operations = cigar(*[part for part in parts if part[0]])
        bases = self.aligned + (0 if self.hard else sum(self.clips))
        tags = b"" if self.mate_quality is None else b"MQC" + bytes([self.mate_quality])
        return record(
            self.name, self.chrom, self.start, self.flag, self.mate_start, self.tlen,
            mate_chrom=self.mate_chrom, mapq=self.mapq, operations=operations, bases=bases,
            tags=tags,
        )  # fmt: skip


def write(path: Path, reads: list[Alignment]) -> Path:
    ordered = sorted(reads, key=lambda r: (r.chrom < 0, r.chrom, r.start))
    path.write_bytes(bgzf(header(SIZES) + b"".join(read.raw() for read in ordered)))
    return path


@dataclass
class Expected:
    """What an independent reading found."""

    counts: Counter[str]
    fragments: list[Interval]
    flagged: list[Interval]


def expect(path: Path, rules: FragmentFilter) -> Expected:
    """Read a BAM as docs/methods/fragments.md says, with pysam and dictionaries."""
    counts: Counter[str] = Counter()
    # {name, chromosome, both positions, read number, strand}: reads that wait for their mate.
    waiting: dict[tuple[object, ...], list[pysam.AlignedSegment]] = defaultdict(list)
    raw: list[tuple[str, int, int, bool]] = []
    with pysam.AlignmentFile(path) as bam:
        reads = [*bam]
    has_flag = any(r.is_paired and r.is_proper_pair for r in reads)
    for read in reads:
        counts["reads"] += 1
        if read.is_unmapped or read.reference_start < 0:
            counts["unmapped"] += 1
        elif read.is_secondary:
            counts["secondary"] += 1
        elif read.is_supplementary:
            counts["supplementary"] += 1
        elif read.is_qcfail:
            counts["qc_fail"] += 1
        else:
            fault = _fault(read, rules, has_flag)
            if read.is_duplicate:
                counts["duplicate_flag"] += 1
            elif fault:
                counts[fault] += 1
            if fault:
                continue
            if rules.pairing == "fast" and read.template_length:
                if not read.is_read2:
                    start = min(read.reference_start, read.next_reference_start)
                    end = start + abs(read.template_length)
                    raw.append((read.reference_name, start, end, read.is_duplicate))
                elif not read.is_duplicate:
                    counts["second_mate"] += 1
                continue
            place = tuple(sorted((read.reference_start, read.next_reference_start)))
            who = (read.query_name, read.reference_id, place)
            other = (*who, not read.is_read2, not read.is_reverse)
            if not waiting[other]:
                waiting[*who, read.is_read2, read.is_reverse].append(read)
                continue
            # Of several that fit, which one is taken does not change the fragment's place.
            mate = waiting[other].pop(0)
            forward, reverse = (mate, read) if read.is_reverse else (read, mate)
            flagged = read.is_duplicate or mate.is_duplicate
            raw.append(
                (read.reference_name, forward.reference_start, reverse.reference_end, flagged)
            )
            if read.is_duplicate != mate.is_duplicate:
                counts["mate_failed"] += 1
            if rules.pairing == "fast" and not flagged:
                counts["second_mate"] += 1
    counts["mate_failed"] += sum(not r.is_duplicate for left in waiting.values() for r in left)
    return _filtered(raw, rules, counts)


def _fault(read: pysam.AlignedSegment, rules: FragmentFilter, has_flag: bool) -> str | None:
    if read.reference_name is None or read.reference_name in rules.excluded:
        return "excluded_chromosome"
    if read.mapping_quality < rules.min_mapq:
        return "mapq"
    first_mate = not read.is_read2
    told = read.get_tag("MQ") if read.has_tag("MQ") else 255
    if rules.pairing == "fast" and first_mate and told < rules.min_mapq:
        return "mapq"
    if not read.is_paired:
        return "single_end"
    if read.mate_is_unmapped or read.next_reference_id != read.reference_id:
        return "improper_pair"
    if read.is_reverse == read.mate_is_reverse or (has_flag and not read.is_proper_pair):
        return "improper_pair"
    return None


def _filtered(
    raw: list[tuple[str, int, int, bool]], rules: FragmentFilter, counts: Counter[str]
) -> Expected:
    each = 2 if rules.pairing == "strict" else 1
    kept: list[Interval] = []
    flagged_ones: list[Interval] = []
    for chrom, start, end, flagged in raw:
        begin, stop = start + rules.shift.start, end + rules.shift.end
        fault = None
        if not rules.min_length <= end - start <= rules.max_length or stop <= begin:
            fault = "length"
        elif min(start, begin) < 0 or max(end, stop) > SIZES[chrom]:
            fault = "off_chromosome"
        elif chrom == BLACK[0] and begin < BLACK[2] and stop > BLACK[1]:
            fault = "blacklist"
        if fault is None:
            (flagged_ones if flagged else kept).append((chrom, begin, stop))
        elif not flagged:
            counts[fault] += each
    if rules.remove_repeats:
        once = sorted(set(kept))
        counts["duplicate_ends"] += each * (len(kept) - len(once))
    else:
        once = kept
    return Expected(counts, once, kept + flagged_ones)


def as_tuples(fragments: Fragments) -> list[Interval]:
    return [
        (chrom, int(start), int(end))
        for chrom in fragments.sizes
        for start, end in zip(*fragments.intervals(chrom), strict=True)
    ]


def read_or_nothing(path: Path, rules: FragmentFilter) -> tuple[list[Interval], Account | None]:
    found = None
    with suppress(InputError):  # where no fragment is left
        found = read_sample([path], rules)
    return ([], None) if found is None else (as_tuples(found[0]), found[1])


def require_equal(path: Path, rules: FragmentFilter) -> None:
    """Compare a reading with the independent one: fragments, every count, complexity."""
    expected = expect(path, rules)
    fragments, account = read_or_nothing(path, rules)
    assert sorted(fragments) == sorted(expected.fragments)
    if account is None:
        return
    counts = account.counts
    assert {n: counts[n] for n in FILTERS} == {n: expected.counts[n] for n in FILTERS}
    assert counts["reads"] == expected.counts["reads"]
    assert counts.get("second_mate", 0) == expected.counts["second_mate"]
    total = sum(counts[n] for n in (*FILTERS, "kept")) + counts.get("second_mate", 0)
    assert counts["reads"] == total
    assert counts["kept"] == len(fragments) * (2 if rules.pairing == "strict" else 1)
    times = Counter(Counter(expected.flagged).values())
    assert account.library.as_dict() == {
        "pairs": len(expected.flagged),
        "distinct": len(set(expected.flagged)),
        "once": times[1],
        "twice": times[2],
    }


def rules_of(pairing: str, **change: object) -> FragmentFilter:
    black = IntervalSet.of(BLACK)
    plain = FragmentFilter(
        SIZES, Shift(4, -4), 30, 12, 1000, ["chrM"], {}, black, False, pairing
    )  # fmt: skip
    return replace(plain, **change)  # type: ignore[arg-type]


# Reads that may be anything, few enough names and places that they collide


#: Flags that mates can have, more likely than any others.
LIKELY = st.sampled_from([0x63, 0x93, 0x53, 0xA3])
ODD = st.sampled_from([0, 0, 0, 0, 0, 0x400, 0x200, 0x100, 0x800, 0x4, 0x8, 0x10, 0x2, 0x1, 0x80])
PLACES = st.one_of(st.integers(0, 40), st.sampled_from([1380, 1420, 2960, 2995, 760, 1490]))
any_alignment = st.builds(
    Alignment,
    name=st.sampled_from(["a", "b", "c", "readname1", "readname10"]),
    chrom=st.sampled_from([0, 0, 0, 1, 2, -1]),
    start=PLACES,
    flag=st.builds(lambda flag, odd: flag ^ odd, LIKELY, ODD),
    mate_chrom=st.sampled_from([0, 0, 0, 1, -1]),
    mate_start=PLACES,
    tlen=st.sampled_from([0, 0, 30, -30, 70, -200, 5000]),
    mapq=st.sampled_from([60, 60, 60, 255, 30, 29, 0]),
    mate_quality=st.sampled_from([None, None, 60, 10]),
    clips=st.tuples(st.sampled_from([0, 0, 3]), st.sampled_from([0, 0, 5])),
    hard=st.booleans(),
    aligned=st.sampled_from([10, 20, 25]),
)


@st.composite
def pairs_with_faults(draw: st.DrawFn) -> list[Alignment]:
    """Return the two reads of a true pair, each of which may then be changed in one thing."""
    chrom = draw(st.sampled_from([0, 0, 1, 2]))
    start = draw(st.one_of(st.integers(0, 60), st.integers(1340, 1490)))
    length = draw(st.one_of(st.integers(8, 120), st.integers(900, 1100)))
    one, two = (draw(st.sampled_from([10, 20, 25])) for _ in "12")
    one, two = min(one, length), min(two, length)
    name = draw(st.sampled_from(["a", "b", "c", "readname1", "readname10"]))
    tlen = draw(st.sampled_from([length, length, 0, -length]))
    sign = draw(st.sampled_from([-1, 1]))
    turned = draw(st.booleans())
    flags = (0xA3, 0x53) if turned else (0x63, 0x93)
    extra = draw(st.sampled_from([0, 0, 0, 0x400, 0x200]))
    mapq = draw(st.sampled_from([60, 60, 255, 29]))
    common = {"name": name, "chrom": chrom, "mate_chrom": chrom, "hard": draw(st.booleans())}
    back = start + length - two
    left = Alignment(
        start=start, flag=flags[0] | extra, mate_start=back, tlen=tlen, mapq=mapq,
        mate_quality=None, clips=(draw(st.sampled_from([0, 4])), 0), aligned=one, **common,
    )  # fmt: skip
    right = Alignment(
        start=back, flag=flags[1] | extra, mate_start=start, tlen=sign * tlen, mapq=mapq,
        mate_quality=None, clips=(0, draw(st.sampled_from([0, 4]))), aligned=two, **common,
    )  # fmt: skip
    change = draw(
        st.sampled_from(
            ["", "", "", "", "mapq", "flag", "position", "lost", "twice", "chromosome", "quality"]
        )
    )
    if change == "mapq":
        right = replace(right, mapq=3)
    elif change == "flag":
        right = replace(right, flag=right.flag ^ draw(ODD))
    elif change == "position":
        right = replace(right, mate_start=right.mate_start + 1)
    elif change == "chromosome":
        right = replace(right, mate_chrom=1 - min(chrom, 1))
    elif change == "quality":
        left = replace(left, mate_quality=11)
    return [left] if change == "lost" else [left, right] * (2 if change == "twice" else 1)


many_reads = st.builds(
    lambda pairs, others: [read for two in pairs for read in two] + others,
    st.lists(pairs_with_faults(), max_size=14),
    st.lists(any_alignment, max_size=12),
)


@SETTINGS
@given(many_reads, st.sampled_from(["strict", "fast"]), st.booleans(), st.sampled_from([0, 30]))
def test_any_reads_give_what_the_method_page_says(
    tmp_path: Path, reads: list[Alignment], pairing: str, repeats: bool, min_mapq: int
) -> None:
    rules = rules_of(pairing, remove_repeats=repeats, min_mapq=min_mapq)
    require_equal(write(tmp_path / "x.bam", reads), rules)


@SETTINGS
@given(st.lists(pairs_with_faults(), max_size=20))
def test_without_proper_flags_positions_decide(
    tmp_path: Path, pairs: list[list[Alignment]]
) -> None:
    reads = [replace(read, flag=read.flag & ~2) for two in pairs for read in two]
    for pairing in ("strict", "fast"):
        require_equal(write(tmp_path / "x.bam", reads), rules_of(pairing))


@st.composite
def whole_pairs(draw: st.DrawFn) -> list[Alignment]:
    """Return pairs whose mates share quality and flags, and whose TLEN is true or 0."""
    reads = []
    for number in range(draw(st.integers(1, 20))):
        start, length = draw(st.integers(0, 2500)), draw(st.integers(10, 400))
        read = min(length, draw(st.sampled_from([10, 20])))
        first, second = draw(st.sampled_from([(0x63, 0x93), (0xA3, 0x53)]))
        extra = draw(st.sampled_from([0, 0, 0x400, 0x200, 0x100]))
        tlen = draw(st.sampled_from([length, -length, 0]))
        common = {
            "name": f"r{number}", "chrom": 0, "mate_chrom": 0, "hard": False, "aligned": read,
            "mapq": draw(st.sampled_from([60, 9])), "mate_quality": None, "clips": (0, 0),
        }  # fmt: skip
        back = start + length - read
        reads += [
            Alignment(start=start, flag=first | extra, mate_start=back, tlen=tlen, **common),
            Alignment(start=back, flag=second | extra, mate_start=start, tlen=tlen, **common),
        ]
    return reads


@SETTINGS
@given(whole_pairs())
def test_both_ways_agree_where_mates_share_quality_and_flags(
    tmp_path: Path, reads: list[Alignment]
) -> None:
    path = write(tmp_path / "x.bam", reads)
    (strict, one), (fast, two) = (read_or_nothing(path, rules_of(p)) for p in ("strict", "fast"))
    assert strict == fast
    if one is not None and two is not None:
        assert one.library == two.library
        for heading in ("unmapped", "secondary", "qc_fail", "duplicate_flag", "mapq"):
            assert one.counts[heading] == two.counts[heading]


def test_where_the_ways_differ(make_bam: MakeBam) -> None:
    """Only in what the first mate cannot know: the second one's own flags, quality and presence."""
    reads = [
        *pair("same", "chr1", 100, 300),
        Read("low second", "chr1", 400, 0x63, 580, None, 200),
        Read("low second", "chr1", 580, 0x93, 400, None, -200, mapq=3),
        Read("told by MQ", "chr1", 410, 0x63, 590, None, 200, tags=(("MQ", 3),)),
        Read("told by MQ", "chr1", 590, 0x93, 410, None, -200, mapq=3),
        Read("failed second", "chr1", 700, 0x63, 880, None, 200),
        Read("failed second", "chr1", 880, 0x293, 700, None, -200),
        Read("lost second", "chr1", 900, 0x63, 1080, None, 200),
        Read("lost first", "chr1", 1280, 0x93, 1100, None, -200),
        Read("wrong TLEN", "chr1", 1500, 0x63, 1680, None, 150),
        Read("wrong TLEN", "chr1", 1680, 0x93, 1500, None, -150),
    ]
    path = make_bam(reads, SIZES)
    strict, fast = (
        as_tuples(read_sample([path], rules_of(p, shift=Shift(0, 0)))[0])
        for p in ("strict", "fast")
    )
    assert strict == [("chr1", 100, 300), ("chr1", 1500, 1700)]
    assert fast == [
        (("chr1"), s, e) for s, e in ((100, 300), (400, 600), (700, 900), (900, 1100), (1500, 1650))
    ]


@pytest.mark.parametrize("pairing", ["strict", "fast"])
@pytest.mark.parametrize("chunk", [4096, 1 << 19])
def test_tens_of_thousands_of_reads_that_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pairing: str, chunk: int
) -> None:
    """All mates come after all first reads: the table grows, is emptied, and fills again."""
    monkeypatch.setattr(records, "_CHUNK", chunk)
    sizes = {"chr1": 10_000_000, "chr2": 10_000_000}
    rng = np.random.default_rng(1)
    reads, expected, alone = [], [], 0
    for chrom in (0, 1):
        starts = np.sort(rng.integers(0, 20_000, 12_000))
        ends = starts + 20_020 + rng.integers(0, 3000, starts.size)
        lost = rng.random(starts.size) < 0.1
        alone += int(lost.sum())
        for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            name = f"{'long_common_prefix' * (i % 2)}{i}"
            common = {"chrom": chrom, "mate_chrom": chrom}
            first = record(name, start=start, flag=0x63, mate_start=end - 20, tlen=0, **common)
            reads.append((chrom, start, first))
            if not lost[i]:
                second = record(name, start=end - 20, flag=0x93, mate_start=start, tlen=0, **common)
                reads.append((chrom, end - 20, second))
                expected.append((list(sizes)[chrom], start, end))
    path = tmp_path / "x.bam"
    body = b"".join(raw for _, _, raw in sorted(reads, key=lambda r: r[:2]))
    path.write_bytes(bgzf(header(sizes) + body, 60_000))
    rules = FragmentFilter(sizes, Shift(0, 0), 30, 20, 60_000, pairing=pairing)
    fragments, account = read_sample([path], rules)
    assert sorted(as_tuples(fragments)) == sorted(expected)
    assert account.counts["mate_failed"] == alone
    assert account.counts["reads"] == len(reads)


def test_pairs_of_one_name_and_place_are_joined_pair_by_pair(make_bam: MakeBam) -> None:
    """As in lanes that were merged although their names are the same."""
    reads = [read for _ in range(50) for read in pair("same", "chr1", 100, 300)]
    fragments, account = read_sample(
        [make_bam(reads, SIZES)], rules_of("strict", shift=Shift(0, 0))
    )
    assert as_tuples(fragments) == [("chr1", 100, 300)] * 50
    assert account.library.as_dict() == {"pairs": 50, "distinct": 1, "once": 0, "twice": 0}


def test_two_reads_that_share_all_but_the_read_number_are_no_pair(make_bam: MakeBam) -> None:
    reads = [*pair("good", "chr1", 10, 90)]
    reads += [
        Read("firsts", "chr1", 100, 0x63, 280, None, 200),
        Read("firsts", "chr1", 280, 0x53, 100, None, -200),
    ]
    fragments, account = read_sample([make_bam(reads, SIZES)], rules_of("strict"))
    assert len(fragments) == 1
    assert account.counts["mate_failed"] == 2


def test_flagged_duplicates_tell_of_complexity_and_are_dropped(make_bam: MakeBam) -> None:
    reads = [
        *pair("a", "chr1", 100, 300),
        *pair("b", "chr1", 100, 300, flag=0x400),
        *pair("c", "chr1", 400, 600),
        *pair("d", "chr1", 400, 600),
        *pair("e", "chr1", 700, 900, flag=0x400),
    ]
    rules = rules_of("strict", remove_repeats=True)
    fragments, account = read_sample([make_bam(reads, SIZES)], rules)
    assert len(fragments) == 2
    assert account.library.as_dict() == {"pairs": 5, "distinct": 3, "once": 1, "twice": 2}
    assert account.counts["duplicate_flag"] == 4
    assert account.counts["duplicate_ends"] == 2


def test_mates_of_which_one_alone_is_flagged(make_bam: MakeBam) -> None:
    one, two = pair("a", "chr1", 100, 300)
    reads = [*pair("b", "chr1", 10, 90), replace(one, flag=one.flag | 0x400), two]
    fragments, account = read_sample([make_bam(reads, SIZES)], rules_of("strict"))
    assert len(fragments) == 1
    assert (account.counts["duplicate_flag"], account.counts["mate_failed"]) == (1, 1)
    assert account.library.pairs == 2


def test_reads_that_take_part_in_nothing_at_the_chromosomes_ends(make_bam: MakeBam) -> None:
    reads = [
        *pair("first base", "chr1", 0, 60),
        *pair("last base", "chr1", 2900, 3000),
        *pair("past the end", "chr1", 2950, 3001),
        *pair("whole", "chr2", 400, 900),
    ]
    path = make_bam(reads, SIZES)
    for pairing in ("strict", "fast"):
        fragments, account = read_sample([path], rules_of(pairing, shift=Shift(0, 0)))
        assert as_tuples(fragments) == [
            ("chr1", 0, 60), ("chr1", 2900, 3000), ("chr2", 400, 900),
        ]  # fmt: skip
        assert account.counts["off_chromosome"] == (2 if pairing == "strict" else 1)
        # One base is lost to the shift at the first base, none at the last.
        fragments, _ = read_sample([path], rules_of(pairing, shift=Shift(-1, 0)))
        assert ("chr1", -1, 60) not in as_tuples(fragments)
        assert len(fragments) == 2


def test_single_end_reads_count_once_and_paired_ones_are_refused(make_bam: MakeBam) -> None:
    reads = [
        Read("forward", "chr1", 100, 0x0),
        Read("reverse", "chr1", 200, 0x10),
        Read("flagged", "chr1", 300, 0x400),
        Read("low", "chr1", 310, 0x0, mapq=2),
        *pair("paired", "chr1", 400, 500),
    ]
    rules = rules_of("strict", layout="single", shift=Shift(4, -5))
    fragments, account = read_sample([make_bam(reads, SIZES)], rules)
    # A read has one cut, its 5' end, and only that one moves.
    assert as_tuples(fragments) == [("chr1", 104, 120), ("chr1", 200, 215)]
    assert fragments.strands is not None
    assert fragments.strands.tolist() == [1, -1]
    counts = account.counts
    assert (counts["paired_end"], counts["duplicate_flag"], counts["mapq"]) == (2, 1, 1)
    assert counts["reads"] == 6 == sum(counts[n] for n in (*FILTERS, "kept"))
