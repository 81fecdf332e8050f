"""Classifiers of scikit-learn, fitted to the soft labels of windows: forest, boosting, logistic."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

Features = npt.NDArray[np.float32]
Labels = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]

#: Steps after which the fit of a logistic regression is given up, with a warning.
_STEPS = 2000


def forest_probabilities(
    features: Features,
    labels: Labels,
    weights: Weights,
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
        (n_windows, n_classes): share of the replicates that name each class, all 0 where the
        label is unknown.
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
    window, code, share = _weighted_rows(labels, weights)
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
    return _of_all_classes(forest, features, labels.shape)


def boosting_probabilities(
    features: Features,
    labels: Labels,
    weights: Weights,
    rounds: int,
    learning_rate: float,
    leaves: int,
    min_leaf: int,
    l2: float,
    seed: int,
    threads: int,
) -> Probabilities:
    """Train gradient boosting on histograms and predict all windows.

    A window on whose class replicates disagree is a row for each of its classes, weighted by the
    share of the replicates that name it; the loss of these rows is the cross-entropy against the
    soft label.

    Parameters
    ----------
    features, labels, weights
        As in `forest_probabilities`.
    rounds, learning_rate
        Number of rounds, one tree a class in each (one in all for two classes), and their
        shrinkage. There is no early stopping, which would need training windows set aside.
    leaves, min_leaf, l2
        Most leaves of a tree, fewest training rows in a leaf, and L2 penalty.
    seed, threads
        Random seed, which decides only where more than 200,000 rows train (edges of histograms are
        then taken from a sample of them), and CPU threads; the result does not depend on the
        threads.

    Returns
    -------
    array
        As in `forest_probabilities`.
    """
    window, code, share = _weighted_rows(labels, weights)
    model = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=learning_rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=min_leaf,
        l2_regularization=l2,
        early_stopping=False,
        random_state=seed,
    )
    if len(np.unique(code)) == 1:
        return _one_class(code[0], labels.shape)
    with threadpool_limits(threads):
        model.fit(features[window], code, sample_weight=share)
        return _of_all_classes(model, features, labels.shape)


def logistic_probabilities(
    features: Features, labels: Labels, weights: Weights, c: float
) -> Probabilities:
    """Fit a multinomial logistic regression on standardised features and predict all windows.

    Rows and loss are those of `boosting_probabilities`. Nothing is random, and there is one
    thread: sums of products differ with their number.

    Parameters
    ----------
    features, labels, weights
        As in `forest_probabilities`. Mean and standard deviation are of the windows that train,
        each counted once; a feature that is the same in all of them stays 0.
    c
        Inverse strength of the L2 penalty.

    Returns
    -------
    array
        As in `forest_probabilities`.
    """
    window, code, share = _weighted_rows(labels, weights)
    if len(np.unique(code)) == 1:
        return _one_class(code[0], labels.shape)
    with threadpool_limits(1):
        scaler = StandardScaler().fit(features[np.unique(window)].astype(np.float64))
        scaled = scaler.transform(features.astype(np.float64))
        model = LogisticRegression(C=c, max_iter=_STEPS)
        model.fit(scaled[window], code, sample_weight=share)
        return _of_all_classes(model, scaled, labels.shape)


def _weighted_rows(
    labels: Labels, weights: Weights
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Weights]:
    """Return the window, class and weight of each row to train on: one a window and class."""
    shares = labels * weights[:, None]
    window, code = np.nonzero(shares)
    return window, code, shares[window, code]


def _of_all_classes(model: Any, features: npt.NDArray, shape: tuple[int, ...]) -> Probabilities:
    """Predict all windows; classes that the model has never seen get probability 0."""
    probabilities = np.zeros(shape)
    probabilities[:, model.classes_] = model.predict_proba(features)
    return probabilities


def _one_class(code: int, shape: tuple[int, ...]) -> Probabilities:
    """Return certainty of the only class that training windows have."""
    probabilities = np.zeros(shape)
    probabilities[:, code] = 1
    return probabilities
