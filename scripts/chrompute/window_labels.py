"""The label columns of a window set: every replicate of a task, and what they agree on."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.label_columns import TRUTH, consensus, label_column, soft_column, votes
from chrompute.label_files import read_labels_of
from chrompute.labels import class_codes, signal_values
from chrompute.tasks import Task
from chrompute.window_inputs import WindowInputs

#: {replicate: (n_windows,) int16 codes, or float32 values of a signal}, the truth last.
_Labels = dict[str, npt.NDArray[Any]]


def window_labels(
    windows: pd.DataFrame, inputs: WindowInputs, task: Task
) -> tuple[dict[str, Any], npt.NDArray[np.bool_]]:
    """Read what all replicates, and the truth, say of one task.

    Parameters
    ----------
    windows
        Columns `cell_type`, `chrom`, `centre`.
    inputs
        Has the label files.
    task
        The task.

    Returns
    -------
    columns
        {column: values}: the task (what the replicates agree on that know a window; of a signal
        their mean), each replicate, the truth, and with several replicates the soft labels.
    known
        bool (n_windows,): whether any replicate knows the window.

    Raises
    ------
    InputError
        When a label file is faulty, or knows no window.
    """
    labels = _read_labels(windows, inputs, task)
    own = np.stack([values for name, values in labels.items() if name != TRUTH])
    if task.kind == "signal":
        return _signal_columns(task, labels, own), (~np.isnan(own)).any(axis=0)
    known = np.logical_or.reduce(own >= 0, axis=0)
    return _class_columns(task, labels, own), known


def _read_labels(table: pd.DataFrame, inputs: WindowInputs, task: Task) -> _Labels:
    """Read the labels of one task by each replicate; the truth is the last."""
    names = dict.fromkeys(name for own in inputs.labels.values() for name in own.get(task.name, ()))
    signal = task.kind == "signal"
    labels: _Labels = {
        name: np.full(len(table), np.nan if signal else -1, np.float32 if signal else np.int16)
        for name in sorted(names, key=lambda name: name == TRUTH)
    }
    for cell_type, rows in table.groupby("cell_type", observed=True).indices.items():
        own = table.iloc[rows]
        for name, path in inputs.labels[str(cell_type)].get(task.name, {}).items():
            if signal:
                values = signal_values(path, task, own, inputs.aliases)
                silent = np.isnan(values).all()
            else:
                read = read_labels_of(path, task, str(cell_type), inputs.sizes, inputs.aliases)
                values = class_codes(read, task, own).astype(np.int16)
                silent = (values < 0).all()
            if silent:
                raise InputError(
                    f"{path}: replicate {name!r} of task {task.name!r} knows no window of cell "
                    f"type {cell_type!r}; give a label file that covers the windows"
                )
            labels[name][rows] = values
    return labels


def _signal_columns(task: Task, labels: _Labels, replicates: npt.NDArray[Any]) -> dict[str, Any]:
    number = (~np.isnan(replicates)).sum(axis=0)
    mean = np.where(number, np.nansum(replicates, axis=0) / np.maximum(number, 1), np.nan)
    named = {label_column(task.name, name): values for name, values in labels.items()}
    return {task.name: mean.astype(np.float32)} | named


def _class_columns(task: Task, labels: _Labels, replicates: npt.NDArray[Any]) -> dict[str, Any]:
    classes = list(task.classes)
    columns: dict[str, Any] = {task.name: pd.Categorical.from_codes(consensus(replicates), classes)}
    columns |= {
        label_column(task.name, name): pd.Categorical.from_codes(codes, classes)
        for name, codes in labels.items()
    }
    if ((replicates >= 0).sum(axis=0) > 1).any():
        shares = votes(replicates, len(classes))
        columns |= {soft_column(task.name, name): shares[:, i] for i, name in enumerate(classes)}
    return columns
