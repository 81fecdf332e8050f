"""Tables of several splits: each holds what its own windows alone would give."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from chrompute.calibration_shifts import FITTED, Taught
from chrompute.predictions import prediction_table
from chrompute.split_tables import TABLES, joined_splits, splits_beside, tables_of_split

CLASSES = ["x", "y", "z"]
FACTS = {"model": "m", "seed": 3}
TAUGHT = Taught(["a"], tuned=True)


def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 300)
    values = rng.random((300, 3)) + 0.7 * np.eye(3)[truth]
    windows = pd.DataFrame({"cell_type": "a", "chrom": "c", "centre": np.arange(300) * 9_000})
    windows["split"] = np.where(np.arange(300) < 200, "test", "valid")
    windows["s.1"] = np.array(CLASSES, dtype=object)[truth]
    values /= values.sum(1, keepdims=True)
    return prediction_table(windows, {"s": CLASSES}, {"s": values})


def tables(table: pd.DataFrame, split: str) -> dict[str, pd.DataFrame]:
    return tables_of_split(table, {"s": CLASSES}, FACTS, TAUGHT, split, 20_000, 30)


def test_splits_stand_below_each_other_and_do_not_mix() -> None:
    table = predictions()
    parts = {split: tables(table, split) for split in ("valid", "test")}
    found = joined_splits([parts["valid"], parts["test"]])
    assert set(found) == set(TABLES)
    for name, columns in TABLES.items():
        assert found[name].columns.tolist() == list(columns)
        assert found[name]["split"].unique().tolist() == ["valid", "test"]
    for split in ("valid", "test"):
        own = table[table["split"] == split]
        probabilities = own[[f"p:s:{name}" for name in CLASSES]].to_numpy(float)
        labels = own["label:s:1"].to_numpy(str)
        mine = {name: rows[rows["split"] == split] for name, rows in found.items()}
        scores = mine["scores"].set_index("metric")["value"]
        said = np.array(CLASSES)[probabilities.argmax(1)]
        assert scores["accuracy"] == pytest.approx(accuracy_score(labels, said), abs=1e-6)
        by_class = mine["class_scores"].query("metric == 'auroc'")
        expected = [roc_auc_score(labels == n, probabilities[:, i]) for i, n in enumerate(CLASSES)]
        assert by_class["value"].to_numpy() == pytest.approx(expected, abs=1e-6)
        assert mine["confusion"]["windows"].sum() == len(own)
        assert mine["reliability"]["windows"].sum() == len(own)
    within = found["calibration"].set_index("split")["within"]
    assert within["valid"] == FITTED
    assert within["test"] in ("yes", "no")


def test_windows_of_the_training_prove_nothing_of_calibration() -> None:
    table = predictions().assign(split="train")
    assert tables(table, "train")["calibration"]["within"].tolist() == [FITTED]
    forest = Taught(["a"])
    assert forest.is_fitted("a", "train")
    assert not forest.is_fitted("a", "valid")
    assert not forest.is_fitted("b", "train")


def test_test_windows_stay_unseen_while_models_are_tuned() -> None:
    assert splits_beside("test") == ["valid"]
    assert splits_beside("valid") == []
