"""Agreement by class, the limit that noise implies, signals, and the gap that models close."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, balanced_accuracy_score, cohen_kappa_score

from chrompute.agreement import AGREEMENT_CLASS_COLUMNS, noise_limits, replicate_agreement
from chrompute.bootstrap import Bootstrap
from chrompute.gap import (
    NEGATIVE,
    NO_CHOICE,
    NO_FOREST,
    NO_REPLICATES,
    NO_ROOM,
    UNDEFINED,
    Run,
    gap_closed,
    gap_table,
)
from chrompute.predictions import prediction_table, read_scores, write_scores
from chrompute.scores import signal_scores
from helpers import DATA

CLASSES = ["low", "middle", "high"]


def test_the_limit_of_uniform_noise_by_hand() -> None:
    # K = 3 and a = 0.646: (0.646 - 1/3) / (2/3) = 0.469, its root 0.6848, 1/3 + 2/3 of that 0.790.
    limits = noise_limits(np.array([0.646, 1 / 3, 0.2]), np.full((3, 3), 1 / 3))
    for name, expected in (("accuracy", 0.790), ("balanced_accuracy", 0.790), ("kappa", 0.6848)):
        assert limits[name][0] == pytest.approx(expected, abs=5e-4)
        assert np.isnan(limits[name][1:]).all()


@pytest.mark.parametrize(
    ("shares", "right"),
    [
        ((0.25, 0.25, 0.25, 0.25), 0.7),
        ((0.912, 0.06, 0.028), 0.957),
        ((0.9, 0.08, 0.02), 0.9),
        ((0.95, 0.05), 0.9),
    ],
)
def test_the_limit_is_what_the_truth_scores(shares: tuple[float, ...], right: float) -> None:
    """Classes as unbalanced as tiles of occupancy, noise drawn, scores by scikit-learn."""
    rng, number = np.random.default_rng(0), len(shares)
    truth = rng.choice(number, 400_000, p=shares)
    hit = rng.random((2, len(truth))) < right
    noisy = np.where(hit, truth, (truth + rng.integers(1, number, hit.shape)) % number)
    named = np.bincount(noisy.ravel(), minlength=number) / noisy.size
    agreed = (noisy[0] == noisy[1]).mean()
    limits = noise_limits(np.array([agreed]), named[:, None])
    for name, score in (
        ("accuracy", accuracy_score),
        ("balanced_accuracy", balanced_accuracy_score),
        ("kappa", cohen_kappa_score),
    ):
        assert limits[name].item() == pytest.approx(score(noisy[0], truth), abs=0.006), name


def three_replicates() -> pd.DataFrame:
    """300 windows of one cell type, three replicates with mistakes and unknowns."""
    rng = np.random.default_rng(5)
    truth = rng.choice(3, 300, p=[0.6, 0.3, 0.1])
    columns = {}
    for name in "123":
        codes = np.where(rng.random(300) < 0.75, truth, rng.integers(0, 3, 300))
        labels = np.array([*CLASSES, None], dtype=object)[np.where(rng.random(300) < 0.1, 3, codes)]
        columns[f"t.{name}"] = pd.Categorical(labels, categories=CLASSES)
    frame = pd.DataFrame({"cell_type": "c", "chrom": "chr1", "centre": np.arange(300) * 25_000})
    return frame.assign(split="test", **columns)


def test_agreement_in_each_class_by_counting_pairs() -> None:
    windows = three_replicates()
    found = replicate_agreement(windows, "s", "t", CLASSES, "test", 20_000, 200).classes
    assert [*found] == [*AGREEMENT_CLASS_COLUMNS]
    labels = [windows[f"t.{name}"].astype(object) for name in "123"]
    shared = sum(own.notna().astype(int) for own in labels) > 1
    for row in found.itertuples():
        both = named = 0
        for one, two in combinations(labels, 2):
            known = one.notna() & two.notna()
            a = (known & (one == row[5]) & (two == row[5])).sum()
            b_and_c = (known & ((one == row[5]) != (two == row[5]))).sum()
            both, named = both + 2 * a, named + 2 * a + b_and_c
        assert row.value == pytest.approx(both / named, abs=1e-6)
        assert row.low < row.value < row.high
        either = sum((own == row[5]).astype(int) for own in labels) > 0
        assert row.either == (either & shared).sum()
        assert row.blocks == row.either  # one window lies in each block
    assert [*found["class"]] == CLASSES


def test_a_class_that_no_replicate_names_has_no_agreement(tmp_path: Path) -> None:
    windows = three_replicates()
    found = replicate_agreement(windows, "inf", "t", [*CLASSES, "never"], "test", 20_000, 100)
    write_scores(found.classes, tmp_path / "a.tsv")
    last = read_scores(tmp_path / "a.tsv", ["windows"]).iloc[-1]
    assert (last["windows"], last["class"], last["either"]) == ("inf", "never", 0)
    assert np.isnan([last["value"], last["low"], last["high"]]).all()


def test_the_limit_stands_beside_the_agreement_and_its_interval() -> None:
    """Of one pair, accuracy alone decides its limit, draw by draw, and so the interval's ends."""
    windows = three_replicates().drop(columns="t.3")
    rows = replicate_agreement(windows, "s", "t", CLASSES, "test", 20_000, 200).overall
    rows = rows.set_index("metric")
    for limit, reached in (("limit", "value"), ("limit_low", "low"), ("limit_high", "high")):
        share = (rows.loc["accuracy", reached] - 1 / 3) / (2 / 3)
        expected = 1 / 3 + 2 / 3 * share**0.5
        assert rows.loc["accuracy", limit] == pytest.approx(expected, abs=2e-3)
    for metric in ("accuracy", "balanced_accuracy", "kappa"):
        assert rows.loc[metric, "limit_low"] < rows.loc[metric, "limit"]
        assert rows.loc[metric, "limit"] < rows.loc[metric, "limit_high"]
        assert rows.loc[metric, "limit"] > rows.loc[metric, "value"]


