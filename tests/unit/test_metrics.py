"""Scores against hand arithmetic, and intervals against repeated data."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from chrompute.baselines import binned_features, forest_probabilities, majority_probabilities
from chrompute.fragments import Fragments
from chrompute.metrics import SCORES, genome_blocks, score_predictions, score_with_intervals
from chrompute.predictions import prediction_table


def random_case(n: int = 400, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, k, n)
    scores = rng.random((n, k)) + 0.8 * np.eye(k)[labels]
    return labels, scores / scores.sum(1, keepdims=True)


def test_scores_by_hand() -> None:
    labels = np.array([0, 0, 0, 1])
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    ones = np.ones(4)
    found = {name: score(labels, probabilities, ones) for name, score in SCORES.items()}
    # Of three 0s two are right, the 1 is right; chance agreement is (3*2 + 1*2) / 16 = 1/2.
    assert found["accuracy"] == pytest.approx(3 / 4)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["kappa"] == pytest.approx((3 / 4 - 1 / 2) / (1 / 2))
    # The 1 outranks two of the three 0s, and both one-against-rest curves are that curve.
    assert found["auroc"] == pytest.approx(2 / 3)
    # Average precision of the 1: 1/2; of the 0s: (1 + 1 + 3/4) / 3.
    assert found["auprc"] == pytest.approx((1 / 2 + 11 / 12) / 2)


def test_a_weight_of_two_is_a_window_twice() -> None:
    labels, probabilities = random_case()
    weights = np.random.default_rng(1).integers(0, 3, len(labels))
    again = np.repeat(np.arange(len(labels)), weights)
    kept = weights > 0
    for name, score in SCORES.items():
        weighted = score(labels[kept], probabilities[kept], weights[kept].astype(float))
        repeated = score(labels[again], probabilities[again], np.ones(len(again)))
        assert weighted == pytest.approx(repeated, abs=1e-9), name


def test_macro_scores_equal_scikit_learn() -> None:
    labels, probabilities = random_case()
    ones = np.ones(len(labels))
    expected = sk.roc_auc_score(labels, probabilities, multi_class="ovr")
    assert SCORES["auroc"](labels, probabilities, ones) == pytest.approx(expected)
    expected = sk.average_precision_score(np.eye(4)[labels], probabilities)
    assert SCORES["auprc"](labels, probabilities, ones) == pytest.approx(expected)


def test_intervals_hold_the_value_and_grow_with_the_blocks() -> None:
    labels, probabilities = random_case()
    alone = score_with_intervals(labels, probabilities, np.arange(400), 120)
    assert (alone["low"] < alone["value"]).all()
    assert (alone["value"] < alone["high"]).all()
    # Ten copies of each window hold no more than one: blocks know, single windows do not.
    many, copies = np.tile(labels, 10), np.tile(probabilities, (10, 1))
    blocks = score_with_intervals(many, copies, np.tile(np.arange(400), 10), 120)
    single = score_with_intervals(many, copies, np.arange(4000), 120)
    width = {name: t["high"] - t["low"] for name, t in (("a", alone), ("b", blocks), ("s", single))}
    assert width["b"].to_numpy() == pytest.approx(width["a"].to_numpy(), rel=0.35)
    assert (width["s"] < 0.5 * width["b"]).all()


def test_interval_of_accuracy_is_the_binomial_one() -> None:
    labels, probabilities = random_case(2000)
    table = score_with_intervals(labels, probabilities, np.arange(2000), 200).set_index("metric")
    value, low, high = table.loc["accuracy", ["value", "low", "high"]]
    error = 1.96 * np.sqrt(value * (1 - value) / 2000)
    assert high - low == pytest.approx(2 * error, rel=0.2)


def test_blocks_are_stretches_of_chromosomes() -> None:
    blocks = genome_blocks(["a", "a", "a", "b"], [0, 19_999, 20_000, 5], 20_000)
    assert blocks[0] == blocks[1]
    assert len({*blocks}) == 3
    assert blocks.max() == 2


def test_only_windows_of_the_split_with_a_label_are_scored() -> None:
    labels, probabilities = random_case()
    classes = ["w", "x", "y", "z"]
    windows = pd.DataFrame(
        {
            "cell_type": np.where(np.arange(400) < 200, "a", "b"),
            "chrom": "chr1",
            "centre": np.arange(400) * 30_000,
            "split": np.where(np.arange(400) % 4 == 0, "valid", "test"),
            "state": pd.Series([classes[code] for code in labels]),
        }
    )
    windows.loc[7, "state"] = None
    table = prediction_table(windows, "state", classes, probabilities)
    facts = {"model": "m", "seed": 1, "task": "state"}
    scores, confusion = score_predictions(table, classes, facts, "test", 20_000, 100)
    for cell_type in ("a", "b"):
        mine = ((windows["cell_type"] == cell_type) & (windows["split"] == "test")).to_numpy()
        mine = mine & windows["state"].notna().to_numpy()
        row = scores[(scores["cell_type"] == cell_type) & (scores["metric"] == "accuracy")]
        expected = (probabilities[mine].argmax(1) == labels[mine]).mean()
        assert row["value"].item() == pytest.approx(expected, abs=1e-6)
        cells = confusion[confusion["cell_type"] == cell_type].pivot(
            index="label", columns="predicted", values="windows"
        )
        expected = sk.confusion_matrix(labels[mine], probabilities[mine].argmax(1))
        assert np.array_equal(cells.loc[classes, classes].to_numpy(), expected)


def test_majority_is_the_training_frequency() -> None:
    labels = np.array([0, 1, 1, -1, 2, 2, 2])
    train = np.array([1, 1, 1, 1, 0, 0, 0], dtype=bool)
    found = majority_probabilities(labels, train, 3)
    assert found.shape == (7, 3)
    assert found[0] == pytest.approx([1 / 3, 2 / 3, 0])


def test_forest_features_count_by_hand() -> None:
    sizes = {"c": 10_000}
    # Midpoints 5000 (length 50) and 5151 (length 200); the window's centre is 5000.
    store = Fragments.from_intervals(sizes, [0, 0], [4975, 5052], [5025, 5252])
    windows = pd.DataFrame(
        {"cell_type": ["a"], "chrom": ["c"], "start": [4500], "end": [5501], "centre": [5000]}
    )
    features = binned_features({"a": store}, windows, [0, 100, 400], 100, 2.0)
    counts = np.expm1(features).reshape(2, 11)
    expected = np.zeros((2, 11))
    expected[0, 5] = 1
    expected[1, 7] = 1  # 151 bp to the right: bins are -50..49, 50..149, 150..249
    assert counts == pytest.approx(expected)


def test_forest_learns_repeats_itself_and_ignores_test_labels() -> None:
    rng = np.random.default_rng(3)
    features = rng.random((300, 5), dtype=np.float32)
    labels = (features[:, 2] > 0.5).astype(np.int64)
    train = np.arange(300) < 200
    arguments = (train, 3, 50, 1, 7)
    one = forest_probabilities(features, labels, *arguments, threads=1)
    spoilt = np.where(train, labels, 1 - labels)
    two = forest_probabilities(features, spoilt, *arguments, threads=2)
    assert np.array_equal(one, two)
    assert (one[~train].argmax(1) == labels[~train]).mean() > 0.9
    assert (one[:, 2] == 0).all()
