"""What a network has to beat: the majority class and a random forest on binned fragments."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from chrompute.fragments import Fragments
from chrompute.vplots import fragments_at_sites

Labels = npt.NDArray[np.int64]


def binned_features(
    stores: Mapping[str, Fragments],
    windows: pd.DataFrame,
    length_edges: Sequence[int],
    position_bin: int,
    depth: float,
) -> npt.NDArray[np.float32]:
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

    Returns
    -------
    array
        float32 (n_windows, n_length_classes * n_bins): log1p of the scaled counts.
    """
    half = int(windows["end"].iloc[0] - windows["start"].iloc[0]) // 2
    reach = (half + position_bin // 2) // position_bin
    shape = (len(windows), len(length_edges) - 1, 2 * reach + 1)
    counts = np.zeros(shape, dtype=np.float32)
    for cell_type, store in stores.items():
        mine = np.flatnonzero(windows["cell_type"] == cell_type)
        sites = windows.iloc[mine].rename(columns={"centre": "position"}).assign(strand=".")
        site, offset, length = fragments_at_sites(store, sites.reset_index(drop=True), half)
        column = np.floor_divide(offset + position_bin // 2, position_bin) + reach
        for index, (low, high) in enumerate(pairwise(length_edges)):
            inside = (length >= low) & (length < high)
            pixel = site[inside] * shape[2] + column[inside]
            binned = np.bincount(pixel, minlength=len(mine) * shape[2])
            counts[mine, index] = binned.reshape(len(mine), -1) * (depth / len(store))
    return np.log1p(counts).reshape(len(windows), -1)


def majority_probabilities(
    labels: Labels, train: npt.NDArray[np.bool_], n_classes: int
) -> npt.NDArray[np.float64]:
    """Give every window the class frequencies of the training windows.

    Parameters
    ----------
    labels
        (n_windows,): class index, -1 where unknown.
    train
        (n_windows,): windows that train.
    n_classes
        Number of classes.

    Returns
    -------
    array
        float64 (n_windows, n_classes), equal rows; the largest entry is the majority class.
    """
    known = labels[train & (labels >= 0)]
    frequency = np.bincount(known, minlength=n_classes) / max(len(known), 1)
    return np.tile(frequency, (len(labels), 1))


def forest_probabilities(
    features: npt.NDArray[np.float32],
    labels: Labels,
    train: npt.NDArray[np.bool_],
    n_classes: int,
    trees: int,
    min_leaf: int,
    seed: int,
    threads: int,
) -> npt.NDArray[np.float64]:
    """Train a random forest and predict all windows.

    Parameters
    ----------
    features
        (n_windows, n_features).
    labels, train, n_classes
        As in `majority_probabilities`.
    trees, min_leaf
        Number of trees, and fewest training windows in a leaf.
    seed, threads
        Random seed and CPU threads; the result does not depend on the threads.

    Returns
    -------
    array
        float64 (n_windows, n_classes); a class without training windows has probability 0.
    """
    usable = train & (labels >= 0)
    forest = RandomForestClassifier(
        trees, min_samples_leaf=min_leaf, n_jobs=threads, random_state=seed
    )
    forest.fit(features[usable], labels[usable])
    forest.n_jobs = 1  # several threads add the trees up in any order, and sums of floats differ
    probabilities = np.zeros((len(labels), n_classes))
    probabilities[:, forest.classes_] = forest.predict_proba(features)
    return probabilities
