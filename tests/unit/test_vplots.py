"""V-plots and sites against loops and planted truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import load_npz

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.class_sites import sites_of_class
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.intervals import IntervalSet
from chrompute.lit_pixels import lit_pixels, summarise_pixels
from chrompute.sites import read_sites, sites_with_fragments
from chrompute.vplot_figures import draw_corrected, draw_locus
from chrompute.vplot_images import vplot_images, write_images
from chrompute.vplots import (
    aggregate_vplot,
    fragments_at_sites,
    pieces_at_sites,
    read_vplot,
    write_vplot,
)

SIZES = {"chr1": 20_000, "chr2": 9_000}


def sites_at(*places: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(places, columns=["chrom", "position", "strand"])


def random_store(n: int = 4000) -> Fragments:
    rng = np.random.default_rng(8)
    starts = rng.integers(0, 8000, n)
    ends = starts + rng.integers(1, 420, n)
    return Fragments.from_intervals(SIZES, rng.integers(0, 2, n), starts, ends)


def test_lit_pixels_are_those_that_a_loop_lights() -> None:
    store = random_store(600)
    centres = np.array([900, 2000, 2100, 19_900])
    windows = pd.DataFrame({"cell_type": "a", "chrom": "chr1", "centre": centres})
    windows["start"], windows["end"] = centres - 500, centres + 501
    starts, ends = store.intervals("chr1")
    for row, found in zip(windows.itertuples(), lit_pixels(store, windows), strict=True):
        middles = (starts + ends - 1) // 2
        pixels = {
            (int(middle), int(length))
            for middle, length in zip(middles, ends - starts, strict=True)
            if row.start <= middle < row.end and length < 300
        }
        assert found == len(pixels)
    table = summarise_pixels({"a": store, "b": store}, windows)
    assert table["cell_type"].tolist() == ["a"]
    assert table[["windows", "pixels", "dark"]].iloc[0].tolist() == [4, 300 * 1001, 1]


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


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 90)), max_size=40),
    st.lists(st.tuples(st.integers(0, 399), st.sampled_from("+-.")), min_size=1, max_size=6),
    st.integers(1, 70),
)
def test_mirrored_fragments_at_mirrored_sites_give_the_same_plot(
    given_fragments: list[tuple[int, int]], given_sites: list[tuple[int, str]], flank: int
) -> None:
    """Turn the whole chromosome round: doubled midpoint m becomes 2 * size - m."""
    size = 400
    starts = np.array([start for start, _ in given_fragments], dtype=int)
    ends = starts + np.array([length for _, length in given_fragments], dtype=int)
    chroms = [0] * len(starts)
    store = Fragments.from_intervals({"chr1": size}, chroms, starts, ends)
    turned = Fragments.from_intervals({"chr1": size}, chroms, size - ends, size - starts)
    assert sorted(turned.midpoints) == sorted(2 * size - store.midpoints)
    sites = sites_at(*(("chr1", p, "-" if s == "-" else "+") for p, s in given_sites))
    mirrored = sites_at(*(("chr1", size - 1 - p, "+" if s == "-" else "-") for p, s in given_sites))
    plot = aggregate_vplot(store, sites, flank, 0, 100)
    again = aggregate_vplot(turned, mirrored, flank, 0, 100)
    assert np.array_equal(plot.counts, again.counts)
    intervals = [("chr1", int(s), int(e)) for s, e in zip(starts, ends, strict=True)]
    assert np.array_equal(plot.counts, loop_vplot(intervals, sites, flank, 100))


def test_fragments_in_pieces_are_those_of_one_piece() -> None:
    store, rng = random_store(), np.random.default_rng(2)
    places = zip(
        rng.choice([*SIZES], 200), rng.integers(0, 9000, 200), rng.choice(["+", "-", "."], 200),
        strict=True,
    )  # fmt: skip
    sites = sites_at(*places)
    site, offset, length = fragments_at_sites(store, sites, 300)
    assert site.size > 20_000
    assert (np.diff(site) >= 0).all()
    pieces = list(pieces_at_sites(store, sites, 300, piece=500))
    assert len(pieces) > 40
    for whole, parts in zip((site, offset, length), zip(*pieces, strict=True), strict=True):
        assert np.array_equal(whole, np.concatenate(parts))
    # The order of the lines and their index do not matter.
    shuffled = sites.sample(frac=1, random_state=1)
    again = aggregate_vplot(store, shuffled, 300, 0, 420)
    assert np.array_equal(again.counts, aggregate_vplot(store, sites, 300, 0, 420).counts)
    assert fragments_at_sites(store, sites[:0], 300)[0].size == 0


def test_sites_at_the_end_of_the_longest_chromosome() -> None:
    size = 1_073_741_823  # the doubled end is the largest number the store holds, less one
    store = Fragments.from_intervals({"a": size}, [0, 0], [size - 101, 0], [size, 50])
    sites = sites_at(("a", size - 1, "+"), ("a", size - 1, "-"), ("a", 0, "-"))
    site, offset, length = fragments_at_sites(store, sites, 1000)
    assert [*zip(site, offset, length, strict=True)] == [(0, -50, 101), (1, 50, 101), (2, -25, 50)]


def test_expected_is_length_histogram_times_local_coverage(tmp_path: Path) -> None:
    store = random_store()
    sites = sites_at(("chr1", 3000, "+"), ("chr2", 5000, "-"))
    vplot = aggregate_vplot(store, sites, 100, 50, 150)
    write_vplot(vplot, tmp_path / "v.npz")
    lengths = [int(n) for n in store.lengths if 50 <= n < 150]
    with np.load(tmp_path / "v.npz") as data:
        expected, corrected = data["expected"], data["corrected"]
        for row in (0, 7, 99):
            for column in range(201):
                coverage = int(vplot.counts[:, column].sum())
                value = lengths.count(50 + row) / len(lengths) * coverage
                assert expected[row, column] == pytest.approx(value)
                if value:
                    ratio = vplot.counts[row, column] / value
                    assert corrected[row, column] == pytest.approx(ratio)
                else:
                    assert np.isnan(corrected[row, column])
    assert expected.sum() == pytest.approx(vplot.counts.sum())
    assert np.isnan(corrected).any()


def test_images_equal_a_loop_and_add_up_to_the_plot(tmp_path: Path) -> None:
    store = random_store()
    sites = sites_at(
        ("chr2", 3000, "+"), ("chr1", 3001, "-"), ("chr1", 19_900, "-"), ("chr1", 5, ".")
    )
    for name in ("a", "b"):
        write_images(vplot_images(store, sites, 150, 20, 320), tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    matrix = load_npz(tmp_path / "a.npz")
    assert matrix.has_canonical_format
    images = matrix.toarray().reshape(4, 300, 301)
    intervals = [
        (chrom, int(s), int(e))
        for chrom in SIZES
        for s, e in zip(*store.intervals(chrom), strict=True)
    ]
    for row in range(4):
        loop = loop_vplot(intervals, sites.iloc[[row]], 150, 320)[20:]
        assert np.array_equal(images[row], loop)
    assert images[2].sum() == 0 < images[3].sum()  # a window without a fragment keeps its row
    assert np.array_equal(images.sum(0), aggregate_vplot(store, sites, 150, 20, 320).counts)
    with np.load(tmp_path / "a.npz") as data:
        assert (data["lengths"][0], data["positions"][0]) == (20, -150)


def test_yeast_images_add_up_to_the_vplot(yeast_store: Fragments, yeast: Path) -> None:
    sites = factor_sites(yeast, "Abf1", yeast_store)
    matrix = vplot_images(yeast_store, sites, 300, 0, 400).matrix
    vplot = aggregate_vplot(yeast_store, sites, 300, 0, 400)
    assert np.array_equal(np.asarray(matrix.sum(axis=0)).reshape(400, 601), vplot.counts)


@pytest.fixture(scope="module")
def yeast_store(yeast: Path) -> Fragments:
    paths = [yeast / f"atac_SRR1822137_pr{half}.bam" for half in (1, 2)]
    with pysam.AlignmentFile(paths[0]) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
    store, _ = read_sample(paths, FragmentFilter(sizes, Shift.parse("+4/-4")))
    return store


def factor_sites(yeast: Path, name: str, store: Fragments) -> pd.DataFrame:
    path, listed = yeast / "labels/rossi2021_chexmix_peaks.bed", yeast / "genome/blacklist.bed"
    return sites_with_fragments(store, path, {"name": name}, [listed], None)


@pytest.mark.parametrize(("name", "least"), [("Reb1", 4.0), ("Abf1", 7.0)])
def test_short_fragments_gather_at_bound_sites(
    yeast_store: Fragments, yeast: Path, name: str, least: float
) -> None:
    """Expect about what the data's README found: 5.2 times the flank at Reb1, 8.8 at Abf1."""
    vplot = aggregate_vplot(yeast_store, factor_sites(yeast, name, yeast_store), 1000, 0, 400)
    short = vplot.counts[:100].sum(axis=0)
    centre = short[np.abs(vplot.positions) <= 50].mean()
    flank = short[np.abs(vplot.positions) >= 900].mean()
    assert centre / flank > least
    # Beyond the mere number of fragments there, long ones are rare over the site.
    corrected = vplot.counts[:, 950:1051].sum(axis=1)
    share = vplot.expected[:, 950:1051].sum(axis=1)
    assert corrected[:100].sum() / share[:100].sum() > 1.1
    assert corrected[180:].sum() / share[180:].sum() < 0.7


