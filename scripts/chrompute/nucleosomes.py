"""Nucleosomes from MNase: the dyad profile around sites."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from chrompute.fragments import Fragments
from chrompute.vplots import fragments_at_sites

#: No two nucleosomes' dyads lie closer than this; a nucleosome core holds 147 bp.
_CLOSEST_DYADS = 120


@dataclass(frozen=True)
class DyadProfile:
    """Dyads around sites, averaged over the sites.

    Attributes
    ----------
    positions
        int64 (n,): bp relative to the site, downstream is positive.
    density
        float64 (n,): dyads per site and base, over the genome's mean density; 1 is average.
    smoothed
        float64 (n,): the density smoothed by a Gaussian.
    peaks
        Positions of the maxima of the smoothed density, bp.
    n_sites, n_dyads
        Number of sites, and of dyads in the store.
    """

    positions: npt.NDArray[np.int64]
    density: npt.NDArray[np.float64]
    smoothed: npt.NDArray[np.float64]
    peaks: tuple[int, ...]
    n_sites: int
    n_dyads: int

    @property
    def repeat_length(self) -> float | None:
        """Mean distance in bp of the peaks from -60 bp on, None with fewer than two peaks."""
        downstream = [peak for peak in self.peaks if peak > -60]
        if len(downstream) < 2:
            return None
        return (downstream[-1] - downstream[0]) / (len(downstream) - 1)

    def as_summary(self) -> dict[str, Any]:
        """Return peaks, repeat length and numbers as plain JSON values."""
        return {
            "n_sites": self.n_sites,
            "n_dyads": self.n_dyads,
            "peaks": list(self.peaks),
            "repeat_length": self.repeat_length,
        }

    def as_table(self) -> pd.DataFrame:
        """Return position, density and smoothed density as a table."""
        return pd.DataFrame(
            {
                "position": self.positions,
                "density": self.density.round(6),
                "smoothed": self.smoothed.round(6),
                "is_peak": np.isin(self.positions, self.peaks).astype(int),
            }
        )


def dyad_profile(
    dyads: Fragments, sites: pd.DataFrame, flank: int, smoothing: float
) -> DyadProfile:
    """Average the dyads around sites.

    Parameters
    ----------
    dyads
        Nucleosome-sized fragments; choose lengths beforehand (`Fragments.with_lengths`).
    sites
        Columns `chrom`, `position`, `strand`.
    flank
        bp on each side.
    smoothing
        Standard deviation of the Gaussian in bp.
    """
    _, offset, _ = fragments_at_sites(dyads, sites, flank)
    counts = np.bincount(offset + flank, minlength=2 * flank + 1)
    covered = sum(
        dyads.sizes[chrom] for chrom, number in dyads.count_by_chromosome().items() if number
    )
    density = counts / len(sites) / (len(dyads) / covered)
    smoothed = gaussian_filter1d(density, smoothing, mode="nearest")
    peaks, _ = find_peaks(
        smoothed, distance=_CLOSEST_DYADS, prominence=0.02 * float(np.ptp(smoothed))
    )
    return DyadProfile(
        np.arange(-flank, flank + 1),
        density,
        smoothed,
        tuple(int(peak) - flank for peak in peaks),
        len(sites),
        len(dyads),
    )
