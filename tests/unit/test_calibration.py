"""Calibration against torchmetrics, scikit-learn and arithmetic by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import log_loss
from torchmetrics.classification import MulticlassCalibrationError

from chrompute.bootstrap import bootstrap
from chrompute.calibration import (
    BINS,
    SMALLEST,
    calibration_scores,
    confidence_bins,
    perfect_ece,
    reliability,
)
from chrompute.calibration_shifts import Taught
from chrompute.calibration_tables import (
    CALIBRATION_COLUMNS,
    RELIABILITY_COLUMNS,
    calibration_tables,
)
from chrompute.metrics import score_predictions, scored_tasks
from chrompute.predictions import prediction_table
from toy_models import recipe_of


def believed(n: int, k: int, seed: int, sharpness: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels that were drawn from probabilities, and these, each of its own sharpness."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, k)) * rng.uniform(0.2, sharpness, (n, 1))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return np.minimum(labels, k - 1), probabilities


def ones(n: int) -> np.ndarray:
    return np.ones((n, 1), dtype=np.int64)


def test_calibration_error_by_hand() -> None:
    # Bins: 0.62 and 0.65 in the tenth (0.6 to 0.667), 0.9 in the fourteenth (0.867 to 0.933).
    probabilities = np.array([[0.62, 0.38], [0.65, 0.35], [0.1, 0.9], [0.1, 0.9]])
    labels = np.array([0, 1, 1, 0])
    found = calibration_scores(labels, probabilities, ones(4))
    expected = 2 / 4 * abs(1 / 2 - 0.635) + 2 / 4 * abs(1 / 2 - 0.9)
    assert found["ece"] == pytest.approx(expected)
    assert found["log_loss"] == pytest.approx(-np.log([0.62, 0.35, 0.9, 0.1]).mean())
    table = reliability(labels, probabilities)
    assert table.bins.tolist() == [9, 13]
    assert table.confidence == pytest.approx([0.635, 0.9])
    assert table.accuracy.tolist() == [0.5, 0.5]
    assert table.windows.tolist() == [2, 2]


def test_bins_are_open_below_and_closed_above() -> None:
    edges = np.array([1 / 15, 0.2, 0.6, 1.0])
    assert confidence_bins(edges).tolist() == [0, 2, 8, 14]
    assert confidence_bins(edges + 1e-9).tolist() == [1, 3, 9, 14]


@pytest.mark.parametrize(("classes", "seed"), [(2, 0), (3, 1), (8, 2)])
def test_calibration_error_is_that_of_torchmetrics(classes: int, seed: int) -> None:
    labels, probabilities = believed(700, classes, seed)
    labels = np.where(np.arange(700) % 5, labels, (labels + 1) % classes)  # too sure of itself
    oracle = MulticlassCalibrationError(num_classes=classes, n_bins=BINS, norm="l1")
    expected = oracle(torch.from_numpy(probabilities), torch.from_numpy(labels))
    found = calibration_scores(labels, probabilities, ones(700))["ece"]
    assert found == pytest.approx([expected.item()], abs=1e-6)
    assert found > 0.05


def test_log_loss_is_that_of_scikit_learn_and_bounded() -> None:
    labels, probabilities = believed(500, 4, 3)
    probabilities[:20] = np.eye(4)[(labels[:20] + np.arange(20) % 2) % 4]  # half of them are wrong
    single = probabilities.astype(np.float32)
    single /= single.sum(axis=1, keepdims=True)
    found = calibration_scores(labels, single.astype(np.float64), ones(500))["log_loss"]
    assert found == pytest.approx(log_loss(labels, y_proba=single), rel=1e-5)
    assert found > 10 / 500 * -np.log(SMALLEST)
    assert np.isfinite(found).all()


def test_a_weight_of_two_is_a_window_twice_and_no_window_has_no_score() -> None:
    labels, probabilities = believed(300, 3, 4)
    weights = np.random.default_rng(5).integers(0, 3, (300, 4))
    weights[:, 3] = 0
    found = calibration_scores(labels, probabilities, weights)
    for draw in range(3):
        again = np.repeat(np.arange(300), weights[:, draw])
        alone = calibration_scores(labels[again], probabilities[again], ones(len(again)))
        for name, value in alone.items():
            assert found[name][draw] == pytest.approx(value[0])
    assert np.isnan([found["ece"][3], found["log_loss"][3]]).all()


def test_a_perfect_model_errs_as_labels_drawn_from_its_probabilities_do() -> None:
    """Against whole labels drawn class by class and scored one draw after the other."""
    _, probabilities = believed(400, 5, 6)
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(600):
        labels = [rng.choice(5, p=row) for row in probabilities]
        drawn.append(calibration_scores(np.array(labels), probabilities, ones(400))["ece"][0])
    found = perfect_ece(probabilities, 2000, 1)
    assert found.shape == (2000,)
    assert found.mean() == pytest.approx(np.mean(drawn), rel=0.03)
    assert np.quantile(found, 0.95) == pytest.approx(np.quantile(drawn, 0.95), rel=0.05)
    assert np.array_equal(found, perfect_ece(probabilities, 2000, 1))


def test_draws_of_a_perfect_model_may_be_held_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    _, probabilities = believed(200, 3, 8)
    whole = perfect_ece(probabilities, 50, 2)
    monkeypatch.setattr("chrompute.calibration._CHUNK", 2000)
    assert np.array_equal(perfect_ece(probabilities, 50, 2), whole)


def test_a_calibrated_model_passes_and_one_too_sure_of_itself_does_not() -> None:
    limits, honest, boasting = [], [], []
    for seed in range(20):
        labels, probabilities = believed(3000, 6, seed)
        limits.append(np.quantile(perfect_ece(probabilities, 300, seed), 0.95) + 0.02)
        honest.append(calibration_scores(labels, probabilities, ones(3000))["ece"][0])
        sure = probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True)
        boasting.append(calibration_scores(labels, sure, ones(3000))["ece"][0])
    assert (np.array(honest) < limits).all()
    assert (np.array(boasting) > limits).all()


def test_the_interval_of_the_error_grows_with_blocks() -> None:
    labels, probabilities = believed(1000, 3, 9)

    def score(weights: np.ndarray) -> dict[str, np.ndarray]:
        return calibration_scores(labels, probabilities, weights)

    found = bootstrap(score, np.arange(1000), 200)
    assert found.draws["ece"].shape == (200,)
    assert np.isfinite(found.draws["log_loss"]).all()
    row = {row["metric"]: row for row in found.rows()}["log_loss"]
    # The mean of independent numbers has an interval of 2 x 1.96 standard errors.
    surprise = -np.log(probabilities[np.arange(1000), labels])
    width = 2 * 1.96 * surprise.std() / np.sqrt(1000)
    assert row["high"] - row["low"] == pytest.approx(width, rel=0.2)


def two_cell_types() -> tuple[pd.DataFrame, np.ndarray]:
    """Return 600 windows with two replicates and the truth, and probabilities that are true."""
    labels, probabilities = believed(600, 3, 11)
    names = np.array([*"xyz"])
    table = pd.DataFrame(
        {
            "cell_type": np.where(np.arange(600) < 400, "a", "b"),
            "chrom": "chr1",
            "centre": np.arange(600) * 30_000,
            "split": np.where(np.arange(600) % 6 == 0, "valid", "test"),
            "state.1": names[labels],
            "state.2": pd.Series(names[(labels + 1) % 3]).where(np.arange(600) < 400),
            "state.truth": names[labels],
        }
    )
    return table.astype(
        {"state.1": object, "state.2": object, "state.truth": object}
    ), probabilities


def test_the_tables_of_calibration() -> None:
    windows, probabilities = two_cell_types()
    classes = [*"xyz"]
    table = prediction_table(windows, {"state": classes}, {"state": probabilities})
    facts = {"model": "m", "seed": 3}
    scored = scored_tasks(table, {"state": classes}, facts, "test", 20_000, 200)
    found = calibration_tables(scored, Taught(["a"]), 200)
    rows = found.calibration.set_index(["cell_type", "labels"])
    assert [*rows.index] == [
        *(("a", "replicate 1"), ("a", "replicate 2"), ("a", "truth")),
        *(("b", "replicate 1"), ("b", "truth")),
    ]
    assert rows["shift"].tolist() == ["none"] * 3 + ["cell type"] * 2
    assert set(rows["seed"]) == {3}
    one, two = rows.loc[("a", "replicate 1")], rows.loc[("a", "replicate 2")]
    assert (one["within"], two["within"]) == ("yes", "no")
    assert one["windows"] == (windows.query("cell_type == 'a'")["split"] == "test").sum()
    assert one["limit"] == pytest.approx(one["perfect"] + 0.02)
    assert one["low"] < one["ece"] < one["high"]
    chosen = ((windows["cell_type"] == "a") & (windows["split"] == "test")).to_numpy()
    codes = pd.Categorical(windows["state.1"], categories=classes).codes[chosen].astype(np.int64)
    oracle = MulticlassCalibrationError(num_classes=3, n_bins=BINS, norm="l1")
    expected = oracle(torch.from_numpy(probabilities[chosen]), torch.from_numpy(codes))
    assert one["ece"] == pytest.approx(expected.item(), abs=1e-5)
    # The same error follows from the bins.
    bins = found.reliability.query("cell_type == 'a' and labels == 'replicate 1'")
    assert bins["windows"].sum() == one["windows"]
    apart = (bins["windows"] * (bins["accuracy"] - bins["confidence"]).abs()).sum()
    assert apart / one["windows"] == pytest.approx(one["ece"], abs=1e-5)
    assert bins["bin"].between(1, 15).all()
    # The table of all scores has the mean over the replicates.
    scores = score_predictions(table, {"state": classes}, facts, "test", 20_000, 100).scores
    mean = scores.query("cell_type == 'a' and metric == 'ece'")["value"].item()
    assert mean == pytest.approx((one["ece"] + two["ece"]) / 2, abs=1e-6)


def test_windows_that_temperatures_were_fitted_on_judge_nothing() -> None:
    windows, probabilities = two_cell_types()
    table = prediction_table(windows, {"state": [*"xyz"]}, {"state": probabilities})

    def within(split: str, *, tuned: bool) -> dict[str, set[str]]:
        taught = Taught(["a"], tuned)
        facts = {"model": "m", "seed": 1}
        scored = scored_tasks(table, {"state": [*"xyz"]}, facts, split, 20_000, 50)
        found = calibration_tables(scored, taught, 50).calibration
        return {name: set(own["within"]) for name, own in found.groupby("cell_type")}

    judged = {"yes", "no"}
    assert within("valid", tuned=True)["a"] == {"fitted"}
    assert within("valid", tuned=True)["b"] <= judged  # nothing is fitted on other cell types
    assert within("test", tuned=True)["a"] <= judged
    assert within("valid", tuned=False)["a"] <= judged


BALANCED = {"state": {"weights": "balanced", "negatives": None}}


@pytest.mark.parametrize(
    ("changed", "tuned", "here", "elsewhere"),
    [
        ({}, True, "none", "cell type"),
        ({"kind": "ensemble"}, True, "none", "cell type"),
        ({"kind": "forest"}, False, "none", "cell type"),
        ({"kind": "applied"}, False, "windows", "windows, cell type"),
        ({"permute": ("labels",)}, True, "permuted", "permuted, cell type"),
        ({"balance": BALANCED}, True, "weights", "cell type, weights"),
        ({"kind": "forest", "balance": BALANCED}, False, "weights", "cell type, weights"),
        ({"kind": "oracle", "balance": BALANCED, "training": {}}, False, "none", "cell type"),
        ({"balance": {"mark": BALANCED["state"]}}, True, "none", "cell type"),
        ({"training": {"logit_adjustment": 0.5}}, True, "weights", "cell type, weights"),
    ],
)
def test_what_keeps_an_error_from_being_judged(
    changed: dict[str, Any], tuned: bool, here: str, elsewhere: str
) -> None:
    taught = Taught.from_recipe(replace(recipe_of("vplot"), **changed))
    assert taught.shift("state", "cells") == here
    assert taught.shift("state", "others") == elsewhere
    assert taught.is_fitted("cells", "valid") == tuned
    assert not taught.is_fitted("cells", "test")
    assert not taught.is_fitted("others", "valid")


def test_no_known_label_leaves_headers() -> None:
    windows, probabilities = two_cell_types()
    windows[["state.1", "state.2", "state.truth"]] = None
    table = prediction_table(windows, {"state": [*"xyz"]}, {"state": probabilities})
    facts = {"model": "m", "seed": 3}
    scored = scored_tasks(table, {"state": [*"xyz"]}, facts, "test", 20_000, 100)
    found = calibration_tables(scored, Taught([]), 100)
    assert (len(found.calibration), len(found.reliability)) == (0, 0)
    assert [*found.calibration] == [*CALIBRATION_COLUMNS]
    assert [*found.reliability] == [*RELIABILITY_COLUMNS]
