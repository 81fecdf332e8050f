"""Tracks against loops over bases and against deepTools."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyBigWig
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.tracks import TRACK_NAMES, TRACKS, Track, plan_track, write_track

SIZES = {"chr2": 300, "chr1": 700, "chr10": 40, "chrM": 50}  # not sorted by name; chr10 stays empty
INCLUDED = ["chr2", "chr1", "chr10"]
BLOCK = {
    "bin_size": 1,
    "nucleosome_free": 100,
    "mono_nucleosome": {"min_length": 150, "max_length": 300},
    "smoothing": 5,
    "footprint": 147,
}
NUCLEOSOMES = {"min_length": 120, "max_length": 181}


def make_store(intervals: Sequence[tuple[int, int, int]]) -> Fragments:
    chroms, starts, ends = (np.array(column, dtype=int) for column in zip(*intervals, strict=True))
    return Fragments.from_intervals(SIZES, chroms, starts, ends)


@st.composite
def fragments(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Fragments on chr2 and chr1; some reach both ends of their chromosome."""
    drawn = [(0, 0, 300), (1, 0, 130), (1, 540, 700)]
    for _ in range(draw(st.integers(0, 40))):
        chrom = draw(st.integers(0, 1))
        size = list(SIZES.values())[chrom]
        length = draw(st.integers(1, 299))
        start = draw(st.integers(0, size - length))
        drawn.append((chrom, start, start + length))
    return drawn


def one_store(seed: int = 5) -> list[tuple[int, int, int]]:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 150, 200)
    ends = np.minimum(starts + rng.integers(1, 320, 200), 300)
    chroms = rng.integers(0, 2, 200)
    return [(int(c), int(s), int(e)) for c, s, e in zip(chroms, starts, ends, strict=True)]


def by_hand(intervals: Sequence[tuple[int, int, int]], name: str, chrom: int) -> list[float]:
    """What each base is worth, from the definitions of docs/methods/tracks.md, one at a time."""
    size = list(SIZES.values())[chrom]
    values = [0.0] * size
    for number, start, end in intervals:
        length, dyad = end - start, (start + end - 1) // 2
        nucleosome = 120 <= length < 181
        if number != chrom:
            continue
        bases: list[int] = []
        if name == "cuts":
            bases = [start, end - 1]
        elif (
            name == "coverage"
            or (name == "nucleosome_free" and length < 100)
            or (name == "mono_nucleosome" and 150 <= length < 300)
        ):
            bases = list(range(start, end))
        elif name in ("dyads", "smoothed_dyads") and nucleosome:
            bases = [dyad]
        elif name == "occupancy" and nucleosome:
            bases = [base for base in range(dyad - 73, dyad + 74) if 0 <= base < size]
        for base in bases:
            values[base] += 1
    if name == "smoothed_dyads":
        weights = [float(np.exp(-(d**2) / (2 * 5**2))) for d in range(-20, 21)]
        total, drawn = sum(weights), [base for base in range(size) if values[base]]
        values = [
            sum(values[b] * weights[b - base + 20] / total for b in drawn if abs(b - base) <= 20)
            for base in range(size)
        ]
    return values


def binned(values: list[float], width: int) -> list[float]:
    bins = [values[first : first + width] for first in range(0, len(values), width)]
    return [sum(bases) / len(bases) for bases in bins for _ in bases]


@settings(
    deadline=None,
    derandomize=True,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drawn=fragments(), width=st.integers(1, 90))
@pytest.mark.parametrize("name", TRACK_NAMES)
def test_track_equals_a_loop(
    drawn: list[tuple[int, int, int]], width: int, name: str, tmp_path: Path
) -> None:
    path, base = tmp_path / "t.bw", name.removesuffix(".cpm")
    track = plan_track(name, BLOCK | {"bin_size": width}, NUCLEOSOMES)
    write_track([make_store(drawn)], track, path, INCLUDED)
    scale = 1e6 / len(drawn) if name.endswith(".cpm") else 1
    with pyBigWig.open(str(path)) as handle:
        for number, chrom in enumerate(INCLUDED):
            expected = np.array(binned(by_hand(drawn, base, number), width)) * scale
            found = handle.values(chrom, 0, SIZES[chrom], numpy=True)
            if base == "smoothed_dyads" or scale != 1 or width > 1:
                # 32-bit floats: 24 bits of precision.
                np.testing.assert_allclose(found, expected, rtol=2**-23, atol=1e-12)
            else:
                assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("name", TRACKS)
def test_bases_of_excluded_chromosomes_alone_have_no_value(name: str, tmp_path: Path) -> None:
    path = tmp_path / "t.bw"
    write_track([make_store(one_store())], plan_track(name, BLOCK, NUCLEOSOMES), path, INCLUDED)
    with pyBigWig.open(str(path)) as handle:
        assert list(handle.chroms().items()) == list(SIZES.items())  # in this order
        assert handle.intervals("chr10") == ((0, 40, 0.0),)
        assert handle.intervals("chrM") is None
        assert handle.header()["nBasesCovered"] == 1040


