"""Quality against loops, hand arithmetic, planted truth and other tools."""

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.cell_type_quality import assay_quality, cell_type_rows, cell_type_verdict
from chrompute.complexity import (
    estimated_library_size,
    library_complexity,
    mitochondrial_fraction,
    summed_complexity,
)
from chrompute.composition import (
    MOTIF_FLANK,
    check_shift,
    gc_fractions,
    information,
    measure_composition,
    motif_centre,
)
from chrompute.fragments import Fragments, Shift
from chrompute.genome import encode, iter_genome
from chrompute.indexes import is_indexable
from chrompute.intervals import IntervalSet
from chrompute.ladder import ladder_peaks, length_fractions
from chrompute.peaks import write_bedpe
from chrompute.quality import fraction_in_peaks, sample_quality
from chrompute.quality_figures import draw_correlation, draw_quality
from chrompute.quality_inputs import QualityInputs
from chrompute.quality_report import number_rows, reasons, shift_warnings, verdict_rows
from chrompute.quality_tables import multiqc_files, quality_table
from chrompute.replicates import correlate, count_in_bins, lowest_pair
from chrompute.sites import write_sites
from chrompute.store_files import write_fragments
from chrompute.tss import tss_enrichment, tss_profile
from chrompute.verdicts import FIGURES, judge, judge_shift, overall, threshold_faults, verdicts_of
from helpers import need_program

SIZES = {"chr1": 20_000, "chr2": 9_000}
COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}


def random_store(n: int = 3000, seed: int = 8) -> Fragments:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 8000, n)
    return Fragments.from_intervals(
        SIZES, rng.integers(0, 2, n), starts, starts + rng.integers(20, 420, n)
    )


def random_genome(seed: int = 3) -> dict[str, str]:
    rng = np.random.default_rng(seed)
    weights = [0.3, 0.2, 0.195, 0.3, 0.005]
    texts = {chrom: rng.choice(list("ACGTN"), n, p=weights) for chrom, n in SIZES.items()}
    return {chrom: "".join(text) for chrom, text in texts.items()}


def intervals_of(store: Fragments) -> list[tuple[str, int, int]]:
    return [
        (chrom, int(s), int(e))
        for chrom in store.sizes
        for s, e in zip(*store.intervals(chrom), strict=True)
    ]


def sites_at(*places: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(places, columns=["chrom", "position", "strand"])


# Complexity and accounting


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(7, 12)), min_size=1, max_size=60))
def test_complexity_equals_counting(pairs: list[tuple[int, int]]) -> None:
    seen = {pair: pairs.count(pair) for pair in pairs}
    once, twice = (sum(n == k for n in seen.values()) for k in (1, 2))
    counts = {"pairs": len(pairs), "distinct": len(seen), "once": once, "twice": twice}
    found = library_complexity(counts)
    assert found["nrf"] == pytest.approx(len(seen) / len(pairs), abs=1e-6)
    assert found["duplicate_rate"] == pytest.approx(1 - len(seen) / len(pairs), abs=1e-6)
    assert found["pbc1"] == pytest.approx(once / len(seen), abs=1e-6)
    assert found["pbc2"] == (pytest.approx(once / twice, abs=1e-6) if twice else None)


def test_library_size_is_recovered_from_draws() -> None:
    draws = np.random.default_rng(0).integers(0, 50_000, 40_000)
    distinct = np.unique(draws).size
    size = estimated_library_size(40_000, distinct)
    assert size == pytest.approx(50_000, rel=0.02)
    assert size * (1 - math.exp(-40_000 / size)) == pytest.approx(distinct, abs=1)
    assert estimated_library_size(10, 10) is None
    assert library_complexity(None)["nrf"] is None


def test_counts_of_libraries_are_summed_or_unknown() -> None:
    one, two = {"pairs": 10, "distinct": 8}, {"pairs": 5, "distinct": 5}
    assert summed_complexity([one, two]) == {"pairs": 15, "distinct": 13}
    assert summed_complexity([one, None]) is None


