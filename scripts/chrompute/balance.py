"""Balance: what each training window weighs, by its class and its G+C content."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.draws import keyed_draws
from chrompute.errors import InputError
from chrompute.label_columns import replicate_columns, votes
from chrompute.tasks import BOUND, NOT_BOUND

#: Bins of G+C content, 2 % each; what has none has a bin of its own, the last.
_BINS = 50
_NO_GC = _BINS
#: Votes are counted in this part of a window, so that their sums are whole numbers, which no order
#: changes: it is a multiple of every number of replicates up to 16.
_UNIT = 720_720

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def balance_faults(
    task_name: str, kind: str, entry: Mapping[str, Any], has_sequence: bool
) -> list[str]:
    """List, one sentence each, the keys of a task's `balance` that do not go together.

    Parameters
    ----------
    task_name, kind
        The task.
    entry
        Its block `balance`.
    has_sequence
        Whether there is a FASTA, and so G+C contents.
    """
    place = f"tasks/{task_name}/balance"
    negatives, match_gc = entry.get("negatives"), entry.get("match_gc", False)
    found = []
    if kind != "marks":
        found += [
            f"{place}: {key!r} is for tasks of kind 'marks', and {task_name!r} is a {kind}; "
            "remove it"
            for key, value in (("negatives", negatives), ("match_gc", match_gc or None))
            if value is not None
        ]
    elif match_gc and negatives is None:
        found.append(f"{place}: 'match_gc' says how 'negatives' are drawn; give their number")
    if kind == "signal" and entry.get("weights", "none") != "none":
        found.append(f"{place}: 'weights' are those of classes, and a signal has none; remove it")
    if match_gc and not has_sequence:
        found.append(f"{place}: 'match_gc' needs a sequence; give genome/fasta, or remove it")
    return found


def is_balanced(entry: Mapping[str, Any]) -> bool:
    """Tell whether a task's `balance` asks for anything."""
    return entry["weights"] != "none" or entry["negatives"] is not None


class _Known(NamedTuple):
    """What is known of the training windows.

    Attributes
    ----------
    cell_type, cell_types
        int64 (n,): index of each window's cell type, and their names.
    classes
        Names of the classes.
    votes
        float64 (n, n_classes): the share of the replicates that name each class, in `_UNIT`.
    trains
        bool (n,): training windows with a label.
    """

    cell_type: Integers
    cell_types: list[str]
    classes: list[str]
    votes: Values
    trains: Flags

    @property
    def trained(self) -> list[tuple[int, str]]:
        """Index and name of the cell types that have labelled training windows."""
        return [(code, self.cell_types[code]) for code in np.unique(self.cell_type[self.trains])]


def training_weights(
    windows: pd.DataFrame, task_name: str, entry: Mapping[str, Any], seed: int
) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
    """Weigh the training windows of a task.

    A window on which all replicates agree counts for its class; one on which they disagree counts
    for each class by the share of the replicates that name it. The result does not depend on the
    order of the windows.

    Parameters
    ----------
    windows
        Columns `cell_type`, `chrom`, `centre`, `split`, the category of the task, those of its
        replicates if there are any, and `gc` where negatives are matched.
    task_name
        A task with classes.
    entry
        Its block `balance`.
    seed
        Decides which negatives are drawn.

    Returns
    -------
    weights
        float32 (n,): of training windows with a label what they weigh, 0 for those that are left
        out and 1 on average for the others; 1 for all other windows.
    facts
        By cell type, those without labelled training windows left out. `classes`: of each class
        the training windows on which all replicates agree (`windows`), those in use (`used`), and
        what all windows in use weigh for it (`weight`). `disagree`: `windows` on which replicates
        disagree and those `used`; they weigh for their classes. `negatives`, where they are drawn:
        see `_draw_negatives`.

    Raises
    ------
    InputError
        When no training window is left in use.
    """
    known = _known(windows, task_name)
    used, facts = known.trains, {}
    if entry.get("negatives") is not None:
        used, facts["negatives"] = _draw_negatives(windows, known, entry, seed)
    if known.trains.any() and not used.any():
        raise InputError(
            f"tasks/{task_name}/balance: no training window is bound, so that 'negatives' keeps "
            "none; remove it, or give labels that cover the training places"
        )
    weights = np.where(known.trains & ~used, 0.0, 1.0)
    if entry.get("weights", "none") == "balanced":
        sums = known.votes[used].sum(axis=0)
        there = sums > 0
        each = np.divide(used.sum() / there.sum(), sums, out=np.zeros_like(sums), where=there)
        weights[used] = (known.votes[used] * each).sum(axis=1)
    return weights.astype(np.float32), _count_classes(known, weights) | facts


def _known(windows: pd.DataFrame, task_name: str) -> _Known:
    columns = [*replicate_columns(windows.columns, task_name).values()] or [task_name]
    classes = [*windows[task_name].cat.categories]
    codes = np.stack([windows[column].cat.codes.to_numpy() for column in columns])
    shares = np.rint(votes(codes, len(classes)).astype(np.float64) * _UNIT)
    cell_type, names = pd.factorize(windows["cell_type"], sort=True)
    trains = (windows["split"] == "train").to_numpy() & shares.any(axis=1)
    return _Known(cell_type, [str(name) for name in names], classes, shares, trains)


