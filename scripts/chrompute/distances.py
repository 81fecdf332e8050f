"""Distances between the ends of different fragments.

They betray the end shift that the data have (Tn5 duplicates 9 bp, so a fragment ends 9 bp
after its neighbour began) and, in single-end data, the length of the fragments.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from chrompute.fragments import Fragments, Shift
from chrompute.pairing import RAW

Places = npt.NDArray[np.int64]
#: Where the distances peak, in bp, and the state of the ends that it tells of.
PEAKS = {"unshifted": 9, "+4/-4": 1, "+4/-5": 0}
#: Distances that are looked at, bp. All are shorter than any fragment that passes the filters.
_LOW, _HIGH = -15, 20
_BACKGROUND_FROM = 5  # bp from every peak
#: A peak counts when it is so many times the background, and so many standard deviations above.
_MIN_RATIO, _MIN_DEVIATIONS = 1.25, 5
#: Fragments or reads that are enough to tell; they are taken in order until there are so many.
_ENOUGH = 1_000_000
#: Lengths of single-end fragments that are looked for, bp.
_SHORTEST, _LONGEST = 90, 260
_MIN_READS = 1000
_MIN_RISE = 1.05


@njit(cache=True)
def count_distances(left: Places, right: Places, low: int, high: int) -> Places:
    """Count `right - left` over all pairs with low <= right - left < high.

    Parameters
    ----------
    left, right
        int64 (n,), (m,): positions, each in ascending order.
    low, high
        Half-open range of distances.

    Returns
    -------
    int64 (high - low,)
        Number of pairs at each distance.
    """
    counts = np.zeros(high - low, dtype=np.int64)
    first = 0
    for place in left:
        while first < right.size and right[first] - place < low:
            first += 1
        at = first
        while at < right.size and right[at] - place < high:
            counts[right[at] - place - low] += 1
            at += 1
    return counts


def _distinct(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Sort and drop repeats; sorting is faster here than `np.unique`, which hashes."""
    places = np.sort(places)
    return places[np.concatenate([[True], places[1:] != places[:-1]])[: places.size]]


