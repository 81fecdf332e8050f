"""How full the V-plots of windows are: the pixels of the classic image that hold a fragment."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.vplots import fragments_at_sites

#: Rows of the classic image: fragments of 0 to 299 bp.
ROWS = 300


def lit_pixels(fragments: Fragments, windows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Count the lit pixels of each window's V-plot at full resolution.

    Parameters
    ----------
    fragments
        The store.
    windows
        Columns `chrom`, `centre`, `start`, `end`; all of one odd width.

    Returns
    -------
    array
        int64 (n_windows,): pixels of an image of `ROWS` lengths x width positions that hold at
        least one fragment.
    """
    half = int(windows["end"].iloc[0] - windows["start"].iloc[0]) // 2
    sites = windows[["chrom", "centre"]].rename(columns={"centre": "position"})
    site, offset, length = fragments_at_sites(
        fragments, sites.assign(strand=".").reset_index(drop=True), half
    )
    inside = length < ROWS
    pixel = (site[inside] * ROWS + length[inside]) * (2 * half + 1) + offset[inside] + half
    return np.bincount(np.unique(pixel) // (ROWS * (2 * half + 1)), minlength=len(windows))


def summarise_pixels(stores: Mapping[str, Fragments], windows: pd.DataFrame) -> pd.DataFrame:
    """Summarise the lit pixels of each cell type's windows.

    Parameters
    ----------
    stores
        {cell type: pooled ATAC fragments}.
    windows
        Columns `cell_type`, `chrom`, `centre`, `start`, `end`.

    Returns
    -------
    DataFrame
        `cell_type`, `windows`, `pixels` of an image, `mean`, `median`, `low` and `high` (5th and
        95th percentile) of lit ones, and `dark`, the windows without any.
    """
    rows = []
    for cell_type, store in stores.items():
        own = windows[windows["cell_type"] == cell_type]
        if own.empty:
            continue
        lit = lit_pixels(store, own)
        low, median, high = np.quantile(lit, (0.05, 0.5, 0.95))
        width = int(own["end"].iloc[0] - own["start"].iloc[0])
        rows.append(
            (
                cell_type,
                len(own),
                ROWS * width,
                lit.mean(),
                median,
                low,
                high,
                int((lit == 0).sum()),
            )
        )
    names = ["cell_type", "windows", "pixels", "mean", "median", "low", "high", "dark"]
    return pd.DataFrame(rows, columns=names).round(2)
