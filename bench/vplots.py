"""Time the slicing of windows from a fragment store against a loop over windows.

    python bench/vplots.py

Fragments and windows are made up: 10 million fragments, 100,000 windows of 2001 bp that hold about
100 fragments each, on both strands.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.fragments import Fragments  # noqa: E402
from chrompute.vplots import aggregate_vplot, pieces_at_sites  # noqa: E402

CHROMOSOMES = [f"chr{number}" for number in range(1, 9)]
SIZE, PAIRS, WINDOWS, FLANK, ROUNDS = 25_000_000, 10_000_000, 100_000, 1000, 5


def numpy_loop(store: Fragments, sites: pd.DataFrame) -> None:
    """Slice window by window."""
    midpoints = {chrom: store.midpoints[store.rows(chrom)] for chrom in CHROMOSOMES}
    lengths = {chrom: store.lengths[store.rows(chrom)] for chrom in CHROMOSOMES}
    for chrom, position in zip(sites["chrom"], sites["position"], strict=True):
        ends = np.array([2 * (position - FLANK), 2 * (position + FLANK + 1)], dtype=np.int32)
        low, high = np.searchsorted(midpoints[chrom], ends)
        _ = (midpoints[chrom][low:high] - 1) // 2 - position, lengths[chrom][low:high]


def slices(store: Fragments, sites: pd.DataFrame) -> None:
    """Slice all windows."""
    for _ in pieces_at_sites(store, sites, FLANK):
        pass


def vplot(store: Fragments, sites: pd.DataFrame) -> None:
    """Slice all windows and sum their V-plots."""
    aggregate_vplot(store, sites, FLANK, 0, 400)


def main() -> None:
    """Print CPU seconds, medians of the rounds."""
    rng = np.random.default_rng(0)
    starts = rng.integers(0, SIZE - 500, PAIRS)
    chroms = rng.integers(0, len(CHROMOSOMES), PAIRS)
    ends = starts + rng.integers(30, 400, PAIRS)
    store = Fragments.from_intervals(dict.fromkeys(CHROMOSOMES, SIZE), chroms, starts, ends)
    sites = pd.DataFrame(
        {
            "chrom": rng.choice(CHROMOSOMES, WINDOWS),
            "position": rng.integers(FLANK, SIZE - FLANK, WINDOWS),
            "strand": rng.choice(["+", "-"], WINDOWS),
        }
    )
    ways: dict[str, Callable[[Fragments, pd.DataFrame], None]] = {
        "numpy loop, slices": numpy_loop,
        "slices": slices,
        "slices and their summed V-plot": vplot,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.process_time()
            way(store, sites)
            seconds[name].append(time.process_time() - begin)
    print("| way | CPU seconds |\n|---|---|")
    for name, values in seconds.items():
        print(f"| {name} | {statistics.median(values):.2f} |")


if __name__ == "__main__":
    main()
