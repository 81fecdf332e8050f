"""Columns of labels in a window set: their names, and what several replicates say together."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

#: Name of the labels that are known because the data are simulated. They are scored against, and
#: used for nothing else.
TRUTH = "truth"

Codes = npt.NDArray[np.int64]
_UNKNOWN = -1


def replicate_columns(columns: Iterable[str], task: str, truth: bool = False) -> dict[str, str]:
    """Find the label columns of a task in a window set.

    Parameters
    ----------
    columns
        Names of all columns.
    task
        The task.
    truth
        Whether the truth counts too. Without it, these are the labels to train on.

    Returns
    -------
    dict
        {replicate: column}, in the order of the columns.
    """
    names = {c.removeprefix(f"{task}."): c for c in columns if c.startswith(f"{task}.")}
    return {name: column for name, column in names.items() if truth or name != TRUTH}


def label_column(task: str, replicate: str) -> str:
    """Return the column of what one replicate, or the truth, says of a task."""
    return f"{task}.{replicate}"


def soft_column(task: str, name: str) -> str:
    """Return the column of the share of the replicates that name a class."""
    return f"soft:{task}:{name}"


def weight_column(task: str) -> str:
    """Return the column of what windows weigh when a model of a task is trained."""
    return f"weight:{task}"


def consensus(labels: npt.NDArray[np.int64]) -> Codes:
    """Return the class on which all replicates agree that know one.

    Parameters
    ----------
    labels
        int64 (n_replicates, n_windows), -1 where unknown.

    Returns
    -------
    array
        int64 (n_windows,): -1 where they disagree, and where none knows one.
    """
    most = labels.max(axis=0)
    least = np.where(labels < 0, most, labels).min(axis=0)
    return np.where(least == most, most, _UNKNOWN)


def votes(labels: npt.NDArray[np.int64], n_classes: int) -> npt.NDArray[np.float32]:
    """Return the share of the replicates that name each class, among those that know a window.

    Parameters
    ----------
    labels
        int64 (n_replicates, n_windows), -1 where unknown.
    n_classes
        Number of classes.

    Returns
    -------
    array
        float32 (n_windows, n_classes); rows add up to 1, or to 0 where no replicate knows one.
    """
    counts = np.stack([(labels == code).sum(axis=0) for code in range(n_classes)], axis=1)
    return (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).astype(np.float32)
