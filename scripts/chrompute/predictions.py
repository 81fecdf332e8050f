"""The tables that pass from models to the evaluation, and from there to figures and reports."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.labels import replicate_columns

#: Prefix of the probability columns, one a class.
PROBABILITY = "p:"
#: Prefix of the label columns, one a replicate and one for the truth.
LABEL = "label:"


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
        Columns `cell_type`, `chrom`, `centre`, `split` and the task's labels by all replicates.
    task, classes
        Names; the classes in the order of the columns of `probabilities`.
    probabilities
        float (n_windows, n_classes).
    """
    table = windows[["cell_type", "chrom", "centre", "split"]].copy()
    for name, column in replicate_columns(windows.columns, task, truth=True).items():
        table[LABEL + name] = windows[column]
    for index, name in enumerate(classes):
        table[PROBABILITY + name] = probabilities[:, index].astype(np.float32)
    return table.reset_index(drop=True)


def write_scores(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table of scores or of confusion; whole numbers have no decimals."""
    table.to_csv(path, sep="\t", index=False, float_format="%.10g")


def read_scores(path: str | Path) -> pd.DataFrame:
    """Read a table of scores or of confusion; names stay names, also "1" and "NA"."""
    names = ("model", "task", "cell_type", "split", "metric", "labels", "label", "predicted")
    numbers = {name: [""] for name in ("value", "low", "high", "recall", "precision")}
    return pd.read_csv(
        path,
        sep="\t",
        dtype=dict.fromkeys((*names, "class"), str),
        keep_default_na=False,
        na_values=numbers,
    )
