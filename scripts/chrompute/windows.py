"""Windows: genomic intervals around candidate centres, with labels and a split."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.genome import is_excluded
from chrompute.intervals import BedRecord, IntervalSet
from chrompute.labels import (
    TRUTH,
    Task,
    codes_at,
    joined_segments,
    replicate_columns,
    unmapped_states,
)
from chrompute.splits import SPLITS, Split


@dataclass(frozen=True)
class WindowRules:
    """How candidates become windows.

    Attributes
    ----------
    width
        Window width in bp; odd, so that one base is the centre.
    min_length
        Shortest segment, in bp, that gives a window.
    anchor
        "centre", "start" or "end" of the segment. The centre base of [start, end) is
        (start + end - 1) // 2, as for fragments.
    join
        Whether touching segments of one class are joined before centring.
    edges
        What happens to a window that reaches past a chromosome end: "pad" keeps it (unknown
        bases, no fragments there), "drop" drops it.
    """

    width: int
    min_length: int = 1
    anchor: str = "centre"
    join: bool = False
    edges: str = "pad"

    @classmethod
    def from_config(cls, entry: Mapping[str, Any]) -> "WindowRules":
        """Read one entry of the `windows` block."""
        names = ("width", "min_length", "anchor", "join", "edges")
        return cls(**{name: entry[name] for name in names if name in entry})


def centre_of(record: BedRecord, anchor: str) -> int:
    """Return the centre base of a candidate, 0-based."""
    positions = {
        "centre": (record.start + record.end - 1) // 2,
        "start": record.start,
        "end": record.end - 1,
    }
    return positions[anchor]


def build_windows(
    segments: Mapping[str, Mapping[str, Sequence[BedRecord]]],
    task: Task,
    rules: WindowRules,
    split: Split,
    sizes: Mapping[str, int],
    blacklist: IntervalSet,
    excluded: Sequence[str] = (),
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Make the windows of one window set from the segmentations of each cell type.

    The segments of the first replicate are the candidates. Every replicate, and the truth, labels
    a window by its class at the window's centre base.

    Parameters
    ----------
    segments
        {cell type: {replicate: segments of its label file}}; "truth" is no replicate.
    task
        Gives each segment its class.
    rules, split
        How segments become windows, and which chromosomes train, tune and test.
    sizes
        {chromosome: bp}.
    blacklist
        A window whose centre base lies in it is dropped.
    excluded
        Names or patterns of chromosomes left out.

    Returns
    -------
    windows
        One row a window, sorted by cell type and place: `cell_type`, `chrom`, `start`, `end`
        (half-open, may reach past the chromosome's ends), `centre`; a column named after the task
        with the class on which all replicates agree that know one, null where they disagree;
        `split`; and `{task}.{replicate}` with the class that each replicate gives, null where it
        knows none, the truth last.
    facts
        Candidates, windows dropped for each reason (they add up), the replicates of each cell
        type, and by cell type and split the number of windows of each class and of those on
        which the replicates disagree.

    Raises
    ------
    InputError
        When a state has no class, a cell type has no window in one of the splits, or a replicate
        knows none of the windows.
    """
    names = (r.name for own in segments.values() for records in own.values() for r in records)
    faults = unmapped_states(task, names)
    if faults:
        raise InputError(faults)
    dropped: Counter[str] = Counter()
    tables = []
    for cell_type, replicates in segments.items():
        first = _first_replicate(replicates)
        table, joined = _candidates(first, task, rules)
        dropped["joined"] += joined
        chroms, centres = table["chrom"].to_numpy(), table["centre"].to_numpy()
        labels = {
            name: codes_at(records, task, chroms, centres) for name, records in replicates.items()
        }
        reasons = _reasons_to_drop(table, labels, rules, sizes, blacklist, excluded, split)
        dropped.update(reasons[reasons != ""].tolist())
        table = _labelled(table, labels, task)[reasons == ""].assign(cell_type=cell_type)
        _refuse_unknown(table, task, cell_type, replicates)
        tables.append(table)
    table = _as_table(pd.concat(tables), task, rules, split, sizes)
    candidates = sum(len(_first_replicate(replicates)) for replicates in segments.values())
    facts = {
        "width": rules.width,
        "segments": candidates,
        "dropped": {reason: number for reason, number in sorted(dropped.items()) if number},
        "windows": len(table),
        "classes": {name: task.titles[name] for name in task.classes},
        "replicates": {cell_type: [*replicates] for cell_type, replicates in segments.items()},
        "counts": _counts(table, task, segments),
        "disagree": _disagreements(table, task, segments),
    }
    return table, facts


def _first_replicate(replicates: Mapping[str, Sequence[BedRecord]]) -> Sequence[BedRecord]:
    return next(records for name, records in replicates.items() if name != TRUTH)


def _candidates(
    records: Sequence[BedRecord], task: Task, rules: WindowRules
) -> tuple[pd.DataFrame, int]:
    """Return place, length and centre of each candidate, and how many segments were joined away."""
    pairs = joined_segments(records, task, rules.join)
    rows = [(r.chrom, r.end - r.start, centre_of(r, rules.anchor)) for r, _ in pairs]
    table = pd.DataFrame(rows, columns=["chrom", "length", "centre"])
    table = table.astype({"length": "int64", "centre": "int64"})
    return table, len(records) - len(pairs)


