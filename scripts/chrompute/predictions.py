"""The tables that pass from models to the evaluation, and from there to figures and reports."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Prefix of the probability columns.
PROBABILITY = "p:"


def prediction_table(
    windows: pd.DataFrame,
    task: str,
    classes: Sequence[str],
    probabilities: npt.NDArray[np.floating],
) -> pd.DataFrame:
    """Join windows and class probabilities into the table that the evaluation reads.

    Parameters
    ----------
    windows
        Columns `cell_type`, `chrom`, `centre`, `split` and the task's labels.
    task, classes
        Names; the classes in the order of the columns of `probabilities`.
    probabilities
        float (n_windows, n_classes).
    """
    table = windows[["cell_type", "chrom", "centre", "split"]].copy()
    table["label"] = windows[task]
    for index, name in enumerate(classes):
        table[PROBABILITY + name] = probabilities[:, index].astype(np.float32)
    return table.reset_index(drop=True)


def read_scores(path: str | Path) -> pd.DataFrame:
    """Read a table of scores or of confusion; names stay names, also "1" and "NA"."""
    names = ("model", "task", "cell_type", "split", "metric", "label", "predicted")
    numbers = {name: [""] for name in ("value", "low", "high")}
    return pd.read_csv(
        path, sep="\t", dtype=dict.fromkeys(names, str), keep_default_na=False, na_values=numbers
    )
