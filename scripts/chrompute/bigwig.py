"""Write runs of one value as bigWig."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyBigWig

from chrompute.errors import InputError
from chrompute.pileup import Runs

#: Runs handed over at once: each costs a string with the name of its chromosome.
_PIECE = 1 << 18


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
    with pyBigWig.open(str(path), "w") as handle:
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