def test_locus_shows_every_fragment_where_it_lies() -> None:
    store = Fragments.from_intervals(
        SIZES, [0, 0, 0, 1], [1000, 1040, 900, 1000], [1100, 1091, 1001, 1100]
    )
    dyads = Fragments.from_intervals(SIZES, [0], [1001], [1148])
    figure = draw_locus(store, "chr1", 1000, 1200, nucleosomes=dyads, sites=[(1050, "x")])
    cuts, coverage, points, below = figure.axes
    assert sorted(map(tuple, points.collections[0].get_offsets().tolist())) == [
        (950.0, 101.0), (1049.5, 100.0), (1065.0, 51.0),
    ]  # fmt: skip
    bars = {(s[0][0], s[1][1]) for s in cuts.collections[0].get_segments()}
    assert bars == {(1000, 2), (1040, 1), (1090, 1), (1099, 1)}
    assert [s[0][0] for s in below.collections[0].get_segments()] == [1074]
    outline = coverage.collections[0].get_paths()[0].vertices
    assert outline[:, 1].max() == 2
    for place in (("chr1", 5, 5), ("chr1", 0, 20_001), ("chr7", 0, 5)):
        with pytest.raises(InputError, match="is no place in the store"):
            draw_locus(store, *place)
    assert len(draw_locus(store, "chr2", 0, 500).axes) == 3


