"""Scores of each class by itself: its curves and its F1, with intervals."""

from collections.abc import Mapping, Sequence

import pandas as pd

from chrompute.bootstrap import mean_of
from chrompute.label_columns import TRUTH
from chrompute.metrics import cell_type_tables, joined_tables, reference_codes, score_against
from chrompute.predictions import task_probabilities
from chrompute.scores import (
    Labels,
    Probabilities,
    Values,
    Weights,
    confusions,
    f1_of_classes,
    one_against_rest,
)

CLASS_SCORE_COLUMNS = (
    *("model", "seed", "task", "cell_type", "split", "class", "metric", "value", "low", "high"),
)
#: In the order of the table.
_METRICS = ("auroc", "auprc", "f1")


def scores_by_class(
    labels: Labels, probabilities: Probabilities, weights: Weights
) -> dict[str, Values]:
    """Score each class against the rest.

    Parameters
    ----------
    labels
        (n_windows,): class indices, no unknown ones.
    probabilities
        (n_windows, n_classes).
    weights
        (n_windows, n_draws).

    Returns
    -------
    dict
        {"auroc:0", "auprc:0", "f1:0", "auroc:1", ...: (n_draws,)}, NaN where a draw does not
        define it: areas where all or none of its windows have the class, F1 where none has it and
        none is predicted to.
    """
    number = probabilities.shape[1]
    overlap = f1_of_classes(confusions(labels, probabilities.argmax(axis=1), number, weights))
    found: dict[str, Values] = {}
    for code in range(number):
        areas = one_against_rest(labels == code, probabilities[:, code], weights)
        values = (*areas, overlap[code])
        found |= {f"{name}:{code}": own for name, own in zip(_METRICS, values, strict=True)}
    return found


def score_classes(
    predictions: pd.DataFrame,
    tasks: Mapping[str, Sequence[str]],
    facts: Mapping[str, object],
    split: str,
    block: int,
    draws: int,
) -> pd.DataFrame:
    """Score each class of all tasks in each cell type, averaged over the replicates.

    The parameters are those of `chrompute.metrics.score_predictions`.

    Returns
    -------
    DataFrame
        Columns `CLASS_SCORE_COLUMNS`; empty values where any of the replicates does not define
        them, since it has no window of the class.
    """
    parts = []
    for cell_type, table, blocks in cell_type_tables(predictions, split, block):
        place = {**facts, "cell_type": cell_type, "split": split}
        for task, classes in tasks.items():
            labels = reference_codes(table, task, classes)
            labels.pop(TRUTH, None)
            probabilities = task_probabilities(table, task, classes)
            found = score_against(labels, probabilities, blocks, draws, score=scores_by_class)
            if found:
                rows = mean_of([*found.values()]).rows()
                own = [_with_class(row, classes) for row in rows]
                parts.append(pd.DataFrame(own).assign(**place, task=task))
    return joined_tables(parts, CLASS_SCORE_COLUMNS)


def _with_class(row: Mapping[str, float | str], classes: Sequence[str]) -> dict[str, float | str]:
    metric, code = str(row["metric"]).split(":")
    return {**row, "metric": metric, "class": classes[int(code)]}
