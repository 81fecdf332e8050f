"""How far probabilities can be believed: expected calibration error, log loss, reliability.

The confidence of a prediction is its largest probability. Of a calibrated model, a share p of the
predictions of confidence p is right (Guo et al. 2017, ICML:1321; Naeini et al. 2015, AAAI:2901).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Counts = npt.NDArray[np.integer]
Numbers = npt.NDArray[np.float64]

#: Number of bins of the confidence, of equal width between 0 and 1.
BINS = 15
#: Smaller probabilities count as this one in the log loss: predictions are stored as float32,
#: which tell no two numbers beside 1 apart that are nearer to each other.
SMALLEST = float(np.finfo(np.float32).eps)
#: Quantile of the errors of a perfectly calibrated model, and how much more is let pass.
PERFECT_QUANTILE = 0.95
ALLOWANCE = 0.02
#: Draws of a perfectly calibrated model that are held at a time: 32 MB.
_CHUNK = 4_000_000


@dataclass(frozen=True)
class Reliability:
    """Predictions by their confidence, one entry a bin that holds any.

    Attributes
    ----------
    bins
        int64: number of the bin, 0 to `BINS` - 1.
    confidence, accuracy
        Mean confidence, and share of the predictions that are right.
    windows
        int64: number of predictions.
    """

    bins: Integers
    confidence: Numbers
    accuracy: Numbers
    windows: Integers


def confidence_bins(confidence: Numbers) -> Integers:
    """Return the bin of each confidence: bin m holds what is above m / 15 and at most (m + 1) / 15.

    What lies outside 0 to 1, by rounding, falls into the first or last bin.
    """
    edges = np.linspace(0, 1, BINS + 1)[1:-1]
    return np.searchsorted(edges, confidence, side="left").astype(np.int64)


def calibration_scores(
    labels: Integers, probabilities: Numbers, weights: Counts
) -> dict[str, Numbers]:
    """Score probabilities by how far they can be believed.

    Parameters
    ----------
    labels
        (n_windows,): class indices, no unknown ones.
    probabilities
        (n_windows, n_classes).
    weights
        (n_windows, n_draws): how often each draw holds each window.

    Returns
    -------
    dict
        {"ece", "log_loss": (n_draws,)}, lower is better, NaN of a draw without windows. The
        expected calibration error is the mean over the bins of |accuracy - mean confidence|,
        weighted by their windows; the log loss is the mean of -ln(probability of the label).
    """
    confidence = probabilities.max(axis=1)
    excess = (probabilities.argmax(axis=1) == labels) - confidence
    named = np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    surprise = -np.log(np.clip(named, SMALLEST, 1 - SMALLEST))
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return {
            "ece": _apart(excess, confidence_bins(confidence), weights) / total,
            "log_loss": surprise @ weights / total,
        }


def _apart(excess: Numbers, bins: Integers, weights: Counts) -> Numbers:
    """Sum |sum of a bin's excesses| over the bins, (n_draws,)."""
    parts = [excess[bins == number] @ weights[bins == number] for number in np.unique(bins)]
    return np.abs(parts).sum(axis=0)


def perfect_ece(probabilities: Numbers, draws: int, seed: int = 0) -> Numbers:
    """Draw the expected calibration errors of a model of which every probability is true.

    Finite numbers of windows give such a model an error above 0 too. Labels are drawn from the
    model's own probabilities for the same windows; whether the predicted class is among them
    is all that the error asks, and it is so with a chance equal to the confidence.

    Parameters
    ----------
    probabilities
        (n_windows, n_classes).
    draws, seed
        Number of draws of all labels, and their seed.

    Returns
    -------
    array
        (draws,).
    """
    confidence = np.clip(probabilities.max(axis=1), 0, 1)
    # In the order of the bins, whose sums are then differences of a running sum.
    confidence = confidence[np.argsort(confidence, kind="stable")]
    begins = np.unique(confidence_bins(confidence), return_index=True)[1]
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK // len(confidence))
    parts = [np.zeros(0)]
    for first in range(0, draws, step):
        chances = generator.random((min(step, draws - first), len(confidence)))
        excess = np.add.reduceat((chances < confidence) - confidence, begins, axis=1)
        parts.append(np.abs(excess).sum(axis=1) / len(confidence))
    return np.concatenate(parts)


def reliability(labels: Integers, probabilities: Numbers) -> Reliability:
    """Compare confidence and accuracy, bin by bin; the arguments are those of the scores."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins, place, windows = np.unique(
        confidence_bins(confidence), return_inverse=True, return_counts=True
    )
    return Reliability(
        bins,
        np.bincount(place, weights=confidence) / windows,
        np.bincount(place, weights=right) / windows,
        windows,
    )
