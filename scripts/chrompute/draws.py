"""Random numbers that belong to things, and not to the order in which these are drawn."""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Constants of SplitMix64 (Steele, Lea and Flood 2014, OOPSLA:453).
_STEP, _FIRST, _SECOND = (
    np.uint64(value) for value in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def keyed_draws(seed: int, *keys: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Draw a random number for each of some keys.

    The number depends on the seed and on the parts of its own key alone, so that what is drawn for
    a place is the same whatever other places there are, and in whichever order.

    Parameters
    ----------
    seed
        0 or more.
    keys
        The parts of the keys, (n,) each: whole numbers, or texts.

    Returns
    -------
    array
        uint64 (n,): evenly spread over all 64-bit numbers.
    """
    parts = [_as_numbers(key) for key in keys]
    drawn = _mixed(np.full(parts[0].size, seed, dtype=np.uint64))
    for part in parts:
        drawn = _mixed(drawn ^ part)
    return drawn


def _as_numbers(key: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    values = key if isinstance(key, pd.Series | pd.Categorical) else np.asarray(key)
    if pd.api.types.is_integer_dtype(values.dtype):
        return np.asarray(values).astype(np.uint64)
    codes, names = pd.factorize(values)
    digests = [hashlib.blake2b(str(name).encode(), digest_size=8).digest() for name in names]
    numbers = np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)
    return numbers[codes]


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the next number of the SplitMix64 generator that is in each of some states."""
    values = values + _STEP
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))
