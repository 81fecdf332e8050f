"""Temperature scaling: one number a task that makes the probabilities of a model honest.

Guo et al. 2017, "On calibration of modern neural networks": logits are divided by the
temperature that lessens the cross-entropy on windows that the model was not fitted to. The order
of the classes, and so the accuracy, stays as it is.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

#: Temperatures that are considered; where classes are told apart without fault, the best is 0.
LOWEST, HIGHEST = 0.05, 20.0
#: Log of a probability of 0, so that no label times it is unknown.
_LOG_NOTHING = -1e4

Floats = npt.NDArray[np.floating[Any]]


def fit_temperature(logits: Floats, labels: Floats, weights: Floats) -> float:
    """Return the temperature under which the logits have the smallest cross-entropy.

    Parameters
    ----------
    logits
        (n_windows, n_classes).
    labels
        (n_windows, n_classes): rows add up to 1, or to 0 where the label is unknown.
    weights
        (n_windows,): how much each window counts.

    Returns
    -------
    float
        `LOWEST` or `HIGHEST` where the loss still falls there, a number between them otherwise; 1
        where no window is known and where no other temperature does better.
    """
    labels, weights = np.asarray(labels, np.float64), np.asarray(weights, np.float64)
    known = (labels.sum(axis=1) > 0) & (weights > 0)
    if not known.any() or labels.shape[1] < 2:
        return 1.0
    scores = np.maximum(np.asarray(logits, np.float64)[known], _LOG_NOTHING)
    shares = labels[known] * weights[known, None] / weights[known].sum()

    def loss(log_temperature: float) -> float:
        return -float((shares * log_softmax(scores / np.exp(log_temperature), axis=1)).sum())

    # The loss is convex in 1 / T, so it has no second minimum in log T either.
    found = minimize_scalar(
        loss,
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    # A search comes near to a bound only, and stops early where the loss is too small to fall.
    at = {LOWEST: np.log(LOWEST), HIGHEST: np.log(HIGHEST), float(np.exp(found.x)): found.x}
    losses = {temperature: loss(place) for temperature, place in at.items()}
    best = min(losses, key=losses.__getitem__)
    return best if losses[best] < loss(0.0) else 1.0


def apply_temperature(logits: Floats, temperature: float) -> Floats:
    """Return the probabilities (n_windows, n_classes) of logits at a temperature."""
    return softmax(logits / temperature, axis=1)
