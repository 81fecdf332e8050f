"""Phasing: dyads, or midpoints of mono-nucleosomal ATAC fragments, around sites."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from chrompute.fragments import Fragments
from chrompute.manifest import write_json
from chrompute.nucleosomes import CLOSEST_DYADS, mean_density
from chrompute.vplots import fragments_at_sites
from chrompute.whole_files import write_frame


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
    def downstream(self) -> list[int]:
        """Peaks from -59 bp on: the nucleosome at the site and those behind it."""
        return [peak for peak in self.peaks if peak > -CLOSEST_DYADS // 2]

    @property
    def repeat_length(self) -> float | None:
        """Mean distance in bp of the peaks from -59 bp on, None with fewer than two peaks."""
        if len(self.downstream) < 2:
            return None
        return (self.downstream[-1] - self.downstream[0]) / (len(self.downstream) - 1)

    @property
    def amplitude(self) -> float | None:
        """Phasing amplitude, 0 (none) to 1; None with fewer than two peaks from -59 bp on.

        (P - T) / (P + T), the contrast of a wave: P is the mean smoothed density at the peaks
        from -59 bp on, T that at the lowest points between neighbours of them.
        """
        rows = np.array(self.downstream, dtype=np.int64) - int(self.positions[0])
        if rows.size < 2:
            return None
        low = float(np.mean([self.smoothed[a:b].min() for a, b in pairwise(rows)]))
        high = float(self.smoothed[rows].mean())
        return (high - low) / (high + low)

    def as_summary(self) -> dict[str, Any]:
        """Return peaks, repeat length, amplitude and numbers as plain JSON values."""
        return {
            "n_sites": self.n_sites,
            "n_dyads": self.n_dyads,
            "peaks": list(self.peaks),
            "repeat_length": None if self.repeat_length is None else round(self.repeat_length, 3),
            "amplitude": None if self.amplitude is None else round(self.amplitude, 4),
        }

    def as_table(self, assay: str) -> pd.DataFrame:
        """Return assay, position, density, smoothed density and marked peaks as a table."""
        return pd.DataFrame(
            {
                "assay": assay,
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
        Nucleosome-sized fragments, at least one; choose lengths beforehand
        (`Fragments.with_lengths`).
    sites
        Columns `chrom`, `position`, `strand`.
    flank
        bp on each side.
    smoothing
        Standard deviation of the Gaussian in bp.
    """
    # Loaded here: it takes 0.6 s, and most jobs that import this module do not need it.
    from scipy.signal import find_peaks

    _, offset, _ = fragments_at_sites(dyads, sites, flank)
    counts = np.bincount(offset + flank, minlength=2 * flank + 1)
    density = counts / len(sites) / mean_density(dyads)
    smoothed = gaussian_filter1d(density, smoothing, mode="nearest")
    peaks, _ = find_peaks(
        smoothed, distance=CLOSEST_DYADS, prominence=0.02 * float(np.ptp(smoothed))
    )
    return DyadProfile(
        np.arange(-flank, flank + 1),
        density,
        smoothed,
        tuple(int(peak) - flank for peak in peaks),
        len(sites),
        len(dyads),
    )


def write_profiles(
    profiles: Mapping[str, DyadProfile], table: str | Path, summary: str | Path
) -> None:
    """Write the profiles of all assays as one table (TSV) and one summary (JSON, by assay)."""
    empty = pd.DataFrame(columns=["assay", "position", "density", "smoothed", "is_peak"])
    rows = [profile.as_table(assay) for assay, profile in profiles.items()]
    write_frame(pd.concat(rows or [empty]), table)
    write_json({assay: profile.as_summary() for assay, profile in profiles.items()}, summary)


def read_profiles(table: str | Path, summary: str | Path) -> dict[str, DyadProfile]:
    """Read what `write_profiles` wrote: {assay: its profile}."""
    rows = pd.read_csv(table, sep="\t")
    facts = json.loads(Path(summary).read_text())
    return {
        str(assay): DyadProfile(
            own["position"].to_numpy(np.int64),
            own["density"].to_numpy(np.float64),
            own["smoothed"].to_numpy(np.float64),
            tuple(own.loc[own["is_peak"] == 1, "position"].tolist()),
            facts[assay]["n_sites"],
            facts[assay]["n_dyads"],
        )
        for assay, own in rows.groupby("assay", sort=False)
    }
