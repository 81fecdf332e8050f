"""The guard over fragments: nothing that is held out was pooled into what others train on."""

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.fragments import Fragments

#: Share of the smaller store's fragments, beyond those shared by chance, that two may share.
MOST_SHARED = 0.5
#: {cell type: {assay: {sample: fragments}}}.
SampleStores = Mapping[str, Mapping[str, Mapping[str, Fragments]]]


def refuse_leaked_samples(
    stores: SampleStores, held_out: Collection[str], training: Collection[str], place: str
) -> pd.DataFrame:
    """Compare every sample of a held-out cell type with every one of those that train.

    Parameters
    ----------
    stores
        Fragments of each sample.
    held_out, training
        Cell types.
    place
        What holds them out, for the message: "windows/states", "models/net".

    Returns
    -------
    DataFrame
        What `shared_fragments` finds; samples are called "c1 of C".

    Raises
    ------
    InputError
        When two share too many fragments (`refuse_shared_fragments`).
    """
    by_sample: dict[str, dict[str, Fragments]] = {}
    held: list[str] = []
    for cell_type in (*held_out, *training):
        for assay, samples in stores.get(cell_type, {}).items():
            for sample, fragments in samples.items():
                name = f"{sample} of {cell_type}"
                by_sample.setdefault(name, {})[assay] = fragments
                held += [name] if cell_type in held_out else []
    table = shared_fragments(by_sample, held)
    refuse_shared_fragments(table, place)
    return table


def shared_fragments(
    stores: Mapping[str, Mapping[str, Fragments]], held_out: Collection[str]
) -> pd.DataFrame:
    """Count the fragments that held-out cell types or samples share with the others.

    A fragment is shared when the other store has one of the same chromosome, midpoint and length;
    each counts once. It is the mark of a pool that was merged from the held-out cell type.

    Parameters
    ----------
    stores
        {name: {assay: fragments}} of cell types or samples.
    held_out
        Names of those that only test.

    Returns
    -------
    DataFrame
        A row for each held-out name, other name and assay that both have: `held_out`,
        `other`, `assay`, `fragments` and `other_fragments` of their stores, `shared` ones,
        `share` of the smaller store, and `expected`, that share when one store is moved by one
        base: what chance alone gives.

    Raises
    ------
    InputError
        When two stores were made against different genomes.
    """
    rows = []
    for name in sorted(set(stores) & set(held_out)):
        for other in sorted(set(stores) - set(held_out)):
            for assay in sorted(set(stores[name]) & set(stores[other])):
                one, two = stores[name][assay], stores[other][assay]
                shared = _common_fragments(one, two, 0)
                # Both ways, since the order of neighbours need not be symmetric.
                chance = (_common_fragments(one, two, 1) + _common_fragments(one, two, -1)) / 2
                smaller = max(min(len(one), len(two)), 1)
                numbers = (len(one), len(two), shared, shared / smaller, chance / smaller)
                rows.append((name, other, assay, *numbers))
    columns = ["held_out", "other", "assay", "fragments", "other_fragments", "shared"]
    return pd.DataFrame(rows, columns=[*columns, "share", "expected"])


def refuse_shared_fragments(table: pd.DataFrame, place: str, most: float = MOST_SHARED) -> None:
    """Raise when a cell type shares too many fragments with one that is held out.

    Parameters
    ----------
    table
        What `shared_fragments` found.
    place
        What holds the cell types out, for the message.
    most
        Largest share of the smaller store's fragments, of those not expected to be shared.

    Raises
    ------
    InputError
        With every pair that shares more.
    """
    beyond = (table["share"] - table["expected"]) / (1 - table["expected"]).clip(lower=1e-9)
    faults = [
        f"{place}: {row.share:.0%} of the {row.assay} fragments of {row.held_out}, which is held "
        f"out, and {row.other} are the same ({row.expected:.1%} are expected by chance); one was "
        f"pooled from the other: give {row.other} only its own data, or do not hold {row.held_out} "
        "out"
        for row in table[beyond > most].itertuples()
    ]
    if faults:
        raise InputError(faults)


def _common_fragments(one: Fragments, two: Fragments, moved: int) -> int:
    """Count the fragments that two stores have in common once one of them is moved by some bp."""
    if one.sizes != two.sizes:
        raise InputError("samples were aligned to different genomes; align them to one")
    number = 0
    for chrom in one.sizes:
        own, theirs = one.rows(chrom), two.rows(chrom)
        number += _count_common(
            one.midpoints[own],
            one.lengths[own],
            two.midpoints[theirs],
            two.lengths[theirs],
            2 * moved,
        )
    return number


def _count_common(
    midpoints: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.uint16],
    other_midpoints: npt.NDArray[np.int32],
    other_lengths: npt.NDArray[np.uint16],
    moved: int,
) -> int:
    """Count pairs of equal (midpoint, length) in two tables; each row is in one at most."""
    one, number = np.unique(_keys(midpoints, lengths, 0), return_counts=True)
    other, other_number = np.unique(
        _keys(other_midpoints, other_lengths, moved), return_counts=True
    )
    _, here, there = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return int(np.minimum(number[here], other_number[there]).sum())


def _keys(
    midpoints: npt.NDArray[np.int32], lengths: npt.NDArray[np.uint16], moved: int
) -> npt.NDArray[np.int64]:
    """Return one number for each fragment."""
    return ((midpoints.astype(np.int64) + moved) << 16) + lengths