def _count_classes(known: _Known, weights: Values) -> dict[str, Any]:
    """Count the labelled training windows of each class before and after, and weigh them."""
    number = len(known.classes)
    agreed = (known.votes == _UNIT).any(axis=1)
    codes = np.where(agreed, known.votes.argmax(axis=1), number)
    counts: dict[str, Any] = {"classes": {}, "disagree": {}}
    for index, cell_type in known.trained:
        mine = known.trains & (known.cell_type == index)
        used = mine & (weights > 0)
        before = np.bincount(codes[mine], minlength=number + 1).tolist()
        after = np.bincount(codes[used], minlength=number + 1).tolist()
        weight = (weights[used] @ known.votes[used] / _UNIT).round(4).tolist()
        counts["classes"][cell_type] = {
            name: {"windows": before[code], "used": after[code], "weight": weight[code]}
            for code, name in enumerate(known.classes)
        }
        counts["disagree"][cell_type] = {"windows": before[-1], "used": after[-1]}
    return counts


def _draw_negatives(
    windows: pd.DataFrame, known: _Known, entry: Mapping[str, Any], seed: int
) -> tuple[Flags, dict[str, dict[str, Any]]]:
    """Choose which training windows that are not bound are used, in each cell type by itself.

    A window that any replicate calls bound is used, and what the others say of it counts as a part
    of a negative.

    Returns
    -------
    used
        bool (n,): the training windows in use.
    facts
        By cell type: negatives `wanted`, beside those parts; windows that no replicate calls bound
        which are `kept` and `left_out`; wanted ones `not_found`, because there are too few; and
        with matching those kept `from_other_bins` of G+C than wanted, and `gc`, the mean content
        of the `bound` windows, and of the others before (`not_bound`) and after (`kept`).
    """
    is_bound = known.votes[:, known.classes.index(BOUND)] > 0
    gc = windows["gc"].to_numpy(np.float64) if entry.get("match_gc") else None
    bins = np.zeros(len(windows), dtype=np.int64) if gc is None else _bins_of(gc)
    draws = keyed_draws(seed, windows["cell_type"], windows["chrom"], windows["centre"])
    used = known.trains & is_bound
    facts: dict[str, dict[str, Any]] = {}
    for index, cell_type in known.trained:
        mine = known.trains & (known.cell_type == index)
        bound, free = np.flatnonzero(mine & is_bound), np.flatnonzero(mine & ~is_bound)
        wanted = _wanted(known, bound, bins, entry["negatives"])
        there = np.bincount(bins[free], minlength=_NO_GC + 1)
        taken = _share_out(wanted, there)
        # The first so many of each bin, in the order that the draws give them.
        order = free[np.lexsort((draws[free], bins[free]))]
        place = np.arange(order.size) - (np.cumsum(there) - there)[bins[order]]
        kept = order[place < taken[bins[order]]]
        used[kept] = True
        numbers = (wanted.sum(), kept.size, free.size - kept.size, wanted.sum() - kept.size)
        names = ("wanted", "kept", "left_out", "not_found")
        facts[cell_type] = dict(zip(names, map(int, numbers), strict=True))
        if gc is not None:
            facts[cell_type]["from_other_bins"] = int(np.maximum(taken - wanted, 0).sum())
            groups = {"bound": bound, "not_bound": free, "kept": kept}
            facts[cell_type]["gc"] = {name: _mean(gc[rows]) for name, rows in groups.items()}
    return used, facts


def _bins_of(gc: Values) -> Integers:
    """Return the bin of each G+C content, the last one where it is unknown."""
    # What is 0.14 in 32 bits is a little less in 64, and belongs to the bin that begins there.
    bins = np.floor(np.nan_to_num(gc) * _BINS + 1e-4).astype(np.int64)
    return np.where(np.isnan(gc), _NO_GC, np.minimum(bins, _BINS - 1))


def _wanted(known: _Known, bound: Integers, bins: Integers, each: float) -> Integers:
    """Return how many negatives each bin is to have for its bound windows, whole numbers."""
    parts = known.votes[bound] / _UNIT
    per_bin = [
        np.bincount(bins[bound], parts[:, known.classes.index(name)], _NO_GC + 1)
        for name in (BOUND, NOT_BOUND)
    ]
    numbers = np.maximum(per_bin[0] * each - per_bin[1], 0).round(6)
    whole = np.floor(numbers).astype(np.int64)
    # Rounded so that the sum is rounded too: up where the remainders are largest.
    missing = round(float(numbers.sum())) - int(whole.sum())
    whole[np.argsort(whole - numbers, kind="stable")[:missing]] += 1
    return whole


def _share_out(wanted: Integers, there: Integers) -> Integers:
    """Return how many negatives each bin gives: its own first, then what other bins lack.

    What a bin lacks comes from the nearest bins that have some left, the lower one first. Windows
    of unknown content stand in for each other only.
    """
    taken = np.minimum(wanted, there)
    lack, left = wanted - taken, there - taken
    for distance in range(1, _BINS):
        for source in (-distance, distance):
            for at in np.flatnonzero(lack[:_BINS]):
                if 0 <= at + source < _BINS:
                    given = min(lack[at], left[at + source])
                    lack[at] -= given
                    left[at + source] -= given
    return there - left


def _mean(values: Values) -> float | None:
    """Return the mean of the known values; None where there is none."""
    values = values[~np.isnan(values)]
    return round(float(values.mean()), 4) if values.size else None
