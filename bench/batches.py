"""Time the drawing of training batches against a loop over windows.

    python bench/batches.py

Fragments and windows are made up: 2 million fragments on a 12-Mb genome, windows of 2001 bp.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.fit import choose_device  # noqa: E402
from chrompute.fragments import Fragments  # noqa: E402
from chrompute.window_images import FragmentImages, ImageGrid  # noqa: E402

SIZES = {"chr1": 12_000_000}
GRID = ImageGrid(2001, 0, 400, 20, 16)
BATCH, ROUNDS = 512, 5


def numpy_loop(store: Fragments, starts: np.ndarray) -> np.ndarray:
    """Draw the images window by window with histogram2d."""
    lengths = np.arange(0, 401, GRID.length_bin)
    columns = np.append(np.arange(0, GRID.width, GRID.position_bin), GRID.width)
    images = []
    for start in starts:
        low, high = np.searchsorted(store.midpoints, (2 * start, 2 * (start + GRID.width) + 1))
        column = (store.midpoints[low:high].astype(np.int64) - 1) // 2 - start
        images.append(np.histogram2d(store.lengths[low:high], column, (lengths, columns))[0])
    return np.stack(images)


def main() -> None:
    """Time both in turn and print windows per second."""
    rng = np.random.default_rng(0)
    begins = rng.integers(0, 11_990_000, 2_000_000)
    ends = begins + rng.integers(30, 400, begins.size)
    store = Fragments.from_intervals(SIZES, np.zeros(begins.size), begins, ends)
    starts = rng.integers(0, 11_990_000, 20_000)
    windows = pd.DataFrame({"cell_type": "a", "chrom": "chr1", "start": starts})
    device = choose_device("auto")
    images = FragmentImages({"a": store}, windows, {"a": 1.0}, GRID, 0, device)
    rates: dict[str, list[float]] = {"numpy loop": [], f"device batches ({device})": []}
    for _ in range(ROUNDS):
        ids = rng.integers(0, len(windows), BATCH)
        begun = time.perf_counter()
        numpy_loop(store, starts[ids])
        middle = time.perf_counter()
        chosen = torch.from_numpy(ids).to(device)
        drawn = images.counts(chosen, torch.zeros_like(chosen), torch.zeros_like(chosen).bool())
        drawn.sum().item()  # waits for the device
        for name, taken in zip(rates, (middle - begun, time.perf_counter() - middle), strict=True):
            rates[name].append(BATCH / taken)
    print("| way | windows/s |\n|---|---|")
    for name, values in rates.items():
        print(f"| {name} | {statistics.median(values):,.0f} |")


if __name__ == "__main__":
    main()
