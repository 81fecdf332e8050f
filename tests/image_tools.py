"""Fragments, windows and devices for tests of batches, and images drawn in a loop."""

import numpy as np
import pandas as pd
import pytest
import torch

from chrompute.device_fragments import DeviceFragments
from chrompute.fragments import Fragments
from chrompute.image_grid import ImageGrid
from chrompute.model_data import groups_of
from chrompute.window_images import FragmentImages

SIZES = {"chr1": 6000, "empty": 500, "chr2": 3000}
CPU = torch.device("cpu")
WIDTH = 201
DEVICES = [
    pytest.param("cpu"),
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    ),
]


def random_store(seed: int, n: int = 5000) -> Fragments:
    """Return fragments of odd and even lengths on two of the three chromosomes."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 2500, n)
    return Fragments.from_intervals(
        SIZES, 2 * rng.integers(0, 2, n), starts, starts + rng.integers(1, 120, n)
    )


def random_windows(seed: int = 2) -> pd.DataFrame:
    """Return 42 windows of the cell types a, b and c; some hang over the ends of chromosomes."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "cell_type": [*"abc"] * 14,
            "chrom": ["chr1", "chr2", "chr2", "chr1", "empty", "chr2"] * 7,
            "start": [-60, 2950, -200, 5900, *rng.integers(0, 2500, 38)],
        }
    )


def images_of(
    stores: dict[str, Fragments],
    windows: pd.DataFrame,
    grid: ImageGrid,
    device: torch.device = CPU,
    travel: bool = False,
    scale: dict[str, float] | None = None,
) -> FragmentImages:
    """Return images of the windows; cell types that `stores` lacks have none."""
    factor = windows["cell_type"].map(scale or {}).fillna(0.0 if scale else 1.0)
    return FragmentImages(
        DeviceFragments([*stores.values()], device),
        groups_of(stores, windows),
        windows["start"].to_numpy(),
        factor.to_numpy(np.float32),
        grid,
        device,
        travel,
    )


def loop_image(
    store: Fragments | None, window: tuple[str, int], grid: ImageGrid, reverse: bool
) -> np.ndarray:
    """Draw one window fragment by fragment."""
    chrom, start = window
    image = np.zeros(grid.shape, dtype=int)
    pairs = () if store is None else zip(*store.intervals(chrom), strict=True)
    for left, right in pairs:
        left, right = left - start, right - start
        if reverse:  # base b of the window goes to width - 1 - b
            left, right = grid.width - right, grid.width - left
        column, length = (left + right - 1) // 2, right - left
        if 0 <= column < grid.width and grid.min_length <= length < grid.max_length:
            image[(length - grid.min_length) // grid.length_bin, column // grid.position_bin] += 1
    return image


def still(ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the windows with no shift, on the strand as it is."""
    return ids, torch.zeros_like(ids), torch.zeros_like(ids, dtype=torch.bool)
