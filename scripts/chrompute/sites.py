"""Site sets: single bases with a strand, around which V-plots and profiles are drawn."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.genome import read_aliases
from chrompute.intervals import IntervalSet, open_text, read_blacklist, scan_bed, shorten

#: Column of each thing a site table must name.
_NEEDED = ("chrom", "position", "strand")


def scan_sites(
    path: str | Path,
    entry: Mapping[str, Any],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Read a site set and list what is wrong with its file.

    Parameters
    ----------
    path
        A BED file, or a table with a header line when `entry` names columns.
    entry
        `columns` {chrom, position, strand: column names} and `one_based` for a table; an empty
        mapping for BED, whose sites are the centre bases of its intervals.
    sizes
        {chromosome: bp}.
    aliases
        {name in the file: name in the genome}.

    Returns
    -------
    sites
        Columns `chrom`, `position` (0-based) and `strand` ("+", "-" or ".").
    faults
        One sentence for each faulty line.
    """
    if "columns" in entry:
        return _scan_table(path, entry, sizes, aliases or {})
    records = list(scan_bed(path, sizes, aliases))
    faults = [item for item in records if isinstance(item, str)]
    rows = [
        (item.chrom, (item.start + item.end - 1) // 2, item.strand)
        for item in records
        if not isinstance(item, str)
    ]
    return pd.DataFrame(rows, columns=list(_NEEDED)), shorten(faults, str(path))


def _scan_table(
    path: str | Path, entry: Mapping[str, Any], sizes: Mapping[str, int], aliases: Mapping[str, str]
) -> tuple[pd.DataFrame, list[str]]:
    columns = entry["columns"]
    with open_text(path) as handle:
        lines = [(n, text.rstrip("\r\n").split("\t")) for n, text in enumerate(handle, 1)]
    lines = [(n, fields) for n, fields in lines if any(fields) and not fields[0].startswith("#")]
    header = lines[0][1] if lines else []
    absent = [columns[name] for name in _NEEDED if columns[name] not in header]
    if absent:
        have = ", ".join(header) or "none"
        return pd.DataFrame(columns=list(_NEEDED)), [
            f"{path}: no column {name!r} (there are {have}); correct 'columns'" for name in absent
        ]
    rows, faults = [], []
    for number, fields in lines[1:]:
        row = dict(zip(header, fields, strict=False))
        chrom, position, strand = (row.get(columns[name], "").strip() for name in _NEEDED)
        chrom = aliases.get(chrom, chrom)
        # An empty position means that the annotation knows none for this gene.
        if position == "":
            continue
        place = int(position) - bool(entry.get("one_based")) if position.isdecimal() else -1
        if 0 <= place < sizes.get(chrom, 0):
            rows.append((chrom, place, strand if strand in ("+", "-") else "."))
        else:
            faults.append(
                f"{path}, line {number}: {chrom}:{position} is no place in the genome; "
                "correct or remove the line"
            )
    return pd.DataFrame(rows, columns=list(_NEEDED)), shorten(faults, str(path))


def read_sites(
    path: str | Path,
    entry: Mapping[str, Any],
    sizes: Mapping[str, int],
    blacklist: IntervalSet,
    chromosomes: set[str],
    aliases: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read the usable sites of a set: on the given chromosomes and not blacklisted.

    Raises
    ------
    InputError
        When a line is faulty or no site is left.
    """
    sites, faults = scan_sites(path, entry, sizes, aliases)
    if faults:
        raise InputError(faults)
    usable = np.zeros(len(sites), dtype=bool)
    for chrom, group in sites.groupby("chrom"):
        if chrom in chromosomes:
            usable[group.index] = ~blacklist.contains(str(chrom), group["position"])
    if not usable.any():
        raise InputError(f"{path}: no site lies on a chromosome with fragments; check the set")
    return sites[usable].reset_index(drop=True)


def sites_with_fragments(
    fragments: Fragments,
    path: str | Path,
    entry: Mapping[str, Any],
    blacklist: Iterable[str | Path],
    aliases: str | Path | None,
) -> pd.DataFrame:
    """Read the usable sites of a set on the chromosomes that hold fragments.

    Parameters
    ----------
    fragments
        The store that will be looked at around the sites.
    path, entry
        As in `scan_sites`.
    blacklist
        BED files, any number.
    aliases
        Table of chromosome aliases, or None.
    """
    names, sizes = read_aliases(aliases), fragments.sizes
    used = {chrom for chrom, number in fragments.count_by_chromosome().items() if number}
    return read_sites(path, entry, sizes, read_blacklist(blacklist, sizes, names), used, names)


def write_sites(sites: pd.DataFrame, path: str | Path) -> None:
    """Write sites as BED6, one base each."""
    names = [f"site_{number}" for number in range(1, len(sites) + 1)]
    table = pd.DataFrame(
        {
            "chrom": sites["chrom"],
            "start": sites["position"],
            "end": sites["position"] + 1,
            "name": names,
            "score": 0,
            "strand": sites["strand"],
        }
    )
    table.to_csv(path, sep="\t", header=False, index=False)


def sites_of_class(windows: pd.DataFrame, cell_type: str, task: str, name: str) -> pd.DataFrame:
    """Take the window centres of one class as a site set without strand."""
    chosen = windows[(windows["cell_type"] == cell_type) & (windows[task] == name)]
    sites = chosen[["chrom", "centre"]].rename(columns={"centre": "position"})
    return sites.assign(strand=".").reset_index(drop=True)


def is_reverse(sites: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark the sites on the minus strand."""
    return (sites["strand"] == "-").to_numpy(dtype=bool)
