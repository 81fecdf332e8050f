"""What baselines read of each window: fragments in coarse bins, beside k-mers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.kmers import Genome, canonical_kmers, kmer_bins, kmer_features
from chrompute.permutations import Orders
from chrompute.recipe import Recipe, Stores
from chrompute.vplots import fragments_at_sites

Features = npt.NDArray[np.float32]


def length_classes(
    name: str, images: Mapping[str, Any], length_edges: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Return the edges of the fragment length classes of an image input, int64 (n_classes + 1,).

    They are `length_edges`, cut where the model's V-plots end: a model of short fragments counts
    no others. The input "mnase_profile" has one class, `images/profile`. Fewer than two edges are
    no class.
    """
    if name == "mnase_profile":
        return np.array(images["profile"], dtype=np.int64)
    edges = np.clip(length_edges, images["min_length"], images["max_length"])
    return np.unique(edges).astype(np.int64)


def binned_features(
    stores: Mapping[str, Fragments],
    windows: pd.DataFrame,
    length_edges: Sequence[int] | npt.NDArray[np.int64],
    position_bin: int,
    depth: float,
    typical: npt.NDArray[np.bool_] | None = None,
) -> Features:
    """Count the fragments of each window by length class and position bin: a coarse V-plot.

    Parameters
    ----------
    stores
        {cell type: fragments of one assay}; a cell type without the assay counts nothing.
    windows
        Columns `cell_type`, `chrom`, `centre`, `start`, `end`; all of one width.
    length_edges
        Edges of the length classes in bp, each class half-open.
    position_bin
        Width of a position bin in bp; the middle bin is centred on the window.
    depth
        Number of fragments that the counts of each cell type are scaled to.
    typical
        (n_windows,): where given, the counts of every window are scaled to the same sum instead:
        the mean sum, at that depth, of the windows marked here. Empty windows stay empty.

    Returns
    -------
    array
        float32 (n_windows, n_length_classes * n_bins): log1p of the scaled counts.
    """
    half = _half_width(windows)
    columns = _position_bins(half, position_bin)
    counts = _counts(stores, windows, length_edges, columns, depth)
    return _log_features(_equal_sums(counts, typical))


def concentric_features(
    stores: Mapping[str, Fragments],
    windows: pd.DataFrame,
    length_edges: Sequence[int] | npt.NDArray[np.int64],
    spans: Sequence[int],
    depth: float,
    typical: npt.NDArray[np.bool_] | None = None,
) -> Features:
    """Count the fragments of each window by length class, within some distances of its centre.

    Parameters
    ----------
    stores, windows, length_edges, depth
        As in `binned_features`.
    spans
        Distances in bp: a midpoint base at exactly that distance still counts. One that reaches
        beyond the window counts the whole window.
    typical
        As in `binned_features`; the sum is that within the widest span.

    Returns
    -------
    array
        float32 (n_windows, n_length_classes * n_spans): log1p of the scaled counts.
    """
    half = _half_width(windows)
    reach = _reaches(half, spans)
    rings = np.searchsorted(reach, np.abs(np.arange(-half, half + 1)))
    rings[rings == len(reach)] = -1
    counts = _equal_sums(_counts(stores, windows, length_edges, rings, depth), typical)
    return _log_features(counts.cumsum(axis=2))


