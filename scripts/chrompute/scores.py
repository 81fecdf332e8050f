"""Weighted scores of many draws at once: of classes, of probabilities, and correlations of signals.

The definitions, ties included, are those of scikit-learn with `sample_weight`. There a bootstrap of
a thousand draws means thousands of sorts; here the windows are sorted once for each class, and the
draws differ in their weights alone.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.calibration import calibration_scores

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]
#: (n_windows, n_draws): how often each draw holds each window.
Weights = npt.NDArray[np.integer]
#: float64 (n_draws,).
Values = npt.NDArray[np.float64]
#: Area under the ROC curve and average precision of one class, (n_draws,) each.
Areas = tuple[Values, Values]

#: What predicted classes are scored by.
CLASS_SCORES = ("accuracy", "balanced_accuracy", "kappa")
#: What probabilities are scored by besides: by their order, and by how far they can be believed.
RANKING_SCORES = ("auroc", "auprc")
CALIBRATION_SCORES = ("ece", "log_loss")
#: What models, but no replicates, are scored by besides, from labels and predicted classes.
OVERLAP_SCORES = ("f1", "mcc")
#: Scores of which the highest is the best, and all of them.
HIGHER_IS_BETTER = (*CLASS_SCORES, *RANKING_SCORES, *OVERLAP_SCORES)
SCORES = (*HIGHER_IS_BETTER, *CALIBRATION_SCORES)
#: What each class is scored by against the rest.
SCORES_OF_CLASS = ("auroc", "auprc", "f1")
#: What two replicates of a signal are compared by.
SIGNAL_SCORES = ("pearson", "spearman")


def label_codes(labels: pd.Series, classes: Sequence[str]) -> Labels:
    """Return class indices, int64 (n_windows,), -1 where a label is unknown."""
    return pd.Index(classes, dtype=object).get_indexer(labels.astype(object)).astype(np.int64)


def confusions(labels: Labels, predicted: Labels, n_classes: int, weights: Weights) -> Values:
    """Return the confusion matrix of each draw, float64 (n_classes, n_classes, n_draws).

    Labels are in the rows; the arguments are those of `class_scores`.
    """
    cells = np.zeros((n_classes * n_classes, weights.shape[1]))
    cell = labels * n_classes + predicted
    order = np.argsort(cell, kind="stable")
    there, first = np.unique(cell[order], return_index=True)
    cells[there] = np.add.reduceat(weights[order], first, axis=0)
    return cells.reshape(n_classes, n_classes, -1)


def class_scores(
    labels: Labels, predicted: Labels, n_classes: int, weights: Weights
) -> dict[str, Values]:
    """Score predicted classes, or compare two replicates.

    Parameters
    ----------
    labels, predicted
        (n_windows,): class indices, no unknown ones.
    n_classes
        Number of classes.
    weights
        (n_windows, n_draws).

    Returns
    -------
    dict
        {each of `CLASS_SCORES`: (n_draws,)}, NaN where a draw does not define it. Balanced
        accuracy is the mean recall of the classes that occur in the draw; kappa is Cohen's.
    """
    confusion = confusions(labels, predicted, n_classes, weights)
    right, of_label, of_prediction = _margins(confusion)
    total = of_label.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = right.sum(axis=0) / total
        recall = np.where(of_label > 0, right / of_label, 0.0)
        balanced = recall.sum(axis=0) / (of_label > 0).sum(axis=0)
        chance = (of_label * of_prediction).sum(axis=0) / total**2
        kappa = np.where(chance < 1, (accuracy - chance) / (1 - chance), np.nan)
    return dict(zip(CLASS_SCORES, (accuracy, balanced, kappa), strict=True))


def overlap_scores(
    labels: Labels, probabilities: Probabilities, weights: Weights
) -> dict[str, Values]:
    """Score predicted classes by macro F1 and by Matthews' correlation coefficient.

    Parameters
    ----------
    labels, probabilities, weights
        As in `ranking_scores`.

    Returns
    -------
    dict
        {each of `OVERLAP_SCORES`: (n_draws,)}. F1 is averaged over the classes that occur in the
        draw, among labels or predictions; the coefficient is that of several classes (Gorodkin
        2004, Comput Biol Chem 28:367), 0 where labels or predictions are all of one class.
    """
    number = probabilities.shape[1]
    cells = confusions(labels, probabilities.argmax(axis=1), number, weights)
    right, of_label, of_prediction = _margins(cells)
    total = of_label.sum(axis=0)
    spread = (total**2 - (of_label**2).sum(axis=0)) * (total**2 - (of_prediction**2).sum(axis=0))
    shared = right.sum(axis=0) * total - (of_label * of_prediction).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(spread > 0, shared / np.sqrt(spread), 0.0)
    correlation = np.where(total > 0, correlation, np.nan)
    return {"f1": _mean_of_known([*f1_of_classes(cells)]), "mcc": correlation}


def f1_of_classes(cells: Values) -> Values:
    """Return the F1 of each class in each draw, (n_classes, n_draws).

    Parameters
    ----------
    cells
        What `confusions` returns.

    Returns
    -------
    array
        NaN of a class that is neither among the labels of a draw nor among its predictions.
    """
    right, of_label, of_prediction = _margins(cells)
    with np.errstate(invalid="ignore"):
        found: Values = 2 * right / (of_label + of_prediction)
    return found


def _margins(cells: Values) -> tuple[Values, Values, Values]:
    """Return what is right, the labels and the predictions, each (n_classes, n_draws)."""
    return np.einsum("kkd->kd", cells), cells.sum(axis=1), cells.sum(axis=0)


def ranking_scores(
    labels: Labels, probabilities: Probabilities, weights: Weights
) -> dict[str, Values]:
    """Score probabilities: one class against the rest, averaged over the classes.

    Parameters
    ----------
    labels
        (n_windows,): class indices, no unknown ones.
    probabilities
        (n_windows, n_classes).
    weights
        (n_windows, n_draws).

    Returns
    -------
    dict
        {"auroc", "auprc": (n_draws,)}: the area under the ROC curve and the average precision. In
        each draw the classes count of which it holds windows, and windows of others besides; NaN
        where there is none.
    """
    return _mean_areas(class_areas(labels, probabilities, weights))


def class_areas(labels: Labels, probabilities: Probabilities, weights: Weights) -> list[Areas]:
    """Return what `one_against_rest` says of each class; arguments as of `ranking_scores`."""
    return [
        one_against_rest(labels == code, probabilities[:, code], weights)
        for code in range(probabilities.shape[1])
    ]


def _mean_areas(areas: Sequence[Areas]) -> dict[str, Values]:
    """Return macro averages: {each of `RANKING_SCORES`: (n_draws,)}."""
    parts = zip(*areas, strict=True)
    return {n: _mean_of_known([*p]) for n, p in zip(RANKING_SCORES, parts, strict=True)}


def with_class_scores(
    labels: Labels, probabilities: Probabilities, weights: Weights
) -> dict[str, Values]:
    """Return all scores, and those of each class by itself, from one look at the order.

    Parameters
    ----------
    labels, probabilities, weights
        As in `ranking_scores`.

    Returns
    -------
    dict
        What `all_scores` returns, and {"auroc:0", "auprc:0", "f1:0", "auroc:1", ...: (n_draws,)},
        NaN where a draw does not define them: areas where all or none of its windows have the
        class, F1 where none has it and none is predicted to.
    """
    areas = class_areas(labels, probabilities, weights)
    found = predicted_scores(labels, probabilities, weights) | _mean_areas(areas)
    found |= overlap_scores(labels, probabilities, weights)
    found |= calibration_scores(labels, probabilities, weights)
    number = probabilities.shape[1]
    overlap = f1_of_classes(confusions(labels, probabilities.argmax(axis=1), number, weights))
    for code, (area, precision) in enumerate(areas):
        values = (area, precision, overlap[code])
        found |= {f"{n}:{code}": v for n, v in zip(SCORES_OF_CLASS, values, strict=True)}
    return found


def _mean_of_known(values: list[Values]) -> Values:
    stacked = np.stack(values)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)


def one_against_rest(
    positive: npt.NDArray[np.bool_], score: npt.NDArray[np.float64], weights: Weights
) -> tuple[Values, Values]:
    """Return area under the ROC curve and average precision of each draw, (n_draws,).

    Windows of equal score enter both curves together, as one group. Only groups that hold a
    positive add to either sum.
    """
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], np.flatnonzero(positive[order])
    if not len(hits):
        nothing = np.full(weights.shape[1], np.nan)
        return nothing, nothing
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    group = np.searchsorted(ends, hits)
    used, first_hit = np.unique(group, return_index=True)
    # Row i + 1 is the weight of the first i + 1 windows in the order of the score.
    running = np.zeros((len(ranked) + 1, weights.shape[1]), dtype=weights.dtype)
    np.cumsum(weights[order], axis=0, out=running[1:])
    begins = np.append(0, ends[:-1] + 1)
    upto, before = (running[rows].astype(float) for rows in (ends[used] + 1, begins[used]))
    found = np.add.reduceat(weights[order[hits]], first_hit, axis=0).astype(float)
    true_upto = np.cumsum(found, axis=0)
    false_upto, false_before = upto - true_upto, before - (true_upto - found)
    trues, falses = true_upto[-1], running[-1] - true_upto[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        # Above a group lie the negatives before it; of its own, half.
        beaten = (found * (falses - (false_before + false_upto) / 2)).sum(axis=0)
        area = beaten / (trues * falses)
        precision = np.where(found > 0, found * true_upto / upto, 0.0).sum(axis=0) / trues
    undefined = (trues == 0) | (falses == 0)
    return np.where(undefined, np.nan, area), np.where(undefined, np.nan, precision)


def predicted_scores(
    labels: Labels, probabilities: Probabilities, weights: Weights
) -> dict[str, Values]:
    """Return {each of `CLASS_SCORES`: (n_draws,)}; the arguments are those of `ranking_scores`.

    The predicted class is the one of the largest probability, of equal ones the first.
    """
    return class_scores(labels, probabilities.argmax(axis=1), probabilities.shape[1], weights)


def quality_scores(
    labels: Labels, probabilities: Probabilities, weights: Weights
) -> dict[str, Values]:
    """Return {each of `HIGHER_IS_BETTER`: (n_draws,)}; the arguments are of `ranking_scores`."""
    found = predicted_scores(labels, probabilities, weights)
    found |= ranking_scores(labels, probabilities, weights)
    return found | overlap_scores(labels, probabilities, weights)


def all_scores(labels: Labels, probabilities: Probabilities, weights: Weights) -> dict[str, Values]:
    """Return {each of `SCORES`: (n_draws,)}; the arguments are those of `ranking_scores`."""
    found = quality_scores(labels, probabilities, weights)
    return found | calibration_scores(labels, probabilities, weights)


def signal_scores(
    one: npt.NDArray[np.float64], two: npt.NDArray[np.float64], weights: Weights
) -> dict[str, Values]:
    """Correlate two signals.

    Parameters
    ----------
    one, two
        (n_windows,): finite numbers.
    weights
        (n_windows, n_draws).

    Returns
    -------
    dict
        {each of `SIGNAL_SCORES`: (n_draws,)}: Pearson's correlation, and that of the ranks
        (Spearman), where equal numbers share their mean rank; NaN where one of them is constant.
    """
    ranks = (_weighted_ranks(one, weights), _weighted_ranks(two, weights))
    columns = (one[:, None], two[:, None])
    return {"pearson": _correlation(*columns, weights), "spearman": _correlation(*ranks, weights)}


def _weighted_ranks(numbers: npt.NDArray[np.float64], weights: Weights) -> npt.NDArray[np.float64]:
    """Return the mean rank of each number in each draw, up to a constant, (n_windows, n_draws)."""
    group = np.unique(numbers, return_inverse=True)[1]
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], np.arange(group.max() + 1))
    own = np.add.reduceat(weights[order], first, axis=0).astype(np.float64)
    ranks: npt.NDArray[np.float64] = (np.cumsum(own, axis=0) - own / 2)[group]
    return ranks


def _correlation(
    one: npt.NDArray[np.float64], two: npt.NDArray[np.float64], weights: Weights
) -> Values:
    first, one_spread = _centred(one, weights)
    second, two_spread = _centred(two, weights)
    with np.errstate(invalid="ignore"):
        return (weights * first * second).sum(axis=0) / np.sqrt(one_spread * two_spread)


def _centred(
    numbers: npt.NDArray[np.float64], weights: Weights
) -> tuple[npt.NDArray[np.float64], Values]:
    """Take the mean of each draw out; return also the sum of squares, NaN for constants."""
    squares = (weights * numbers**2).sum(axis=0)
    total = np.maximum(weights.sum(axis=0), 1)
    centred = numbers - (weights * numbers).sum(axis=0) / total
    spread = (weights * centred**2).sum(axis=0)
    # What rounding leaves of a constant is no spread.
    return centred, np.where(spread > 1e-20 * squares, spread, np.nan)
