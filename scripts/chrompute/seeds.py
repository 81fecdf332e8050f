"""Seeds of one model, taken together: their mean, and how far they lie apart."""

from collections.abc import Sequence

import pandas as pd

_SCORE = ["value", "low", "high"]


def over_seeds(scores: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Summarise rows that differ in the column `seed` alone.

    Parameters
    ----------
    scores
        Columns `names`, `seed`, `value`, `low` and `high`.
    names
        Columns that tell rows apart whatever their seed.

    Returns
    -------
    DataFrame
        One row for each of `names`, in their first order: `value`, mean over the seeds; `low` and
        `high`, means of the ends of their intervals, which is the interval of a single fitted
        model and a little wide for a mean; `spread`, the standard deviation between the seeds
        (n - 1 below the root), NaN of one seed; and `seeds`, their number.
    """
    groups = scores.groupby([*names], sort=False, observed=True)
    found = groups[_SCORE].mean(skipna=False)
    found["spread"] = groups["value"].std(ddof=1)
    found["seeds"] = groups["seed"].nunique()
    return found.reset_index()
