"""Library complexity and the mitochondrial fraction, from the counts of the fragments stage."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from chrompute.genome import is_excluded

#: What mitochondrial chromosomes are called by UCSC, Ensembl, NCBI and SGD.
MITOCHONDRIAL = ("chrM", "MT", "M", "chrMT", "Mito", "mitochondrion")


def library_complexity(counts: Mapping[str, int] | None) -> dict[str, Any]:
    """Compute the complexity of one library.

    Parameters
    ----------
    counts
        `pairs` (fragments before any removal of duplicates), `distinct` (different pairs of
        ends), `once` and `twice` (pairs of ends seen exactly so often); None where not counted.

    Returns
    -------
    dict
        `nrf` = distinct / pairs, `pbc1` = once / distinct, `pbc2` = once / twice (Landt et al.
        2012, Genome Research 22:1813; ENCODE), `duplicate_rate` = 1 - nrf and `library_size`
        (`estimated_library_size`); None where a figure has no value.
    """
    counts = counts or {}
    pairs, distinct = counts.get("pairs", 0), counts.get("distinct", 0)
    once, twice = counts.get("once", 0), counts.get("twice", 0)
    nrf = _ratio(distinct, pairs)
    return {
        "nrf": nrf,
        "pbc1": _ratio(once, distinct),
        "pbc2": _ratio(once, twice),
        "duplicate_rate": None if nrf is None else round(1 - nrf, 6),
        "library_size": estimated_library_size(pairs, distinct),
    }


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def estimated_library_size(pairs: int, distinct: int) -> int | None:
    """Estimate the number of different fragments in the library.

    Solves `distinct / size = 1 - exp(-pairs / size)` for the size (Lander and Waterman 1988,
    Genomics 2:231; Picard EstimateLibraryComplexity), by bisection.

    Returns
    -------
    int or None
        None without duplicates, where the equation has no solution.
    """
    if not 0 < distinct < pairs:
        return None

    def excess(size: float) -> float:
        return -size * math.expm1(-pairs / size) - distinct

    low, high = float(distinct), 2.0 * distinct
    while excess(high) < 0:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return round(high)


def mitochondrial_fraction(
    reads: Mapping[str, int] | None, names: Iterable[str] = MITOCHONDRIAL
) -> float | None:
    """Compute the fraction of mapped reads on mitochondrial chromosomes.

    Parameters
    ----------
    reads
        {chromosome: primary mapped reads}, excluded chromosomes too; None where not counted.
    names
        Names or shell patterns of mitochondrial chromosomes.

    Returns
    -------
    float or None
        None without counts, or where no chromosome has such a name.
    """
    patterns = list(names)
    own = [number for chrom, number in (reads or {}).items() if is_excluded(chrom, patterns)]
    return _ratio(sum(own), sum((reads or {}).values())) if own else None


def summed_complexity(libraries: Iterable[Mapping[str, int] | None]) -> dict[str, int] | None:
    """Add up the counts of several libraries; duplicates are looked for inside each alone."""
    total: dict[str, int] = {}
    for counts in libraries:
        if counts is None:
            return None
        for name, number in counts.items():
            total[name] = total.get(name, 0) + number
    return total or None
