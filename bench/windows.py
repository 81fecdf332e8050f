"""Time a window set of many tasks: a million windows in each of three cell types, ten tasks, on one core.

Every label file is a BED of half a million segments or peaks, made here. Reading, labelling, splitting,
the guard and writing all count; the making of the files does not.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "ARROW_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import pandas as pd
import pyarrow as pa

from chrompute.candidates import CandidateRules
from chrompute.splits import Split
from chrompute.tasks import Task
from chrompute.window_inputs import WindowInputs, read_candidates
from chrompute.windows import WindowRules, build_windows, write_windows

CELL_TYPES, STATES = ("a", "b", "c"), 15
SIZES = {f"chr{number}": 120_000_000 for number in range(1, 25)}


def write_segments(path: Path, number: int, seed: int, marks: bool) -> None:
    """Write a segmentation of the genome into touching segments, or as many peaks of 300 bp."""
    generator = np.random.default_rng(seed)
    tables = []
    for chrom, size in SIZES.items():
        edges = generator.choice(size // 200, number // len(SIZES) + 1, replace=False)
        edges = np.sort(edges) * 200
        ends = edges[:-1] + 300 if marks else edges[1:]
        names = "peak" if marks else generator.integers(1, STATES + 1, len(ends)).astype(str)
        tables.append(pd.DataFrame({"c": chrom, "s": edges[:-1], "e": ends, "n": names}))
    pd.concat(tables).to_csv(path, sep="\t", header=False, index=False)


def make_tasks(number: int) -> dict[str, Task]:
    """Return as many tasks, half segmentations (by centre and by majority), half marks."""
    classes = {f"class{n}": {"states": [str(n)]} for n in range(1, STATES + 1)}
    kinds = (
        {"kind": "segmentation", "classes": classes, "assign": "centre"},
        {"kind": "marks"},
        {"kind": "segmentation", "classes": classes, "assign": "majority"},
        {"kind": "marks"},
    )
    names = [f"task{n}" for n in range(1, number + 1)]
    return {n: Task.from_config(n, kinds[i % len(kinds)]) for i, n in enumerate(names)}


def main() -> None:
    """Make the files, build the window set, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=1_000_000, help="in each cell type")
    parser.add_argument("--tasks", type=int, default=10)
    parser.add_argument("--segments", type=int, default=500_000, help="in each label file")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pa.set_cpu_count(1)
    tasks = make_tasks(options.tasks)
    with tempfile.TemporaryDirectory() as folder:
        labels: dict[str, dict[str, dict[str, str]]] = {}
        for seed, (cell_type, task) in enumerate((c, t) for c in CELL_TYPES for t in tasks.values()):
            path = Path(folder) / f"{cell_type}.{task.name}.bed"
            write_segments(path, options.segments, seed, task.kind == "marks")
            labels.setdefault(cell_type, {})[task.name] = {"1": str(path)}
        before = time.perf_counter()
        stride = sum(SIZES.values()) // options.windows
        candidates = CandidateRules("tiles", width=200, stride=stride)
        found, dropped = read_candidates(candidates, tasks, labels, {}, {}, SIZES, {})
        split = Split(valid=("chr22",), test=("chr23", "chr24"))
        inputs = WindowInputs(SIZES, labels, found, dropped)
        table, facts = build_windows(inputs, WindowRules(2001, split), tasks)
        write_windows(table, facts, Path(folder) / "w.parquet", Path(folder) / "w.json")
        seconds = time.perf_counter() - before
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        size = (Path(folder) / "w.parquet").stat().st_size / 1e6
    print("| windows | tasks | label files x segments | seconds | GB | Parquet, MB |")
    print("|---|---|---|---|---|---|")
    files = f"{len(CELL_TYPES) * len(tasks)} x {options.segments:,}"
    print(f"| {len(table):,} | {len(tasks)} | {files} | {seconds:.1f} | {memory:.2f} | {size:.0f} |")


if __name__ == "__main__":
    main()
