"""Site sets: single bases with a strand, around which V-plots and profiles are drawn."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chrompute.annotations import Site, is_annotation, listed, scan_tss
from chrompute.bounded import open_text
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.genome import read_aliases
from chrompute.intervals import (
    IntervalSet,
    anchor_base,
    read_blacklist,
    scan_bed,
    shorten,
)
from chrompute.motifs import motif_threshold, read_motif
from chrompute.whole_files import write_frame

#: Column of each thing a site table must name.
_NEEDED = ("chrom", "position", "strand")


def kind_of_sites(entry: Mapping[str, Any]) -> str:
    """Tell what the file of a site set is: 'motif', 'table', 'annotation' or 'BED'."""
    if "motif" in entry:
        return "motif"
    if "columns" in entry:
        return "table"
    return "annotation" if is_annotation(entry["path"]) else "BED"


#: Keys of a site set beside path and title, their defaults, and the kind of file they are for.
_KEYS: dict[str, tuple[Any, str]] = {
    "name": (None, "BED"),
    "anchor": ("centre", "BED"),
    "one_based": (False, "table"),
    "feature": ("gene", "annotation"),
    "attribute": ({}, "annotation"),
    "columns": (None, "table"),
    "p_value": (1e-4, "motif"),
}
_KIND_TITLES = {
    "BED": "a BED",
    "table": "a table with 'columns'",
    "annotation": "a .gtf or .gff file",
    "motif": "a MEME file with 'motif'",
}


def key_faults(entry: Mapping[str, Any]) -> list[str]:
    """List the keys of a site set's entry that are for another kind of file."""
    kind = kind_of_sites(entry)
    return [
        f"{key!r} is for {_KIND_TITLES[own]}, and this is {_KIND_TITLES[kind]}; remove it"
        for key, (default, own) in _KEYS.items()
        if entry.get(key, default) != default and own != kind
    ]


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
        A BED, GTF or GFF file (plain or gzipped), a table with a header line when `entry` names
        columns, or a MEME file when it names a motif.
    entry
        For BED: `name`, one or more texts of column 4 to keep, and `anchor`, the base of an
        interval that is the site (`chrompute.intervals.anchor_base`; default centre). For a
        table: `columns` {chrom, position, strand: column names} and `one_based`. For GTF and GFF:
        see `chrompute.annotations.scan_tss`. For a motif: `motif` and `p_value`; the genome is
        not scanned here, so there are no sites yet.
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
    kind = kind_of_sites({**entry, "path": path})
    if kind == "motif":
        return pd.DataFrame(columns=list(_NEEDED)), _motif_faults(path, entry)
    if kind == "table":
        return _scan_table(path, entry, sizes, aliases or {})
    if kind == "annotation":
        sites, faults = _scan_annotation(path, entry, sizes, aliases)
    else:
        sites, faults = _scan_bed(path, entry, sizes, aliases)
    if kind == "annotation" or entry.get("anchor") == "tss":
        # Transcripts of one gene often share their TSS, which is one site all the same.
        sites = sites.drop_duplicates(ignore_index=True)
    return sites, shorten(faults, str(path))


def _scan_annotation(
    path: str | Path,
    entry: Mapping[str, Any],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None,
) -> tuple[pd.DataFrame, list[str]]:
    rows: list[Site] = []
    faults: list[str] = []
    for item in scan_tss(path, entry, sizes, aliases):
        if isinstance(item, str):
            faults.append(item)
        else:
            rows.append(item)
    return pd.DataFrame(rows, columns=list(_NEEDED)), faults


def _motif_faults(path: str | Path, entry: Mapping[str, Any]) -> list[str]:
    try:
        motif_threshold(path, read_motif(path, entry["motif"]), entry.get("p_value", 1e-4))
    except InputError as error:
        return error.faults
    return []


def _scan_bed(
    path: str | Path,
    entry: Mapping[str, Any],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None,
) -> tuple[pd.DataFrame, list[str]]:
    table, faults = scan_bed(path, sizes, aliases)
    if "name" in entry:
        seen = table["name"].cat.categories
        have = ", ".join(list(seen)[:8]) + (", ..." if len(seen) > 8 else "")
        names = listed(entry["name"])
        faults += [
            f"{path}: no line has {name!r} in column 4 (there are {have}); correct 'name'"
            for name in names
            if name not in seen
        ]
        table = table[table["name"].isin(names)]
    anchor = entry.get("anchor", "centre")
    if anchor == "tss":
        faults += [
            f"{path}, line {line}: without a strand (column 6) there is no TSS; "
            "correct or remove the line, or choose another 'anchor'"
            for line in table.loc[table["strand"] == ".", "line"]
        ]
    sites = table[["chrom"]].assign(position=anchor_base(table, anchor), strand=table["strand"])
    return sites.astype({"chrom": str, "strand": str}).reset_index(drop=True), faults


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
    write_frame(table, path, header=False)
