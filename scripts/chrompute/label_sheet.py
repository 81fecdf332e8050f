"""The label sheet: one line a label file; several of one task and cell type are replicates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chrompute.label_columns import TRUTH
from chrompute.sheets import (
    NAME,
    NAME_RULE,
    Sample,
    address_problems,
    digest_problems,
    read_sheet,
    split_list,
)

_COLUMNS = ("cell_type", "task", "kind", "replicate", "path", "derived_from", "sha256")
#: What the only label file of a task and cell type is called when the sheet gives it no name.
_ONLY = "1"


@dataclass(frozen=True)
class LabelFile:
    """One line of the label sheet.

    Attributes
    ----------
    cell_type, task, kind
        What it labels.
    replicate
        Tells the files of one task and cell type apart. `chrompute.label_columns.TRUTH` is what is
        known because the data are simulated: models are scored against it, and nothing else is
        done with it.
    path
        The label file.
    derived_from
        Samples that it was computed from.
    sha256
        Its expected digest, "" for none.
    """

    cell_type: str
    task: str
    kind: str
    replicate: str
    path: str
    derived_from: tuple[str, ...]
    sha256: str = ""


def read_labels(
    path: str, tasks: Mapping[str, Mapping[str, Any]], samples: Sequence[Sample]
) -> tuple[list[LabelFile], list[str]]:
    """Read the label sheet; return the label files and, one sentence each, all its faults.

    Parameters
    ----------
    path
        The sheet.
    tasks
        The block `tasks` of the configuration.
    samples
        Lines of the sample sheet.
    """
    rows, faults = read_sheet(path, _COLUMNS)
    known_samples = {sample.name for sample in samples}
    known_types = {sample.cell_type for sample in samples}
    lines_of = Counter((row["cell_type"], row["task"]) for _, row in rows)
    labels: list[LabelFile] = []
    seen: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        own = (row["cell_type"], row["task"])
        problems = _label_problems(row, tasks, known_types, known_samples)
        problems += _replicate_problems(row, lines_of[own] == 1)
        for column in ("replicate", "path"):
            key = (*own, column, row[column])
            if key in seen and row[column]:
                problems.append(
                    f"{column} {row[column]!r} of task {own[1]!r} of {own[0]!r} is already on line "
                    f"{seen[key]}; replicates are different files of different names"
                )
            seen.setdefault(key, line)
        faults += [f"{path}, line {line}: {problem}" for problem in problems]
        if not problems:
            labels.append(
                LabelFile(
                    *own,
                    row["kind"],
                    row["replicate"] or _ONLY,
                    row["path"],
                    split_list(row["derived_from"]),
                    row["sha256"],
                )
            )
    return labels, faults


def _replicate_problems(row: dict[str, str], alone: bool) -> list[str]:
    name, what = row["replicate"], f"task {row['task']!r} of {row['cell_type']!r}"
    if not name:
        if alone:
            return []
        return [f"{what} has several lines; name the replicate of each of them"]
    if name == TRUTH and alone:
        return [f"{what} has only the truth, which no model is trained on; add a replicate"]
    return [] if NAME.match(name) else [f"replicate {name!r} {NAME_RULE}"]


def _label_problems(
    row: dict[str, str],
    tasks: Mapping[str, Mapping[str, Any]],
    cell_types: set[str],
    samples: set[str],
) -> list[str]:
    problems = []
    if row["task"] not in tasks:
        problems.append(f"task {row['task']!r} is not in the configuration's 'tasks'")
    elif row["kind"] != tasks[row["task"]]["kind"]:
        kind = tasks[row["task"]]["kind"]
        problems.append(
            f"kind {row['kind']!r}, but task {row['task']!r} is of kind {kind!r} in the "
            "configuration; correct one of them"
        )
    if row["cell_type"] not in cell_types:
        problems.append(f"cell_type {row['cell_type']!r} has no sample in the sample sheet")
    if not row["path"]:
        problems.append("the path is empty; give the label file")
    problems += address_problems(row["path"], row["sha256"]) + digest_problems(row["sha256"])
    problems += [
        f"derived_from names {name!r}, which is not in the sample sheet"
        for name in split_list(row["derived_from"])
        if name not in samples
    ]
    return problems