def test_mitochondrial_fraction_by_name_and_by_pattern() -> None:
    reads = {"chr1": 70, "chrM": 20, "chrUn_1": 10}
    assert mitochondrial_fraction(reads) == 0.2
    assert mitochondrial_fraction(reads, ["chrU*", "chrM"]) == 0.3
    assert mitochondrial_fraction({"chr1": 5}) is None
    assert mitochondrial_fraction(None) is None


def test_quality_accounts_for_reads_and_names_what_is_wrong() -> None:
    store = Fragments.from_intervals(SIZES, [0, 0], [5, 5], [105, 90])
    counts = {"reads": 100, "fragments": 2, "kept": 4, "mapq": 90, "length": 6}
    facts = {"assay": "ATAC", "shift": "+4/-4", "counts": counts}
    summary = sample_quality(store, facts, QualityInputs(expected=list(SIZES)))
    assert sum(summary["filters"].values()) == summary["reads"] == 100
    assert summary["kept_fraction"] == 0.04
    assert summary["empty_chromosomes"] == ["chr2"]
    assert summary["nucleosome_free_fraction"] == 0.5
    assert summary["length_histogram"][85] == summary["length_histogram"][100] == 1
    assert "chr2" in summary["warnings"][0]
    assert "'mapq'" in summary["warnings"][1]
    assert summary["nrf"] is summary["frip"] is summary["tss_enrichment"] is None
    assert summary["verdict"] == "not available"


# TSS enrichment


def loop_profile(store: Fragments, sites: pd.DataFrame) -> np.ndarray:
    """Spread each cut over 51 bp, base by base, and divide by the outer 100 bp."""
    profile = np.zeros(4001)
    for site in sites.itertuples():
        for chrom, start, end in intervals_of(store):
            if chrom != site.chrom:
                continue
            for cut in (start, end - 1):
                place = (cut - site.position) * (-1 if site.strand == "-" else 1)
                for base in range(place - 25, place + 26):
                    if -2000 <= base <= 2000:
                        profile[base + 2000] += 1
    return profile / np.concatenate([profile[:100], profile[-100:]]).mean()


def test_tss_profile_equals_a_loop_on_both_strands() -> None:
    store = random_store(400)
    sites = sites_at(("chr1", 3000, "+"), ("chr1", 5001, "-"), ("chr2", 2100, "."))
    expected = loop_profile(store, sites)
    assert tss_profile(store, sites) == pytest.approx(expected)
    assert tss_enrichment(tss_profile(store, sites)) == pytest.approx(expected.max(), abs=1e-4)


def test_tss_enrichment_of_planted_cuts() -> None:
    # 20 cuts on each base within 50 bp of the TSS, 2 elsewhere: enrichment 10.
    position, reach = 6000, 4000
    starts = [
        base
        for base in range(position - reach, position + reach)
        for _ in range(10 if abs(base - position) <= 50 else 1)
    ]
    ends = [start + 1 for start in starts]  # both cuts of a 1-bp fragment fall on its base
    store = Fragments.from_intervals(SIZES, [0] * len(starts), starts, ends)
    sites = sites_at(("chr1", position, "+"))
    assert tss_enrichment(tss_profile(store, sites)) == pytest.approx(10)
    nothing = Fragments.from_intervals(SIZES, [0], [6000], [6100])
    assert tss_enrichment(tss_profile(nothing, sites)) is None


# Peaks


def test_frip_equals_a_loop() -> None:
    store = random_store()
    peaks = [("chr1", 100, 400), ("chr1", 350, 500), ("chr2", 7000, 7001)]
    inside = [
        any(c == chrom and s < end and e > start for c, start, end in peaks)
        for chrom, s, e in intervals_of(store)
    ]
    assert 0 < sum(inside) < len(inside)
    assert fraction_in_peaks(store, IntervalSet.of(*peaks)) == pytest.approx(
        np.mean(inside), abs=1e-6
    )


