"""Paired comparisons of all models on equal windows, with intervals and p-values."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from chrompute.bootstrap import Bootstrap
from chrompute.differences import Differences
from chrompute.model_pairs import Pair

_FAMILY = ["windows", "task", "cell_type", "split", "metric"]
COMPARISON_COLUMNS = (
    *("windows", "task", "cell_type", "split", "first", "second", "metric", "value", "low", "high"),
    *("p", "p_holm", "blocks"),
)
#: What is compared beside the task's own metric.
_BESIDE = ("accuracy", "auroc")


def comparison_table(
    differences: Differences, pairs: Sequence[Pair], leading: Mapping[str, str]
) -> pd.DataFrame:
    """Compare models in pairs.

    Parameters
    ----------
    differences
        Their scores on the same draws of blocks.
    pairs
        What `chrompute.model_pairs.all_pairs` returns.
    leading
        {task: the metric that it names}.

    Returns
    -------
    DataFrame
        Columns `COMPARISON_COLUMNS`, a row for each pair, task, cell type and metric. `value` is
        the score of the first model minus that of the second; `p` is that of `two_sided_p`;
        `p_holm` corrects it for all pairs of the same windows, task, cell type and metric.

    Raises
    ------
    InputError
        When two models of a pair predicted different windows.
    """
    rows: list[dict[str, object]] = []
    for place, found in differences.of_pairs(pairs):
        task = place["task"]
        blocks = differences.blocks(place["first"], task, place["cell_type"])
        for row in found.rows():
            metric = str(row["metric"])
            if metric in (leading[task], *_BESIDE):
                p = two_sided_p(found, metric, blocks)
                rows.append({**place, **row, "p": p, "blocks": blocks})
    table = pd.DataFrame(rows, columns=[*COMPARISON_COLUMNS])
    for _, own in table.groupby(_FAMILY, sort=False):
        table.loc[own.index, "p_holm"] = holm(own["p"].to_numpy(float))
    return table.round({"value": 6, "low": 6, "high": 6})


def two_sided_p(found: Bootstrap, metric: str, blocks: int) -> float:
    """Test whether a difference is 0: by t, with the standard error over draws of blocks.

    t is the difference over the standard deviation of its draws (Efron and Tibshirani 1993, An
    Introduction to the Bootstrap, chapter 12), which is too small by sqrt((n - 1) / n) for n
    blocks and therefore made larger; degrees of freedom are n - 1. Unlike a share of the draws, p
    has no smallest value, which a correction for many pairs would multiply.

    Returns
    -------
    float
        1 where no draw tells two models apart, NaN from fewer than two blocks.
    """
    draws = found.draws[metric][~np.isnan(found.draws[metric])]
    value = found.values[metric]
    if blocks < 2 or len(draws) < 2 or np.isnan(value):
        return np.nan
    error = draws.std(ddof=1) * np.sqrt(blocks / (blocks - 1))
    if error < 1e-12:  # what rounding leaves
        return 1.0 if abs(value) < 1e-12 else 0.0
    return float(2 * stdtr(blocks - 1, -abs(value) / error))


def holm(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Correct p-values for their number (Holm 1979, Scand J Stat 6:65); NaN ones do not count."""
    found = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    stepped = p[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(stepped), 1)
    return found
