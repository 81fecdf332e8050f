"""Bounds on the Bayes-optimal accuracy of simulated windows, from the oracles' scores."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

_MEANING = (
    "accuracy against the labels; the Bayes-optimal classifier of an oracle's inputs lies between "
    "its accuracy and the upper bound, which knowing the true states would reach on average; an "
    "oracle that reads the sequence is told the kind of each locus and bounds nothing from below"
)


def bayes_bounds(scores: pd.DataFrame, cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Gather what the oracles reached, and what knowing the truth would.

    Parameters
    ----------
    scores
        Scores of the oracles, with the columns of `metrics.tsv`.
    cards
        Their cards.

    Returns
    -------
    dict
        `simulated`, `meaning`, `upper_bound`, and `oracles`: for each its `inputs`, and by cell
        type its `accuracy`, `low` and `high` (95 % interval).
    """
    accuracy = scores[scores["metric"] == "accuracy"]
    oracles = {}
    for card in cards:
        own = accuracy[(accuracy["model"] == card["model"]) & (accuracy["seed"] == card["seed"])]
        oracles[card["model"]] = {
            "inputs": card["inputs"],
            "split": own["split"].iloc[0],
            "cell_types": {
                row.cell_type: {"accuracy": row.value, "low": row.low, "high": row.high}
                for row in own.itertuples()
            },
        }
    limit = cards[0]["label_limit"]
    return {"simulated": True, "meaning": _MEANING, "upper_bound": limit, "oracles": oracles}