@pytest.mark.debian
def test_frip_equals_bedtools(tmp_path: Path) -> None:
    bedtools = need_program("bedtools")
    store = random_store()
    write_bedpe(store, tmp_path / "f.bed")
    (tmp_path / "p.bed").write_text("chr1\t100\t400\nchr2\t7000\t7001\n")
    command = [bedtools, "intersect", "-u", "-a", tmp_path / "f.bed", "-b", tmp_path / "p.bed"]
    hits = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    peaks = ("chr1", 100, 400), ("chr2", 7000, 7001)
    assert fraction_in_peaks(store, IntervalSet.of(*peaks)) == pytest.approx(
        len(hits) / len(store), abs=1e-6
    )


def test_bedpe_holds_the_fragments(tmp_path: Path) -> None:
    store = random_store(50)
    write_bedpe(store, tmp_path / "f.bedpe")
    lines = [line.split("\t") for line in (tmp_path / "f.bedpe").read_text().splitlines()]
    assert [(c, int(s), int(e)) for c, s, e in lines] == intervals_of(store)


# Composition


def test_gc_equals_a_loop() -> None:
    store, genome = random_store(500), random_genome()
    for chrom, text in genome.items():
        expected = [
            sum(base in "GC" for base in text[s:e]) / (e - s)
            for c, s, e in intervals_of(store)
            if c == chrom and "N" not in text[s:e]
        ]
        assert len(expected) > 20
        found = gc_fractions(encode(text), *store.intervals(chrom))
        assert found == pytest.approx(expected)


def test_gc_goes_through_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    store, text = random_store(500), random_genome()["chr1"]
    whole = gc_fractions(encode(text), *store.intervals("chr1"))
    monkeypatch.setattr("chrompute.composition._BLOCK", 300)
    assert np.array_equal(gc_fractions(encode(text), *store.intervals("chr1")), whole)


def test_motif_counts_equal_a_loop() -> None:
    store, genome = random_store(500), random_genome()
    found = measure_composition(store, ((c, encode(t)) for c, t in genome.items()))
    left = {(o, b): 0 for o in range(-MOTIF_FLANK, MOTIF_FLANK + 1) for b in "ACGTN"}
    right = dict(left)
    for chrom, start, end in intervals_of(store):
        text = genome[chrom]
        for offset in range(-MOTIF_FLANK, MOTIF_FLANK + 1):
            if MOTIF_FLANK <= start < len(text) - MOTIF_FLANK:
                left[offset, text[start + offset]] += 1
            if MOTIF_FLANK <= end - 1 < len(text) - MOTIF_FLANK:
                right[offset, COMPLEMENT[text[end - 1 - offset]]] += 1
    for counts, expected in ((found.left, left), (found.right, right)):
        rows = [[expected[o, b] for b in "ACGT"] for o in range(-MOTIF_FLANK, MOTIF_FLANK + 1)]
        assert counts.tolist() == rows
    total = sum(text.count(b) for text in genome.values() for b in "ACGT")
    strong = sum(text.count(b) for text in genome.values() for b in "CG")
    assert found.background == pytest.approx(
        [(1 - strong / total) / 2, strong / total / 2, strong / total / 2, (1 - strong / total) / 2]
    )
    # Random fragments have the genome's own GC content.
    assert found.gc_sums[1] / found.gc_expected.sum() == pytest.approx(strong / total, abs=0.03)


def test_information_by_hand() -> None:
    bits = information(np.array([[10, 0, 0, 0], [5, 5, 0, 0]]), np.full(4, 0.25))
    assert bits == pytest.approx([2, 1])