@pytest.mark.parametrize("name", TRACK_NAMES)
def test_a_store_without_fragments_is_zero_everywhere(name: str, tmp_path: Path) -> None:
    path = tmp_path / "t.bw"
    empty = make_store(one_store()).with_lengths(5000, 5001)
    write_track([empty], plan_track(name, BLOCK, NUCLEOSOMES), path, INCLUDED)
    with pyBigWig.open(str(path)) as handle:
        assert handle.intervals("chr1") == ((0, 700, 0.0),)
    write_track([empty], plan_track(name, BLOCK, NUCLEOSOMES), path, [])
    with pyBigWig.open(str(path)) as handle:
        assert handle.chroms() == SIZES
        assert handle.intervals("chr1") is None


@pytest.mark.parametrize("name", TRACK_NAMES)
def test_pooled_equals_all_fragments_in_one_store(name: str, tmp_path: Path) -> None:
    track = plan_track(name, BLOCK, NUCLEOSOMES)
    parts = [one_store(1), one_store(2)[:50], one_store(3)]
    write_track(list(map(make_store, parts)), track, tmp_path / "pool.bw", INCLUDED)
    write_track(
        [make_store([*parts[0], *parts[1], *parts[2]])], track, tmp_path / "one.bw", INCLUDED
    )
    assert (tmp_path / "pool.bw").read_bytes() == (tmp_path / "one.bw").read_bytes()


def test_samples_of_two_genomes_are_not_pooled(tmp_path: Path) -> None:
    first = make_store(one_store())
    other = replace(first, sizes=first.sizes | {"chrM": 51})
    with pytest.raises(InputError, match="different genomes"):
        write_track([first, other], Track(), tmp_path / "t.bw", INCLUDED)


def test_occupancy_may_be_that_of_the_whole_fragment(tmp_path: Path) -> None:
    plan = plan_track("occupancy", BLOCK | {"footprint": None}, NUCLEOSOMES)
    drawn = [(1, 100, 220), (1, 300, 419), (1, 400, 580), (1, 400, 581)]
    write_track([make_store(drawn)], plan, tmp_path / "t.bw", INCLUDED)
    with pyBigWig.open(str(tmp_path / "t.bw")) as handle:
        runs = ((0, 100, 0.0), (100, 220, 1.0), (220, 400, 0.0), (400, 580, 1.0), (580, 700, 0.0))
        assert handle.intervals("chr1") == runs


def test_length_limits_are_half_open() -> None:
    """A fragment of exactly a limit is in the class above it."""
    free = plan_track("nucleosome_free", BLOCK, NUCLEOSOMES)
    one = plan_track("mono_nucleosome.cpm", BLOCK, NUCLEOSOMES)
    assert free == Track(max_length=100)
    assert one == Track(min_length=150, max_length=300, scale="cpm")


def test_no_name_is_another_after_a_dot() -> None:
    """Otherwise one file name could be that of two samples."""
    assert len(set(TRACK_NAMES)) == 14
    assert not any(a.endswith(f".{b}") for a in TRACK_NAMES for b in TRACK_NAMES)


def test_equal_fragments_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.bw", "b.bw"):
        write_track([make_store(one_store())], Track(smoothing=7), tmp_path / name, SIZES)
    assert (tmp_path / "a.bw").read_bytes() == (tmp_path / "b.bw").read_bytes()


@pytest.mark.parametrize("name", ["atac_SRR1822137_pr1.bam", "mnase_henikoff2011.bam"])
def test_coverage_equals_bamcoverage(yeast: Path, tmp_path: Path, name: str) -> None:
    """The flags that make deepTools count a pair once, at base resolution, in one region."""
    bam, begin, end = yeast / name, 100_000, 160_000
    program = Path(sys.executable).parent / "bamCoverage"
    command = [
        program, "--bam", bam, "--outFileName", tmp_path / "deeptools.bw", "--binSize", "1",
        "--extendReads", "1000", "--samFlagInclude", "66", "--samFlagExclude", "3844",
        "--minMappingQuality", "30", "--region", f"chrI:{begin}:{end}", "--normalizeUsing", "None",
    ]  # fmt: skip
    subprocess.run([*map(str, command)], check=True, capture_output=True)
    with pysam.AlignmentFile(bam) as handle:
        sizes = dict(zip(handle.references, handle.lengths, strict=True))
    rules = FragmentFilter(sizes, Shift(0, 0), min_length=1, max_length=1000)
    write_track([read_sample([bam], rules)[0]], Track(), tmp_path / "ours.bw", ["chrI"])
    with (
        pyBigWig.open(str(tmp_path / "deeptools.bw")) as theirs,
        pyBigWig.open(str(tmp_path / "ours.bw")) as ours,
    ):
        expected = np.nan_to_num(theirs.values("chrI", begin, end, numpy=True))
        found = ours.values("chrI", begin, end, numpy=True)
    assert expected.max() > 5
    # bamCoverage fetches reads, not fragments, that begin near the region's edges.
    inner = slice(1000, -1000)
    assert np.array_equal(found[inner], expected[inner])
