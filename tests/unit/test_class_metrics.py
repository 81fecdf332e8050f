"""Scores of each class by itself, draw by draw, against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from chrompute.class_metrics import CLASS_SCORE_COLUMNS, class_score_rows
from chrompute.metrics import scored_tasks
from chrompute.predictions import prediction_table
from chrompute.scores import SCORES, all_scores, with_class_scores


def one_class(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray, code: int
) -> dict:
    """Score one class of one draw by scikit-learn."""
    kept = weights > 0
    mine, called = labels[kept] == code, probabilities[kept].argmax(axis=1) == code
    score, weights = probabilities[kept, code], weights[kept]
    both = mine.any() and not mine.all()
    return {
        "auroc": sk.roc_auc_score(mine, score, sample_weight=weights) if both else np.nan,
        "auprc": sk.average_precision_score(mine, score, sample_weight=weights) if both else np.nan,
        "f1": sk.f1_score(mine, called, sample_weight=weights)
        if mine.any() or called.any()
        else np.nan,
    }


@pytest.mark.parametrize("decimals", [15, 1])
def test_every_class_and_draw_scores_as_scikit_learn_does(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    n, k, draws = 120, 4, 30
    labels = rng.choice(k, n, p=[0.6, 0.3, 0.08, 0.02])
    probabilities = np.round(rng.random((n, k)) + 0.4 * np.eye(k)[labels], decimals)
    weights = rng.integers(0, 3, (n, draws)) * (rng.random((n, draws)) < 0.5)
    found = with_class_scores(labels, probabilities, weights)
    assert set(SCORES) < set(found)
    assert len(found) == len(SCORES) + 3 * k
    whole = all_scores(labels, probabilities, weights)
    assert all(np.array_equal(found[name], whole[name], equal_nan=True) for name in SCORES)
    undefined = 0
    for draw in range(draws):
        for code in range(k):
            for name, value in one_class(labels, probabilities, weights[:, draw], code).items():
                got = found[f"{name}:{code}"][draw]
                assert got == pytest.approx(value, abs=1e-12, nan_ok=True), (name, code, draw)
                undefined += np.isnan(value)
    assert undefined > 0


def test_the_table_holds_the_mean_over_replicates_and_names_classes() -> None:
    rng = np.random.default_rng(0)
    classes, truth = ["x", "y", "z"], rng.integers(0, 3, 200)
    names = np.array(classes)
    values = rng.random((200, 3)) + 0.5 * np.eye(3)[truth]
    second = pd.Series(names[np.where(rng.random(200) < 0.2, 0, truth)], dtype=object)
    second[:10] = None
    windows = pd.DataFrame({"cell_type": "a", "chrom": "c", "centre": np.arange(200) * 9_000})
    windows["split"] = np.where(np.arange(200) < 150, "test", "valid")
    windows = windows.assign(**{"s.1": names[truth].astype(object), "s.2": second})
    windows["s.truth"] = "x"  # enters no mean
    table = prediction_table(windows, {"s": classes}, {"s": values})
    facts = {"model": "m", "seed": 1}
    given = (table, {"s": classes}, facts, "test", 20_000, 50)
    found = class_score_rows(scored_tasks(*given, score=with_class_scores))
    assert [*found] == [*CLASS_SCORE_COLUMNS]
    assert len(found) == 9
    stored = table.filter(like="p:s:").to_numpy(float)[:150]
    known = pd.Index(classes).get_indexer(second[10:150])
    own = [(truth[:150], np.arange(150)), (known, np.arange(10, 150))]
    for code, name in enumerate(classes):
        for metric in ("auroc", "auprc", "f1"):
            parts = [
                one_class(labels, stored[rows], np.ones(len(rows)), code)[metric]
                for labels, rows in own
            ]
            row = found[(found["class"] == name) & (found["metric"] == metric)].iloc[0]
            assert row["value"] == pytest.approx(np.mean(parts), abs=1e-6)
            assert row["low"] < row["value"] < row["high"]
