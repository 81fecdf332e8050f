"""The guard over files: none of a cell type that is held out is among what others train on."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from chrompute.errors import InputError
from chrompute.fragment_files import read_barcodes
from chrompute.label_sheet import LabelFile
from chrompute.manifest import sha256_of
from chrompute.sheets import Sample, is_url


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
    names = file_identities({file.path: file.digest for file in files})
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


def file_identities(files: Mapping[str, str]) -> dict[str, str]:
    """Return {path: a text that files of equal content have in common}.

    Parameters
    ----------
    files
        {path: its declared digest, or ""}.
    """
    real = {path: path if is_url(path) else str(Path(path).resolve()) for path in files}
    digests = {place: files[path].lower() for path, place in real.items() if files[path]}
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
