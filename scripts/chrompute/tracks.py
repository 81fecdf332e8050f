"""Genome-wide tracks of one sample: cut sites, fragment coverage and dyads, as bigWig."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyBigWig

from chrompute.errors import InputError
from chrompute.fragments import Fragments

Counts = npt.NDArray[np.int64]


def count_cuts(fragments: Fragments, chrom: str) -> Counts:
    """Count cuts at each base, int64 (chromosome length,): the bases `start` and `end - 1`."""
    size = fragments.sizes[chrom]
    starts, ends = fragments.intervals(chrom)
    return np.bincount(starts, minlength=size) + np.bincount(ends - 1, minlength=size)


def count_coverage(fragments: Fragments, chrom: str) -> Counts:
    """Count the fragments over each base, int64 (chromosome length,)."""
    size = fragments.sizes[chrom]
    starts, ends = fragments.intervals(chrom)
    steps = np.bincount(starts, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    return np.cumsum(steps)[:size]


def count_dyads(fragments: Fragments, chrom: str) -> Counts:
    """Count midpoints at each base, int64 (chromosome length,): base (start + end - 1) // 2."""
    rows = fragments.rows(chrom)
    dyads = (fragments.midpoints[rows].astype(np.int64) - 1) // 2
    return np.bincount(dyads, minlength=fragments.sizes[chrom])


#: What can be drawn along the genome, by name.
TRACKS: dict[str, Callable[[Fragments, str], Counts]] = {
    "cuts": count_cuts,
    "coverage": count_coverage,
    "dyads": count_dyads,
}


def write_track(
    fragments: Fragments, track: str, path: str | Path, chromosomes: Iterable[str]
) -> None:
    """Write one track at base resolution.

    Every base of `chromosomes` has a value, zeros included, so that means over regions are
    means over bases; chromosomes that were left out of the fragments have none.

    Parameters
    ----------
    fragments
        The fragments to count; choose lengths beforehand (`Fragments.with_lengths`).
    track
        A key of `TRACKS`.
    path
        The bigWig to write.
    chromosomes
        Chromosomes to write, a subset of `fragments.sizes`.
    """
    count = TRACKS[track]
    wanted = set(chromosomes)
    values = ((chrom, count(fragments, chrom)) for chrom in fragments.sizes if chrom in wanted)
    write_bigwig(values, fragments.sizes, path)


def write_bigwig(
    values: Iterable[tuple[str, npt.NDArray]], sizes: Mapping[str, int], path: str | Path
) -> None:
    """Write per-base values as a bigWig of maximal runs of one value.

    Parameters
    ----------
    values
        (chromosome, array of its length) in the order of `sizes`; taken one at a time, so that
        a whole genome need not fit in memory.
    sizes
        All chromosomes of the header, in order.
    path
        The file to write.
    """
    if not pyBigWig.numpy:
        raise InputError("pyBigWig was built without numpy; reinstall it from the lock file")
    with pyBigWig.open(str(path), "w") as handle:
        handle.addHeader(list(sizes.items()))
        for chrom, array in values:
            edges = np.flatnonzero(np.diff(array)) + 1
            starts = np.concatenate([[0], edges])
            ends = np.concatenate([edges, [array.size]])
            handle.addEntries(
                np.full(starts.size, chrom), starts, ends=ends, values=array[starts].astype(float)
            )
