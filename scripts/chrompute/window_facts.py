"""What there is to tell of a window set: counts by cell type, split, task and class."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from chrompute.errors import InputError
from chrompute.label_columns import replicate_columns
from chrompute.splits import SPLITS, Split
from chrompute.tasks import Task
from chrompute.window_inputs import LabelPaths

_PLACE = ["cell_type", "split"]


def task_facts(windows: pd.DataFrame, task: Task, labels: LabelPaths) -> dict[str, Any]:
    """Count the windows of one task.

    Parameters
    ----------
    windows
        The window set.
    task
        One of its tasks.
    labels
        Its label files.

    Returns
    -------
    dict
        `kind`, `title`, `metric`, `classes` {class: title}, and by cell type (those with labels of
        the task) `replicates`, their names, and by split `counts` {class: windows on which the
        replicates agree}, `disagree` (windows on which they do not) and `unknown` (windows that
        none knows). A signal has `counts` {"known": windows} and no `disagree`.
    """
    cell_types = [name for name, own in labels.items() if task.name in own]
    columns = list(replicate_columns(windows.columns, task.name).values())
    known = windows[columns].notna().any(axis=1)
    state = windows[task.name]
    if task.classes:
        told = state.cat.add_categories(["?", "!"]).where(known, "?").fillna("!")
    else:
        told = known.map({True: "known", False: "?"})
    number = windows.groupby([*_PLACE, told.rename("told")], observed=True).size().to_dict()

    def of(cell_type: str, split: str, name: str) -> int:
        return int(number.get((cell_type, split, name), 0))

    names = task.classes or ("known",)
    facts: dict[str, Any] = {
        "kind": task.kind,
        "title": task.title,
        "metric": task.metric,
        "classes": dict(task.titles),
        "replicates": {name: list(labels[name][task.name]) for name in cell_types},
        "counts": {c: {s: {n: of(c, s, n) for n in names} for s in SPLITS} for c in cell_types},
        "unknown": {c: {s: of(c, s, "?") for s in SPLITS} for c in cell_types},
    }
    if task.classes:
        facts["disagree"] = {c: {s: of(c, s, "!") for s in SPLITS} for c in cell_types}
    return facts


def overlap_facts(windows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the windows that share a base with another of their cell type and split.

    Parameters
    ----------
    windows
        The window set, sorted by cell type and place; all of one width.

    Returns
    -------
    dict
        {split: `windows` and those that are `overlapping`}.
    """
    width = windows["end"] - windows["start"]
    beside = windows.groupby(["cell_type", "chrom", "split"], observed=True)["start"]
    overlapping = (beside.diff() < width) | (-beside.diff(-1) < width)
    return {
        str(split): {"windows": len(rows), "overlapping": int(overlapping.to_numpy()[rows].sum())}
        for split, rows in windows.groupby("split", observed=True).indices.items()
    }


def label_notes(windows: pd.DataFrame, tasks: Iterable[Task]) -> list[str]:
    """List, one sentence each, the splits in which a task knows no window, or only one class.

    Parameters
    ----------
    windows
        The window set.
    tasks
        Its tasks.
    """
    notes = []
    for task in tasks:
        columns = replicate_columns(windows.columns, task.name)
        for split, own in windows.groupby("split", observed=True):
            place = f"task {task.name!r} in split {split!r}"
            silent = [name for name, column in columns.items() if own[column].isna().all()]
            if len(silent) == len(columns):
                notes.append(f"{place}: no window is known, so that there is nothing to score")
                continue
            notes += [f"{place}: replicate {name!r} knows no window" for name in silent]
            there = {name for column in columns.values() for name in own[column].dropna().unique()}
            missing = [name for name in task.classes if name not in there]
            if missing:
                notes.append(f"{place}: no window is {' or '.join(missing)}")
    return notes


def split_facts(split: Split) -> dict[str, Any]:
    """Return what a report says of a split: its rule, and what it names."""
    facts: dict[str, Any] = {"by": split.by, "unseen": list(split.unseen)}
    if split.by == "blocks":
        return facts | {
            "size": split.size,
            "buffer": split.reach,
            "valid_share": split.valid_share,
            "test_share": split.test_share,
            "seed": split.seed,
        }
    facts |= {name: list(names) for name, names in split.named.items()}
    if split.by == "folds":
        facts |= {"number": split.number, "seed": split.seed}
    return facts


def refuse_empty_splits(windows: pd.DataFrame, split: Split) -> None:
    """Raise when a split is empty, or a cell type has no window in one that it should have.

    Cell types that are held out only test; by cell types, each stands in one split alone.

    Raises
    ------
    InputError
        With one sentence for each.
    """
    there = set(zip(windows["cell_type"], windows["split"], strict=True))
    faults = [
        f"windows: no window is in split {name!r}; choose other {split.by} in 'split', or labels "
        "that cover them"
        for name in SPLITS
        if name not in set(windows["split"])
    ]
    if split.by != "cell_types" and not faults:
        faults = [
            f"windows: cell type {cell_type!r} has no window in split {name!r}; "
            f"choose other {split.by} in 'split', or labels that cover them"
            for cell_type in windows["cell_type"].cat.categories
            for name in SPLITS
            if (cell_type, name) not in there and (name == "test" or cell_type not in split.unseen)
        ]
    if faults:
        raise InputError(faults)