def _reasons_to_drop(
    candidates: pd.DataFrame,
    labels: Mapping[str, npt.NDArray[np.int64]],
    rules: WindowRules,
    sizes: Mapping[str, int],
    blacklist: IntervalSet,
    excluded: Sequence[str],
    split: Split,
) -> npt.NDArray[np.str_]:
    """Return for each candidate the first reason to drop it, "" where there is none."""
    chroms, centres = candidates["chrom"], candidates["centre"].to_numpy()
    names = chroms.unique().tolist()
    assigned = split.assign(candidates.assign(cell_type=""), [])
    half = rules.width // 2
    outside = (centres < half) | (centres + half >= chroms.map(sizes).to_numpy())
    listed = np.zeros(len(candidates), dtype=bool)
    for chrom in names:
        mine = (chroms == chrom).to_numpy()
        listed[mine] = blacklist.contains(chrom, centres[mine])
    known = [codes >= 0 for name, codes in labels.items() if name != TRUTH]
    reasons = {
        "excluded_chromosome": chroms.isin([c for c in names if is_excluded(c, excluded)]),
        "excluded_state": ~np.any(known, axis=0),
        "short": candidates["length"] < rules.min_length,
        "no_split": assigned.split == "",
        "chromosome_end": outside & (rules.edges == "drop"),
        "blacklist": listed,
    }
    conditions = [np.asarray(applies, dtype=bool) for applies in reasons.values()]
    return np.select(conditions, list(reasons), default="")


def _labelled(
    candidates: pd.DataFrame, labels: Mapping[str, npt.NDArray[np.int64]], task: Task
) -> pd.DataFrame:
    """Add the columns of labels."""
    # One more name at the end: code -1, which is unknown, is None.
    names = np.array([*task.classes, None], dtype=object)
    codes = np.stack([own for name, own in labels.items() if name != TRUTH])
    least = np.where(codes < 0, len(task.classes), codes).min(axis=0)
    agreed = np.where(codes.max(axis=0) == least, least, -1)
    columns = {task.name: names[agreed]}
    for name in sorted(labels, key=lambda name: name == TRUTH):  # the truth last
        columns[f"{task.name}.{name}"] = names[labels[name]]
    return candidates.assign(**columns)


def _refuse_unknown(
    table: pd.DataFrame, task: Task, cell_type: str, replicates: Iterable[str]
) -> None:
    silent = [name for name in replicates if not table[f"{task.name}.{name}"].notna().any()]
    if silent and len(table):
        faults = [
            f"windows: replicate {name!r} of task {task.name!r} knows no window of cell type "
            f"{cell_type!r}; give a label file that covers the segments of the first replicate"
            for name in silent
        ]
        raise InputError(faults)


def _as_table(
    table: pd.DataFrame,
    task: Task,
    rules: WindowRules,
    split: Split,
    sizes: Mapping[str, int],
) -> pd.DataFrame:
    rank = {chrom: index for index, chrom in enumerate(sizes)}
    order = np.lexsort(
        (table["centre"], table["chrom"].map(rank).to_numpy(), table["cell_type"].to_numpy())
    )
    table = table.iloc[order].reset_index(drop=True)
    table["start"] = table["centre"] - rules.width // 2
    table["end"] = table["start"] + rules.width
    table["split"] = split.assign(table, []).split
    replicates = replicate_columns(table.columns, task.name, truth=True)
    last = sorted(replicates.values(), key=lambda column: column == f"{task.name}.{TRUTH}")
    columns = ["cell_type", "chrom", "start", "end", "centre", task.name, "split", *last]
    return table[columns].astype(dict.fromkeys(("cell_type", "chrom", task.name, *last), "str"))


def _counts(
    table: pd.DataFrame, task: Task, cell_types: Iterable[str]
) -> dict[str, dict[str, dict[str, int]]]:
    there = set(zip(table["cell_type"], table["split"], strict=True))
    empty = [
        f"windows: cell type {cell_type!r} has no window in split {split!r}; "
        "choose other chromosomes in 'split', or labels that cover them"
        for cell_type in cell_types
        for split in SPLITS
        if (cell_type, split) not in there
    ]
    if empty:
        raise InputError(empty)
    number = table.groupby(["cell_type", "split", task.name]).size().to_dict()
    return {
        cell_type: {
            split: {name: int(number.get((cell_type, split, name), 0)) for name in task.classes}
            for split in SPLITS
        }
        for cell_type in cell_types
    }


def _disagreements(
    table: pd.DataFrame, task: Task, cell_types: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Count the windows on which the replicates disagree: every window has a known label."""
    open_ones = table[table[task.name].isna()]
    number = open_ones.groupby(["cell_type", "split"]).size().to_dict()
    return {
        cell_type: {split: int(number.get((cell_type, split), 0)) for split in SPLITS}
        for cell_type in cell_types
    }


def write_windows(
    table: pd.DataFrame, facts: Mapping[str, Any], parquet: str | Path, summary: str | Path
) -> None:
    """Write a window set and its facts."""
    table.to_parquet(parquet, index=False, compression="zstd")
    Path(summary).write_text(json.dumps(facts, indent=2) + "\n")


def read_windows(parquet: str | Path) -> pd.DataFrame:
    """Read a window set that `write_windows` wrote."""
    return pd.read_parquet(parquet)
