"""Simulated marks: rates of domains and peaks, ChIP reads, and files that other tools take."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chrompute.errors import InputError
from chrompute.intervals import read_bed
from chrompute.simulate.marks import (
    MARKS,
    STATES,
    PeakRules,
    draw_chip_reads,
    draw_marks,
    draw_peaks,
    write_peaks,
)

SIZES = {"chr2": 8_000_000, "chr1": 16_000_000, "chr10": 24_000_000}
EACH = 4_000


def make_loci(seed: int = 1) -> pd.DataFrame:
    """Return 12,000 loci side by side, of random states, in no order."""
    rng = np.random.default_rng(seed)
    parts = []
    for chrom, size in SIZES.items():
        start = np.arange(0, size, EACH)
        centre = start + rng.integers(1_500, 2_500, start.size)
        parts.append(pd.DataFrame({"chrom": chrom, "start": start, "end": start + EACH}))
        parts[-1]["centre"] = centre
    loci = pd.concat(parts, ignore_index=True)
    loci["strand"] = rng.choice(["+", "-", "."], len(loci))
    loci["state"] = rng.choice(STATES, len(loci))
    return loci.sample(frac=1, random_state=3)


LOCI = make_loci()
DOMAINS = draw_marks(LOCI, np.random.default_rng(2))


def near(seen: int, number: int, rate: float) -> bool:
    """Tell whether a binomial draw lies within five standard deviations."""
    return abs(seen - number * rate) <= 5 * np.sqrt(number * rate * (1 - rate)) + 1


def shared_bp(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Return for each interval of `one` its bases within `other`, base by base."""
    covered = {chrom: np.zeros(size + 1, dtype=np.int64) for chrom, size in SIZES.items()}
    for chrom, start, end in other[["chrom", "start", "end"]].itertuples(index=False):
        covered[chrom][start + 1 : end + 1] = 1
    sums = {chrom: np.cumsum(values) for chrom, values in covered.items()}
    rows = one[["chrom", "start", "end"]].itertuples(index=False)
    return np.array([sums[chrom][end] - sums[chrom][start] for chrom, start, end in rows])


def test_marks_are_on_states_as_often_as_they_should() -> None:
    states = LOCI["state"].to_numpy()
    assert list(DOMAINS["mark"].unique()) == list(MARKS)
    for name, mark in MARKS.items():
        assert len(mark.emission) == len(STATES)
        mine = DOMAINS[DOMAINS["mark"] == name]
        assert mine["locus"].is_unique
        for state, rate in zip(STATES, mark.emission, strict=True):
            number = int((states == state).sum())
            assert near(int((states[mine["locus"]] == state).sum()), number, rate), (name, state)


def test_domains_lie_where_their_loci_say() -> None:
    loci = LOCI.iloc[DOMAINS["locus"]].reset_index(drop=True)
    assert (DOMAINS["chrom"] == loci["chrom"]).all()
    assert (DOMAINS["start"] >= loci["start"]).all()
    assert (DOMAINS["end"] <= loci["end"]).all()
    width = DOMAINS["end"] - DOMAINS["start"]
    middle = (DOMAINS["start"] + DOMAINS["end"]) / 2
    side = loci["strand"].map({"+": 1, "-": -1, ".": 0})
    for name, mark in MARKS.items():
        mine = DOMAINS["mark"] == name
        if mark.width is None:
            assert (width[mine] == EACH).all()
            continue
        assert np.median(width[mine]) == pytest.approx(mark.width, rel=0.05)
        # In the middle, or downstream of it.
        off = (middle - loci["centre"])[mine]
        assert ((off - side[mine] * mark.downstream).abs() < 0.51).mean() > 0.95
    assert DOMAINS["strength"].mean() == pytest.approx(1, abs=0.02)
    assert DOMAINS["strength"].min() > 0


@pytest.mark.parametrize("mark", MARKS)
def test_peaks_overlap_the_truth_at_the_stated_rates(mark: str) -> None:
    rules = PeakRules(sensitivity=0.9, false_rate=0.03)
    truth = DOMAINS[DOMAINS["mark"] == mark]
    absent = LOCI.drop(index=LOCI.index[truth["locus"]])
    calls = [
        draw_peaks(DOMAINS, LOCI, mark, SIZES, rules, np.random.default_rng(s)) for s in (1, 2)
    ]
    found = []
    for peaks in calls:
        # Peaks are as wide as domains, so those that belong together share half of both.
        width = truth["end"] - truth["start"]
        found.append(shared_bp(truth, peaks) > 0.5 * width.to_numpy())
        assert near(int(found[-1].sum()), len(truth), 0.9)
        inner = absent.assign(start=absent["centre"] - 5, end=absent["centre"] + 5)
        assert near(int((shared_bp(inner, peaks) == 10).sum()), len(absent), 0.03)
        expected = 0.9 * len(truth) + 0.03 * len(absent)
        assert abs(len(peaks) - expected) < 5 * np.sqrt(expected)
    # Replicates miss independently of each other.
    assert near(int((found[0] & found[1]).sum()), len(truth), 0.81)


