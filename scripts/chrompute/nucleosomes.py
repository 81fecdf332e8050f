"""Nucleosomes from MNase: dyads, called positions with score, fuzziness and occupancy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pysam
from scipy.ndimage import gaussian_filter1d

from chrompute.fragments import Fragments, pool
from chrompute.store_files import read_fragments
from chrompute.whole_files import written_whole

#: bp on each side of a dyad that its nucleosome core of 147 bp covers.
CORE_FLANK = 73
#: No two nucleosomes' dyads lie closer than this; a nucleosome core holds 147 bp.
CLOSEST_DYADS = 120
#: bp on each side of a call in which the score counts dyads, and of its local background.
_SCORE_FLANK = 20
_BACKGROUND_FLANK = 1000
#: Highest score: that of a probability of 1e-100.
_TOP_SCORE = 1000.0
#: bp smoothed at a time; results do not depend on it.
_BLOCK = 1 << 20
#: Calls whose dyads are gathered at a time; results do not depend on it.
_BATCH = 1 << 16
#: Distances of neighbouring calls that are looked at, and their smoothing, bp.
_NEIGHBOURS = 500
_NEIGHBOUR_SMOOTHING = 4
#: Lengths in bp that bound nucleosome-free and mono-nucleosomal fragments (Stuart 2021).
_SIGNAL_EDGES = (147, 294)


@dataclass(frozen=True)
class CallRules:
    """What decides the calls.

    Attributes
    ----------
    smoothing
        Standard deviation of the Gaussian that smooths the dyads, bp.
    distance
        Fewest bp between two calls.
    support
        Fewest dyads within 73 bp of a call.
    """

    smoothing: float
    distance: int
    support: int


def read_dyads(paths: Sequence[str | Path], low: int, high: int) -> Fragments:
    """Read and pool the fragments with low <= length < high (bp) of several stores."""
    return pool([read_fragments(path).with_lengths(low, high) for path in paths])


def dyad_positions(dyads: Fragments, chrom: str) -> npt.NDArray[np.int64]:
    """Return the midpoint bases of one chromosome's fragments, int64 (n,), ascending.

    The base is (start + end - 1) // 2: the left one of the two middle bases of a fragment of
    even length.
    """
    return (dyads.midpoints[dyads.rows(chrom)].astype(np.int64) - 1) // 2


def mean_density(dyads: Fragments) -> float:
    """Return the dyads per base on the chromosomes that hold any; 0 where there are none."""
    held = [c for c, number in dyads.count_by_chromosome().items() if number]
    return len(dyads) / sum(dyads.sizes[chrom] for chrom in held) if held else 0.0


def nucleosome_signal(fragments: Fragments) -> float | None:
    """Compute the nucleosome signal of an ATAC sample (Signac; Stuart 2021, Nat Methods 18:1333).

    Returns
    -------
    float or None
        Fragments of 147 to 293 bp over fragments below 147 bp, after the end shift. None where
        no fragment is below 147 bp.
    """
    free, mono = _SIGNAL_EDGES
    below = int((fragments.lengths < free).sum())
    between = int(((fragments.lengths >= free) & (fragments.lengths < mono)).sum())
    return between / below if below else None


def call_chromosome(
    dyads: Fragments, chrom: str, rules: CallRules, mean: float, block: int = _BLOCK
) -> pd.DataFrame:
    """Call the nucleosomes of one chromosome.

    Dyads are smoothed by a Gaussian, as nearly all callers do (DANPOS2, Chen 2013; iNPS, Chen
    2014; nucleR, Flores 2011, by Fourier). Maxima are taken greedily from the highest on, at
    least `rules.distance` apart, as in NucleoATAC (Schep 2015).

    Parameters
    ----------
    dyads
        Nucleosome-sized fragments; choose lengths beforehand (`Fragments.with_lengths`).
    chrom
        The chromosome.
    rules
        What decides the calls.
    mean
        Dyads per base in the genome (`mean_density`).
    block
        bp smoothed at a time; the calls do not depend on it.

    Returns
    -------
    pandas.DataFrame
        By position: `dyad` (0-based base), `score` (-10 log10 of a Poisson probability, 0 to
        1000), `fuzziness` (bp), `dyads` (within 73 bp), `occupancy` and `summit` (both over
        the genome's mean).
    """
    positions = dyad_positions(dyads, chrom)
    size = dyads.sizes[chrom]
    places, heights = _maxima(positions, size, rules.smoothing, block)
    kept = _spaced(places, heights, rules.distance)
    places, heights = places[kept], heights[kept]
    number = _count_near(positions, places, CORE_FLANK)
    supported = number >= rules.support
    places, heights, number = places[supported], heights[supported], number[supported]
    return pd.DataFrame(
        {
            "dyad": places,
            "score": _scores(positions, places, size, mean),
            "fuzziness": _fuzziness(positions, places),
            "dyads": number,
            "occupancy": number / (mean * (2 * CORE_FLANK + 1)) if mean else number * 0.0,
            "summit": heights / mean if mean else heights,
        }
    )


def _maxima(
    positions: npt.NDArray[np.int64], size: int, smoothing: float, block: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Find the maxima of the smoothed dyads, and their heights in dyads per base.

    Of equal neighbouring bases the first counts. Blocks overlap by more than the Gaussian
    reaches, so each base sees all the dyads that it would see without blocks.
    """
    margin = int(4 * smoothing + 0.5) + 1  # gaussian_filter1d ends after 4 standard deviations
    places, heights = [np.zeros(0, np.int64)], [np.zeros(0)]
    for start in range(0, size, block):
        low, high = start - margin, min(start + block, size) + margin
        first, last = np.searchsorted(positions, [low, high])
        if first == last:
            continue
        counts = np.bincount(positions[first:last] - low, minlength=high - low).astype(float)
        smoothed = gaussian_filter1d(counts, smoothing, mode="constant")
        here = smoothed[margin:-margin]
        before, after = smoothed[margin - 1 : -margin - 1], smoothed[margin + 1 : -margin + 1]
        top = np.flatnonzero((here > before) & (here >= after))
        places.append(top + start)
        heights.append(here[top])
    return np.concatenate(places), np.concatenate(heights)


def _spaced(
    places: npt.NDArray[np.int64], heights: npt.NDArray[np.float64], distance: int
) -> npt.NDArray[np.int64]:
    """Return the rows that are left when the highest place removes all nearer than `distance`.

    Equal heights: the first place goes before. Rounds instead of a walk down the heights: in
    each, every place that is higher than all its neighbours is kept, and they are removed.
    """
    rank = np.empty(places.size, np.int64)
    rank[np.lexsort((places, -heights))] = np.arange(places.size)
    left, kept = np.arange(places.size), []
    while left.size:
        place, order = places[left], rank[left]
        highest = np.ones(left.size, dtype=bool)
        for step in range(1, left.size):
            near = place[step:] - place[:-step] < distance
            if not near.any():
                break
            first = order[:-step] < order[step:]
            highest[step:] &= ~(near & first)
            highest[:-step] &= ~(near & ~first)
        kept.append(left[highest])
        left = left[_count_near(place[highest], place, distance - 1) == 0]
    return np.sort(np.concatenate(kept)) if kept else left


def _count_near(
    positions: npt.NDArray[np.int64], places: npt.NDArray[np.int64], flank: int
) -> npt.NDArray[np.int64]:
    """Count for each place the sorted positions at most `flank` bp from it."""
    last = np.searchsorted(positions, places + flank, side="right")
    return last - np.searchsorted(positions, places - flank, side="left")


def _scores(
    positions: npt.NDArray[np.int64], places: npt.NDArray[np.int64], size: int, mean: float
) -> npt.NDArray[np.float64]:
    """Compute -10 log10 of the chance to see so many dyads within 20 bp of each place, or more.

    Poisson, with the larger of the genome's mean and the mean within 1 kb, after the local
    background of MACS (Zhang 2008, Genome Biol 9:R137).
    """
    # Loaded here: it takes 0.6 s, and most jobs that import this module do not need it.
    from scipy.stats import poisson

    reach = np.minimum(places + _BACKGROUND_FLANK, size - 1)
    bases = reach - np.maximum(places - _BACKGROUND_FLANK, 0) + 1
    local = _count_near(positions, places, _BACKGROUND_FLANK) / bases
    expected = np.maximum(local, mean) * (2 * _SCORE_FLANK + 1)
    found = _count_near(positions, places, _SCORE_FLANK)
    chance = poisson.logsf(found - 1, expected) / np.log(10)
    return np.minimum(-10 * chance, _TOP_SCORE) + 0.0  # no negative zero


def _fuzziness(
    positions: npt.NDArray[np.int64], places: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Compute the standard deviation, bp, of the dyads within 73 bp of each place."""
    deviations = [np.zeros(0)]
    for start in range(0, places.size, _BATCH):
        chosen = places[start : start + _BATCH]
        first = np.searchsorted(positions, chosen - CORE_FLANK, side="left")
        number = _count_near(positions, chosen, CORE_FLANK)
        owner = np.repeat(np.arange(chosen.size), number)
        row = np.arange(owner.size) + (first - (np.cumsum(number) - number))[owner]
        offset = (positions[row] - chosen[owner]).astype(float)
        total = np.bincount(owner, offset, chosen.size)
        squares = np.bincount(owner, offset**2, chosen.size)
        number = np.maximum(number, 1)
        deviations.append(np.sqrt(squares / number - (total / number) ** 2))
    return np.concatenate(deviations)


def call_nucleosomes(dyads: Fragments, rules: CallRules) -> Iterator[tuple[str, pd.DataFrame]]:
    """Call chromosome by chromosome, in genome order; see `call_chromosome`."""
    mean = mean_density(dyads)
    for chrom in dyads.sizes:
        yield chrom, call_chromosome(dyads, chrom, rules, mean)


def write_calls(dyads: Fragments, rules: CallRules, path: str | Path) -> dict[str, Any]:
    """Call nucleosomes and write them as BED compressed by bgzip, sorted.

    Columns: the twelve of BED (147 bp around the dyad, clipped to the chromosome; score 0 to
    1000; thick part: the dyad's base; one block), then `score` with two decimals, `fuzziness`
    (bp), `dyads`, `occupancy` and `summit`.

    Returns
    -------
    dict
        `n_dyads`, `n_calls`, `median_fuzziness` (bp), `median_occupancy` and
        `neighbour_distance`, the commonest distance between neighbouring calls (bp); None
        without calls.
    """
    fuzziness, occupancy = [np.zeros(0)], [np.zeros(0)]
    between = np.zeros(_NEIGHBOURS, np.int64)
    written = 0
    with written_whole(path) as part, pysam.BGZFile(str(part), "wb", None) as handle:
        for chrom, calls in call_nucleosomes(dyads, rules):
            table = _as_bed(calls, chrom, dyads.sizes[chrom], written + 1)
            handle.write(table.to_csv(sep="\t", header=False, index=False).encode())
            written += len(calls)
            fuzziness.append(calls["fuzziness"].to_numpy())
            occupancy.append(calls["occupancy"].to_numpy())
            distance = np.diff(calls["dyad"])
            between += np.bincount(distance[distance < _NEIGHBOURS], minlength=_NEIGHBOURS)
    return {
        "n_dyads": len(dyads),
        "n_calls": written,
        "median_fuzziness": _median(np.concatenate(fuzziness)),
        "median_occupancy": _median(np.concatenate(occupancy)),
        "neighbour_distance": _commonest(between),
    }


def read_calls(path: str | Path) -> pd.DataFrame:
    """Read calls that `write_calls` wrote: columns `chrom` and `dyad` (0-based), in file order."""
    table = pd.read_csv(path, sep="\t", header=None, usecols=[0, 6], compression="gzip")
    return table.set_axis(["chrom", "dyad"], axis=1)


def _median(values: npt.NDArray[np.float64]) -> float | None:
    return round(float(np.median(values)), 4) if values.size else None


def _commonest(numbers: npt.NDArray[np.int64]) -> int | None:
    if not numbers.any():
        return None
    return int(np.argmax(gaussian_filter1d(numbers.astype(float), _NEIGHBOUR_SMOOTHING)))


def _as_bed(calls: pd.DataFrame, chrom: str, size: int, first: int) -> pd.DataFrame:
    dyad = calls["dyad"]
    start = np.maximum(dyad - CORE_FLANK, 0)
    end = np.minimum(dyad + CORE_FLANK + 1, size)
    return pd.DataFrame(
        {
            "chrom": chrom,
            "start": start,
            "end": end,
            "name": [f"nucleosome_{number}" for number in range(first, first + len(calls))],
            "bed_score": calls["score"].round().astype(int),
            "strand": ".",
            "thick_start": dyad,
            "thick_end": dyad + 1,
            "colour": 0,
            "blocks": 1,
            "block_sizes": end - start,
            "block_starts": 0,
            "score": calls["score"].round(2),
            "fuzziness": calls["fuzziness"].round(2),
            "dyads": calls["dyads"],
            "occupancy": calls["occupancy"].round(4),
            "summit": calls["summit"].round(4),
        }
    )
