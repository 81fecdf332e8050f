"""bigWig files: runs of one value are written, means of intervals are read."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyBigWig

from chrompute.errors import InputError
from chrompute.pileup import Runs
from chrompute.whole_files import written_whole

#: Runs handed over at once: each costs a string with the name of its chromosome.
_PIECE = 1 << 18
#: Bases that are read at once.
_STRETCH = 1 << 22


def write_bigwig(
    tracks: Iterable[tuple[str, Iterable[Runs]]], sizes: Mapping[str, int], path: str | Path
) -> None:
    """Write runs as a bigWig with zoom levels; values become 32-bit floats.

    Parameters
    ----------
    tracks
        (chromosome, its runs from the first base to the last), in the order of `sizes`; taken
        one piece at a time, so that a whole genome need not fit in memory.
    sizes
        {chromosome: bp} of all chromosomes of the header, in order.
    path
        The file to write.
    """
    if not pyBigWig.numpy:
        raise InputError("pyBigWig was built without numpy; reinstall it from the lock file")
    with written_whole(path) as part, pyBigWig.open(str(part), "w") as handle:
        handle.addHeader(list(sizes.items()))
        for chrom, pieces in tracks:
            for runs in pieces:
                _add(handle, chrom, runs)


def _add(handle: pyBigWig.pyBigWig, chrom: str, runs: Runs) -> None:
    for first in range(0, runs.values.size, _PIECE):
        edges = runs.edges[first : first + _PIECE + 1].astype(np.int64)
        values = runs.values[first : first + _PIECE].astype(np.float64)
        names = np.full(values.size, chrom)
        handle.addEntries(names, edges[:-1], ends=edges[1:], values=values)


def bigwig_faults(
    path: str | Path,
    sizes: Mapping[str, int],
    limits: tuple[float, float] | None = None,
    aliases: Mapping[str, str] | None = None,
) -> list[str]:
    """List what keeps a bigWig from being read as numbers along this genome, one sentence each.

    Parameters
    ----------
    path
        The file.
    sizes
        {chromosome: bp} of the genome.
    limits
        Smallest and largest value that may stand in it; any finite ones by default.
    aliases
        Other names of chromosomes, {name in file: name in the genome}.
    """
    try:
        with pyBigWig.open(str(path)) as handle:
            if not handle.isBigWig():
                return [f"{path}: is a bigBed, which holds no numbers; give a bigWig"]
            lengths = {_own(name, aliases): size for name, size in handle.chroms().items()}
            summaries = [_summary(handle, chrom) for chrom in handle.chroms()]
    except (RuntimeError, OSError):  # what pyBigWig raises says nothing
        return [f"{path}: is no bigWig, or is damaged; make or copy it again"]
    faults = [
        f"{path}: {chrom} has {lengths[chrom]:,} bp there and {size:,} bp in the genome; give the "
        "file of the same assembly"
        for chrom, size in sizes.items()
        if lengths.get(chrom, size) != size
    ]
    if not set(lengths) & set(sizes):
        faults.append(
            f"{path}: has none of the genome's chromosomes (there {_few(lengths)}; genome "
            f"{_few(sizes)}); give one of this genome"
        )
    return faults + _value_faults(path, [s for s in summaries if s is not None], limits)


def _summary(handle: pyBigWig.pyBigWig, chrom: str) -> tuple[float, float, float] | None:
    """Return minimum, sum and maximum of a chromosome's values; None without values.

    The header is not asked: it holds whole numbers, and reading it crashes Python where a value is
    no number, which makes the sum None here. Nor the zoom levels, which can hide such a value.
    """
    if not handle.stats(chrom, type="coverage", exact=True)[0]:
        return None
    names = ("min", "sum", "max")
    low, total, high = (handle.stats(chrom, type=name, exact=True)[0] for name in names)
    return (math.nan,) * 3 if None in (low, total, high) else (low, total, high)


def _value_faults(
    path: str | Path,
    summaries: Sequence[tuple[float, float, float]],
    limits: tuple[float, float] | None,
) -> list[str]:
    if not summaries:
        return [f"{path}: holds no value; give another file or remove the entry"]
    if not all(math.isfinite(value) for summary in summaries for value in summary):
        return [f"{path}: holds values that are no numbers; make it again without them"]
    low, high = min(s[0] for s in summaries), max(s[2] for s in summaries)
    if limits is not None and not limits[0] <= low <= high <= limits[1]:
        return [
            f"{path}: its values go from {low:g} to {high:g}, and must lie between {limits[0]:g} "
            f"and {limits[1]:g}; give another file"
        ]
    return []


def _own(name: str, aliases: Mapping[str, str] | None) -> str:
    """Return what the genome calls a chromosome of a file."""
    return (aliases or {}).get(name, name)


def _few(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:3])


def interval_means(
    path: str | Path,
    intervals: pd.DataFrame,
    aliases: Mapping[str, str] | None = None,
    absent: float | None = None,
) -> npt.NDArray[np.float64]:
    """Return the mean of a bigWig over each interval.

    Parameters
    ----------
    path
        The file.
    intervals
        Columns `chrom`, `start`, `end`, half-open; they may reach past a chromosome's ends.
    aliases
        Other names of chromosomes, {name in file: name in the genome}.
    absent
        What bases without a value count; None leaves them out of the mean.

    Returns
    -------
    array
        float64 (n_intervals,): mean of the bases on the chromosome, NaN where none counts.
    """
    means = np.full(len(intervals), np.nan)
    places = intervals.reset_index(drop=True)
    with pyBigWig.open(str(path)) as handle:
        lengths = handle.chroms()
        names = {_own(name, aliases): name for name in lengths}
        for known, own in places.groupby("chrom", observed=True):
            if known not in names:
                continue
            chrom = names[known]
            start = own["start"].clip(0, lengths[chrom]).to_numpy(np.int64)
            end = own["end"].clip(0, lengths[chrom]).to_numpy(np.int64)
            rows = own.index.to_numpy()
            stretch = start // _STRETCH
            for number in np.unique(stretch):
                mine = stretch == number
                means[rows[mine]] = _means_in_stretch(handle, chrom, start[mine], end[mine], absent)
    return means


def _means_in_stretch(
    handle: pyBigWig.pyBigWig,
    chrom: str,
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    absent: float | None,
) -> npt.NDArray[np.float64]:
    """Return the means of intervals that begin near each other, from sums along the stretch."""
    first, last = int(start.min()), int(end.max())
    if first >= last:
        return np.full(start.size, np.nan)
    values = handle.values(chrom, first, last, numpy=True)
    if absent is not None:
        values = np.nan_to_num(values, nan=absent)
    known = ~np.isnan(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0), dtype=np.float64)])
    numbers = np.concatenate([[0], np.cumsum(known)])
    number = numbers[end - first] - numbers[start - first]
    total = sums[end - first] - sums[start - first]
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
