"""What windows hold beside labels: bases, mappability and fragments."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.genome import BASES, UNKNOWN_BASE

_GC = [BASES.index("C"), BASES.index("G")]


def base_content(
    windows: pd.DataFrame, genome: Mapping[str, npt.NDArray[np.uint8]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the composition of each window's sequence.

    Parameters
    ----------
    windows
        Columns `chrom`, `start`, `end`; bases off the chromosome do not count.
    genome
        {chromosome: encoded sequence} of all chromosomes of the windows.

    Returns
    -------
    gc
        float32 (n_windows,): G and C among the known bases, NaN where none is known.
    unknown
        float32 (n_windows,): bases that are not A, C, G or T, among all.
    """
    gc = np.full(len(windows), np.nan, dtype=np.float32)
    unknown = np.zeros(len(windows), dtype=np.float32)
    for chrom, rows in windows.groupby("chrom", observed=True).indices.items():
        codes = genome[str(chrom)]
        start, end = (windows[c].to_numpy()[rows].clip(0, codes.size) for c in ("start", "end"))
        lost = _counts(codes == UNKNOWN_BASE, start, end)
        known = end - start - lost
        strong = _counts(np.isin(codes, _GC), start, end)
        with np.errstate(invalid="ignore", divide="ignore"):
            gc[rows] = strong / known
            unknown[rows] = lost / (end - start)
    return gc, unknown


def _counts(
    marked: npt.NDArray[np.bool_], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Count the marked bases of each interval."""
    sums = np.concatenate([[0], np.cumsum(marked, dtype=np.int32)])
    return (sums[end] - sums[start]).astype(np.int64)


def fragment_counts(windows: pd.DataFrame, fragments: Fragments) -> npt.NDArray[np.int64]:
    """Count the fragments whose midpoint lies in each window.

    Parameters
    ----------
    windows
        Columns `chrom`, `start`, `end`.
    fragments
        The store; the midpoint of [s, e) is the base (s + e - 1) // 2.

    Returns
    -------
    array
        int64 (n_windows,).
    """
    number = np.zeros(len(windows), dtype=np.int64)
    for chrom, rows in windows.groupby("chrom", observed=True).indices.items():
        if str(chrom) not in fragments.sizes:
            continue
        midpoints = fragments.midpoints[fragments.rows(str(chrom))]
        # Base b is the midpoint of fragments with the doubled midpoints 2 b + 1 and 2 b + 2.
        edges = (2 * windows[c].to_numpy()[rows] + 1 for c in ("start", "end"))
        first, last = (np.searchsorted(midpoints, edge) for edge in edges)
        number[rows] = last - first
    return number
