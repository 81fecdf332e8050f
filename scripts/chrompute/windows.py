"""Windows: genomic intervals around candidates, with the labels of all tasks and a split."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.balance import is_balanced, training_weights
from chrompute.bigwig import interval_means
from chrompute.genome import is_excluded
from chrompute.label_columns import weight_column
from chrompute.splits import SPLITS, Split
from chrompute.tasks import Task
from chrompute.window_content import base_content, fragment_counts
from chrompute.window_facts import (
    label_notes,
    overlap_facts,
    refuse_empty_splits,
    split_facts,
    task_facts,
)
from chrompute.window_guard import guard_windows, identical_facts
from chrompute.window_inputs import WindowInputs
from chrompute.window_labels import window_labels


@dataclass(frozen=True)
class WindowRules:
    """How candidates become windows: options of a window set (config/README.md).

    Attributes
    ----------
    width
        Window width in bp; odd, so that one base is the centre.
    split
        Which windows train, tune and test.
    edges
        What happens to a window that reaches past a chromosome end: "pad" keeps it (unknown
        bases, no fragments there), "drop" drops it.
    blacklist
        "centre" or "window": what must not lie in the blacklist.
    max_n
        Largest fraction of unknown bases.
    identical_length, exclude_identical
        bp of a window's middle that are looked for in training windows (0: not looked for), and
        whether training windows that hold one are dropped.
    balance
        {task: how its training windows are weighed}.
    """

    width: int
    split: Split
    edges: str = "pad"
    blacklist: str = "centre"
    max_n: float = 0.1
    identical_length: int = 200
    exclude_identical: bool = False
    balance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_config(
        cls, entry: Mapping[str, Any], tasks: Mapping[str, Mapping[str, Any]]
    ) -> "WindowRules":
        """Read one entry of the `windows` block, and the blocks of its tasks."""
        return cls(
            entry["width"],
            Split.from_config(entry["split"], entry["width"]),
            entry["edges"],
            entry["blacklist"],
            entry["max_n"],
            entry["identical"]["length"],
            entry["identical"]["exclude"],
            {name: tasks[name]["balance"] for name in entry["tasks"]},
        )


class _Windows:
    """Windows while they are made: rows are dropped for a reason, and every reason is counted."""

    def __init__(self, table: pd.DataFrame, dropped: Counter[str]) -> None:
        self.table = table
        self.dropped = dropped

    def drop(self, reasons: npt.ArrayLike) -> None:
        """Drop the rows that have a reason; "" is none."""
        reasons = np.asarray(reasons)
        gone = reasons != ""
        if gone.any():
            self.dropped.update(reasons[gone].tolist())
            self.table = self.table[~gone].reset_index(drop=True)

    def add(self, columns: Mapping[str, Any]) -> None:
        """Add columns, or replace them."""
        rest = self.table.drop(columns=[name for name in columns if name in self.table])
        new = pd.DataFrame(dict(columns), index=self.table.index)
        self.table = pd.concat([rest, new], axis=1)


def build_windows(
    inputs: WindowInputs, rules: WindowRules, tasks: Mapping[str, Task]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Make the windows of one window set.

    Parameters
    ----------
    inputs
        Candidates, label files, and what windows are compared with.
    rules
        How candidates become windows.
    tasks
        {name: task} of all tasks of the set.

    Returns
    -------
    windows
        One row a window, sorted by cell type and place; the columns are those of docs/output.md.
    facts
        What the report says of the set (docs/output.md); every window that was dropped is counted
        there for one reason.

    Raises
    ------
    InputError
        When a label file is faulty, a replicate knows no window, a split is empty, or training
        windows leak into the others.
    """
    windows = _placed(inputs, rules)
    candidates = len(windows.table) + sum(windows.dropped.values())
    _add_labels(windows, inputs, tasks)
    _add_content(windows, inputs, rules)
    _add_split(windows, rules, tasks)
    leaks = {"identical": _add_identical(windows, inputs, rules)}
    refuse_empty_splits(windows.table, rules.split)
    leaks |= guard_windows(windows.table, rules.split, inputs.stores, inputs.holdouts)
    balance = _add_weights(windows, rules)
    table = windows.table
    facts = {
        "width": rules.width,
        "candidates": {"from": inputs.source, "number": candidates},
        "dropped": {reason: n for reason, n in sorted(windows.dropped.items()) if n},
        "windows": len(table),
        "split": split_facts(rules.split),
        "overlaps": overlap_facts(table),
        "tasks": {
            name: task_facts(table, task, inputs.labels) | {"balance": balance.get(name)}
            for name, task in tasks.items()
        },
        "leaks": leaks,
        "notes": label_notes(table, tasks.values()),
    }
    return table, facts


