"""Tasks, label tables and windows of tests, made from rows."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from chrompute.tasks import Task

CHROMS = ["chr2", "chr1"]
SIZE = 4000
SIZES = dict.fromkeys(CHROMS, SIZE)
CLASSES = {"open": {"states": ["P", "E"]}, "body": {"states": ["G"]}, "rest": {"states": ["R"]}}
CLASS_OF = {"P": "open", "E": "open", "G": "body", "R": "rest"}


def segmentation(**options: object) -> Task:
    entry = {"kind": "segmentation", "classes": CLASSES, "exclude": ["X"], **options}
    return Task.from_config("state", entry)


def marks(**options: object) -> Task:
    return Task.from_config("mark", {"kind": "marks", **options})


def label_table(
    rows: Iterable[Sequence[object]], task: Task, chroms: Sequence[str]
) -> pd.DataFrame:
    """Return (chrom, start, end, state or score) as `scan_labels` would, but in any order."""
    table = pd.DataFrame(rows, columns=["chrom", "start", "end", "name"])
    code = {
        state: task.classes.index(name) if name else -1 for state, name in task.class_of.items()
    }
    codes = [code.get(name, -1) for name in table["name"]]
    return table.assign(
        chrom=pd.Categorical(table["chrom"], chroms),
        code=np.array(codes, dtype=np.int64),
        score=pd.to_numeric(table["name"], errors="coerce"),
        strand=".",
    )


def window_table(rows: Iterable[tuple[str, int]], chroms: Sequence[str]) -> pd.DataFrame:
    """Return windows of (chrom, centre)."""
    table = pd.DataFrame(rows, columns=["chrom", "centre"])
    return table.assign(chrom=pd.Categorical(table["chrom"], chroms))
