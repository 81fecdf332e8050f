"""Calls, phasograms, repeat lengths and dyad profiles against planted arrays and loops."""

import gzip
import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.fragments import Fragments, Shift
from chrompute.genome import read_lengths
from chrompute.intervals import read_blacklist
from chrompute.nucleosome_figures import draw_dyad_profiles, draw_phasogram
from chrompute.nucleosomes import (
    CallRules,
    call_chromosome,
    dyad_positions,
    mean_density,
    nucleosome_signal,
    read_dyads,
    write_calls,
)
from chrompute.phasing import DyadProfile, dyad_profile, write_profiles
from chrompute.phasogram import count_dyad_distances, phasogram
from chrompute.sites import sites_with_fragments
from chrompute.store_files import write_fragments

RULES = CallRules(smoothing=20, distance=120, support=3)
COLUMNS = [
    *("chrom", "start", "end", "name", "bed_score", "strand", "thick_start", "thick_end"),
    *("colour", "blocks", "block_sizes", "block_starts"),
    *("score", "fuzziness", "dyads", "occupancy", "summit"),
]


def store_of(dyads: dict[str, np.ndarray], sizes: dict[str, int], width: int = 147) -> Fragments:
    """Return fragments of one width around these dyads; ones past an end are left out."""
    names = list(sizes)
    chroms = np.concatenate([np.full(len(d), names.index(c)) for c, d in dyads.items()])
    starts = np.concatenate([*dyads.values()]).astype(int) - (width - 1) // 2
    ends = starts + width
    size = np.array([*sizes.values()])[chroms]
    inside = (starts >= 0) & (ends <= size)
    return Fragments.from_intervals(sizes, chroms[inside], starts[inside], ends[inside])


def array_of(repeat: float, size: int, depth: int, fuzz: float, seed: int = 0) -> tuple:
    """Return an array of nucleosomes: their true dyads, and dyads drawn around them."""
    rng = np.random.default_rng(seed)
    true = np.round(np.arange(500, size - 500, repeat)).astype(int)
    return true, np.round(np.repeat(true, depth) + rng.normal(0, fuzz, true.size * depth))


def calls_of(store: Fragments, chrom: str, rules: CallRules = RULES) -> pd.DataFrame:
    return call_chromosome(store, chrom, rules, mean_density(store))


@pytest.mark.parametrize(("repeat", "fuzz"), [(165, 12.0), (190, 25.0)])
def test_planted_nucleosomes_are_called_where_they_are(repeat: int, fuzz: float) -> None:
    true, drawn = array_of(repeat, 100_000, 60, fuzz)
    calls = calls_of(store_of({"a": drawn}, {"a": 100_000}), "a")
    assert len(calls) == len(true)
    # The error of a mean of 60 dyads is at most 25 / sqrt(60) = 3.2 bp; a maximum's is larger.
    assert np.abs(calls["dyad"] - true).mean() < fuzz / 4
    assert calls["fuzziness"].median() == pytest.approx(fuzz, rel=0.1)
    # All 60 dyads of a nucleosome lie near it, and a repeat holds 60.
    assert calls["dyads"].median() == pytest.approx(60, abs=2)
    assert calls["occupancy"].median() == pytest.approx(60 / 147 / mean_density(
        store_of({"a": drawn}, {"a": 100_000})), rel=0.03)  # fmt: skip


def loop_calls(dyads: list[int], size: int, rules: CallRules) -> list[tuple]:
    """Call from the definitions, base by base and call by call."""
    reach = int(4 * rules.smoothing + 0.5)
    weights = [math.exp(-0.5 * (d / rules.smoothing) ** 2) for d in range(-reach, reach + 1)]
    total = sum(weights)
    height = [
        sum(weights[d - b + reach] / total for d in dyads if abs(d - b) <= reach)
        for b in range(-1, size + 1)
    ]
    height = [round(h, 12) for h in height]  # sums in another order are equal to 12 places
    tops = [
        b - 1
        for b in range(1, size + 1)
        if height[b] > height[b - 1] and height[b] >= height[b + 1]
    ]
    kept: list[int] = []
    for top in sorted(tops, key=lambda b: (-height[b + 1], b)):
        if all(abs(top - other) >= rules.distance for other in kept):
            kept.append(top)
    mean = len(dyads) / size
    rows = []
    for top in sorted(kept):
        near = [d for d in dyads if abs(d - top) <= 73]
        if len(near) < rules.support:
            continue
        low, high = max(top - 1000, 0), min(top + 1000, size - 1)
        local = sum(low <= d <= high for d in dyads) / (high - low + 1)
        expected = 41 * max(local, mean)
        found = sum(abs(d - top) <= 20 for d in dyads)
        tail = range(found, found + 80)
        chance = sum(math.exp(-expected) * expected**k / math.factorial(k) for k in tail)
        rows.append(
            (top, -10 * math.log10(chance), float(np.std(near)), len(near),
             len(near) / 147 / mean, height[top + 1] / mean)
        )  # fmt: skip
    return rows