@dataclass(frozen=True)
class ShiftEstimate:
    """What the distances between neighbouring ATAC fragments say of their ends.

    Attributes
    ----------
    peaks
        {state of `PEAKS`: pairs of ends at its distance}.
    background
        Median number of pairs at a distance away from all peaks.
    found
        The state the data are in, None where they do not tell.
    agrees
        Whether the declared shift fits that state, None where the data do not tell.
    sentence
        The same in words.
    """

    peaks: dict[str, int]
    background: float
    found: str | None
    agrees: bool | None
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return the estimate as plain JSON values."""
        return {
            "peaks": self.peaks,
            "background": self.background,
            "found": self.found,
            "agrees": self.agrees,
            "sentence": self.sentence,
        }


def estimate_shift(fragments: Fragments, declared: Shift) -> ShiftEstimate:
    """Tell from the fragments alone whether their ends were shifted, and compare with the setting.

    One transposition cuts both strands 9 bp apart (Adey et al. 2010), so a fragment ends 9 bp
    after its neighbour began: `end - start` has a peak at +9 in unshifted half-open intervals,
    at +1 after +4/-4 and at 0 after +4/-5. Every position counts once, so that pile-ups, as in
    repeats, do not decide.

    Parameters
    ----------
    fragments
        The store, its ends shifted by `declared`.
    declared
        The shift that was applied.
    """
    counts = np.zeros(_HIGH - _LOW, dtype=np.int64)
    seen = 0
    for chrom, number in fragments.count_by_chromosome().items():
        if seen > _ENOUGH:
            break
        starts, ends = fragments.cut_edges(chrom)
        left, right = _distinct(starts - declared.start), _distinct(ends - declared.end)
        counts += count_distances(left, right, _LOW, _HIGH)
        seen += number
    distances = np.arange(_LOW, _HIGH)
    far = np.all([np.abs(distances - peak) >= _BACKGROUND_FROM for peak in PEAKS.values()], axis=0)
    background = float(np.median(counts[far]))
    peaks = {name: int(counts[peak - _LOW]) for name, peak in PEAKS.items()}
    best = max(peaks, key=lambda name: peaks[name])
    clear = peaks[best] > _MIN_RATIO * background
    clear &= peaks[best] > background + _MIN_DEVIATIONS * np.sqrt(background)
    found = best if clear else None
    agrees = _fits(best, declared) if clear else None
    sentence = _shift_sentence(found, agrees, declared, peaks, background)
    return ShiftEstimate(peaks, background, found, agrees, sentence)


def _fits(found: str, declared: Shift) -> bool:
    """Tell whether a declared shift is one for ends in the state that was found."""
    if found == "unshifted" or declared.is_for_unshifted:
        return found == "unshifted" and declared.is_for_unshifted
    # What is left between neighbours' ends once it is applied: 1 after +4/-4, 0 after +4/-5.
    return PEAKS[found] + declared.end - declared.start in (0, 1)


def _shift_sentence(
    found: str | None,
    agrees: bool | None,
    declared: Shift,
    peaks: dict[str, int],
    background: float,
) -> str:
    if found is None:
        return (
            "Whether the ends are shifted cannot be told from the fragments: no distance between "
            "neighbours' ends stands out (there are too few fragments, or it is no ATAC-seq)."
        )
    state = "not shifted" if found == "unshifted" else f"already shifted by {found}"
    seen = (
        f"The ends in the file are {state}: {peaks[found]:,} neighbours lie {PEAKS[found]:+d} bp "
        f"apart, against a background of {background:,.0f}"
    )
    if agrees:
        return f"{seen}. The setting {declared} fits."
    remedy = {"unshifted": "+4/-4", "+4/-4": "none", "+4/-5": "+0/+1"}[found]
    return (
        f"{seen}. The setting {declared} does not fit, so cuts lie beside the insertions; "
        f"set the sample's shift to {remedy}."
    )


def extend_reads(
    blocks: Iterator[npt.NDArray[Any]], length: int, n_chroms: int
) -> tuple[Iterator[npt.NDArray[Any]], int]:
    """Extend single-end reads from their 5' ends to whole fragments.

    Parameters
    ----------
    blocks
        Raw single-end fragments, arrays of `chrompute.pairing.RAW`.
    length
        Fragment length in bp; 0 estimates it from the reads.
    n_chroms
        Number of chromosomes of the genome.

    Returns
    -------
    blocks
        The extended fragments, with the strands of their reads.
    length
        The length that was used.

    Raises
    ------
    ValueError
        When the length cannot be told.
    """
    if not length:
        first = [np.zeros(0, RAW)]
        while sum(map(len, first)) < _ENOUGH and (raw := next(blocks, None)) is not None:
            first.append(raw)
        length = single_end_length(np.concatenate(first), n_chroms)
        blocks = chain(first, blocks)

    def extended() -> Iterator[npt.NDArray[Any]]:
        for raw in blocks:
            longer = raw.copy()
            forward = raw["strand"] > 0
            longer["end"] = np.where(forward, raw["start"] + length, raw["end"])
            longer["start"] = np.where(forward, raw["start"], raw["end"] - length)
            yield longer

    return extended(), length


def single_end_length(raw: npt.NDArray[Any], n_chroms: int) -> int:
    """Estimate the length of nucleosomal fragments from single-end reads, in bp.

    The strand cross-correlation (Kharchenko et al. 2008): the number of pairs of a forward and
    a reverse read's 5' end by their distance, every position counting once, smoothed by a
    Gaussian of 3 bp. Its maximum between 90 and 260 bp is the length; distances near the reads'
    own length are left out, because there mappability makes a peak of its own.

    Parameters
    ----------
    raw
        Single-end reads, an array of `chrompute.pairing.RAW`.
    n_chroms
        Number of chromosomes of the genome.

    Raises
    ------
    ValueError
        When the length cannot be told.
    """
    counts = np.zeros(_LONGEST - _SHORTEST, dtype=np.int64)
    raw = raw[~raw["flagged"]]
    for code in range(n_chroms):
        here = raw[raw["chrom"] == code]
        forward = here["strand"] > 0
        left = _distinct(here["start"][forward].astype(np.int64))
        right = _distinct(here["end"][~forward].astype(np.int64))
        counts += count_distances(left, right, _SHORTEST, _LONGEST)
    weights = np.exp(-0.5 * (np.arange(-12, 13) / 3) ** 2)
    smooth = np.convolve(np.pad(counts, 12, mode="edge"), weights / weights.sum(), mode="valid")
    read = int(np.median(raw["end"] - raw["start"])) if raw.size else 0
    near = np.abs(np.arange(_SHORTEST, _LONGEST) - read) <= 5
    smooth[near] = 0
    best = int(np.argmax(smooth))
    rise = smooth[best] / max(float(np.median(smooth[~near])), 1e-9)
    if raw.size < _MIN_READS or rise < _MIN_RISE or best in (0, smooth.size - 1):
        raise ValueError(
            f"the length of the single-end fragments cannot be told from {raw.size:,} reads; set "
            "the sample's fragment_length (bp) in the sample sheet, for example 147"
        )
    return best + _SHORTEST
