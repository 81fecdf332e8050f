"""All tables of one model's scores, on one split or on several."""

from collections.abc import Mapping, Sequence

import pandas as pd

from chrompute.calibration_shifts import Taught
from chrompute.calibration_tables import (
    CALIBRATION_COLUMNS,
    RELIABILITY_COLUMNS,
    calibration_tables,
)
from chrompute.class_metrics import CLASS_SCORE_COLUMNS, class_score_rows
from chrompute.metrics import (
    CLASS_COLUMNS,
    COLUMNS,
    CONFUSION_COLUMNS,
    REPLICATE_COLUMNS,
    evaluation_tables,
    joined_tables,
    scored_tasks,
)
from chrompute.scores import with_class_scores

#: The tables by name, and their columns.
TABLES = {
    "scores": COLUMNS,
    "replicates": REPLICATE_COLUMNS,
    "confusion": CONFUSION_COLUMNS,
    "classes": CLASS_COLUMNS,
    "class_scores": CLASS_SCORE_COLUMNS,
    "calibration": CALIBRATION_COLUMNS,
    "reliability": RELIABILITY_COLUMNS,
}


def splits_beside(split: str) -> list[str]:
    """Return what else may be scored of the held-out windows where `split` is evaluated.

    While models are tuned on validation windows, test windows stay unseen.
    """
    return ["valid"] if split == "test" else []


def tables_of_split(
    predictions: pd.DataFrame,
    tasks: Mapping[str, Sequence[str]],
    facts: Mapping[str, object],
    taught: Taught,
    split: str,
    block: int,
    draws: int,
) -> dict[str, pd.DataFrame]:
    """Score one model on the windows of one split in every way.

    Parameters
    ----------
    predictions, tasks, facts, split, block, draws
        As in `chrompute.metrics.score_predictions`.
    taught
        How the model came by its probabilities.

    Returns
    -------
    dict
        The tables of `TABLES`.
    """
    given = (split, block, draws)
    scored = [*scored_tasks(predictions, tasks, facts, *given, score=with_class_scores)]
    evaluation, calibration = evaluation_tables(scored), calibration_tables(scored, taught, draws)
    return vars(evaluation) | vars(calibration) | {"class_scores": class_score_rows(scored)}


def joined_splits(parts: Sequence[Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Put the tables of several splits below each other, in the order given."""
    return {
        name: joined_tables([part[name] for part in parts], columns)
        for name, columns in TABLES.items()
    }
