"""What was found, compared with what was planted."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.int64]
#: bp by which chromosomes are set apart on one line; more than any chromosome has.
_APART = 1 << 40


@dataclass(frozen=True)
class DyadComparison:
    """Called nucleosomes against planted ones.

    Attributes
    ----------
    n_planted_well, n_found, recall
        Planted dyads that are well positioned, those of them that have a call of their own, and
        the share of these; NaN when none was planted.
    n_calls, n_false, false_rate
        Calls, those without any planted dyad near them, and their share; NaN without calls.
    median_distance
        Median distance in bp of the found dyads to their calls; NaN when none was found.
    """

    n_planted_well: int
    n_found: int
    recall: float
    n_calls: int
    n_false: int
    false_rate: float
    median_distance: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; None where there is nothing to divide by."""
        values = asdict(self).items()
        return {name: None if value != value else round(value, 6) for name, value in values}


def compare_dyads(
    calls: pd.DataFrame, planted: pd.DataFrame, tolerance: int = 20
) -> DyadComparison:
    """Compare called dyads with planted ones.

    A well-positioned dyad is found when a call lies within the tolerance. A call finds one dyad
    at most: the closest pairs are matched first, those of equal distance from the left. A call is
    false when no planted dyad, well positioned or not, lies within the tolerance.

    Parameters
    ----------
    calls
        Columns chrom and dyad (bp).
    planted
        Columns chrom, dyad, fuzziness (standard deviation, bp), occupancy and well_positioned.
    tolerance
        bp, itself included.
    """
    names = {name: code for code, name in enumerate(pd.concat([calls, planted])["chrom"].unique())}
    called, there = (np.sort(_on_one_line(table, names)) for table in (calls, planted))
    well = np.sort(_on_one_line(planted[planted["well_positioned"].astype(bool)], names))
    distances = _match(well, called, tolerance)
    first, last = _within(called, there, tolerance)
    n_false = int((first == last).sum())
    return DyadComparison(
        n_planted_well=well.size,
        n_found=distances.size,
        recall=distances.size / well.size if well.size else np.nan,
        n_calls=called.size,
        n_false=n_false,
        false_rate=n_false / called.size if called.size else np.nan,
        median_distance=float(np.median(distances)) if distances.size else np.nan,
    )


def _on_one_line(table: pd.DataFrame, names: dict[str, int]) -> Numbers:
    chrom = table["chrom"].map(names).to_numpy(dtype=np.int64)
    return chrom * _APART + table["dyad"].to_numpy(dtype=np.int64)


def _within(places: Numbers, others: Numbers, tolerance: int) -> tuple[Numbers, Numbers]:
    """Return for each place the range of the sorted others that lie within the tolerance."""
    first = np.searchsorted(others, places - tolerance, side="left")
    return first, np.searchsorted(others, places + tolerance, side="right")


def _match(one: Numbers, other: Numbers, tolerance: int) -> Numbers:
    """Match two sorted lists of places, each at most once, and return the distances."""
    first, last = _within(one, other, tolerance)
    number = last - first
    left = np.repeat(np.arange(one.size), number)
    right = np.arange(left.size) - np.repeat(np.cumsum(number) - number, number)
    right += np.repeat(first, number)
    distance = np.abs(one[left] - other[right])
    order = np.lexsort((right, left, distance))
    left, right, distance = left[order], right[order], distance[order]
    found = [distance[:0]]
    while left.size:
        # A pair that comes first for both of its places would be taken by any order of the rest.
        best = _is_first(left) & _is_first(right)
        found.append(distance[best])
        free = ~(np.isin(left, left[best]) | np.isin(right, right[best]))
        left, right, distance = left[free], right[free], distance[free]
    return np.concatenate(found)


def _is_first(values: Numbers) -> npt.NDArray[np.bool_]:
    """Tell for each value whether it is the first of its kind."""
    is_first = np.zeros(values.size, dtype=bool)
    is_first[np.unique(values, return_index=True)[1]] = True
    return is_first