def test_blocks_are_those_that_hold_shared_windows() -> None:
    """Three windows in each block of 20 kb; the second replicate knows the first 10 windows."""
    windows = pd.DataFrame({"cell_type": "c", "chrom": "chr1", "centre": np.arange(60) * 7_000})
    first = ["low"] * 7 + ["high"] * 53
    second = ["low"] * 7 + ["high"] * 3 + [None] * 50
    for name, labels in (("1", first), ("2", second)):
        windows[f"t.{name}"] = pd.Categorical(labels, categories=CLASSES)
    windows["split"] = "test"
    found = replicate_agreement(windows, "s", "t", CLASSES, "test", 20_000, 50)
    # Centres 0 to 63,000 lie in blocks 0 to 3; of the high ones 49,000 to 63,000 in 2 and 3.
    assert set(found.overall["blocks"]) == {4}
    assert found.classes.set_index("class")["blocks"].to_dict() == {
        "low": 3,
        "middle": 0,
        "high": 2,
    }
    signal = windows[["cell_type", "chrom", "centre", "split"]].assign(
        **{"h.1": np.arange(60.0), "h.2": np.where(np.arange(60) < 20, np.arange(60) % 7, np.nan)}
    )
    rows = replicate_agreement(signal, "s", "h", [], "test", 20_000, 50).overall
    assert set(rows["blocks"]) == {7}


def test_signals_correlate_as_in_scipy_in_every_draw() -> None:
    rng = np.random.default_rng(1)
    one = np.round(rng.normal(size=80), 1)  # with ties
    two = np.round(one + rng.normal(size=80), 1)
    weights = rng.integers(0, 4, (80, 20))
    found = signal_scores(one, two, weights)
    for draw in range(20):
        again = np.repeat(np.arange(80), weights[:, draw])
        for name, function in (("pearson", pearsonr), ("spearman", spearmanr)):
            expected = function(one[again], two[again]).statistic
            assert found[name][draw] == pytest.approx(expected, abs=1e-12)
    constant = signal_scores(np.full(80, 0.1), two, weights)
    assert np.isnan(constant["pearson"]).all()
    assert np.isnan(constant["spearman"]).all()


def test_agreement_of_a_signal_leaves_unknown_windows_out() -> None:
    rng = np.random.default_rng(2)
    one = rng.normal(size=200).astype(np.float32)
    two = (one + rng.normal(size=200)).astype(np.float32)
    one[:7], two[5:20] = np.nan, np.nan
    windows = pd.DataFrame({"cell_type": "c", "chrom": "chr1", "centre": np.arange(200) * 30_000})
    windows = windows.assign(split="test", **{"h.1": one, "h.2": two, "h": (one + two) / 2})
    found = replicate_agreement(windows, "s", "h", [], "test", 20_000, 300)
    assert found.classes.empty
    rows = found.overall.set_index("metric")
    expected = pearsonr(one[20:].astype(float), two[20:].astype(float))
    assert rows.loc["pearson", "value"] == pytest.approx(expected.statistic, abs=1e-6)
    assert rows.loc["pearson", "limit"] == pytest.approx(expected.statistic**0.5, abs=1e-6)
    rank = spearmanr(one[20:], two[20:]).statistic
    assert rows.loc["spearman", "value"] == pytest.approx(rank, abs=1e-6)
    assert np.isnan(rows.loc["spearman", "limit"])
    interval = expected.confidence_interval()
    assert rows.loc["pearson", "low"] == pytest.approx(interval.low, abs=0.05)
    assert rows.loc["pearson", "high"] == pytest.approx(interval.high, abs=0.05)


