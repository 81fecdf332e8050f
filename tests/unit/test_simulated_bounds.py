"""Bounds on what a classifier of simulated windows can reach."""

import pandas as pd

from chrompute.simulate.bounds import bayes_bounds


def test_bounds_hold_the_accuracy_of_each_oracle_by_cell_type() -> None:
    rows = [
        ("o", 1, "a", "accuracy", 0.7, 0.6, 0.8),
        ("o", 1, "b", "accuracy", 0.72, 0.6, 0.8),
        ("o", 1, "b", "kappa", 0.5, 0.4, 0.6),
        ("p", 1, "a", "accuracy", 0.9, 0.8, 1.0),
    ]
    names = ["model", "seed", "cell_type", "metric", "value", "low", "high"]
    scores = pd.DataFrame(rows, columns=names).assign(split="test", task="t")
    cards = [
        {"model": "o", "seed": 1, "inputs": ["vplot"], "label_limit": 0.93},
        {"model": "p", "seed": 1, "inputs": ["vplot", "sequence"], "label_limit": 0.93},
    ]
    found = bayes_bounds(scores, cards)
    assert (found["simulated"], found["upper_bound"]) == (True, 0.93)
    assert found["oracles"]["o"]["cell_types"] == {
        "a": {"accuracy": 0.7, "low": 0.6, "high": 0.8},
        "b": {"accuracy": 0.72, "low": 0.6, "high": 0.8},
    }
    assert found["oracles"]["p"]["inputs"] == ["vplot", "sequence"]
    assert list(found["oracles"]["p"]["cell_types"]) == ["a"]
