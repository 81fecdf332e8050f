"""Scores of each class by itself: its curves and its F1, with intervals."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from chrompute.label_columns import TRUTH
from chrompute.metrics import TaskScores, joined_tables
from chrompute.scores import SCORES_OF_CLASS

CLASS_SCORE_COLUMNS = (
    *("model", "seed", "task", "cell_type", "split", "class", "metric", "value", "low", "high"),
)


def class_score_rows(scored: Iterable[TaskScores]) -> pd.DataFrame:
    """Lay out the scores of each class in each task and cell type, averaged over the replicates.

    Parameters
    ----------
    scored
        Tasks that were scored with `chrompute.scores.with_class_scores`.

    Returns
    -------
    DataFrame
        Columns `CLASS_SCORE_COLUMNS`; empty values where any of the replicates does not define
        them, since it has no window of the class.
    """
    parts = []
    for task in scored:
        if {*task.found} - {TRUTH}:
            names = [f"{m}:{code}" for code in range(len(task.classes)) for m in SCORES_OF_CLASS]
            own = [_with_class(row, task.classes) for row in task.mean().rows(names)]
            parts.append(pd.DataFrame(own).assign(**task.place))
    return joined_tables(parts, CLASS_SCORE_COLUMNS)


def _with_class(row: Mapping[str, float | str], classes: Sequence[str]) -> dict[str, float | str]:
    metric, code = str(row["metric"]).split(":")
    return {**row, "metric": metric, "class": classes[int(code)]}