def scores_of(value: float, *draws: float) -> Bootstrap:
    return Bootstrap({"kappa": value}, {"kappa": np.array(draws)})


def test_gap_closed_by_hand() -> None:
    forest, agreement = scores_of(0.2, 0.1, 0.2, 0.3), scores_of(0.6, 0.5, 0.7, 0.6)
    found = gap_closed(scores_of(0.3, 0.2, 0.3, 0.45), forest, agreement, "kappa")
    # The draws: 0.1/0.4, 0.1/0.5, 0.15/0.3; the quantiles lie 5 % of the way from the ends.
    ordered = [0.2, 0.25, 0.5]
    assert found["value"] == pytest.approx(0.1 / 0.4)
    assert found["low"] == pytest.approx(ordered[0] + 0.05 * (ordered[1] - ordered[0]))
    assert found["high"] == pytest.approx(ordered[2] - 0.05 * (ordered[2] - ordered[1]))
    assert found["note"] == ""
    # A model may be better than the agreement: nothing is capped.
    assert gap_closed(scores_of(0.8, 0.8, 0.8, 0.8), forest, agreement, "kappa")["value"] > 1


@pytest.mark.parametrize(
    ("agreement", "note"),
    [
        (scores_of(0.3, 0.05, 0.3, 0.4), NO_ROOM),  # 0.05 - 0.1 < 0 < 0.4 - 0.3
        (scores_of(0.1, 0.05, 0.1, 0.1), NEGATIVE),
        (scores_of(np.nan, 0.5, 0.5, 0.5), UNDEFINED),
        (scores_of(0.5, np.nan, np.nan, np.nan), UNDEFINED),
    ],
)
def test_a_gap_without_room_is_not_available(agreement: Bootstrap, note: str) -> None:
    found = gap_closed(
        scores_of(0.3, 0.3, 0.3, 0.3), scores_of(0.2, 0.1, 0.2, 0.3), agreement, "kappa"
    )
    assert found["note"] == note
    assert np.isnan([found["value"], found["low"], found["high"]]).all()


def as_table(windows: pd.DataFrame, share: float, seed: int, spoilt: str = "") -> pd.DataFrame:
    """Predict the class of replicate 1 in a share of the windows, of one split only if asked."""
    rng = np.random.default_rng(seed)
    codes = windows["t.1"].astype(object).map({name: k for k, name in enumerate(CLASSES)})
    right = (rng.random(len(windows)) < share) & (windows["split"] != spoilt)
    called = np.where(right & codes.notna(), codes.fillna(0), rng.integers(0, 3, len(windows)))
    return prediction_table(windows, {"t": CLASSES}, {"t": np.eye(3)[called.astype(int)]})


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    """A network, and four forests: two seeds of one that is best in validation, two others."""
    windows = three_replicates()
    windows.loc[::3, "split"] = "valid"
    base = Run("net", 1, "network", "", "s", ("vplot",), ("c",), None, False, ("t",))
    made = []
    for run, table in (
        (base, as_table(windows, 0.7, 1)),
        (replace(base, model="good", kind="forest"), as_table(windows, 0.35, 2)),
        (replace(base, model="good", kind="forest", seed=2), as_table(windows, 0.3, 3)),
        # The best on the test windows must not be chosen for that.
        (replace(base, model="lucky", kind="forest"), as_table(windows, 0.95, 4, "valid")),
        (replace(base, model="control", kind="forest", control=True), as_table(windows, 0.99, 5)),
        (replace(base, model="other", kind="forest", assays=("mnase",)), as_table(windows, 0.9, 6)),
    ):
        path = tmp_path / f"{run.model}.{run.seed}.parquet"
        table.to_parquet(path)
        made.append(replace(run, predictions=str(path)))
    return made


def mean_accuracy(run: Run, split: str = "test") -> float:
    table = pd.read_parquet(run.predictions)
    table = table[table["split"] == split]
    called = table[[f"p:t:{name}" for name in CLASSES]].idxmax(axis=1).str.removeprefix("p:t:")
    hits = [
        (called[own.index] == own).mean()
        for name in "123"
        if len(own := table[f"label:t:{name}"].dropna())
    ]
    return float(np.mean(hits))


def test_the_gap_is_taken_from_the_forest_that_is_best_in_validation(runs: list[Run]) -> None:
    found = gap_table(runs, {"t": (CLASSES, "kappa")}, "test", 20_000, 300)
    assert set(found["model"]) == {"net"}
    assert [*found["metric"]] == ["accuracy", "balanced_accuracy", "kappa"]
    assert set(found["forest"]) == {"good"}
    assert mean_accuracy(runs[3]) > mean_accuracy(runs[0]) > mean_accuracy(runs[1])
    test = pd.read_parquet(runs[0].predictions).query("split == 'test'")
    pairs = []
    for one, two in combinations([test[f"label:t:{name}"] for name in "123"], 2):
        known = one.notna() & two.notna()
        pairs.append((one[known].astype(object) == two[known].astype(object)).mean())
    forest = np.mean([mean_accuracy(run) for run in runs[1:3]])
    expected = (mean_accuracy(runs[0]) - forest) / (np.mean(pairs) - forest)
    row = found.set_index("metric").loc["accuracy"]
    assert row["value"] == pytest.approx(expected, abs=1e-5)
    assert row["low"] < row["value"] < row["high"]
    assert (found["note"] == "").all()