def test_calls_equal_a_loop() -> None:
    rng = np.random.default_rng(5)
    dyads = np.concatenate([rng.integers(73, 2927, 25), 900 + rng.normal(0, 9, 20).round()])
    dyads = np.sort(dyads.astype(int))
    store = store_of({"a": dyads}, {"a": 3000})
    for rules in (RULES, CallRules(8, 60, 1), CallRules(30, 147, 2)):
        expected = loop_calls(dyads.tolist(), 3000, rules)
        calls = calls_of(store, "a", rules)
        assert len(expected) > 2
        assert calls.to_numpy() == pytest.approx(np.array(expected), rel=1e-7, abs=1e-7)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    places=st.lists(st.integers(73, 4926), min_size=1, max_size=120),
    block=st.integers(50, 3000),
)
def test_calls_do_not_depend_on_blocks(places: list[int], block: int) -> None:
    # Neighbours of many dyads test ties and runs of equal bases too.
    places = [*places, *range(2000, 2300), *range(3000, 3004)]
    store = store_of({"a": np.array(places)}, {"a": 5000})
    mean = mean_density(store)
    rules = CallRules(20, 120, 1)
    whole = call_chromosome(store, "a", rules, mean, block=5000)
    pd.testing.assert_frame_equal(call_chromosome(store, "a", rules, mean, block=block), whole)
    assert all(b - a >= 120 for a, b in pairwise(whole["dyad"]))


def test_one_fragment_no_fragment_and_a_pile(tmp_path: Path) -> None:
    sizes = {"a": 2000, "empty": 500}
    one = store_of({"a": np.array([1000])}, sizes)
    assert calls_of(one, "a").empty
    (call,) = calls_of(one, "a", CallRules(20, 120, 1)).itertuples()
    assert (call.dyad, call.fuzziness, call.dyads) == (1000, 0.0, 1)
    assert call.occupancy == pytest.approx(2000 / 147)  # 1 dyad on 2,000 bases, 1 within 147
    assert calls_of(one, "empty").empty
    two = store_of({"a": np.array([1000, 1001])}, sizes)  # equally high on both bases
    assert calls_of(two, "a", CallRules(20, 120, 1))["dyad"].tolist() == [1000]
    pile = store_of({"a": np.full(5000, 1000)}, sizes)
    (call,) = calls_of(pile, "a").itertuples()
    assert (call.dyad, call.fuzziness, call.dyads, call.score) == (1000, 0.0, 5000, 1000.0)
    none = one.with_lengths(500, 600)
    summary = write_calls(none, RULES, tmp_path / "none.bed.gz")
    assert summary == {
        "n_dyads": 0, "n_calls": 0, "median_fuzziness": None, "median_occupancy": None,
        "neighbour_distance": None,
    }  # fmt: skip
    assert gzip.decompress((tmp_path / "none.bed.gz").read_bytes()) == b""
    for store in (one, pile, none):
        found = phasogram(store, 1000, 15)
        assert found.counts.sum() == 0  # distance 0 is not counted
        assert found.as_summary() == {
            "repeat_length": None, "repeat_length_low": None, "repeat_length_high": None,
            "phasogram_peaks": [],
        }  # fmt: skip
        draw_phasogram(found, "nothing")


