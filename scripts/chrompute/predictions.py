"""The tables that pass from models to the evaluation, and from there to figures and reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from chrompute.label_columns import replicate_columns
from chrompute.whole_files import write_frame

#: Prefix of the probability columns, `p:{task}:{class}`.
PROBABILITY = "p:"
#: Prefix of the label columns, `label:{task}:{replicate}`; the truth is among the replicates.
LABEL = "label:"

#: {task: float32 (n_windows, n_classes)}.
Probabilities = Mapping[str, npt.NDArray[np.float32]]


def held_out(windows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark the windows that a model predicts, (n_windows,): those that tune and those that test."""
    return windows["split"].isin(["valid", "test"]).to_numpy()


def prediction_table(
    windows: pd.DataFrame,
    tasks: Mapping[str, Sequence[str]],
    probabilities: Mapping[str, npt.NDArray[np.floating]],
) -> pd.DataFrame:
    """Join windows and class probabilities into the table that the evaluation reads.

    Parameters
    ----------
    windows
        Columns `cell_type`, `chrom`, `centre`, `split` and the tasks' labels by all replicates.
    tasks
        {task: its classes}, in the order of the columns of its `probabilities`.
    probabilities
        {task: float (n_windows, n_classes)}.
    """
    table = windows[["cell_type", "chrom", "centre", "split"]].reset_index(drop=True)
    columns: dict[str, object] = {}
    for task, classes in tasks.items():
        for name, column in replicate_columns(windows.columns, task, truth=True).items():
            columns[_label_prefix(task) + name] = windows[column].array
        for index, name in enumerate(classes):
            values = probabilities[task][:, index].astype(np.float32)
            columns[probability_column(task, name)] = values
    return table.assign(**columns)


def mean_probabilities(
    members: Sequence[Probabilities],
) -> dict[str, npt.NDArray[np.float32]]:
    """Average the probabilities of several models of the same tasks, window by window.

    Parameters
    ----------
    members
        {task: float32 (n_windows, n_classes)} of each model.
    """
    return {
        task: np.stack([member[task] for member in members])
        .mean(axis=0, dtype=np.float64)
        .astype(np.float32)
        for task in members[0]
    }


def _label_prefix(task: str) -> str:
    return f"{LABEL}{task}:"


def probability_column(task: str, name: str) -> str:
    """Return the column of the probabilities of one class."""
    return f"{PROBABILITY}{task}:{name}"


def task_labels(predictions: pd.DataFrame, task: str) -> dict[str, pd.Series]:
    """Return {replicate: its labels of one task}, the truth too; null where it knows none."""
    prefix = _label_prefix(task)
    columns = [column for column in predictions if column.startswith(prefix)]
    return {c.removeprefix(prefix): predictions[c].astype(object) for c in columns}


def task_probabilities(
    predictions: pd.DataFrame, task: str, classes: Sequence[str]
) -> npt.NDArray[np.float64]:
    """Return the probabilities of one task, float64 (n_windows, n_classes)."""
    columns = [probability_column(task, name) for name in classes]
    return predictions[columns].to_numpy(np.float64)


def read_predictions(path: str | Path, task: str) -> pd.DataFrame:
    """Read one task of a table of predictions: places, labels and probabilities."""
    prefixes = (_label_prefix(task), probability_column(task, ""))
    names = pq.read_schema(path).names
    columns = [name for name in names if name.startswith(prefixes)]
    return pd.read_parquet(path, columns=["cell_type", "chrom", "centre", "split", *columns])


def write_scores(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table of scores or of confusion; whole numbers have no decimals."""
    write_frame(table, path, float_format="%.10g")


def read_scores(path: str | Path, names: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table of scores, agreement, gaps or confusion; names stay names, also "1" and "NA".

    Parameters
    ----------
    path
        The table.
    names
        More columns that hold names: `windows` is a name in tables of agreement, and a number of
        windows elsewhere.
    """
    texts = (
        *("model", "task", "cell_type", "split", "metric", "labels", "label", "predicted"),
        *("class", "forest", "note", "within", "shift", *names),
    )
    limits = ("limit", "limit_low", "limit_high")
    numbers = {name: [""] for name in ("value", "low", "high", "recall", "precision", *limits)}
    return pd.read_csv(
        path,
        sep="\t",
        dtype=dict.fromkeys(texts, str),
        keep_default_na=False,
        na_values=numbers,
    )