def planted_cuts(shift: Shift) -> tuple[Fragments, dict[str, str]]:
    """Plant Tn5's palindrome, of 9 bp, under both ends of fragments, and shift those."""
    rng = np.random.default_rng(0)
    text = rng.choice(list("ACGT"), 200_000)
    word = list("GTCCAGGAC"[:4] + "A" + "GGAC")  # its own reverse complement but for the centre
    starts = np.arange(1000, 190_000, 500)
    ends = starts + rng.integers(60, 300, starts.size)
    for start, end in zip(starts, ends, strict=True):
        text[start : start + 9] = word
        text[end - 9 : end] = [COMPLEMENT[base] for base in reversed(word)]
    sizes = {"chr1": 200_000}
    chroms = np.zeros(starts.size, int)
    store = Fragments.from_intervals(sizes, chroms, starts + shift.start, ends + shift.end)
    return store, {"chr1": "".join(text)}


@pytest.mark.parametrize(
    ("applied", "declared", "centre", "agrees"),
    [
        ("none", "none", (4, 4), False),
        ("+4/-4", "+4/-4", (0, 0), True),
        ("+4/-4", "none", (0, 0), True),
        ("+4/-5", "none", (0, -1), True),
        ("+4/-5", "+4/-5", (0, -1), True),
        ("+8/-8", "+4/-4", (-4, -4), False),
        ("+4/-4", "+0/+1", (0, 0), True),  # a fragment file, as it should be
        ("+0/+1", "+0/+1", (4, 5), False),
    ],
)
def test_the_centre_of_the_motif_tells_the_shift(
    applied: str, declared: str, centre: tuple[int, int], agrees: bool
) -> None:
    store, genome = planted_cuts(Shift.parse(applied))
    found = measure_composition(store, ((c, encode(t)) for c, t in genome.items()))
    check = check_shift(found, Shift.parse(declared))
    assert (check["left"], check["right"]) == centre
    assert check["agrees"] is agrees


def test_no_motif_is_no_verdict_on_the_shift() -> None:
    store, genome = random_store(3000), random_genome()
    found = measure_composition(store, ((c, encode(t)) for c, t in genome.items()))
    assert check_shift(found, Shift(4, -4))["agrees"] is None
    assert motif_centre(np.zeros((31, 4), int), np.full(4, 0.25)) == (None, 0.0)


# Lengths


def test_planted_rungs_are_found() -> None:
    rng = np.random.default_rng(2)
    lengths = np.concatenate(
        [rng.exponential(60, 20_000) + 30]
        + [rng.normal(centre, 18, n) for centre, n in ((195, 9000), (365, 2500), (535, 800))]
    )
    found = ladder_peaks(np.bincount(lengths[lengths < 1000].astype(int)))
    assert found["mono"] == pytest.approx(195, abs=8)
    assert found["di"] == pytest.approx(365, abs=12)
    assert found["tri"] == pytest.approx(535, abs=15)
    assert found["period"] == pytest.approx(170, abs=8)
    assert found["peaks"] == 2
    smooth = ladder_peaks(np.bincount((rng.exponential(60, 20_000) + 30).astype(int)))
    assert smooth["mono"] is None
    assert smooth["peaks"] == 1
    assert ladder_peaks([0, 5])["peaks"] is None


def test_length_fractions_by_hand() -> None:
    histogram = np.bincount([50, 99, 100, 120, 146, 147, 180, 181, 294, 295])
    found = length_fractions(histogram)
    assert found["nucleosome_free_fraction"] == 0.2
    assert found["mononucleosome_fraction"] == 0.4


# Replicates


