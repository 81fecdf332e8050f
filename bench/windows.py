"""Time a window set of ten tasks on one core, with a million windows in each of three cell types.

    python bench/windows.py

Every label file is a BED of half a million segments or peaks, made here. Reading, labelling,
splitting, the guard and writing all count; the making of the files does not.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.candidates import CandidateRules  # noqa: E402
from chrompute.splits import Split  # noqa: E402
from chrompute.tasks import Task  # noqa: E402
from chrompute.window_files import write_windows  # noqa: E402
from chrompute.window_inputs import WindowInputs, read_candidates  # noqa: E402
from chrompute.windows import WindowRules, build_windows  # noqa: E402

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
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # whatever threads there are share it
    pa.set_cpu_count(1)
    tasks = make_tasks(options.tasks)
    with tempfile.TemporaryDirectory() as folder:
        labels: dict[str, dict[str, dict[str, str]]] = {}
        pairs = [(cell_type, task) for cell_type in CELL_TYPES for task in tasks.values()]
        for seed, (cell_type, task) in enumerate(pairs):
            path = Path(folder) / f"{cell_type}.{task.name}.bed"
            write_segments(path, options.segments, seed, task.kind == "marks")
            labels.setdefault(cell_type, {})[task.name] = {"1": str(path)}
        before = time.perf_counter()
        stride = sum(SIZES.values()) // options.windows
        candidates = CandidateRules("tiles", width=200, stride=stride)
        found, dropped = read_candidates(candidates, tasks, labels, {}, {}, SIZES, {})
        split = Split(valid=("chr22",), test=("chr23", "chr24"))
        inputs = WindowInputs(SIZES, labels, found, candidates.source, dropped)
        table, facts = build_windows(inputs, WindowRules(2001, split), tasks)
        write_windows(table, facts, {}, Path(folder) / "w.parquet", Path(folder) / "w.json")
        seconds = time.perf_counter() - before
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        size = (Path(folder) / "w.parquet").stat().st_size / 1e6
    print("| windows | tasks | label files x segments | seconds | GB | Parquet, MB |")
    print("|---|---|---|---|---|---|")
    files = f"{len(CELL_TYPES) * len(tasks)} x {options.segments:,}"
    cost = f"{seconds:.1f} | {memory:.2f} | {size:.0f}"
    print(f"| {len(table):,} | {len(tasks)} | {files} | {cost} |")


if __name__ == "__main__":
    main()