def test_true_peaks_are_stronger_and_follow_their_domains() -> None:
    mark = "H3K27ac"
    truth = DOMAINS[DOMAINS["mark"] == mark]
    rules = PeakRules(sensitivity=1, false_rate=0.2, jitter=0)
    peaks = draw_peaks(DOMAINS, LOCI, mark, SIZES, rules, np.random.default_rng(3))
    both = peaks.merge(truth, on=["chrom", "start", "end"], how="left")
    true = both["mark"].notna()
    assert true.sum() == len(truth)
    for column in ("signal", "p", "q", "score"):
        assert both.loc[true, column].median() > 1.5 * both.loc[~true, column].median()
    assert both.loc[true, ["signal", "strength"]].corr("spearman").iloc[0, 1] > 0.7


def test_peak_files_are_sorted_narrow_peaks(tmp_path: Path) -> None:
    peaks = draw_peaks(DOMAINS, LOCI, "H3K36me3", SIZES, PeakRules(), np.random.default_rng(1))
    path = tmp_path / "peaks.narrowPeak"
    write_peaks(peaks, path)
    records = read_bed(path, SIZES)
    order = {chrom: number for number, chrom in enumerate(SIZES)}
    places = [(order[r.chrom], r.start, r.end) for r in records.itertuples()]
    assert places == sorted(places)
    assert len(places) == len(peaks)
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    assert {len(row) for row in rows} == {10}
    assert len({row[3] for row in rows}) == len(rows)
    for row in rows:
        length = int(row[2]) - int(row[1])
        assert length >= 50
        assert 0 <= int(row[4]) <= 1000
        assert row[5] == "."
        signal, p, q = map(float, row[6:9])
        assert min(signal, p) > 0
        assert 0 <= q < p
        assert 0 <= int(row[9]) < length
    again = draw_peaks(DOMAINS, LOCI, "H3K36me3", SIZES, PeakRules(), np.random.default_rng(1))
    write_peaks(again, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("mark", ["CTCF", "H3K4me3", "H3K27me3"])
def test_chip_reads_are_enriched_as_asked(mark: str) -> None:
    domains = DOMAINS[DOMAINS["mark"] == mark].assign(strength=1.0)
    reads = draw_chip_reads(domains, SIZES, 400_000, 8.0, np.random.default_rng(4))
    assert sum(five.size for five, _ in reads.values()) == 400_000
    inside = 0
    for chrom, (five, reverse) in reads.items():
        assert 0 <= five.min() <= five.max() < SIZES[chrom]
        assert (np.diff(five) >= 0).all()
        mine = domains[domains["chrom"] == chrom].sort_values("start")
        # Fragments are symmetric around their centre, 100 bp from each end on average.
        centre = five + np.where(reverse, -100, 100)
        at = np.searchsorted(mine["start"], centre, side="right") - 1
        inside += int((centre < mine["end"].to_numpy()[at])[at >= 0].sum())
    bp = int((domains["end"] - domains["start"]).sum())
    density = inside / bp / ((400_000 - inside) / (sum(SIZES.values()) - bp))
    assert density == pytest.approx(8, rel=0.1)


def test_strands_lie_a_fragment_apart_and_strength_counts() -> None:
    sizes = {"c": 100_000}
    domains = pd.DataFrame(
        {"chrom": "c", "start": [20_000, 70_000], "end": [20_001, 70_001], "strength": [1.0, 3.0]}
    )
    (five, reverse), *_ = draw_chip_reads(
        domains, sizes, 50_000, 1e11, np.random.default_rng(5)
    ).values()
    near_first = five < 45_000
    for half, centre, share in ((near_first, 20_000, 0.25), (~near_first, 70_000, 0.75)):
        assert half.mean() == pytest.approx(share, abs=0.01)
        forward, back = five[half & ~reverse], five[half & reverse]
        assert forward.mean() == pytest.approx(centre - 100, abs=1)
        assert back.mean() - forward.mean() == pytest.approx(199, abs=1)
        assert forward.std() == pytest.approx(15, abs=1)
    assert reverse.mean() == pytest.approx(0.5, abs=0.02)


def test_an_input_is_as_dense_everywhere() -> None:
    reads = draw_chip_reads(DOMAINS, SIZES, 300_000, None, np.random.default_rng(6))
    for chrom, (five, _) in reads.items():
        number = np.histogram(five, np.linspace(0, SIZES[chrom], 51))[0]
        expected = 300_000 * SIZES[chrom] / sum(SIZES.values()) / 50
        assert ((number - expected) ** 2 / expected).sum() < 100  # chi-square of 50


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InputError, match="no emission probabilities for state bivalent"):
        draw_marks(LOCI.assign(state="bivalent"), np.random.default_rng(0))
    with pytest.raises(InputError, match="simulation/peaks/sensitivity is 95"):
        PeakRules(sensitivity=95)
    with pytest.raises(InputError, match="give a number from 1 up"):
        draw_chip_reads(DOMAINS, SIZES, 10, 0.5, np.random.default_rng(0))
    with pytest.raises(InputError, match="chromosome c is shorter"):
        draw_chip_reads(DOMAINS.iloc[:0], {"c": 300}, 10, None, np.random.default_rng(0))
