"""K-mers of windows, both strands as one, counted in bins along each window."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.genome import UNKNOWN_BASE

Genome = Mapping[str, npt.NDArray[np.uint8]]

#: Windows whose k-mers are counted together; about 40 bytes for each of their bases.
_CHUNK = 1024


def canonical_kmers(size: int) -> npt.NDArray[np.int64]:
    """Return the class of each k-mer, the same for a k-mer and its reverse complement.

    Returns
    -------
    array
        int64 (4 ** size,), by the k-mer's code: its bases (A, C, G, T as 0 to 3) as the digits of
        a number of base 4, the first base first. Classes count from 0.
    """
    codes = np.arange(4**size)
    digits = codes[:, None] // 4 ** np.arange(size) % 4  # the last base first
    backwards = ((3 - digits) * 4 ** np.arange(size)[::-1]).sum(axis=1)
    return np.unique(np.minimum(codes, backwards), return_inverse=True)[1]


def kmer_bins(width: int, middle: int, size: int, bin_width: int) -> npt.NDArray[np.int64]:
    """Return the bin of each k-mer of a window by its first base, (width - size + 1,), from 0."""
    first = np.arange(width - size + 1)
    # Centres are kept doubled: that of an even k-mer lies between two bases.
    bins = np.floor_divide(2 * (first - middle) + size - 1 + bin_width, 2 * bin_width)
    return bins - bins[0]


def kmer_features(
    genome: Genome, windows: pd.DataFrame, size: int, bin_width: int
) -> npt.NDArray[np.float32]:
    """Count the k-mers of each window, both strands as one, in bins along the window.

    Parameters
    ----------
    genome
        {chromosome: encoded sequence} (`chrompute.genome.encode`).
    windows
        Columns `chrom`, `start`, `end`, `centre`; all of one width.
    size
        Bases of a k-mer. Those with an unknown base, or off the chromosome, do not count, nor do
        those that stick out of the window.
    bin_width
        Width of a bin in bp; the middle one is centred on the window. A k-mer is in the bin of
        its own centre.

    Returns
    -------
    array
        float32 (n_windows, n_bins * n_kmers): log1p of the counts.
    """
    classes = canonical_kmers(size)
    width = int(windows["end"].iloc[0] - windows["start"].iloc[0])
    middle = int(windows["centre"].iloc[0] - windows["start"].iloc[0])
    first, bins = np.arange(width - size + 1), kmer_bins(width, middle, size, bin_width)
    shape = (int(bins[-1]) + 1, int(classes.max()) + 1)
    features = np.zeros((len(windows), shape[0] * shape[1]), dtype=np.float32)
    for begin in range(0, len(windows), _CHUNK):
        codes = _sequences(genome, windows.iloc[begin : begin + _CHUNK], width)
        kmers, known = np.zeros((len(codes), len(first)), np.int64), np.ones((), np.bool_)
        for place in range(size):
            base = codes[:, place : place + len(first)]
            kmers = 4 * kmers + base % UNKNOWN_BASE
            known = known & (base < UNKNOWN_BASE)
        pixel = (np.arange(len(codes))[:, None] * shape[0] + bins) * shape[1] + classes[kmers]
        counted = np.bincount(pixel[known], minlength=len(codes) * shape[0] * shape[1])
        features[begin : begin + _CHUNK] = counted.reshape(len(codes), -1)
    return np.log1p(features, out=features)


def _sequences(genome: Genome, windows: pd.DataFrame, width: int) -> npt.NDArray[np.uint8]:
    """Return the encoded bases of windows, uint8 (n, width); unknown off the chromosome."""
    codes = np.full((len(windows), width), UNKNOWN_BASE, dtype=np.uint8)
    starts = windows["start"].to_numpy(np.int64)
    chroms = windows["chrom"].astype(str).to_numpy()
    for chrom in np.unique(chroms):
        mine, bases = np.flatnonzero(chroms == chrom), genome[chrom]
        position = starts[mine, None] + np.arange(width)
        inside = (position >= 0) & (position < bases.size)
        codes[mine] = np.where(inside, bases[position.clip(0, bases.size - 1)], UNKNOWN_BASE)
    return codes
