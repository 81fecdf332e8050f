"""The length ladder: nucleosomal peaks of the fragment lengths, and fractions of lengths."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

#: Standard deviations of the Gaussians that smooth the histogram and its trend, bp.
_SMOOTHING, _TREND = 8, 60
#: Smallest prominence of a peak of the logarithm above its trend.
_PROMINENCE = 0.05
#: Lengths among which the peaks of no, one, two and three nucleosomes are looked for, bp.
_RUNGS = {"free": (20, 120), "mono": (130, 250), "di": (270, 430), "tri": (440, 640)}
#: Fewest fragments of which a peak is believed.
_FEWEST = 1000


def ladder_peaks(histogram: npt.ArrayLike) -> dict[str, Any]:
    """Find the nucleosomal peaks of a length histogram.

    The histogram is smoothed (standard deviation 8 bp) and its logarithm taken; a broad trend
    (60 bp) is subtracted, because ATAC fragments become rarer exponentially with length and a
    second nucleosome is often a shoulder only. The highest peak within each range counts.

    Parameters
    ----------
    histogram
        Fragments of 0, 1, 2, ... bp.

    Returns
    -------
    dict
        `free`, `mono`, `di`, `tri` (bp, None where there is no peak), `period` (mean distance
        of neighbouring rungs from `mono` on, bp, None with fewer than two) and `peaks`, the
        number of `free` and `mono` that are there (None below 1,000 fragments).
    """
    # Loaded here: it takes 0.6 s, and most jobs that import this module do not need it.
    from scipy.signal import find_peaks

    counts = np.asarray(histogram, dtype=float)
    found: dict[str, Any] = dict.fromkeys(_RUNGS)
    if counts.sum() < _FEWEST:
        return {**found, "period": None, "peaks": None}
    # Room beyond the longest fragment, so that its edge is seen as an edge.
    counts = np.concatenate([counts, np.zeros(4 * _TREND)])
    level = np.log(gaussian_filter1d(counts, _SMOOTHING, mode="constant") + 1)
    above = level - gaussian_filter1d(level, _TREND, mode="constant")
    peaks, _ = find_peaks(above, prominence=_PROMINENCE)
    for name, (low, high) in _RUNGS.items():
        inside = [int(peak) for peak in peaks if low <= peak < high]
        # A rung of a handful of fragments is noise.
        inside = [p for p in inside if counts[max(p - 20, 0) : p + 21].sum() >= _FEWEST / 10]
        if inside:
            found[name] = max(inside, key=lambda peak: above[peak])
    there = sum(found[name] is not None for name in ("free", "mono"))
    return {**found, "period": _period(found), "peaks": there}


def _period(found: dict[str, Any]) -> float | None:
    rungs = []
    for name in ("mono", "di", "tri"):
        if found[name] is None:
            break
        rungs.append(found[name])
    return (rungs[-1] - rungs[0]) / (len(rungs) - 1) if len(rungs) > 1 else None


def length_fractions(histogram: npt.ArrayLike) -> dict[str, float]:
    """Compute what part of the fragments has which length.

    Returns
    -------
    dict
        `nucleosome_free_fraction` (below 100 bp) and `mononucleosome_fraction` (120 to 180 bp,
        both included).
    """
    counts = np.asarray(histogram, dtype=float)
    total = max(counts.sum(), 1.0)
    return {
        "nucleosome_free_fraction": round(float(counts[:100].sum() / total), 6),
        "mononucleosome_fraction": round(float(counts[120:181].sum() / total), 6),
    }
