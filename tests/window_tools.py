"""A small window set from files: two cell types, three tasks, and what is there to vary."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from chrompute.genome import write_sizes
from chrompute.splits import Split
from chrompute.tasks import Task
from chrompute.window_inputs import read_inputs
from chrompute.windows import WindowRules, build_windows
from helpers import write_bed, write_values

SIZES = {"chr1": 1000, "chr3": 600, "chr2": 600, "chrM": 200}
TASKS = {
    name: Task.from_config(name, entry)
    for name, entry in {
        "state": {
            "kind": "segmentation",
            "classes": {"open": {"states": ["P"], "title": "open DNA"}, "body": {"states": ["G"]}},
            "exclude": ["X"],
        },
        "mark": {"kind": "marks", "core": 100, "margin": 50},
        "level": {"kind": "signal", "core": 100},
    }.items()
}
SPLIT = Split(width=101, valid=("chr2",), test=("chr3",))
RULES = WindowRules(101, SPLIT)
TILES = {"from": "tiles", "width": 100}

# Cell type, task, replicate, and the lines of the label file.
LABELS: list[tuple[str, str, str, list[tuple]]] = [
    ("a", "state", "truth", [(c, 0, size, "G") for c, size in SIZES.items()]),
    (
        "a",
        "state",
        "2b",
        [
            *(("chr1", 0, 500, "P"), ("chr1", 500, 1000, "G")),
            *(("chr2", 0, 300, "P"), ("chr2", 300, 600, "G")),
            *(("chr3", 0, 600, "P"), ("chrM", 0, 200, "P")),
        ],
    ),
    (
        "a",
        "state",
        "x",
        [
            *(("chr1", 0, 400, "P"), ("chr1", 400, 1000, "G"), ("chr2", 0, 600, "G")),
            *(("chr3", 0, 250, "P"), ("chr3", 340, 360, "X")),
        ],
    ),
    ("b", "state", "1", [("chr1", 0, 200, "G"), ("chr2", 0, 600, "P"), ("chr3", 0, 600, "G")]),
    ("a", "mark", "1", [("chr1", 110, 120, "peak"), ("chr3", 349, 350, "peak")]),
]


def files_of(tmp_path: Path, **more: list[str]) -> tuple[dict[str, Any], SimpleNamespace]:
    """Write the label files; return the paths and the plan that `read_inputs` takes."""
    write_sizes(SIZES, tmp_path / "sizes")
    paths = [
        str(write_bed(tmp_path / f"{cell_type}.{task}.{replicate}.bed", rows))
        for cell_type, task, replicate, rows in LABELS
    ]
    level = {"chr1": np.full(1000, np.nan)}
    level["chr1"][:100], level["chr1"][250:300] = 2, 5
    paths.append(write_values(tmp_path / "level.bw", level, SIZES))
    listed = [
        str(
            write_bed(
                tmp_path / "listed.bed",
                [("chr1", 949, 950), ("chr1", 300, 349), ("chr1", 550, 551)],
            )
        )
    ]
    files = {"sizes": str(tmp_path / "sizes"), "labels": paths, "blacklist": listed}
    empty = {key: [] for key in ("candidates", "aliases", "genome", "mappability", "fragments")}
    plan = SimpleNamespace(
        replicates=[(*own[:3],) for own in LABELS] + [("b", "level", "1")],
        peaks=[],
        stores=[],
        site_entry={},
        exclude=["chrM"],
        holdouts=[],
    )
    return empty | files | more, plan


def build(
    tmp_path: Path, rules: WindowRules = RULES, candidates: dict | None = None, **more: list[str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    files, plan = files_of(tmp_path, **more)
    return build_windows(read_inputs(candidates or TILES, TASKS, files, plan), rules, TASKS)


def column(table: pd.DataFrame, cell_type: str, chrom: str, name: str) -> list[Any]:
    own = table[(table["cell_type"] == cell_type) & (table["chrom"] == chrom)][name]
    return own.astype(object).where(own.notna(), None).tolist()
