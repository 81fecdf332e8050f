"""Attributions summed in bands of fragment length and of distance from the window's centre."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.image_grid import ImageGrid

#: Where bands of fragment lengths begin, bp. Fragments of up to 100 bp lie in open DNA, those of
#: 180 to 247 bp on one nucleosome (Buenrostro et al. 2013).
LENGTHS = (0, 60, 100, 140, 180, 247, 315)
#: Where bands of distance from the centre begin, bp, on both sides alike.
DISTANCES = (0, 50, 100, 150, 200, 300, 400, 600, 800)


def band_sums(
    image: npt.NDArray[np.floating], grid: ImageGrid
) -> tuple[npt.NDArray[np.float64], list[tuple[int, int]], list[tuple[int, int]]]:
    """Sum an image in bands; a pixel on a border counts in both, in proportion.

    Parameters
    ----------
    image
        (n_lengths, n_positions).
    grid
        Its pixels.

    Returns
    -------
    sums
        (n_length_bands, n_distance_bands); they add up to the sum of the image.
    lengths, distances
        The bands, half-open, bp.
    """
    lengths = np.arange(grid.min_length, grid.max_length)
    distances = np.abs(np.arange(grid.width) - grid.width // 2)
    of_length, length_bands = _shares(
        lengths, (lengths - grid.min_length) // grid.length_bin, LENGTHS
    )
    of_distance, distance_bands = _shares(
        distances, np.arange(grid.width) // grid.position_bin, DISTANCES
    )
    sums = of_length @ image.astype(np.float64) @ of_distance.T
    return sums, length_bands, distance_bands


def _shares(
    values: npt.NDArray[np.int64], pixel: npt.NDArray[np.int64], edges: Sequence[int]
) -> tuple[npt.NDArray[np.float64], list[tuple[int, int]]]:
    """Return how much of each pixel lies in each band, (n_bands, n_pixels), and the bands."""
    low, high = int(values.min()), int(values.max()) + 1
    inner = [edge for edge in edges if low < edge < high]
    borders = [low, *inner, high]
    band = np.searchsorted(borders, values, side="right") - 1
    shares = np.zeros((len(borders) - 1, int(pixel.max()) + 1))
    np.add.at(shares, (band, pixel), 1.0)
    return shares / shares.sum(axis=0), [*pairwise(borders)]


def band_table(image: npt.NDArray[np.floating], grid: ImageGrid, mean: object) -> pd.DataFrame:
    """Return the bands of one class and input, those of the largest attribution first.

    Parameters
    ----------
    image
        Mean attributions, (n_lengths, n_positions).
    grid
        Its pixels.
    mean
        Mean image of the same windows.

    Returns
    -------
    DataFrame
        `rank`, `length_low`, `length_high`, `distance_low`, `distance_high` (half-open, bp),
        `attribution` (nats), `share` (of the sum of the absolute bands) and `fragments` (mean
        scaled count).
    """
    sums, lengths, distances = band_sums(image, grid)
    counts, _, _ = band_sums(np.asarray(mean), grid)
    total = max(float(np.abs(sums).sum()), 1e-12)
    rows = [
        (*own, *far, sums[i, j], abs(sums[i, j]) / total, counts[i, j])
        for i, own in enumerate(lengths)
        for j, far in enumerate(distances)
    ]
    columns = ["length_low", "length_high", "distance_low", "distance_high", "attribution"]
    table = pd.DataFrame(rows, columns=[*columns, "share", "fragments"])
    table = table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table
