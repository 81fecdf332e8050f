"""V-plots of a report that a reader can look into: counts in small pixels, packed."""

import base64
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chrompute.vplots import Vplot, read_vplot

#: Pixels of the viewer, bp of length and of position: a tenth of the bytes, and finer than what an
#: aggregate of some hundred sites shows.
LENGTH_BIN, POSITION_BIN = 2, 4


def viewer_content(plots: Mapping[str, str], folder: str | Path) -> dict[str, dict[str, Any]]:
    """Gather what `report/page/vplots.js` draws.

    Parameters
    ----------
    plots
        {site set: how to call it}.
    folder
        Where their arrays (`{site set}.npz`) lie.

    Returns
    -------
    dict
        {site set: `title`, `sites` (their number in words), `rows` and `columns` of the image,
        `first_length`, `first_position`, `length_bin`, `position_bin` (bp) and `data`: the
        fragments in each pixel, row by row, as deflated little-endian integers of 32 bits in
        base64}}. A last row or column may hold less than a whole pixel.
    """
    return {
        name: _packed(read_vplot(Path(folder) / f"{name}.npz"), title)
        for name, title in plots.items()
    }


def _packed(vplot: Vplot, title: str) -> dict[str, Any]:
    counts = pooled_counts(vplot.counts, LENGTH_BIN, POSITION_BIN)
    packed = zlib.compress(counts.astype("<u4").tobytes(), 9)
    return {
        "title": title,
        "sites": f"{vplot.n_sites:,} site{'' if vplot.n_sites == 1 else 's'}",
        "rows": counts.shape[0],
        "columns": counts.shape[1],
        "first_length": int(vplot.lengths[0]),
        "first_position": int(vplot.positions[0]),
        "length_bin": LENGTH_BIN,
        "position_bin": POSITION_BIN,
        "data": base64.b64encode(packed).decode("ascii"),
    }


def pooled_counts(
    counts: npt.NDArray[np.int64], length_bin: int, position_bin: int
) -> npt.NDArray[np.int64]:
    """Sum an image in pixels of `length_bin` x `position_bin`; the last of each may be partial."""
    rows = np.add.reduceat(counts, np.arange(0, counts.shape[0], length_bin), axis=0)
    pooled: npt.NDArray[np.int64] = np.add.reduceat(
        rows, np.arange(0, counts.shape[1], position_bin), axis=1
    )
    return pooled