def test_bed_is_sorted_clipped_and_can_be_indexed(tmp_path: Path) -> None:
    sizes = {"b": 9000, "a": 5000}
    rng = np.random.default_rng(2)
    at = {"b": [60, 4000, 8970], "a": [2500]}
    dyads = {c: np.repeat(p, 30) + rng.integers(-4, 5, 30 * len(p)) for c, p in at.items()}
    store = store_of(dyads, sizes, width=41)  # short ones, so that dyads lie near the ends
    for name in ("one.bed.gz", "two.bed.gz"):
        summary = write_calls(store, RULES, tmp_path / name)
    assert (tmp_path / "one.bed.gz").read_bytes() == (tmp_path / "two.bed.gz").read_bytes()
    bed = pd.read_csv(tmp_path / "one.bed.gz", sep="\t", names=COLUMNS)
    assert bed["chrom"].tolist() == ["b", "b", "b", "a"]
    assert bed["name"].tolist() == [f"nucleosome_{i}" for i in (1, 2, 3, 4)]
    assert np.abs(bed["thick_start"] - np.array([60, 4000, 8970, 2500])).max() <= 3
    assert (bed["thick_end"] - bed["thick_start"]).eq(1).all()
    assert bed["start"].tolist() == [max(d - 73, 0) for d in bed["thick_start"]]
    ends = [min(d + 74, sizes[c]) for c, d in zip(bed["chrom"], bed["thick_start"], strict=True)]
    assert bed["end"].tolist() == ends
    assert (bed["block_sizes"] == bed["end"] - bed["start"]).all()
    assert (bed["bed_score"] == bed["score"].round()).all()
    assert summary["n_calls"] == 4
    assert summary["n_dyads"] == 120
    assert summary["median_fuzziness"] == pytest.approx(bed["fuzziness"].median(), abs=0.005)
    pysam.tabix_index(str(tmp_path / "one.bed.gz"), preset="bed")
    with pysam.TabixFile(str(tmp_path / "one.bed.gz")) as index:
        (line,) = index.fetch("b", 3990, 4010)
        assert line.split("\t")[3] == "nucleosome_2"
        assert len([*index.fetch("a")]) == 1


def loop_distances(dyads: list[int], reach: int) -> list[int]:
    counts = [0] * reach
    for left in dyads:
        for right in dyads:
            if 0 < right - left <= reach:
                counts[right - left - 1] += 1
    return counts


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    first=st.lists(st.integers(73, 2926), max_size=150),
    second=st.lists(st.integers(73, 826), max_size=80),
    block=st.integers(1, 4000),
)
def test_phasogram_equals_a_loop_in_any_blocks(
    first: list[int], second: list[int], block: int
) -> None:
    # No base of two dyads is higher than the others' here, so that nothing is limited.
    first, second = sorted({*first}) * 2, sorted({*second}) * 2
    store = store_of({"a": np.array(first), "b": np.array(second)}, {"a": 3000, "b": 900})
    expected = np.add(loop_distances(first, 700), loop_distances(second, 700))
    assert np.array_equal(count_dyad_distances(store, 700, block).sum(axis=0), expected)
    assert np.array_equal(count_dyad_distances(store, 700).sum(axis=0), expected)


def test_a_pile_of_copies_does_not_carry_the_phasogram() -> None:
    single = np.arange(100, 9900, 4)
    piles = np.repeat([3000, 3333], 100_000)
    store = store_of({"a": np.concatenate([single, piles])}, {"a": 10_000})
    # Two of 2,451 bases, fewer than 0.1 %, hold 100,000 dyads; all others hold one.
    limited = [*single.tolist(), 3333]
    assert 3000 in limited
    assert np.array_equal(
        count_dyad_distances(store, 400).sum(axis=0), loop_distances(limited, 400)
    )


@pytest.mark.parametrize("repeat", [165, 190])
def test_the_planted_repeat_length_is_found(repeat: int) -> None:
    rng = np.random.default_rng(repeat)
    # Arrays of twelve with a random start each, as behind many promoters; spacing varies by 5 bp.
    starts = np.sort(rng.integers(1000, 1_990_000, 700))
    steps = repeat + rng.normal(0, 5, (700, 12))
    centres = (starts[:, None] + np.cumsum(steps, axis=1)).ravel()
    drawn = (np.repeat(centres, 8) + rng.normal(0, 20, centres.size * 8)).round()
    found = phasogram(store_of({"a": drawn}, {"a": 2_000_000}), 1000, 15)
    assert found.repeat_length == pytest.approx(repeat, abs=1.5)
    low, high = found.interval
    assert low < found.repeat_length < high
    figure = draw_phasogram(found, "x")
    assert f"{found.repeat_length:.1f} bp" in figure.axes[1].texts[0].get_text()
    assert high - low < 6
    assert [*found.peaks[:4]] == pytest.approx([repeat * k for k in (1, 2, 3, 4)], abs=5)


