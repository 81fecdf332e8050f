"""What a network has to beat: the majority class and a random forest on binned fragments."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from chrompute.fragments import Fragments
from chrompute.predictions import held_out, prediction_table
from chrompute.recipe import Orders, Recipe, Stores
from chrompute.vplots import fragments_at_sites

Labels = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]


def binned_features(
    stores: Mapping[str, Fragments],
    windows: pd.DataFrame,
    length_edges: Sequence[int],
    position_bin: int,
    depth: float,
    typical: npt.NDArray[np.bool_] | None = None,
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
    typical
        (n_windows,): where given, the counts of every window are scaled to the same sum instead:
        the mean sum, at that depth, of the windows marked here. Empty windows stay empty.

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
    if typical is not None:
        number = counts.sum(axis=(1, 2))
        factor = np.divide(number[typical].mean(), number, out=number * 0, where=number > 0)
        counts *= factor[:, None, None]
    return np.log1p(counts).reshape(len(windows), -1)


def majority_probabilities(labels: Labels, train: npt.NDArray[np.bool_]) -> Probabilities:
    """Give every window the class frequencies of the training windows.

    Parameters
    ----------
    labels
        (n_windows, n_classes): share of the replicates that name each class, all 0 where the
        label is unknown.
    train
        (n_windows,): windows that train.

    Returns
    -------
    array
        float64 (n_windows, n_classes), equal rows; the largest entry is the majority class.
    """
    votes = labels[train].sum(axis=0, dtype=np.float64)
    return np.tile(votes / max(votes.sum(), 1e-9), (len(labels), 1))


def forest_probabilities(
    features: npt.NDArray[np.float32],
    labels: Labels,
    weights: npt.NDArray[np.float32],
    trees: int,
    min_leaf: int,
    seed: int,
    threads: int,
) -> Probabilities:
    """Train a random forest and predict all windows.

    Each tree draws as many windows as train, with replacement and by their weights, and of each
    draw one of the classes that the replicates give the window, with the share of the replicates
    that do.

    Parameters
    ----------
    features
        (n_windows, n_features).
    labels
        As in `majority_probabilities`.
    weights
        (n_windows,): how much a window counts; 0 for those that do not train.
    trees, min_leaf
        Number of trees, and fewest training rows in a leaf.
    seed, threads
        Random seed and CPU threads; the result does not depend on the threads.

    Returns
    -------
    array
        float64 (n_windows, n_classes); a class without training windows has probability 0.
    """
    shares = labels * weights[:, None]
    window, code = np.nonzero(shares)
    share = shares[window, code]
    forest = RandomForestClassifier(
        trees,
        min_samples_leaf=min_leaf,
        max_samples=len(np.unique(window)),
        n_jobs=threads,
        random_state=seed,
    )
    # scikit-learn draws rows by their weights; equal ones are left out, for the same draws as ever.
    forest.fit(features[window], code, sample_weight=None if (share == 1).all() else share)
    forest.n_jobs = 1  # several threads add the trees up in any order, and sums of floats differ
    probabilities = np.zeros(labels.shape)
    probabilities[:, forest.classes_] = forest.predict_proba(features)
    return probabilities


def run_baseline(
    recipe: Recipe, windows: pd.DataFrame, stores: Stores, seed: int, threads: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Fit the baseline of a recipe, one a task, and predict the windows that it is not trained on.

    Parameters
    ----------
    recipe, seed
        The model.
    windows
        Its window set.
    stores
        {input: {cell type: fragments}}.
    threads
        CPU threads.

    Returns
    -------
    predictions
        What `chrompute.predictions.prediction_table` makes.
    card
        What the model is.

    Raises
    ------
    InputError
        When a task has no window to train on.
    """
    windows = recipe.own_split(windows)
    orders = recipe.orders(windows, seed)
    targets = recipe.targets(windows, orders)
    role = recipe.fit_role(windows, targets)
    recipe.refuse_untaught(role, targets)
    card = recipe.facts(seed, "cpu")
    if recipe.kind == "forest":
        features = forest_features(recipe, windows, stores, orders, role == "train")
        settings = recipe.baseline
        probabilities = {
            task: forest_probabilities(
                features, labels, targets.weights[task] * (role == "train"), settings["trees"],
                settings["min_leaf"], seed, threads,
            )
            for task, labels in targets.labels.items()
        }  # fmt: skip
        card |= {"images": recipe.images, "features": recipe.features, "forest": settings}
    else:
        train = recipe.trains(windows)
        probabilities = {
            task: majority_probabilities(labels, train) for task, labels in targets.labels.items()
        }
    chosen = held_out(windows)
    own = {task: values[chosen] for task, values in probabilities.items()}
    return prediction_table(windows[chosen], recipe.tasks, own), card


def forest_features(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Stores,
    orders: Orders,
    train: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float32]:
    """Return what a forest reads of each window: the binned fragments of its inputs, side by side.

    Parameters
    ----------
    recipe, windows, stores
        As in `run_baseline`.
    orders
        What is permuted, in a control.
    train
        (n_windows,): windows that train.
    """
    depth, features = recipe.reference_depth(stores), []
    typical = train if recipe.images["normalise"] == "window" else None
    for name, store in stores.items():
        own = binned_features(
            store, windows, recipe.features["length_edges"], recipe.features["position_bin"],
            depth[name], typical,
        )  # fmt: skip
        features.append(own[orders[name]] if name in orders else own)
    return np.concatenate(features, axis=1)