def test_bins_and_correlations_equal_scipy() -> None:
    one, two = random_store(2000, 1), random_store(1500, 2)
    counts = [count_in_bins(store, SIZES, 300) for store in (one, two)]
    by_hand = np.zeros(67 + 30, int)
    for chrom, start, end in intervals_of(one):
        by_hand[(start + end - 1) // 2 // 300 + (67 if chrom == "chr2" else 0)] += 1
    assert counts[0].tolist() == by_hand.tolist()
    used = (counts[0] + counts[1]) > 0
    a, b = (c[used] for c in counts)
    found = correlate(counts)
    assert found["bins"] == used.sum() < used.size
    assert found["spearman"][0][1] == pytest.approx(spearmanr(a, b)[0], abs=1e-6)
    expected = pearsonr(np.log2(a + 1), np.log2(b + 1))[0]
    assert found["pearson"][0][1] == found["pearson"][1][0] == pytest.approx(expected, abs=1e-6)
    assert lowest_pair([[1, 0.0, 0.5], [0.0, 1, 0.7], [0.5, 0.7, 1]]) == 0.0
    assert lowest_pair([[1]]) is None
    assert correlate([np.ones(4, int), np.arange(4)])["pearson"][0][1] is None


# Verdicts


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tss_enrichment", 7.0, "pass"),
        ("tss_enrichment", 6.99, "warn"),
        ("tss_enrichment", 5.0, "warn"),
        ("tss_enrichment", 4.99, "fail"),
        ("mitochondrial_fraction", 0.2, "pass"),
        ("mitochondrial_fraction", 0.21, "warn"),
        ("mitochondrial_fraction", 0.51, "fail"),
        ("frip", None, "not available"),
        ("frip", 0.0, "fail"),
    ],
)
def test_verdicts_at_their_edges(name: str, value: float | None, expected: str) -> None:
    limits = {
        "tss_enrichment": {"warn": 7, "fail": 5},
        "mitochondrial_fraction": {"warn": 0.2, "fail": 0.5},
        "frip": {"warn": 0.3, "fail": 0.2},
    }[name]
    assert judge(name, value, limits)["verdict"] == expected


def test_reasons_are_sentences_and_the_worst_verdict_counts() -> None:
    verdicts = verdicts_of(
        {"tss_enrichment": 3.2, "frip": None, "nrf": 0.95, "pbc1": 0.8},
        {
            "tss_enrichment": {"warn": 7, "fail": 5},
            "frip": {"warn": 0.3, "fail": 0.2},
            "nrf": None,
            "pbc1": {"warn": 0.9, "fail": None},
            "pbc2": {"warn": None, "fail": None},
        },
    )
    assert verdicts["tss_enrichment"]["reason"] == "TSS enrichment 3.20 is below 5.00"
    assert [v["verdict"] for v in verdicts.values()] == ["fail", "not available", "warn"]
    assert overall(verdicts) == "fail"
    del verdicts["tss_enrichment"]
    assert overall(verdicts) == "warn"
    assert overall({"frip": verdicts["frip"]}) == overall({}) == "not available"


def test_a_contradicted_shift_warns() -> None:
    good, bad = ({"agrees": a, "sentence": str(a)} for a in (True, False))
    assert judge_shift([good, None])["verdict"] == "pass"
    assert judge_shift([good, bad]) == {"value": 0.0, "verdict": "warn", "reason": "False"}
    assert judge_shift([None, {"agrees": None, "sentence": ""}])["verdict"] == "not available"


def test_thresholds_in_the_wrong_order_are_faults() -> None:
    right = {"tss_enrichment": {"warn": 7, "fail": 5}, "mitochondrial_fraction": None}
    assert threshold_faults({"ATAC": right}) == []
    wrong = {
        "tss_enrichment": {"warn": 5, "fail": 7},
        "mitochondrial_fraction": {"warn": 0.5, "fail": 0.2},
    }
    assert threshold_faults({"ATAC": wrong}) == [
        "quality/thresholds/ATAC/tss_enrichment: fail 7 must lie below warn 5",
        "quality/thresholds/ATAC/mitochondrial_fraction: fail 0.2 must lie above warn 0.5",
    ]


# Tables, MultiQC, figures, report


@pytest.fixture
def summary() -> dict[str, Any]:
    store, genome = random_store(), random_genome()
    counts = {"reads": 8000, "fragments": 3000, "kept": 6000, "mapq": 2000}
    facts = {
        "assay": "ATAC",
        "shift": "+4/-4",
        "counts": counts,
        "complexity": {"pairs": 3100, "distinct": 3000, "once": 2900, "twice": 100},
        "shift_estimate": {"found": "unshifted", "agrees": False, "sentence": "not so"},
    }
    inputs = QualityInputs(
        sites=sites_at(("chr1", 4000, "+")),
        genome=((c, encode(t)) for c, t in genome.items()),
        thresholds={"nrf": {"warn": 0.99, "fail": 0.5}, "tss_enrichment": {"warn": 7, "fail": 5}},
    )
    names = {"sample": "a", "cell_type": "c", "dedup": True, "assay": "ATAC", "shift": "+4/-4"}
    return names | sample_quality(store, facts, inputs)


