"""Cuts around transcription start sites."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.vplots import fragments_at_sites

#: bp on each side of a TSS, and bp at each end of that which are the background (ENCODE).
TSS_FLANK, _BACKGROUND = 2000, 100
#: bp over which cuts are averaged, as reads centred on them would do.
_READ = 51
#: Sites whose fragments are held at one time.
_SITES = 2000
#: Distance between the points of the profile that is kept, bp.
_PROFILE_STEP = 10


def tss_profile(fragments: Fragments, sites: pd.DataFrame) -> npt.NDArray[np.float64] | None:
    """Compute the cut density around TSS over that of its flanks, after ENCODE's pipeline.

    Each cut counts over the 51 bp around it, as a read centred on it would; the densities are
    summed over the sites, turned by strand, and divided by the mean of the outermost 100 bp on
    both sides.

    Returns
    -------
    ndarray or None
        float64 (2 * TSS_FLANK + 1,), at -2000 to 2000 bp; None where nothing was cut in the flanks.
    """
    reach = TSS_FLANK + _READ // 2
    counts = np.zeros(2 * reach + 1, np.int64)
    # A fragment whose midpoint lies outside can still cut inside.
    wide = reach + int(fragments.lengths.max(initial=0)) // 2 + 1
    for first in range(0, len(sites), _SITES):
        chosen = sites.iloc[first : first + _SITES].reset_index(drop=True)
        _, offset, length = fragments_at_sites(fragments, chosen, wide)
        left = offset - (length - 1) // 2
        cuts = np.concatenate([left, left + length - 1])
        counts += np.bincount(cuts[np.abs(cuts) <= reach] + reach, minlength=counts.size)
    smooth = np.convolve(counts, np.ones(_READ), mode="valid")
    background = np.concatenate([smooth[:_BACKGROUND], smooth[-_BACKGROUND:]]).mean()
    return smooth / background if background > 0 else None


def tss_enrichment(profile: npt.NDArray[np.float64] | None) -> float | None:
    """Return the maximum of a `tss_profile`, which is ENCODE's TSS enrichment; None without one."""
    return None if profile is None else round(float(profile.max()), 4)


def tss_facts(fragments: Fragments, sites: pd.DataFrame | None) -> dict[str, Any]:
    """Return what a report tells of TSS: enrichment, also at 0 bp, and the profile every 10 bp."""
    profile = None if sites is None else tss_profile(fragments, sites)
    if profile is None:
        return {"tss_enrichment": None, "tss_enrichment_centre": None, "tss_profile": None}
    return {
        "tss_enrichment": tss_enrichment(profile),
        "tss_enrichment_centre": round(float(profile[TSS_FLANK]), 4),
        "tss_profile": profile[::_PROFILE_STEP].round(4).tolist(),
    }
