"""V-plots, sites and dyad profiles against loops and planted truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

from chrompute.alignments import FragmentFilter, read_bam
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.intervals import BedRecord, IntervalSet
from chrompute.nucleosomes import dyad_profile
from chrompute.sites import read_sites, sites_of_class
from chrompute.vplots import aggregate_vplot, read_vplot, write_vplot

SIZES = {"chr1": 20_000, "chr2": 9_000}


def sites_at(*places: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(places, columns=["chrom", "position", "strand"])


def random_store(n: int = 4000) -> Fragments:
    rng = np.random.default_rng(8)
    starts = rng.integers(0, 8000, n)
    ends = starts + rng.integers(1, 420, n)
    return Fragments.from_intervals(SIZES, rng.integers(0, 2, n), starts, ends)


def loop_vplot(
    intervals: list[tuple[str, int, int]], sites: pd.DataFrame, flank: int, top: int
) -> np.ndarray:
    """Draw the plot fragment by fragment from its definition.

    On the minus strand the interval itself is turned round the site, base by base: base b goes
    to 2 * site - b, so [start, end) becomes [2 * site - end + 1, 2 * site - start + 1).
    """
    counts = np.zeros((top, 2 * flank + 1), dtype=int)
    for site in sites.itertuples():
        for chrom, start, end in intervals:
            if chrom != site.chrom:
                continue
            if site.strand == "-":
                start, end = 2 * site.position - end + 1, 2 * site.position - start + 1
            column = (start + end - 1) // 2 - (site.position - flank)
            if 0 <= column <= 2 * flank and end - start < top:
                counts[end - start, column] += 1
    return counts


def test_vplot_equals_a_loop_on_both_strands() -> None:
    store = random_store()
    intervals = [
        (chrom, int(s), int(e))
        for chrom in SIZES
        for s, e in zip(*store.intervals(chrom), strict=True)
    ]
    sites = sites_at(
        ("chr1", 3000, "+"),
        ("chr1", 3001, "-"),
        ("chr2", 50, "-"),
        ("chr2", 8990, "."),
        ("chr1", 3, "+"),
    )
    vplot = aggregate_vplot(store, sites, 200, 0, 300)
    assert vplot.counts.sum() > 150
    assert np.array_equal(vplot.counts, loop_vplot(intervals, sites, 200, 300))


def test_yeast_vplot_equals_a_pysam_loop_by_the_pyatac_rule(yeast: Path) -> None:
    """Source: NucleoATAC's pyatac, proper pairs, forward mate only, start + 4, |TLEN| - 8."""
    path, chrom, position, flank = yeast / "atac_SRR1822137_pr2.bam", "chrII", 300_000, 10_000
    expected = np.zeros((400, 2 * flank + 1), dtype=int)
    with pysam.AlignmentFile(path) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
        for read in bam.fetch(chrom, position - 2 * flank, position + 2 * flank):
            if not read.is_proper_pair or read.is_reverse:
                continue
            length = abs(read.template_length) - 8
            column = (length - 1) // 2 + read.reference_start + 4 - (position - flank)
            if 0 <= column <= 2 * flank and length < 400:
                expected[length, column] += 1
    fragments, _ = read_bam([path], FragmentFilter(sizes, Shift.parse("+4/-4"), min_length=1))
    vplot = aggregate_vplot(fragments, sites_at((chrom, position, "+")), flank, 0, 400)
    assert expected.sum() > 100
    assert np.array_equal(vplot.counts, expected)


def test_scaling_and_the_disk(tmp_path: Path) -> None:
    store = random_store()
    vplot = aggregate_vplot(store, sites_at(("chr1", 3000, "+"), ("chr1", 5000, "-")), 100, 50, 150)
    assert vplot.scaled == pytest.approx(vplot.counts / 2 / (4000 / 1e6))
    for name in ("a.npz", "b.npz"):
        write_vplot(vplot, tmp_path / name, cell_type="x")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = read_vplot(tmp_path / "a.npz")
    assert np.array_equal(again.counts, vplot.counts)
    assert (again.lengths[0], again.lengths[-1], again.positions[0]) == (50, 149, -100)
    assert (again.n_sites, again.n_fragments) == (2, 4000)


def test_planted_dyads_are_found_downstream_on_both_strands() -> None:
    rng = np.random.default_rng(1)
    sites = sites_at(("chr1", 5000, "+"), ("chr2", 5000, "-"))
    chroms, dyads = [], []
    for chrom, sign in ((0, 1), (1, -1)):
        for place in (0, 165, 330, 495):
            jitter = rng.normal(0, 12, 400).round().astype(int)
            dyads += [*(5000 + sign * place + jitter)]
            chroms += [chrom] * 400
    starts = np.array(dyads) - 73
    store = Fragments.from_intervals(SIZES, chroms, starts, starts + 147)
    profile = dyad_profile(store, sites, 1000, 15)
    assert [*profile.peaks] == pytest.approx([0, 165, 330, 495], abs=6)
    assert profile.repeat_length == pytest.approx(165, abs=3)
    # A density of 1 is the mean of the chromosomes that hold dyads.
    expected = 3200 / sum(SIZES.values())
    found = profile.density * expected * profile.n_sites
    assert found.sum() == pytest.approx(3200)


def test_site_table_is_converted_at_the_door(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text("chrom\tTSS\tstrand\nchr1\t101\t+\nchr1\t\t-\nchr2\t500\t-\nchr1\t700\t+\n")
    entry = {
        "columns": {"chrom": "chrom", "position": "TSS", "strand": "strand"},
        "one_based": True,
    }
    listed = IntervalSet([BedRecord(1, "chr1", 600, 700, "", ".")])
    sites = read_sites(path, entry, SIZES, listed, {"chr1", "chr2"})
    assert [*sites.itertuples(index=False, name=None)] == [("chr1", 100, "+"), ("chr2", 499, "-")]
    bed = tmp_path / "sites.bed"
    bed.write_text("chr1\t100\t101\ta\t0\t-\nchr1\t10\t14\tb\t0\t+\n")
    sites = read_sites(bed, {}, SIZES, IntervalSet([]), {"chr1"})
    assert [*sites.itertuples(index=False, name=None)] == [("chr1", 100, "-"), ("chr1", 11, "+")]


def test_faulty_site_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text("chrom\tTSS\tstrand\nchr1\t20001\t+\nchr9\t5\t+\nchr1\tx\t+\n")
    entry = {
        "columns": {"chrom": "chrom", "position": "TSS", "strand": "strand"},
        "one_based": True,
    }
    with pytest.raises(InputError) as caught:
        read_sites(path, entry, SIZES, IntervalSet([]), {"chr1"})
    assert [fault.split(":")[0].rsplit(" ", 1)[1] for fault in caught.value.faults] == [
        "2",
        "3",
        "4",
    ]
    entry["columns"]["position"] = "TTS"
    with pytest.raises(InputError, match="no column 'TTS'"):
        read_sites(path, entry, SIZES, IntervalSet([]), {"chr1"})


def test_sites_of_a_class_are_its_windows_centres() -> None:
    windows = pd.DataFrame(
        {
            "cell_type": ["a", "a", "b"],
            "chrom": "chr1",
            "centre": [5, 6, 7],
            "state": ["x", "y", "x"],
        }
    )
    assert sites_of_class(windows, "a", "state", "x")["position"].tolist() == [5]