def test_the_interval_is_as_wide_as_repeats_of_the_experiment_scatter() -> None:
    values, widths = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        starts = rng.integers(1000, 780_000, 250)
        centres = (starts[:, None] + np.cumsum(170 + rng.normal(0, 8, (250, 8)), axis=1)).ravel()
        drawn = (np.repeat(centres, 6) + rng.normal(0, 20, centres.size * 6)).round()
        found = phasogram(store_of({"a": drawn}, {"a": 800_000}), 800, 15)
        values.append(found.repeat_length)
        widths.append(found.interval[1] - found.interval[0])
    # The width of a 95 % interval is four standard deviations; 12 give those within a factor 2.
    assert 0.5 < np.median(widths) / (4 * np.std(values, ddof=1)) < 2


@pytest.mark.parametrize("number", [50, 2000, 60_000])
def test_dyads_without_order_have_no_repeat_length(number: int) -> None:
    for seed in range(3):
        dyads = np.random.default_rng(seed).integers(100, 499_900, number)
        found = phasogram(store_of({"a": dyads}, {"a": 500_000}), 1000, 15)
        assert (found.repeat_length, found.interval, found.peaks) == (None, None, ())


def test_profile_of_planted_dyads_on_both_strands() -> None:
    rng = np.random.default_rng(1)
    sizes = {"chr1": 20_000, "chr2": 9_000}
    sites = pd.DataFrame(
        [("chr1", 5000, "+"), ("chr2", 5000, "-")], columns=["chrom", "position", "strand"]
    )
    dyads = {
        chrom: np.concatenate(
            [5000 + sign * p + rng.normal(0, 12, 400).round() for p in (0, 165, 330, 495)]
        )
        for chrom, sign in (("chr1", 1), ("chr2", -1))
    }
    profile = dyad_profile(store_of(dyads, sizes), sites, 1000, 15)
    assert [*profile.peaks] == pytest.approx([0, 165, 330, 495], abs=6)
    assert profile.repeat_length == pytest.approx(165, abs=3)
    # A density of 1 is the mean of the chromosomes that hold dyads.
    expected = 3200 / sum(sizes.values())
    assert (profile.density * expected * profile.n_sites).sum() == pytest.approx(3200)


def test_amplitude_is_the_contrast_of_peaks_and_troughs() -> None:
    # Peaks of 3 and 2 at 0 and 160, a trough of 1 between them, and one of 0.5 before the first.
    smoothed = np.interp(np.arange(-200, 301), [-200, -100, 0, 80, 160, 300], [1, 0.5, 3, 1, 2, 0])
    profile = DyadProfile(np.arange(-200, 301), smoothed, smoothed, (-150, 0, 160), 1, 1)
    assert profile.amplitude == pytest.approx((2.5 - 1) / (2.5 + 1))
    assert profile.repeat_length == 160
    alone = DyadProfile(np.arange(-200, 301), smoothed, smoothed, (-150, 0), 1, 1)
    assert (alone.amplitude, alone.repeat_length) == (None, None)


def test_profiles_of_two_assays_are_written_and_drawn(tmp_path: Path) -> None:
    sites = pd.DataFrame([("a", 5000, "+")], columns=["chrom", "position", "strand"])
    store = store_of({"a": 5000 + np.random.default_rng(0).integers(-90, 90, 500)}, {"a": 9000})
    profiles = {assay: dyad_profile(store, sites, 500, 15) for assay in ("MNase", "ATAC")}
    for chosen in (profiles, {"ATAC": profiles["ATAC"]}, {}):
        write_profiles(chosen, tmp_path / "t.tsv", tmp_path / "s.json")
        table = pd.read_csv(tmp_path / "t.tsv", sep="\t")
        assert [*table] == ["assay", "position", "density", "smoothed", "is_peak"]
        assert table["assay"].unique().tolist() == [*chosen]
        assert len(table) == 1001 * len(chosen)
        assert [*json.loads((tmp_path / "s.json").read_text())] == [*chosen]
        assert len(draw_dyad_profiles(chosen, "x").axes) == max(len(chosen), 1)


