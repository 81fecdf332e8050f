"""The check of a bigWig: readable, of the genome at hand, and holding numbers."""

import math
from collections.abc import Mapping, Sequence

import pyBigWig

from chrompute.findings import Findings, show


def inspect_bigwig(
    path: str,
    kind: str,
    aliases: Mapping[str, str],
    found: Findings,
    limits: tuple[float, float] | None = None,
) -> None:
    """Open a bigWig, compare it with the genome and add what was seen to `found`.

    Parameters
    ----------
    path, kind
        The file and what it is, in words.
    aliases
        {name in the file: name in the genome}.
    found
        Findings so far; names and lengths are compared where the genome's sizes are in it.
    limits
        Smallest and largest value that may stand in it; any finite ones by default.
    """
    try:
        with pyBigWig.open(path) as handle:
            if not handle.isBigWig():
                raise RuntimeError
            header = dict(handle.chroms())
            summaries = [_summary(handle, chrom) for chrom in header]
    except (RuntimeError, OSError):  # what pyBigWig raises says nothing
        found.faults.append(f"{path}: is no bigWig, or is damaged; make or copy it again")
        return
    faults = _value_faults(path, [s for s in summaries if s is not None], limits)
    if found.sizes:
        faults += _name_faults(path, header, aliases, found.sizes)
    found.faults += [fault for fault in faults if fault not in found.faults]
    found.files[path] = {"kind": kind, "chromosomes": len(header)}


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
    path: str,
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


def _name_faults(
    path: str, header: Mapping[str, int], aliases: Mapping[str, str], sizes: Mapping[str, int]
) -> list[str]:
    shared = [raw for raw in header if aliases.get(raw, raw) in sizes]
    if not shared:
        return [
            f"{path}: no chromosome name agrees with the genome (bigWig: {show(header)}; genome: "
            f"{show(sizes)}); give the genome's, or genome/aliases"
        ]
    wrong = [
        f"{raw} {header[raw]:,} against {sizes[aliases.get(raw, raw)]:,}"
        for raw in shared
        if header[raw] != sizes[aliases.get(raw, raw)]
    ]
    if not wrong:
        return []
    return [
        f"{path}: {len(wrong)} chromosome(s) have another length than in the genome "
        f"({show(wrong)} bp); give the file of the same assembly"
    ]
