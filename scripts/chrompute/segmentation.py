"""Segments of named states: what ChromHMM wrote of one cell type, as a plain sorted BED."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chrompute.chromatin_states import (
    describe_states,
    notes_on_states,
    read_model,
    write_states,
    write_tables,
)
from chrompute.errors import InputError
from chrompute.whole_files import write_frame


def read_segments(path: str | Path, sizes: Mapping[str, int]) -> pd.DataFrame:
    """Read segments of numbered states, sorted in the order of `sizes`.

    Parameters
    ----------
    path
        ChromHMM's BED of four columns: chrom, start, end, and E with the state's number.
    sizes
        {chromosome: bp}.

    Returns
    -------
    DataFrame
        chrom, start, end (bp, half-open, within the chromosome) and state (number).

    Raises
    ------
    InputError
        When segments of a chromosome overlap or leave gaps, or do not begin at 0: windows there
        would have two labels or none.
    """
    columns = {"chrom": str, "start": np.int64, "end": np.int64, "state": str}
    table = pd.read_csv(path, sep="\t", header=None, names=[*columns], dtype=columns)
    foreign = sorted(set(table["chrom"]) - set(sizes))
    if foreign:
        raise InputError(
            f"{path}: has segments on {', '.join(foreign)}, which the genome lacks; learn the "
            "model again"
        )
    table["state"] = table["state"].str.removeprefix("E").astype(int)
    table["chrom"] = pd.Categorical(table["chrom"], categories=[*sizes])
    table = table.sort_values(["chrom", "start"], ignore_index=True)
    new = table["chrom"].ne(table["chrom"].shift())
    wrong = np.flatnonzero(table["start"] != table["end"].shift(fill_value=0).mask(new, 0))
    if wrong.size:
        place = table.loc[wrong[0]]
        raise InputError(
            f"{path}: the segment at {place['chrom']}:{place['start']:,} does not begin where the "
            "one before it ends; learn the model again"
        )
    table["end"] = np.minimum(table["end"], table["chrom"].astype(str).map(dict(sizes)))
    return table[table["start"] < table["end"]]


def name_segments(segments: pd.DataFrame, names: Mapping[int, str] | pd.Series) -> pd.DataFrame:
    """Call segments by names, {state: name}; touching segments of one name become one.

    Returns
    -------
    DataFrame
        chrom, start, end, name, in the order of `segments`.
    """
    table = segments.assign(name=segments["state"].map(dict(names)))
    before = table.shift()
    new = (table["chrom"] != before["chrom"]) | (table["name"] != before["name"])
    joined = table.groupby(new.cumsum(), sort=False).agg(
        {"chrom": "first", "start": "first", "end": "last", "name": "first"}
    )
    return joined.reset_index(drop=True)


def write_segments(segments: pd.DataFrame, path: str | Path) -> None:
    """Write the table of `name_segments` as BED."""
    write_frame(segments[["chrom", "start", "end", "name"]], path, header=False)


def write_segmentations(
    folders: Mapping[str, str],
    names: Mapping[str, Sequence[str]],
    sizes: Mapping[str, int],
    tables: Mapping[str, Sequence[str]],
    segments: Mapping[tuple[str, str], str],
) -> None:
    """Align and name the states of all replicates, and write their tables and segments.

    Parameters
    ----------
    folders
        {replicate: what `chrompute.chromhmm.learn` wrote}; states are aligned with the first's.
    names
        {name: marks that a state of that name has}.
    sizes
        {chromosome: bp}.
    tables
        {replicate: JSON of its states, TSV of emissions, TSV of transitions} to write.
    segments
        {(cell type, replicate): BED} to write.

    Raises
    ------
    InputError
        When a state cannot be named, or segments are not what ChromHMM writes.
    """
    models = {replicate: read_model(folder) for replicate, folder in folders.items()}
    first = next(iter(models.values())).emissions
    described = {
        replicate: describe_states(replicate, model.emissions, first, names)
        for replicate, model in models.items()
    }
    notes = notes_on_states(described, models, names)
    for replicate, (states, emissions, transitions) in tables.items():
        table, model = described[replicate], models[replicate]
        write_states(table, model, notes[replicate], states)
        write_tables(table, model, emissions, transitions)
    for (cell_type, replicate), path in segments.items():
        number = len(described[replicate])
        made = Path(folders[replicate]) / f"{cell_type}_{number}_segments.bed"
        called = name_segments(read_segments(made, sizes), described[replicate]["name"])
        write_segments(called, path)
