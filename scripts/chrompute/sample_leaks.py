"""The guard over data: nothing of a cell type that is held out is among what others train on."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit

from chrompute.errors import InputError
from chrompute.fragment_files import read_barcodes
from chrompute.fragments import Fragments
from chrompute.label_sheet import LabelFile
from chrompute.manifest import sha256_of
from chrompute.sheets import Sample, is_url

#: Share of the smaller store's fragments, beyond those shared by chance, that two may share.
MOST_SHARED = 0.5


@dataclass(frozen=True)
class _File:
    """A file of a cell type: what it is in words, its declared digest, and a sample's barcodes."""

    path: str
    cell_type: str
    what: str
    digest: str
    barcodes: str | None = None


def file_leaks(
    samples: Sequence[Sample],
    labels: Sequence[LabelFile],
    held_out: Collection[str],
    places_shared: bool,
) -> list[str]:
    """List, one sentence each, the files of held-out cell types that others have too.

    Two files are the same when they lie at the same place (links are followed), or have the same
    digest: the one that a sheet declares, or that of their bytes, which are read only where sizes
    are equal. Two samples may share a file when its barcodes tell their cells apart.

    Parameters
    ----------
    samples, labels
        Lines of the two sheets. Files that do not exist yet are known by their paths alone.
    held_out
        Cell types that only test.
    places_shared
        Whether the others train at the places where these are tested; then a label file that
        labels both holds the answers.
    """
    files = [
        _File(path, sample.cell_type, f"sample {sample.name!r}", digest, sample.barcodes)
        for sample in samples
        for path, digest in zip_longest(sample.paths, sample.sha256, fillvalue="")
    ]
    if places_shared:
        files += [_label_file(label) for label in labels]
    return _shared_files(files, held_out) + _labels_derived(samples, labels, held_out)


def _label_file(label: LabelFile) -> _File:
    what = f"replicate {label.replicate!r} of task {label.task!r}"
    return _File(label.path, label.cell_type, what, label.sha256)


def _shared_files(files: Sequence[_File], held_out: Collection[str]) -> list[str]:
    names = _identities(files)
    own: dict[str, list[_File]] = defaultdict(list)
    for file in files:
        if file.cell_type in held_out:
            own[names[file.path]].append(file)
    return [
        f"{held.path}: {held.what} of {held.cell_type!r}, which is held out, is the same file as "
        f"{other.path}, {other.what} of {other.cell_type!r}{cells}; give each its own data, or do "
        f"not hold {held.cell_type!r} out"
        for other in files
        if other.cell_type not in held_out
        for held in own.get(names[other.path], [])
        if (cells := _shared_cells(held, other)) is not None
    ]


def _identities(files: Sequence[_File]) -> dict[str, str]:
    """Return {path: a text that files of equal content have in common}."""
    declared = {file.path: file.digest.lower() for file in files if file.digest}
    real = {
        file.path: file.path if is_url(file.path) else str(Path(file.path).resolve())
        for file in files
    }
    digests = {place: declared[path] for path, place in real.items() if path in declared}
    by_size: dict[int, set[str]] = defaultdict(set)
    for place in real.values():
        if not is_url(place) and Path(place).is_file():
            by_size[Path(place).stat().st_size].add(place)
    for places in by_size.values():
        if len(places) > 1:
            digests |= {place: sha256_of(place) for place in sorted(places - digests.keys())}
    return {path: digests.get(place, place) for path, place in real.items()}


def _shared_cells(held: _File, other: _File) -> str | None:
    """Say which cells two samples of one file share; None where barcodes tell them all apart."""
    if held.barcodes is None or other.barcodes is None:
        return ""
    try:
        both = read_barcodes(held.barcodes, held.cell_type)
        both &= read_barcodes(other.barcodes, other.cell_type)
    except InputError:  # what is wrong with a table is told where its sample is checked
        return None
    return f", with {len(both):,} barcodes in common" if both else None


def _labels_derived(
    samples: Sequence[Sample], labels: Sequence[LabelFile], held_out: Collection[str]
) -> list[str]:
    cell_types = {sample.name: sample.cell_type for sample in samples}
    return [
        f"{label.path}: the labels of {label.cell_type!r} are derived from sample {name!r} of "
        f"{cell_types[name]!r}, which is held out; label {label.cell_type!r} by its own data"
        for label in labels
        for name in label.derived_from
        if label.cell_type not in held_out and cell_types.get(name) in held_out
    ]


def shared_fragments(
    stores: Mapping[str, Mapping[str, Fragments]], held_out: Collection[str]
) -> pd.DataFrame:
    """Count the fragments that held-out cell types share with the others.

    A fragment is shared when the other store has one of the same chromosome, midpoint and length;
    each counts once. It is the mark of a pool that was merged from the held-out cell type.

    Parameters
    ----------
    stores
        {cell type: {assay: its pooled fragments}}.
    held_out
        Cell types that only test.

    Returns
    -------
    DataFrame
        A row for each held-out cell type, other cell type and assay that both have: `held_out`,
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


def refuse_shared_fragments(table: pd.DataFrame, most: float = MOST_SHARED) -> None:
    """Raise when a cell type shares too many fragments with one that is held out.

    Parameters
    ----------
    table
        What `shared_fragments` found.
    most
        Largest share of the smaller store's fragments, of those not expected to be shared.

    Raises
    ------
    InputError
        With every pair of cell types that shares more.
    """
    beyond = (table["share"] - table["expected"]) / (1 - table["expected"]).clip(lower=1e-9)
    faults = [
        f"fragments: {row.share:.0%} of the {row.assay} fragments of {row.held_out!r}, which is "
        f"held out, and {row.other!r} are the same ({row.expected:.1%} are expected by chance); "
        f"one was pooled from the other: give {row.other!r} only its own data, or do not hold "
        f"{row.held_out!r} out"
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


@njit(cache=True)
def _count_common(
    midpoints: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.uint16],
    other_midpoints: npt.NDArray[np.int32],
    other_lengths: npt.NDArray[np.uint16],
    moved: int,
) -> int:
    """Count pairs of equal (midpoint, length) in two sorted tables; each row is in one at most."""
    number, row, other = 0, 0, 0
    while row < midpoints.size and other < other_midpoints.size:
        place = np.int64(other_midpoints[other]) + moved
        if midpoints[row] == place and lengths[row] == other_lengths[other]:
            number += 1
            row += 1
            other += 1
        elif midpoints[row] < place or (
            midpoints[row] == place and lengths[row] < other_lengths[other]
        ):
            row += 1
        else:
            other += 1
    return number
