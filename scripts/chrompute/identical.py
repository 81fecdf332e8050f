"""Identical sequences: cores of held-out windows that stand in training windows as well.

Paralogues and repeats make a model look better than it is: it has seen the sequence. Cores are
looked for on both strands, by a hash that rolls along the training windows; what the hash finds
is compared base by base.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit
from numpy.lib.stride_tricks import sliding_window_view

from chrompute.draws import keyed_draws
from chrompute.genome import BASES, UNKNOWN_BASE

#: The hash is a polynomial in this odd number, modulo 2**64 (Karp and Rabin 1987, IBM J Res Dev
#: 31:249), whose coefficients are random numbers that stand for the bases.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_VALUES = keyed_draws(0, np.arange(len(BASES) + 1))
#: Bits of the table in front of the hashes, for each of them.
_BITS_EACH = 16

Codes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]


class _Sought(NamedTuple):
    """The sequences that are looked for.

    Attributes
    ----------
    hashes
        uint64 (n,): of the sequences and of their reverse complements, sorted.
    sequence, is_reverse
        (n,): the sequence of each hash, and whether it is the reverse complement's.
    bits, shift
        A table of bits, set at `hash >> shift` for every hash, in bytes.
    bases
        uint8 (n_sequences, length): codes of the bases.
    first, last
        int64 (n_sequences,): the lowest and the highest place of a core with the sequence.
    """

    hashes: Hashes
    sequence: Integers
    is_reverse: Flags
    bits: npt.NDArray[np.uint8]
    shift: np.uint64
    bases: Codes
    first: Integers
    last: Integers


def identical_windows(
    windows: pd.DataFrame, genome: Mapping[str, Codes], length: int
) -> tuple[Flags, Flags]:
    """Find the held-out windows whose core sequence stands in a training window.

    The core of a window is the `length` bases around its centre base, one more behind it if that is
    even, as in `chrompute.labels.core_of`; or the whole window where that is shorter. It stands in
    a training window when all of it lies in [start, end) there, on either strand. What shares a
    base with the core's own place does not count: there, windows of two cell types are the same by
    declaration. Cores that hold an unknown base, or reach past a chromosome's end, are not looked
    for.

    Parameters
    ----------
    windows
        Columns `chrom`, `start`, `end`, `centre`, `split`; all of one width.
    genome
        {chromosome: uint8 codes of its bases}, as `chrompute.genome.read_genome` returns.
    length
        bp; 0 looks for nothing.

    Returns
    -------
    held_out
        bool (n,): windows of validation and test whose core stands in a training window.
    training
        bool (n,): training windows that hold such a core.
    """
    held_out, training = np.zeros((2, len(windows)), dtype=bool)
    if not length or windows.empty:
        return held_out, training
    windows = windows[["chrom", "start", "end", "centre", "split"]].reset_index(drop=True)
    length = min(length, int(windows["end"].iloc[0] - windows["start"].iloc[0]))
    trains = windows["split"] == "train"
    # Places count on from one chromosome to the next, with more than a core between them.
    ends = np.cumsum([len(codes) + length for codes in genome.values()]).tolist()
    offsets = dict(zip(genome, [0, *ends], strict=False))
    rows, places, bases = _cores(windows[~trains], genome, offsets, length)
    if not rows.size:
        return held_out, training
    sought, sequence = _sought(places, bases)
    low = np.full(len(sought.first), np.iinfo(np.int64).max)
    high = np.full(len(sought.first), -1)
    for chrom, own in windows[trains].groupby("chrom", observed=True):
        own = own.sort_values("start")
        starts, stops = own["start"].to_numpy(), own["end"].to_numpy()
        name = str(chrom)
        hits = _scan(genome[name], starts, stops, offsets[name], sought, _VALUES, low, high)
        inside = np.searchsorted(hits, stops - length, side="right")
        training[own.index] = inside > np.searchsorted(hits, starts)
    held_out[rows] = (low[sequence] <= places - length) | (high[sequence] >= places + length)
    return held_out, training


def _cores(
    windows: pd.DataFrame, genome: Mapping[str, Codes], offsets: Mapping[str, int], length: int
) -> tuple[Integers, Integers, Codes]:
    """Return row, place and bases of the cores that can be looked for."""
    rows, places, bases = [], [], []
    for chrom, own in windows.groupby("chrom", observed=True):
        codes = genome[str(chrom)]
        starts = own["centre"].to_numpy() - (length - 1) // 2
        inside = (starts >= 0) & (starts + length <= len(codes))
        starts, index = starts[inside], own.index.to_numpy()[inside]
        stretches = _stretches(codes, starts, length)
        known = (stretches != UNKNOWN_BASE).all(axis=1)
        rows.append(index[known])
        places.append(starts[known] + offsets[str(chrom)])
        bases.append(stretches[known])
    nothing = np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([nothing, *rows]),
        np.concatenate([nothing, *places]),
        np.concatenate([np.zeros((0, length), dtype=np.uint8), *bases]),
    )


def _stretches(codes: Codes, starts: Integers, length: int) -> Codes:
    """Return the bases from each start on, uint8 (n, length)."""
    if not starts.size:
        return np.zeros((0, length), dtype=np.uint8)
    return sliding_window_view(codes, length)[starts]


def _sought(places: Integers, bases: Codes) -> tuple[_Sought, Integers]:
    """Gather the distinct sequences of cores, a strand being as good as the other.

    Returns
    -------
    sought
        The sequences.
    sequence
        int64 (n_cores,): the sequence of each core.
    """
    forward, reverse = _hashes(bases, _VALUES)
    turned = reverse < forward
    bases[turned] = UNKNOWN_BASE - 1 - bases[turned, ::-1]
    least, most = np.minimum(forward, reverse), np.maximum(forward, reverse)
    order = np.argsort(least, kind="stable")
    bases = bases[order]
    is_new = np.append(True, (bases[1:] != bases[:-1]).any(axis=1))
    sequence = np.empty(len(order), dtype=np.int64)
    sequence[order] = np.cumsum(is_new) - 1
    begins = np.flatnonzero(is_new)
    hashes = np.concatenate([least[order][begins], most[order][begins]])
    by_hash = np.argsort(hashes, kind="stable")
    exponent = max(int(_BITS_EACH * hashes.size).bit_length(), 10)
    shift = np.uint64(64 - exponent)
    bits = np.zeros(1 << exponent, dtype=bool)
    bits[hashes >> shift] = True
    sought = _Sought(
        hashes[by_hash],
        by_hash % begins.size,
        by_hash >= begins.size,
        np.packbits(bits, bitorder="little"),
        shift,
        bases[begins],
        np.minimum.reduceat(places[order], begins),
        np.maximum.reduceat(places[order], begins),
    )
    return sought, sequence


@njit(cache=True)
def _hashes(bases: Codes, values: Hashes) -> tuple[Hashes, Hashes]:
    """Return the hash of each row, and that of its reverse complement."""
    number, length = bases.shape
    forward = np.zeros(number, dtype=np.uint64)
    reverse = np.zeros(number, dtype=np.uint64)
    for row in range(number):
        for at in range(length):
            forward[row] = forward[row] * _FACTOR + values[bases[row, at]]
            reverse[row] = reverse[row] * _FACTOR + values[3 - bases[row, length - 1 - at]]
    return forward, reverse


@njit(cache=True)
def _scan(
    codes: Codes,
    starts: Integers,
    ends: Integers,
    offset: int,
    sought: _Sought,
    values: Hashes,
    low: Integers,
    high: Integers,
) -> Integers:
    """Look for the sequences in windows of one chromosome, sorted by place and of one width.

    Returns the starts of all stretches that are one of the sequences, elsewhere than at the place
    of every core with it; `low` and `high`, the lowest and highest such place of each sequence,
    are updated.
    """
    length = sought.bases.shape[1]
    power = np.uint64(1)
    for _ in range(length - 1):
        power *= _FACTOR
    found = [0 for _ in range(0)]
    following, unknown, value = -1, -1, np.uint64(0)
    for window in range(starts.size):
        first = max(starts[window], following, 0)
        last = min(ends[window], codes.size) - length
        if first > last:
            continue
        if first != following:  # else the hash rolls on from the window before
            value = np.uint64(0)
            for at in range(first, first + length - 1):
                value = value * _FACTOR + values[codes[at]]
                unknown = at if codes[at] == UNKNOWN_BASE else unknown
        for start in range(first, last + 1):
            at = start + length - 1
            value = value * _FACTOR + values[codes[at]]
            unknown = at if codes[at] == UNKNOWN_BASE else unknown
            key = value >> sought.shift
            if sought.bits[key >> np.uint64(3)] >> np.uint8(key & np.uint64(7)) & 1 and (
                unknown < start and _is_sought(codes, start, value, offset, sought, low, high)
            ):
                found.append(start)
            value -= values[codes[start]] * power
        following = last + 1
    return np.array(found, dtype=np.int64)


@njit(cache=True)
def _is_sought(
    codes: Codes,
    start: int,
    value: np.uint64,
    offset: int,
    sought: _Sought,
    low: Integers,
    high: Integers,
) -> bool:
    """Tell whether a stretch is one of the sequences, and away from a core with it."""
    length, place, found = sought.bases.shape[1], offset + start, False
    at = np.searchsorted(sought.hashes, value)
    while at < sought.hashes.size and sought.hashes[at] == value:
        one = sought.sequence[at]
        away = sought.first[one] <= place - length or sought.last[one] >= place + length
        if away and _is_equal(codes, start, sought.bases[one], sought.is_reverse[at]):
            low[one], high[one] = min(low[one], place), max(high[one], place)
            found = True
        at += 1
    return found


@njit(cache=True)
def _is_equal(codes: Codes, start: int, bases: Codes, is_reverse: bool) -> bool:
    """Compare a stretch with a sequence or with its reverse complement, base by base."""
    for at in range(bases.size):
        base = 3 - bases[bases.size - 1 - at] if is_reverse else bases[at]
        if codes[start + at] != base:
            return False
    return True