def test_the_table_has_every_figure(summary: dict[str, Any]) -> None:
    row = quality_table([summary]).iloc[0]
    assert row["nrf"] == pytest.approx(3000 / 3100, abs=1e-6)
    assert row["verdict"] == row["verdict_tss_enrichment"] == "fail"
    assert row["verdict_nrf"] == "warn"
    assert bool(row["shift_found_agrees"]) is False
    judged = {name for name in FIGURES if name not in ("replicate_pearson", "shift_agrees")}
    assert judged <= set(row.index)


def test_multiqc_content_has_the_structure_of_custom_content(summary: dict[str, Any]) -> None:
    files = json.loads(json.dumps(multiqc_files([summary])))
    kinds = {name: content["plot_type"] for name, content in files.items()}
    assert kinds == {
        "general": "generalstats", "verdicts": "table", "reads": "bargraph", "lengths": "linegraph",
    }  # fmt: skip
    assert len({content["id"] for content in files.values()}) == 4
    columns = [next(iter(column)) for column in files["general"]["pconfig"]]
    assert set(files["general"]["data"]["a"]) <= set(columns)
    assert files["general"]["data"]["a"]["fragments"] == 3000
    assert "frip" not in files["general"]["data"]["a"]  # what is not there is left out
    assert sum(files["reads"]["data"]["a"].values()) == 8000
    assert sum(files["lengths"]["data"]["a"].values()) == pytest.approx(100, abs=0.1)
    assert files["verdicts"]["data"]["a"]["overall"] == "fail"


@pytest.mark.parametrize("figure", ["reads", "lengths", "tss", "motif", "gc"])
def test_figures_are_drawn(summary: dict[str, Any], figure: str) -> None:
    drawn = draw_quality(figure, [summary, summary | {"sample": "b"}], {"assays": {}}, 400)
    assert all(axes.get_xlabel() or figure == "motif" for axes in drawn.axes)


def test_the_tss_figure_draws_what_was_measured(summary: dict[str, Any]) -> None:
    (axes,) = draw_quality("tss", [summary], {}, 400).axes
    x, y = axes.lines[0].get_data()
    assert (x[0], x[-1]) == (-2000, 2000)
    assert max(y) == pytest.approx(summary["tss_enrichment"], rel=0.05)


def test_correlations_stand_in_their_cells() -> None:
    matrix = [[1.0, 0.25], [0.25, 1.0]]
    own = {"samples": ["a", "b"], "correlation": {"pearson": matrix, "spearman": matrix}}
    axes = draw_correlation({"ATAC": own}).axes[0]
    assert [text.get_text() for text in axes.texts] == ["1.00", "0.25", "0.25", "1.00"]


def test_the_report_says_reasons_failures_first(summary: dict[str, Any]) -> None:
    assert [entry["verdict"] for entry in reasons([summary])] == ["fail", "warn", "warn"]
    assert shift_warnings([summary]) == [("a", "not so")]
    titles = [row["title"] for row in verdict_rows([summary])]
    assert titles == ["NRF", "TSS enrichment", "end shift"]
    numbers = {row["title"]: row["cells"] for row in number_rows([summary])}
    assert numbers["reads"] == ["8,000"]
    assert "estimated library size" in numbers


