"""Agreement of replicates: correlation of fragments counted in bins of the genome."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from chrompute.fragments import Fragments


def count_in_bins(
    fragments: Fragments, chromosomes: Iterable[str], bin_size: int
) -> npt.NDArray[np.int64]:
    """Count midpoints in bins, chromosome after chromosome, int64 (n_bins,).

    The last bin of a chromosome may be shorter than `bin_size` bp.
    """
    parts = [np.zeros(0, np.int64)]
    for chrom in chromosomes:
        base = (fragments.midpoints[fragments.rows(chrom)].astype(np.int64) - 1) // 2
        number = -(-fragments.sizes[chrom] // bin_size)
        parts.append(np.bincount(base // bin_size, minlength=number))
    return np.concatenate(parts)


def correlate(counts: Sequence[npt.NDArray[np.int64]]) -> dict[str, Any]:
    """Correlate samples over the bins in which at least one of them has a fragment.

    Parameters
    ----------
    counts
        One int64 (n_bins,) a sample.

    Returns
    -------
    dict
        `bins` (number used), `pearson` of log2(count + 1) and `spearman` of the counts, as lists
        of rows; None where a sample's counts do not vary.
    """
    table = np.stack(counts)
    table = table[:, table.any(axis=0)]
    logarithms = np.log2(table + 1)
    ranks = np.stack([rankdata(row) for row in table])
    return {
        "bins": int(table.shape[1]),
        "pearson": _matrix(logarithms),
        "spearman": _matrix(ranks),
    }


def _matrix(values: npt.NDArray[np.float64]) -> list[list[float | None]]:
    if not values.size:
        return [[None] * len(values) for _ in values]
    centred = values - values.mean(axis=1, keepdims=True)
    norms = np.sqrt((centred**2).sum(axis=1))
    products = centred @ centred.T
    return [
        [
            round(float(products[i, j] / (norms[i] * norms[j])), 6) if norms[i] * norms[j] else None
            for j in range(len(values))
        ]
        for i in range(len(values))
    ]


def lowest_pair(matrix: Sequence[Sequence[float | None]]) -> float | None:
    """Return the smallest correlation of two different samples, None where none has a value."""
    pairs = [row[j] for i, row in enumerate(matrix) for j in range(i + 1, len(row))]
    return min((value for value in pairs if value is not None), default=None)
