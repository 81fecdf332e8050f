"""Windows: genomic intervals around candidate centres, with labels and a split."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chrompute.errors import InputError
from chrompute.genome import is_excluded
from chrompute.intervals import BedRecord, IntervalSet
from chrompute.labels import Task, joined_segments, unmapped_states
from chrompute.splits import SPLITS, ChromosomeSplit


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
    segments: Mapping[str, Sequence[BedRecord]],
    task: Task,
    rules: WindowRules,
    split: ChromosomeSplit,
    sizes: Mapping[str, int],
    blacklist: IntervalSet,
    excluded: Sequence[str] = (),
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Make the windows of one window set from the segmentation of each cell type.

    Parameters
    ----------
    segments
        {cell type: segments of its label file}.
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
        (half-open, may reach past the chromosome's ends), `centre`, a column named after the
        task with the class, and `split`.
    facts
        Segments in the files, windows dropped for each reason (they add up), and the number
        of windows by cell type, split and class.

    Raises
    ------
    InputError
        When a state has no class, or a cell type has no window in one of the splits.
    """
    faults = unmapped_states(task, (r.name for records in segments.values() for r in records))
    if faults:
        raise InputError(faults)
    dropped: Counter[str] = Counter()
    rows = []
    for cell_type, records in segments.items():
        pairs = joined_segments(records, task, rules.join)
        if len(pairs) < len(records):
            dropped["joined"] += len(records) - len(pairs)
        for record, name in pairs:
            centre = centre_of(record, rules.anchor)
            reason = _reason_to_drop(record, centre, name, rules, sizes, blacklist, excluded, split)
            if reason is None:
                rows.append((cell_type, record.chrom, centre, name))
            else:
                dropped[reason] += 1
    table = _as_table(rows, task, rules, split, sizes)
    facts = {
        "width": rules.width,
        "segments": sum(map(len, segments.values())),
        "dropped": dict(sorted(dropped.items())),
        "windows": len(table),
        "classes": {name: task.titles[name] for name in task.classes},
        "counts": _counts(table, task, segments),
    }
    return table, facts


def _reason_to_drop(
    record: BedRecord,
    centre: int,
    name: str | None,
    rules: WindowRules,
    sizes: Mapping[str, int],
    blacklist: IntervalSet,
    excluded: Sequence[str],
    split: ChromosomeSplit,
) -> str | None:
    half = rules.width // 2
    outside = centre - half < 0 or centre + half >= sizes[record.chrom]
    reasons = {
        "excluded_chromosome": is_excluded(record.chrom, excluded),
        "excluded_state": name is None,
        "short": record.end - record.start < rules.min_length,
        "no_split": split.assign([record.chrom])[0] == "",
        "chromosome_end": rules.edges == "drop" and outside,
        "blacklist": bool(blacklist.contains(record.chrom, centre)),
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _as_table(
    rows: list[tuple[str, str, int, str | None]],
    task: Task,
    rules: WindowRules,
    split: ChromosomeSplit,
    sizes: Mapping[str, int],
) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["cell_type", "chrom", "centre", task.name])
    rank = {chrom: index for index, chrom in enumerate(sizes)}
    order = np.lexsort(
        (table["centre"], table["chrom"].map(rank).to_numpy(), table["cell_type"].to_numpy())
    )
    table = table.iloc[order].reset_index(drop=True)
    table["start"] = table["centre"] - rules.width // 2
    table["end"] = table["start"] + rules.width
    table["split"] = split.assign(table["chrom"].tolist())
    columns = ["cell_type", "chrom", "start", "end", "centre", task.name, "split"]
    return table[columns].astype({"start": "int64", "end": "int64", "centre": "int64"})


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


def write_windows(
    table: pd.DataFrame, facts: Mapping[str, Any], parquet: str | Path, summary: str | Path
) -> None:
    """Write a window set and its facts."""
    table.to_parquet(parquet, index=False, compression="zstd")
    Path(summary).write_text(json.dumps(facts, indent=2) + "\n")


def read_windows(parquet: str | Path) -> pd.DataFrame:
    """Read a window set that `write_windows` wrote."""
    return pd.read_parquet(parquet)
