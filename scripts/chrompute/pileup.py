"""Pile-ups along a chromosome, kept as runs of one value instead of one number a base.

A human chromosome has up to 248 million bases and far fewer places where a pile-up changes, so
time and memory follow the number of fragments, not the length of the chromosome.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.signedinteger]

#: Bases that are smoothed at once: 8 MB as float64.
PIECE = 1 << 20
#: Where the Gaussian ends, in standard deviations, as in SciPy.
_TRUNCATE = 4.0


@dataclass(frozen=True)
class Runs:
    """A stretch of a chromosome as neighbouring runs, each with one value.

    Attributes
    ----------
    edges
        int (n + 1,): run i covers the bases edges[i] to edges[i + 1], half-open; ascending.
    values
        int or float64 (n,): the value at each base of a run.
    """

    edges: Positions
    values: npt.NDArray[np.signedinteger] | npt.NDArray[np.float64]

    def scaled(self, factor: float) -> "Runs":
        """Return the same runs with all values times a factor."""
        return Runs(self.edges, self.values.astype(np.float64) * factor)


def pile_up(starts: Positions, ends: Positions, size: int) -> Runs:
    """Count the intervals over each base of a chromosome.

    Parameters
    ----------
    starts, ends
        int (n,): half-open intervals of at least one base within the chromosome, in any order.
    size
        Length of the chromosome, bp.

    Returns
    -------
    Runs
        Maximal runs from base 0 to `size`, whole numbers, zeros included.
    """
    # One sort of both kinds of ends: the lowest bit tells an end from a start. Twice a position
    # fits 32 bits (the store keeps doubled midpoints in as many), which halves time and memory.
    keys = np.empty(2 * starts.size, dtype=np.int32)
    keys[: starts.size], keys[starts.size :] = starts, ends
    keys *= 2
    keys[starts.size :] += 1
    keys.sort()
    depth = np.cumsum(1 - 2 * (keys & 1).astype(np.int8), dtype=np.int32)
    keys >>= 1
    last = np.ones(keys.size, dtype=bool)  # of the ends at one base
    np.not_equal(keys[1:], keys[:-1], out=last[:-1])
    edges, values = keys[last], depth[last]
    if not edges.size or edges[0] > 0:
        edges, values = np.insert(edges, 0, 0), np.insert(values, 0, 0)
    changes = edges < size
    changes[1:] &= values[1:] != values[:-1]
    return Runs(np.append(edges[changes], np.int32(size)), values[changes])


def bin_means(runs: Runs, width: int) -> Runs:
    """Average runs of whole numbers over the bases of consecutive bins.

    Parameters
    ----------
    runs
        Runs from base 0 to the end of the chromosome.
    width
        Bases in a bin; bins begin at base 0 and the last one may be shorter.

    Returns
    -------
    Runs
        Maximal runs of bins of one mean, float64. Sums are whole numbers, hence exact.
    """
    bounds = runs.edges.astype(np.int64)
    size = bounds[-1]
    # Only a bin in which an edge lies is a run of its own; bins between two such ones are alike.
    floors = bounds // width * width
    edges = np.unique(np.concatenate([floors, np.minimum(floors + width, size)]))
    edges = edges[edges <= size]
    before = np.append(0, np.cumsum(runs.values * np.diff(bounds)))
    own = np.minimum(np.searchsorted(bounds, edges, side="right") - 1, runs.values.size - 1)
    sums = before[own] + runs.values[own] * (edges - bounds[own])
    return _joined(edges, np.diff(sums) / np.diff(edges))


def smooth(
    points: Positions, size: int, deviation: float, width: int = 1, piece: int = PIECE
) -> Iterator[Runs]:
    """Smooth points along a chromosome by a Gaussian, piece by piece.

    The value at base x is the sum over the points p of w(x - p), where w is proportional to
    exp(-d^2 / (2 deviation^2)) for whole d up to 4 deviations (rounded), zero beyond, and sums
    to 1. What falls past the ends of the chromosome is lost, so that no base counts for more
    than it has. Each piece is computed with the points around it, which makes it equal to the
    same stretch of the unsplit computation.

    Parameters
    ----------
    points
        int (n,): ascending positions; a position counts as often as it is there.
    size
        Length of the chromosome, bp.
    deviation
        Standard deviation of the Gaussian, bp.
    width
        Bases in a bin; bins hold the mean of the smoothed values of their bases.
    piece
        Bases computed at once.

    Yields
    ------
    Runs
        Neighbouring pieces from base 0 to `size`, float64.
    """
    from scipy.ndimage import gaussian_filter1d  # a quarter of a second at each start

    radius = int(_TRUNCATE * deviation + 0.5)
    piece = max(piece // width, 1) * width  # bins never lie in two pieces
    for start in range(0, size, piece):
        end = min(start + piece, size)
        first, last = np.searchsorted(points, [start - radius, end + radius])
        if first == last:
            yield Runs(np.array([start, end]), np.zeros(1))
            continue
        counts = np.bincount(
            points[first:last] - (start - radius), minlength=end - start + 2 * radius
        )
        values = gaussian_filter1d(counts.astype(np.float64), deviation, radius=radius)
        values = values[radius : radius + end - start]
        edges = np.append(np.arange(start, end, width), end)
        if width > 1:
            values = np.add.reduceat(values, edges[:-1] - start) / np.diff(edges)
        yield _joined(edges, values)


def _joined(edges: Positions, values: npt.NDArray[np.float64]) -> Runs:
    """Join neighbouring runs of one value."""
    kept = np.append(True, values[1:] != values[:-1])
    return Runs(np.append(edges[:-1][kept], edges[-1]), values[kept])