def test_samples_are_pooled_and_correlated(tmp_path: Path, summary: dict[str, Any]) -> None:
    genome = random_genome()
    (tmp_path / "g.fa").write_text("".join(f">{c}\n{t}\n" for c, t in genome.items()))
    stores, facts = [], []
    for seed in (1, 2):
        store = random_store(1000 * seed, seed)
        stores.append(tmp_path / f"{seed}.parquet")
        write_fragments(store, stores[-1])
        counts = {"reads": 5000, "fragments": len(store), "kept": 2 * len(store), "mapq": 5}
        own = {"sample": f"s{seed}", "assay": "ATAC", "shift": "+4/-4", "counts": counts}
        facts.append(own | {"complexity": {"pairs": 10, "distinct": 8, "once": 6, "twice": 2}})
    files = {
        "genome": [tmp_path / "g.fa"],
        "sites": [],
        "peaks": [],
        "blacklist": [],
        "aliases": [],
    }
    limits = {"nrf": {"warn": 0.9, "fail": 0.5}, "replicate_pearson": {"warn": 0.99, "fail": 0.98}}
    plan = {
        "tss": None, "exclude": ["chr2"], "mitochondrial": "auto", "bin_size": 500,
        "thresholds": {"ATAC": limits},
    }  # fmt: skip
    both = assay_quality(stores, facts, [summary, summary], files, plan)
    assert (both["fragments"], both["reads"], both["nrf"]) == (3000, 10_000, 0.8)
    assert both["samples"] == ["s1", "s2"]
    bins = [count_in_bins(random_store(1000 * n, n), ["chr1"], 500) for n in (1, 2)]
    assert both["replicate_pearson"] == correlate(bins)["pearson"][0][1] < 0.98
    assert both["verdicts"]["replicate_pearson"]["verdict"] == both["verdict"] == "fail"
    one = assay_quality(stores[:1], facts[:1], [summary], files, plan)
    assert one["fragments"] == summary["fragments"]
    assert one["correlation"] is one["replicate_pearson"] is None
    whole = {
        "cell_type": "c",
        **cell_type_verdict({"ATAC": one}, [summary]),
        "assays": {"ATAC": both},
    }
    assert whole["verdict"] == "fail"
    row = cell_type_rows(whole).iloc[0]
    assert (row["samples"], row["verdict_replicate_pearson"]) == ("s1+s2", "fail")


def test_sites_are_written_as_single_bases(tmp_path: Path) -> None:
    write_sites(sites_at(("chr1", 99, "-")), tmp_path / "s.bed")
    assert (tmp_path / "s.bed").read_text() == "chr1\t99\t100\tsite_1\t0\t-\n"


# Real data


def test_yeast_atac_is_what_its_shift_says(yeast: Path) -> None:
    fasta = yeast / "genome/sacCer3.fa.gz"
    path = yeast / "atac_SRR1822137_pr1.bam"
    with pysam.AlignmentFile(path) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
    shifts = {"+4/-4": (0, 0), "+0/+0": (4, 4)}
    for text, centres in shifts.items():
        shift = Shift.parse(text)
        rules = FragmentFilter(sizes, shift, excluded=["chrM", "chrXII"], remove_repeats=True)
        fragments, _ = read_sample([path], rules)
        found = measure_composition(fragments, iter_genome(fasta))
        check = check_shift(found, Shift(4, -4))
        assert (check["left"], check["right"]) == centres
        assert check["agrees"] is (text == "+4/-4")
    assert found.gc_sums[0] / found.gc_observed.sum() == pytest.approx(0.43, abs=0.03)
    ladder = ladder_peaks(np.bincount(fragments.lengths))
    assert 180 <= ladder["mono"] <= 215
    assert 320 <= ladder["di"] <= 370


def test_human_lengths_show_the_ladder(human_bam: Path) -> None:
    with pysam.AlignmentFile(human_bam) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
    fragments, _ = read_sample([human_bam], FragmentFilter(sizes, Shift(4, -4)))
    ladder = ladder_peaks(np.bincount(fragments.lengths))
    assert ladder["peaks"] == 2
    assert 160 <= ladder["mono"] <= 220
    assert is_indexable(human_bam)
    assert not is_indexable(human_bam.with_suffix(".cram"))
