"""Label files: segmentations and peaks as BED, read for one task and looked over for faults."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from chrompute.errors import InputError
from chrompute.intervals import column_name, scan_bed, shorten
from chrompute.tasks import Task, unmapped_states

#: In a BED, touching segments share an edge. Where so many follow the one before by one base, so
#: large a share of all, and none touches, positions are taken to count from 1.
_FEWEST_GAPS, _SHARE_OF_GAPS = 2, 0.2
#: So are those of files with at least so many intervals that all begin one above a round number.
_FEWEST_ROUND = 5


def scan_labels(
    path: str | Path,
    task: Task,
    cell_type: str,
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Read a label file of a segmentation or marks task, and say what is wrong with it.

    Parameters
    ----------
    path
        BED, plain or gzipped.
    task
        Gives each state its class; `task.keep` says which lines count.
    cell_type
        The cell type it labels.
    sizes, aliases
        As in `chrompute.intervals.scan_bed`.

    Returns
    -------
    labels
        Columns `line`, `chrom` (a category of the chromosomes that the file names, on whatever
        line), `start`, `end`, `score`, `strand`; of a segmentation also `name`, the state, and
        `code` (int64): index of its class, -1 for an excluded state.
    faults
        One sentence for each faulty line, the first few of each sort.
    """
    extra = {task.column, task.keep.column if task.keep else task.column}
    table, faults = scan_bed(path, sizes, aliases, sorted(extra))
    faults = shorten(faults, str(path))
    if table.empty and not faults:
        faults = [f"{path}: holds no interval; give another file or remove the line"]
    faults += _unsorted(path, table) + _counted_from_one(path, table, task)
    table["chrom"] = table["chrom"].cat.remove_unused_categories()
    if task.keep:
        table, missing = _kept(path, table, task, cell_type)
        faults += missing
    if task.kind == "segmentation":
        table = table.assign(name=table[column_name(task.column)].astype("category"))
        faults += _unmapped(path, table, task)
        faults += _overlaps(path, table, task) if task.overlaps == "fault" else []
        table = table.assign(code=_codes(table["name"], task))
    elif task.min_score is not None and len(table) and not (table["score"] >= task.min_score).any():
        faults.append(
            f"{path}: no peak has a score (column 5) of {task.min_score:g} or more, so that none "
            f"binds anything; correct tasks/{task.name}/min_score"
        )
    return table, faults


def read_labels_of(
    path: str | Path,
    task: Task,
    cell_type: str,
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read a label file; arguments and columns are those of `scan_labels`.

    Raises
    ------
    InputError
        With all faults of the file.
    """
    table, faults = scan_labels(path, task, cell_type, sizes, aliases)
    if faults:
        raise InputError(faults)
    return table


def _codes(states: pd.Series, task: Task) -> np.ndarray:
    index = {name: code for code, name in enumerate(task.classes)}
    by_state = {state: index.get(name or "", -1) for state, name in task.class_of.items()}
    by_name = [by_state.get(state, -1) for state in states.cat.categories]
    return np.array([*by_name, -1], dtype=np.int64)[states.cat.codes]


def _unsorted(path: str | Path, table: pd.DataFrame) -> list[str]:
    """Name the first line that stands before its place."""
    chrom, start = table["chrom"].cat.codes.to_numpy(), table["start"].to_numpy()
    same = np.append(False, chrom[1:] == chrom[:-1])[: len(table)]
    back = same & (start < np.roll(start, 1))
    begins = np.flatnonzero(~same)
    _, first = np.unique(chrom[begins], return_index=True)
    again = np.setdiff1d(begins, begins[first])
    rows = np.union1d(np.flatnonzero(back), again)
    if not rows.size:
        return []
    row = table.iloc[int(rows[0])]
    return [
        f"{path}, line {row.line}: {row.chrom}:{row.start} comes after its place, the file is not "
        "sorted; sort it with: sort -k1,1 -k2,2n"
    ]


def _kept(
    path: str | Path, table: pd.DataFrame, task: Task, cell_type: str
) -> tuple[pd.DataFrame, list[str]]:
    """Choose the lines that count, and name the texts that no line has."""
    assert task.keep is not None
    column, texts = column_name(task.keep.column), task.keep.texts(cell_type)
    where = f"tasks/{task.name}/keep"
    if not texts:
        return table, [
            f"{path}: {where} names nothing for cell type {cell_type!r}; add it to 'values'"
        ]
    there = set(table[column].unique())
    faults = [
        f"{path}: no line has {text!r} in column {task.keep.column}; correct {where}"
        for text in texts
        if text not in there and len(table)
    ]
    return table[table[column].isin(texts)].reset_index(drop=True), faults


def _counted_from_one(path: str | Path, table: pd.DataFrame, task: Task) -> list[str]:
    """Suspect positions that count from 1, by gaps of one base or by round numbers."""
    same = (table["chrom"] == table["chrom"].shift()).to_numpy()
    gap = (table["start"] - table["end"].shift()).to_numpy()
    gaps = np.flatnonzero(same & (gap == 1))
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    if (
        task.kind == "segmentation"
        and len(gaps) >= max(_FEWEST_GAPS, _SHARE_OF_GAPS * same.sum())
        and not (same & (gap == 0)).any()
    ):
        row = int(gaps[0])
        what = (
            f"begins one base behind the segment before, as {len(gaps):,} of {int(same.sum()):,} "
            "do, and none touches the one before"
        )
    elif len(table) >= _FEWEST_ROUND and (start % 10 == 1).all() and (end % 10 == 0).all():
        row = 0
        what = "begins, like every other, one above a multiple of 10, and ends at one"
    else:
        return []
    remedy = (
        "its ends seem to be last bases; add 1 to column 3"
        if (start == 0).any()
        else "its positions seem to count from 1; subtract 1 from column 2"
    )
    return [f"{path}, line {int(table['line'].iloc[row])}: {what}: {remedy}"]


def _unmapped(path: str | Path, table: pd.DataFrame, task: Task) -> list[str]:
    states = table["name"].unique()
    if len(states) == 1 and states[0] == "":
        return [f"{path}: has no column {task.column}, where states should stand; correct the file"]
    remedies = unmapped_states(task, states)
    if not remedies:
        return []
    first = table[table["name"].isin(remedies)].drop_duplicates("name")
    lines = zip(first["line"], first["name"], strict=True)
    return shorten([f"{path}, line {line}: {remedies[name]}" for line, name in lines], str(path))


def _overlaps(path: str | Path, table: pd.DataFrame, task: Task) -> list[str]:
    """Name segments that share bases: a base would have two labels."""
    ordered = table.sort_values(["chrom", "start", "end"], kind="stable")
    end = ordered["end"].to_numpy()
    furthest = ordered.groupby("chrom", observed=True)["end"].cummax().to_numpy()
    # Row of the segment that reaches furthest, among those up to each one.
    reaches = np.maximum.accumulate(np.where(end == furthest, np.arange(len(end)), 0))
    same = (ordered["chrom"] == ordered["chrom"].shift()).to_numpy()
    wrong = np.flatnonzero(same & (ordered["start"].to_numpy() < np.roll(furthest, 1)))
    lines = ordered["line"].to_numpy()
    faults = [
        f"{path}, line {lines[row]}: the segment shares bases with that of line "
        f"{lines[reaches[row - 1]]}; correct one of them, or set "
        f"tasks/{task.name}/overlaps to unknown"
        for row in wrong
    ]
    return shorten(faults, str(path))