def test_a_gap_that_is_not_available_says_why(runs: list[Run], tmp_path: Path) -> None:
    def notes(own: list[Run]) -> set[str]:
        table = gap_table(own, {"t": (CLASSES, "kappa")}, "test", 20_000, 100)
        assert table["value"].isna().all()
        return set(table["note"])

    assert notes([runs[0], *runs[4:]]) == {NO_FOREST}
    assert notes([runs[0], replace(runs[1], fold="fold2")]) == {NO_FOREST}
    single = []
    for run in runs[:2]:
        path = tmp_path / f"single.{run.model}.parquet"
        table = pd.read_parquet(run.predictions)
        table.drop(columns=["label:t:2", "label:t:3"]).to_parquet(path)
        single.append(replace(run, predictions=str(path)))
    assert notes(single) == {NO_REPLICATES}
    untuned = []
    for run in runs[:4]:
        path = tmp_path / f"untuned.{run.model}.{run.seed}.parquet"
        pd.read_parquet(run.predictions).query("split == 'test'").to_parquet(path)
        untuned.append(replace(run, predictions=str(path)))
    assert notes(untuned) == {NO_CHOICE}


def yeast_tiles(kind: str, everywhere: bool) -> pd.DataFrame:
    """The tiles of both AGH01 replicates as windows: all, or unlisted ones of chrXV and chrXVI."""
    folder = DATA / "yeast"
    if not folder.is_dir():
        pytest.skip("the yeast data of ../shared/data are not here")
    names = ["chrom", "start", "end", "label"]
    tables = [
        pd.read_csv(path, sep="\t", header=None, usecols=range(4), names=names)
        for path in sorted(folder.glob(f"labels/{kind}_AGH01-[12].bed"))
    ]
    table = tables[0].merge(tables[1], on=names[:3], suffixes=("1", "2"))
    if not everywhere:
        listed = pd.read_csv(folder / "genome/blacklist.bed", sep="\t", header=None)
        table = table[table["chrom"].isin(["chrXV", "chrXVI"])]
        for chrom, start, end in listed[[0, 1, 2]].itertuples(index=False):
            there = (table["chrom"] == chrom) & (table["start"] < end) & (table["end"] > start)
            table = table[~there]
    table = table.assign(cell_type="yeast", split="test", centre=table["start"] + 100)
    return table.rename(columns={"label1": "t.1", "label2": "t.2"}).reset_index(drop=True)


@pytest.mark.parametrize(
    ("kind", "everywhere", "agreed", "kappa", "majority"),
    [
        ("occupancy_tertiles", False, 0.646, 0.47, 0.337),
        ("occupancy_tiles", False, 0.921, 0.58, 0.912),
        ("occupancy_tiles", True, 0.923, 0.70, None),
    ],
)
def test_real_replicates_agree_as_the_data_set_says(
    kind: str, everywhere: bool, agreed: float, kappa: float, majority: float | None
) -> None:
    """The numbers that the data set's description gives, and the same by a table of counts."""
    windows = yeast_tiles(kind, everywhere)
    classes = sorted(windows["t.1"].unique())
    assert len(classes) == 3
    counts = pd.crosstab(windows["t.1"], windows["t.2"]).to_numpy()
    total, right = counts.sum(), np.trace(counts)
    expected = (counts.sum(0) * counts.sum(1)).sum() / total**2
    by_hand = {"accuracy": right / total, "kappa": (right / total - expected) / (1 - expected)}
    found = replicate_agreement(windows, "s", "t", classes, "test", 20_000, 100)
    rows = found.overall.set_index("metric")
    for metric, value, error in (("accuracy", agreed, 6e-4), ("kappa", kappa, 5e-3)):
        assert rows.loc[metric, "value"] == pytest.approx(by_hand[metric], abs=1e-6)
        assert rows.loc[metric, "value"] == pytest.approx(value, abs=error)
    if majority is not None:
        share = windows["t.1"].value_counts(normalize=True).max()
        assert share == pytest.approx(majority, abs=6e-4)
    assert (rows["limit"] > rows["value"]).all()
    dice = 2 * np.diag(counts) / (counts.sum(0) + counts.sum(1))
    assert found.classes["value"].to_numpy() == pytest.approx(dice, abs=1e-6)
