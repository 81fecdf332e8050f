"""The phasogram: distances between dyads, and the nucleosome repeat length."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d
from scipy.special import stdtrit

from chrompute.fragments import Fragments
from chrompute.nucleosomes import CLOSEST_DYADS, CORE_FLANK, dyad_positions

#: The first peak lies no farther than this, bp.
_LARGEST_REPEAT = 300
#: Fewest peaks that give a repeat length.
_FEWEST_PEAKS = 3
#: Standard deviation of the Gaussian that gives the trend, bp: it leaves nothing of a repeat.
_TREND = 150
#: A peak stands out of the trend by so many standard deviations of the smoothed noise.
_CLEAR = 5.0
#: Without a part of the genome a peak is looked for within so many bp.
_SEARCH = 30
#: Parts of the genome in the jackknife, how few give an interval, and most bp correlated at once.
_PARTS = 50
_FEWEST_PARTS = 5
_LARGEST_BLOCK = 1 << 15
#: Share of the occupied bases whose dyads count in full.
_FULL_SHARE = 0.999

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Phasogram:
    """Distances between dyads (Valouev 2011, Nature 474:516), and the repeat length.

    Attributes
    ----------
    counts
        int64 (n,): pairs of dyads 1, 2, ... n bp apart.
    smoothed
        float64 (n,): the counts smoothed by a Gaussian.
    trend
        float64 (n,): the counts smoothed so widely that no repeat is left.
    peaks
        Positions of the first, second, ... maximum of smoothed / trend, bp.
    repeat_length
        Slope of the peaks' positions against their number, bp; None with fewer than three.
    interval
        Its 95 % interval, bp; None where there is none.
    """

    counts: Counts
    smoothed: Values
    trend: Values
    peaks: tuple[float, ...]
    repeat_length: float | None
    interval: tuple[float, float] | None

    @property
    def distances(self) -> Counts:
        """int64 (n,): 1 to n bp."""
        return np.arange(1, self.counts.size + 1)

    def as_summary(self) -> dict[str, Any]:
        """Return repeat length, interval and peaks as plain JSON values, bp."""
        low, high = self.interval or (None, None)
        names = ("repeat_length", "repeat_length_low", "repeat_length_high")
        values = (self.repeat_length, low, high)
        rounded = (None if value is None else round(value, 3) for value in values)
        return {
            **dict(zip(names, rounded, strict=True)),
            "phasogram_peaks": [round(peak, 2) for peak in self.peaks],
        }

    def as_table(self) -> pd.DataFrame:
        """Return distance, count, smoothed count, trend and marked peaks as a table."""
        nearest = np.round(self.peaks).astype(int)
        return pd.DataFrame(
            {
                "distance": self.distances,
                "count": self.counts,
                "smoothed": self.smoothed.round(3),
                "trend": self.trend.round(3),
                "is_peak": np.isin(self.distances, nearest).astype(int),
            }
        )


def phasogram(dyads: Fragments, max_distance: int, smoothing: float) -> Phasogram:
    """Count the distances between dyads and fit the nucleosome repeat length.

    Parameters
    ----------
    dyads
        Nucleosome-sized fragments; choose lengths beforehand (`Fragments.with_lengths`).
    max_distance
        Largest distance, bp.
    smoothing
        Standard deviation of the Gaussian that smooths the counts, bp.
    """
    # Loaded here: it takes 0.6 s, and most jobs that import this module do not need it.
    from scipy.signal import peak_prominences

    parts = count_dyad_distances(dyads, max_distance)
    counts = parts.sum(axis=0)
    smoothed, trend = _smooth(counts, smoothing), _trend(counts)
    relative = _over_trend(counts, smoothing)
    peaks = _clear_peaks(counts, trend, relative, smoothing)
    repeat, interval = None, None
    if peaks.size >= _FEWEST_PEAKS:
        places = np.array([_summit(relative, row) for row in peaks])
        weights = peak_prominences(relative, peaks)[0] ** 2
        repeat = _slope(places, weights)
        interval = _interval(parts, peaks, weights, repeat, smoothing)
    found = tuple(_summit(relative, row) for row in peaks)
    return Phasogram(counts, smoothed, trend, found, repeat, interval)


def count_dyad_distances(dyads: Fragments, max_distance: int, block: int | None = None) -> Counts:
    """Count the pairs of dyads at each distance, in parts of the genome.

    A pair of dyads on one base has distance 0 and is not counted. On the one in a thousand
    occupied bases that hold the most dyads only as many count as all others hold at most:
    piles of copies would otherwise enter with their square.

    Parameters
    ----------
    dyads, max_distance
        As in `phasogram`.
    block
        bp correlated at a time, by Fourier transform; the sums do not depend on it.

    Returns
    -------
    int64 (n_parts, max_distance)
        Pairs at 1, 2, ... bp whose left dyad lies in each of up to 50 neighbouring parts.
    """
    held = [chrom for chrom, number in dyads.count_by_chromosome().items() if number]
    bases = sum(dyads.sizes[chrom] for chrom in held)
    block = block or min(_LARGEST_BLOCK, max(max_distance, bases // _PARTS))
    total = sum(-(-dyads.sizes[chrom] // block) for chrom in held)
    parts = np.zeros((max(min(_PARTS, total), 1), max_distance), np.int64)
    top = _count_limit(dyads)
    length = next_fast_len(block + max_distance, real=True)
    for number, counts in _blocks(dyads, held, block, max_distance):
        # Sums of products of whole numbers, below 2**53: exact once rounded.
        counts = np.minimum(counts, top)
        spectrum = rfft(counts[:block], length).conj() * rfft(counts, length)
        pairs = irfft(spectrum, length)[1 : max_distance + 1]
        parts[number * len(parts) // total] += np.rint(pairs).astype(np.int64)
    return parts


def _blocks(
    dyads: Fragments, chromosomes: list[str], block: int, reach: int
) -> Iterator[tuple[int, Counts]]:
    """Yield the number of each block with dyads, and the dyads on its bases and `reach` more."""
    number = 0
    for chrom in chromosomes:
        positions = dyad_positions(dyads, chrom)
        for start in range(0, dyads.sizes[chrom], block):
            first, middle, last = np.searchsorted(
                positions, [start, start + block, start + block + reach]
            )
            if first < middle:
                yield number, np.bincount(positions[first:last] - start, minlength=block + reach)
            number += 1


def _count_limit(dyads: Fragments) -> int:
    """Return the smallest number of dyads that 99.9 % of the occupied bases do not exceed."""
    bases = np.zeros(2, np.int64)
    for chrom in dyads.sizes:
        _, heights = np.unique(dyad_positions(dyads, chrom), return_counts=True)
        own = np.bincount(heights, minlength=bases.size)
        own[: bases.size] += bases
        bases = own
    held = np.cumsum(bases)
    return max(int(np.searchsorted(held, _FULL_SHARE * held[-1])), 1)


def _smooth(counts: npt.NDArray[Any], smoothing: float) -> Values:
    # Mirrored, for a phasogram is the same on both sides of 0.
    return gaussian_filter1d(counts.astype(float), smoothing, mode="reflect")


def _trend(counts: Counts) -> Values:
    """Smooth so widely that no repeat is left; pairs within one core, 73 bp, do not count."""
    beyond = np.arange(1, counts.size + 1) > CORE_FLANK
    return _smooth(counts * beyond, _TREND) / _smooth(beyond, _TREND)


def _over_trend(counts: Counts, smoothing: float) -> Values:
    """Divide by the trend: on a slope, as where reads were kept in regions only, peaks move."""
    trend = _trend(counts)
    ones = np.ones_like(trend)
    return np.divide(_smooth(counts, smoothing), trend, out=ones, where=trend > 0)


def _clear_peaks(counts: Counts, trend: Values, relative: Values, smoothing: float) -> Counts:
    """Return the rows of the first, second, ... clear peak; they end where one is missing."""
    from scipy.signal import find_peaks

    none = np.zeros(0, np.int64)
    # With less than a pair a distance every pair would be a peak.
    if counts.size <= CLOSEST_DYADS or counts.mean() < 1 or trend.min() <= 0:
        return none
    # A Gaussian of s bp divides independent noise by the root of 2 s root(pi).
    rough = (counts / trend - relative)[CLOSEST_DYADS:]
    noise = float(rough.std()) / np.sqrt(2 * smoothing * np.sqrt(np.pi))
    found, _ = find_peaks(
        relative, distance=CLOSEST_DYADS // 2, prominence=max(_CLEAR * noise, 1e-9)
    )
    found = found[found + 1 >= CLOSEST_DYADS]
    if not found.size or found[0] + 1 > _LARGEST_REPEAT:
        return none
    first = int(found[0]) + 1
    strays = np.abs(np.diff(found) - first) > first / 4
    return found[: int(np.argmax(strays)) + 1] if strays.any() else found


def _summit(values: Values, row: int) -> float:
    """Return the distance in bp at which a parabola through a maximum's three values is highest."""
    if not 0 < row < values.size - 1:
        return row + 1.0
    before, here, after = values[row - 1 : row + 2]
    bend = before - 2 * here + after
    return float(row + 1 + (0.5 * (before - after) / bend if bend < 0 else 0.0))


def _slope(places: Values, weights: Values) -> float:
    """Return the slope of the weighted least-squares line from 0 through the numbered peaks."""
    number = np.arange(1, places.size + 1)
    return float((weights * number * places).sum() / (weights * number**2).sum())


def _interval(
    parts: Counts, peaks: Counts, weights: Values, repeat: float, smoothing: float
) -> tuple[float, float] | None:
    """Return the 95 % interval of the slope: delete-one jackknife over parts of the genome."""
    parts = parts[parts.any(axis=1)]
    number = len(parts)
    if number < _FEWEST_PARTS:
        return None
    total, slopes = parts.sum(axis=0), []
    for part in parts:
        relative = _over_trend(total - part, smoothing)
        places = [_nearest_summit(relative, int(row)) for row in peaks]
        slopes.append(_slope(np.array(places), weights))
    error = float(np.sqrt((number - 1) * np.var(slopes)))
    reach = float(stdtrit(number - 1, 0.975)) * error  # Student's t
    return repeat - reach, repeat + reach


def _nearest_summit(values: Values, row: int) -> float:
    low = max(row - _SEARCH, 0)
    return _summit(values, low + int(np.argmax(values[low : row + _SEARCH + 1])))
