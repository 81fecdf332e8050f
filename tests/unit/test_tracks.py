"""Tracks against loops over bases and against deepTools."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyBigWig
import pysam
import pytest

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.fragments import Fragments, Shift
from chrompute.tracks import TRACKS, write_track

SIZES = {"chr1": 700, "chr2": 300, "chrM": 50}


@pytest.fixture
def store() -> Fragments:
    rng = np.random.default_rng(5)
    starts = rng.integers(0, 200, 300)
    ends = np.minimum(starts + rng.integers(1, 120, 300), 300)
    return Fragments.from_intervals(SIZES, rng.integers(0, 2, 300), starts, ends)


def by_hand(store: Fragments, track: str, chrom: str) -> list[int]:
    values = [0] * store.sizes[chrom]
    for start, end in zip(*store.intervals(chrom), strict=True):
        if track == "cuts":
            values[start] += 1
            values[end - 1] += 1
        elif track == "coverage":
            for base in range(start, end):
                values[base] += 1
        else:
            values[(start + end - 1) // 2] += 1
    return values


@pytest.mark.parametrize("track", list(TRACKS))
def test_track_equals_a_loop(store: Fragments, track: str, tmp_path: Path) -> None:
    path = tmp_path / "t.bw"
    write_track(store, track, path, ["chr1", "chr2"])
    with pyBigWig.open(str(path)) as handle:
        assert handle.chroms() == SIZES
        for chrom in ("chr1", "chr2"):
            values = handle.values(chrom, 0, SIZES[chrom], numpy=True)
            assert values.tolist() == by_hand(store, track, chrom)
        assert handle.intervals("chrM") is None  # left out, which is not the same as zero


def test_equal_fragments_give_equal_bytes(store: Fragments, tmp_path: Path) -> None:
    for name in ("a.bw", "b.bw"):
        write_track(store, "coverage", tmp_path / name, SIZES)
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
    write_track(read_sample([bam], rules)[0], "coverage", tmp_path / "ours.bw", ["chrI"])
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