def test_corrected_figure_is_signed_and_grey_where_nothing_is_expected() -> None:
    store = random_store(20_000)
    vplot = aggregate_vplot(store, sites_at(("chr1", 3000, "+"), ("chr1", 5000, "-")), 300, 0, 400)
    vplot.counts[100:140, 280:320] += 5
    vplot.counts[:, :50] = 0
    image = draw_corrected(vplot, "x").axes[0].images[0]
    assert image.norm.vmin == -image.norm.vmax
    values = np.ma.filled(image.get_array(), np.nan)
    assert values[120, 300] > 0.5
    assert np.isnan(values[120, 10])


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
    fragments, _ = read_sample([path], FragmentFilter(sizes, Shift.parse("+4/-4"), min_length=1))
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


def test_site_table_is_converted_at_the_door(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text("chrom\tTSS\tstrand\nchr1\t101\t+\nchr1\t\t-\nchr2\t500\t-\nchr1\t700\t+\n")
    entry = {
        "columns": {"chrom": "chrom", "position": "TSS", "strand": "strand"},
        "one_based": True,
    }
    listed = IntervalSet.of(("chr1", 600, 700))
    sites = read_sites(path, entry, SIZES, listed, {"chr1", "chr2"})
    assert [*sites.itertuples(index=False, name=None)] == [("chr1", 100, "+"), ("chr2", 499, "-")]
    bed = tmp_path / "sites.bed"
    bed.write_text("chr1\t100\t101\ta\t0\t-\nchr1\t10\t14\tb\t0\t+\n")
    sites = read_sites(bed, {}, SIZES, IntervalSet.of(), {"chr1"})
    assert [*sites.itertuples(index=False, name=None)] == [("chr1", 100, "-"), ("chr1", 11, "+")]


def test_faulty_site_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text("chrom\tTSS\tstrand\nchr1\t20001\t+\nchr9\t5\t+\nchr1\tx\t+\n")
    entry = {
        "columns": {"chrom": "chrom", "position": "TSS", "strand": "strand"},
        "one_based": True,
    }
    with pytest.raises(InputError) as caught:
        read_sites(path, entry, SIZES, IntervalSet.of(), {"chr1"})
    assert [fault.split(":")[0].rsplit(" ", 1)[1] for fault in caught.value.faults] == [
        "2",
        "3",
        "4",
    ]
    entry["columns"]["position"] = "TTS"
    with pytest.raises(InputError, match="no column 'TTS'"):
        read_sites(path, entry, SIZES, IntervalSet.of(), {"chr1"})


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