def _placed(inputs: WindowInputs, rules: WindowRules) -> _Windows:
    """Put the candidates of all cell types below each other, and drop those of a bad place."""
    names = sorted(inputs.candidates)
    tables = [
        inputs.candidates[name][["chrom", "centre", "strand"]].assign(cell_type=code)
        for code, name in enumerate(names)
    ]
    table = pd.concat(tables, ignore_index=True)
    centre, half = table["centre"].to_numpy(np.int64), rules.width // 2
    table = pd.DataFrame(
        {
            "cell_type": pd.Categorical.from_codes(table["cell_type"], names),
            "chrom": pd.Categorical(table["chrom"], list(inputs.sizes)),
            "start": centre - half,
            "end": centre - half + rules.width,
            "centre": centre,
            "strand": pd.Categorical(table["strand"], ["+", "-", "."]),
        }
    )
    windows = _Windows(table, Counter(inputs.dropped))
    excluded = [name for name in inputs.sizes if is_excluded(name, inputs.excluded)]
    length = table["chrom"].map(dict(inputs.sizes)).astype("int64")
    outside = (table["start"] < 0) | (table["end"] > length)
    reasons = {
        "excluded_chromosome": table["chrom"].isin(excluded),
        "chromosome_end": outside & (rules.edges == "drop"),
        "blacklist": _listed(table, inputs, rules),
    }
    windows.drop(np.select([*map(np.asarray, reasons.values())], [*reasons], default=""))
    return windows


def _listed(table: pd.DataFrame, inputs: WindowInputs, rules: WindowRules) -> npt.NDArray[np.bool_]:
    """Mark the windows whose centre, or any base of which, lies in the blacklist."""
    listed = np.zeros(len(table), dtype=bool)
    whole = rules.blacklist == "window"
    start = table["start"] if whole else table["centre"]
    end = table["end"] if whole else table["centre"] + 1
    for chrom, rows in table.groupby("chrom", observed=True).indices.items():
        own = start.to_numpy()[rows], end.to_numpy()[rows]
        listed[rows] = inputs.blacklist.overlaps(str(chrom), *own)
    return listed


def _add_labels(windows: _Windows, inputs: WindowInputs, tasks: Mapping[str, Task]) -> None:
    """Add what all replicates say of each task, and drop the windows of which none knows any."""
    columns: dict[str, Any] = {}
    known = np.zeros(len(windows.table), dtype=bool)
    for task in tasks.values():
        own, told = window_labels(windows.table, inputs, task)
        columns |= own
        known |= told
    windows.add(columns)
    windows.drop(np.where(known, "", "unlabelled"))


def _add_content(windows: _Windows, inputs: WindowInputs, rules: WindowRules) -> None:
    """Add composition, mappability and numbers of fragments; drop windows in assembly gaps."""
    table = windows.table
    columns: dict[str, Any] = {}
    if inputs.genome is not None:
        columns["gc"], columns["n"] = base_content(table, inputs.genome)
    if inputs.mappability is not None:
        means = interval_means(inputs.mappability, table, inputs.aliases, absent=0.0)
        columns["mappability"] = means.astype(np.float32)
    for assay in dict.fromkeys(assay for own in inputs.stores.values() for assay in own):
        numbers = np.full(len(table), -1, dtype=np.int64)
        for cell_type, rows in table.groupby("cell_type", observed=True).indices.items():
            if assay in inputs.stores.get(str(cell_type), {}):
                samples = inputs.stores[str(cell_type)][assay].values()
                numbers[rows] = sum(fragment_counts(table.iloc[rows], own) for own in samples)
        values = pd.array(numbers, dtype="Int32")
        values[numbers < 0] = pd.NA
        columns[f"fragments:{assay}"] = values
    windows.add(columns)
    if inputs.genome is not None:
        windows.drop(np.where(windows.table["n"] > rules.max_n, "n", ""))


def _add_split(windows: _Windows, rules: WindowRules, tasks: Mapping[str, Task]) -> None:
    """Add the split, and the fold where there are folds; drop windows that are in no split."""
    windows.table = windows.table.sort_values(
        ["cell_type", "chrom", "centre"], kind="stable", ignore_index=True
    )
    with_classes = [task.name for task in tasks.values() if task.classes]
    assigned = rules.split.assign(windows.table, with_classes)
    columns = {"split": pd.Categorical(assigned.split, list(SPLITS))}
    if assigned.fold is not None:
        columns["fold"] = pd.Categorical(assigned.fold, rules.split.folds)
    windows.add(columns)
    windows.drop(assigned.reason)


def _add_identical(
    windows: _Windows, inputs: WindowInputs, rules: WindowRules
) -> dict[str, Any] | None:
    """Mark held-out windows whose sequence stands in a training window, which may be dropped."""
    if inputs.genome is None or not rules.identical_length:
        return None
    length, exclude = rules.identical_length, rules.exclude_identical
    held_out, training, facts = identical_facts(windows.table, inputs.genome, length, exclude)
    windows.add({"identical": held_out})
    windows.drop(np.where(training & exclude, "identical", ""))
    return facts


def _add_weights(windows: _Windows, rules: WindowRules) -> dict[str, dict[str, Any]]:
    """Add what training windows weigh, for the tasks that are balanced; return {task: facts}."""
    columns, facts = {}, {}
    for name, entry in rules.balance.items():
        if is_balanced(entry):
            weights, facts[name] = training_weights(windows.table, name, entry, entry["seed"])
            columns[weight_column(name)] = weights
    windows.add(columns)
    return facts