def test_nucleosome_signal_counts_147_to_293_over_those_below() -> None:
    ends = [100, 146, 147, 200, 293, 294, 50]
    store = Fragments.from_intervals({"a": 1000}, [0] * 7, [0] * 7, ends)
    assert nucleosome_signal(store) == 3 / 3
    assert nucleosome_signal(store.with_lengths(147, 400)) is None


def test_even_fragments_have_their_dyad_on_the_left_middle_base() -> None:
    store = Fragments.from_intervals({"a": 1000}, [0, 0], [100, 300], [246, 447])
    assert dyad_positions(store, "a").tolist() == [172, 373]  # bases 172 and 173; base 373


@pytest.fixture(scope="module")
def yeast_dyads(yeast: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fragments]:
    """Dyads of two replicates of yeast MNase."""
    sizes = read_lengths(yeast / "genome/sacCer3.fa.gz")
    listed = read_blacklist([yeast / "genome/blacklist.bed"], sizes)
    rules = FragmentFilter(sizes, Shift.parse("none"), blacklist=listed)
    folder, stores = tmp_path_factory.mktemp("dyads"), {}
    for name in ("AGH01-1", "AGH01-2"):
        fragments, _ = read_sample([yeast / f"mnase_{name}_dyads147.bam"], rules)
        write_fragments(fragments, folder / f"{name}.parquet")
        stores[name] = read_dyads([folder / f"{name}.parquet"], 120, 181)
    return stores


def test_yeast_profile_peaks_at_0_165_330_495(
    yeast: Path, yeast_dyads: dict[str, Fragments]
) -> None:
    table = yeast / "labels/genes_promoters.tsv"
    columns = {"chrom": "chrom", "position": "Plus1", "strand": "strand"}
    entry = {"columns": columns, "one_based": True}
    store = yeast_dyads["AGH01-1"]
    sites = sites_with_fragments(store, table, entry, [yeast / "genome/blacklist.bed"], None)
    profile = dyad_profile(store, sites, 1000, 15)
    assert profile.downstream[:4] == pytest.approx([0, 165, 330, 495], abs=6)
    assert profile.repeat_length == pytest.approx(165, abs=3)


def test_yeast_repeat_length(yeast_dyads: dict[str, Fragments]) -> None:
    for store in yeast_dyads.values():
        found = phasogram(store, 1000, 15)
        assert found.repeat_length == pytest.approx(165, abs=5)
        assert found.peaks[:2] == pytest.approx([165, 330], abs=6)


def test_calls_of_deep_yeast_replicates_agree_with_each_other_and_with_plus_one(
    yeast: Path,
) -> None:
    chrom, size = "chrII", 813_184
    calls = []
    for name in ("AGH01-1", "AGH01-2"):
        with pyBigWig.open(str(yeast / f"mnase_{name}_dyads.bw")) as track:
            counts = np.nan_to_num(track.values(chrom, 0, size, numpy=True)).astype(int)
        store = store_of({chrom: np.repeat(np.arange(size), counts)}, {chrom: size})
        calls.append(calls_of(store, chrom)["dyad"].to_numpy())
    first, second = calls
    near = np.abs(first[:, None] - second[None]).min(axis=1) <= 20
    assert len(first) > 3500
    assert near.mean() > 0.75  # 41 of 165 bp, a quarter, would be chance
    genes = pd.read_csv(yeast / "labels/genes_promoters.tsv", sep="\t")
    dyads = genes.loc[genes["chrom"] == chrom, "Plus1"].dropna().to_numpy() - 1
    offset = first[np.abs(dyads[:, None] - first[None]).argmin(axis=1)] - dyads
    assert (np.abs(offset) <= 20).mean() > 0.75
    assert np.median(offset) == pytest.approx(0, abs=3)