def _position_bins(half: int, position_bin: int) -> npt.NDArray[np.int64]:
    """Return the bin of each base of a window, (2 * half + 1,), from 0; the middle is centred."""
    bins = np.floor_divide(np.arange(-half, half + 1) + position_bin // 2, position_bin)
    return bins - bins[0]


def _reaches(half: int, spans: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return the distances from the centre within which fragments are counted, ascending."""
    return np.unique(np.minimum(spans, half))


def _half_width(windows: pd.DataFrame) -> int:
    return int(windows["end"].iloc[0] - windows["start"].iloc[0]) // 2


def _counts(
    stores: Mapping[str, Fragments],
    windows: pd.DataFrame,
    length_edges: Sequence[int] | npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    depth: float,
) -> Features:
    """Count fragments, scaled to a depth, by length class and by the column of their midpoint.

    Parameters
    ----------
    columns
        (2 * half + 1,): column of each base from `half` bp left of a window's centre to `half` bp
        right of it; -1 where fragments do not count.

    Returns
    -------
    array
        float32 (n_windows, n_length_classes, n_columns).
    """
    rows, half = len(length_edges) - 1, len(columns) // 2
    shape = (len(windows), rows, int(columns.max()) + 1)
    counts = np.zeros(shape, dtype=np.float32)
    for cell_type, store in stores.items():
        mine = np.flatnonzero(windows["cell_type"] == cell_type)
        sites = windows.iloc[mine].rename(columns={"centre": "position"}).assign(strand=".")
        site, offset, length = fragments_at_sites(store, sites.reset_index(drop=True), half)
        row = np.searchsorted(length_edges, length, side="right") - 1
        column = columns[offset + half]
        inside = (row >= 0) & (row < rows) & (column >= 0)
        pixel = ((site * rows + row) * shape[2] + column)[inside]
        counted = np.bincount(pixel, minlength=len(mine) * rows * shape[2])
        counts[mine] = counted.reshape(-1, *shape[1:]) * (depth / max(len(store), 1))
    return counts


def _equal_sums(counts: Features, typical: npt.NDArray[np.bool_] | None) -> Features:
    """Scale the counts of every window to the mean sum of the marked ones, if any are."""
    if typical is None:
        return counts
    number = counts.sum(axis=(1, 2))
    factor = np.divide(number[typical].mean(), number, out=number * 0, where=number > 0)
    return counts * factor[:, None, None]


def _log_features(counts: Features) -> Features:
    return np.log1p(counts).reshape(len(counts), -1)


def number_of_features(
    kind: str,
    inputs: Sequence[str],
    images: Mapping[str, Any],
    block: Mapping[str, Any],
    width: int,
) -> int:
    """Return how many features `model_features` makes of a window.

    Parameters
    ----------
    kind, inputs, images
        Of the model.
    block
        Its block `features`.
    width
        Width of its windows in bp.
    """
    half, number = width // 2, 0
    for name in inputs:
        if name == "sequence":
            bins = kmer_bins(width, half, block["kmer"], block["kmer_bin"])
            number += (int(bins[-1]) + 1) * (int(canonical_kmers(block["kmer"]).max()) + 1)
            continue
        classes = len(length_classes(name, images, block["length_edges"])) - 1
        if kind == "logistic":
            number += classes * len(_reaches(half, block["spans"]))
        else:
            number += classes * (int(_position_bins(half, block["position_bin"])[-1]) + 1)
    return number


def model_features(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Stores,
    genome: Genome | None,
    orders: Orders,
    train: npt.NDArray[np.bool_],
) -> Features:
    """Return what a baseline reads of each window: the features of its inputs, side by side.

    Parameters
    ----------
    recipe
        The model; logistic regression reads concentric counts, others binned ones.
    windows
        Its window set.
    stores
        {image input: {cell type: fragments}}.
    genome
        {chromosome: encoded sequence}; needed where the model reads the sequence.
    orders
        What is permuted, in a control.
    train
        (n_windows,): windows that train.

    Returns
    -------
    array
        float32 (n_windows, n_features).
    """
    depth, block, found = recipe.reference_depth(stores), recipe.features, []
    typical = train if recipe.images["normalise"] == "window" else None
    for name in recipe.inputs:
        if name == "sequence":
            assert genome is not None, "the recipe reads the sequence"
            own = kmer_features(genome, windows, block["kmer"], block["kmer_bin"])
        else:
            edges = length_classes(name, recipe.images, block.get("length_edges", ()))
            given = (stores[name], windows, edges)
            if recipe.kind == "logistic":
                own = concentric_features(*given, block["spans"], depth[name], typical)
            else:
                own = binned_features(*given, block["position_bin"], depth[name], typical)
        found.append(own[orders[name]] if name in orders else own)
    return np.concatenate(found, axis=1)
