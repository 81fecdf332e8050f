"""Labels: what a segmentation calls its states, and the classes that a task predicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt

from chrompute.intervals import BedRecord

#: Name of the labels that are known because the data are simulated. They are scored against, and
#: used for nothing else.
TRUTH = "truth"


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


@dataclass(frozen=True)
class Task:
    """A segmentation task: one of K classes for each window.

    Attributes
    ----------
    name
        Name in the configuration.
    classes
        Class names, in the order of the model's outputs.
    titles
        {class: how figures and reports call it}.
    class_of
        {state in the label file: class}, None for states that are excluded explicitly.
    """

    name: str
    classes: tuple[str, ...]
    titles: Mapping[str, str]
    class_of: Mapping[str, str | None]

    @classmethod
    def from_config(cls, name: str, entry: Mapping[str, Any]) -> "Task":
        """Read one entry of the `tasks` block."""
        class_of: dict[str, str | None] = dict.fromkeys(entry.get("exclude", ()))
        titles: dict[str, str] = {}
        for class_name, block in entry["classes"].items():
            titles[class_name] = block.get("title", class_name)
            class_of |= dict.fromkeys(block["states"], class_name)
        return cls(name, tuple(titles), titles, class_of)


def mapping_faults(name: str, entry: Mapping[str, Any]) -> list[str]:
    """List the states that a task's mapping sends to two places."""
    owner: dict[str, str] = {}
    faults = []
    places = {"exclude": entry.get("exclude", ())}
    places |= {class_name: block["states"] for class_name, block in entry["classes"].items()}
    for place, states in places.items():
        for state in states:
            if state in owner:
                faults.append(
                    f"tasks/{name}: state {state!r} is mapped to {owner[state]!r} and to "
                    f"{place!r}; keep one"
                )
            owner[state] = place
    return faults


def unmapped_states(task: Task, states: Iterable[str]) -> list[str]:
    """List, as sentences, the states of a label file that the task maps to nothing."""
    sentences = []
    for state in sorted(set(states) - set(task.class_of)):
        near = get_close_matches(state, task.class_of, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        sentences.append(
            f"state {state!r} has no class in tasks/{task.name}{hint}; "
            "add it to a class or to 'exclude'"
        )
    return sentences


def joined_segments(
    records: Sequence[BedRecord], task: Task, join: bool
) -> list[tuple[BedRecord, str | None]]:
    """Pair each segment with its class; touching segments of one class may be joined first.

    Parameters
    ----------
    records
        Segments of one file.
    task
        The mapping; every state must be in it (`unmapped_states`).
    join
        Whether touching or overlapping segments of one class become one segment.
    """
    pairs = [(record, task.class_of[record.name]) for record in records]
    if not join:
        return pairs
    joined: list[tuple[BedRecord, str | None]] = []
    for record, name in sorted(pairs, key=lambda pair: (pair[0].chrom, pair[0].start)):
        if joined and name is not None:
            last, last_name = joined[-1]
            if last_name == name and last.chrom == record.chrom and record.start <= last.end:
                end = max(last.end, record.end)
                grown = BedRecord(last.line, last.chrom, last.start, end, last.name, ".")
                joined[-1] = (grown, name)
                continue
        joined.append((record, name))
    return joined


def codes_at(
    records: Sequence[BedRecord],
    task: Task,
    chroms: npt.NDArray[np.str_],
    positions: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return the class that a segmentation gives to each of some bases.

    Parameters
    ----------
    records
        Segments of one file; no two share a base.
    task
        The mapping; every state must be in it (`unmapped_states`).
    chroms, positions
        (n,): the bases, 0-based.

    Returns
    -------
    array
        int64 (n,): index of the class, -1 where no segment lies or its state is excluded.
    """
    index = {name: code for code, name in enumerate(task.classes)}
    by_chrom: dict[str, list[tuple[int, int, int]]] = {}
    for record in records:
        code = index.get(task.class_of[record.name] or "", -1)
        by_chrom.setdefault(record.chrom, []).append((record.start, record.end, code))
    found = np.full(len(positions), -1, dtype=np.int64)
    for chrom, segments in by_chrom.items():
        starts, ends, codes = np.array(sorted(segments), dtype=np.int64).T
        mine = np.flatnonzero(chroms == chrom)
        place = np.searchsorted(starts, positions[mine], side="right") - 1
        inside = (place >= 0) & (positions[mine] < ends[place])
        found[mine] = np.where(inside, codes[place], -1)
    return found
