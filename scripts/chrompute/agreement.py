"""Agreement of the replicates of labels, in all and by class, and the limit their noise implies."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.bootstrap import Bootstrap, bootstrap, count_blocks, genome_blocks, mean_of
from chrompute.label_columns import replicate_columns
from chrompute.scores import (
    CLASS_SCORES,
    Labels,
    Values,
    Weights,
    class_scores,
    label_codes,
    signal_scores,
)

_PLACE = ("windows", "task", "cell_type", "split")
_LIMIT = ("limit", "limit_low", "limit_high")
#: Before the names of metrics, of their limits in a bootstrap.
_LIMIT_OF = "limit of "
AGREEMENT_COLUMNS = (*_PLACE, "metric", "value", "low", "high", *_LIMIT, "blocks")
AGREEMENT_CLASS_COLUMNS = (*_PLACE, "class", "either", "value", "low", "high", "blocks")

Signal = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How far the replicates of one task agree.

    Attributes
    ----------
    overall
        Columns `AGREEMENT_COLUMNS`, one row a cell type and metric.
    classes
        Columns `AGREEMENT_CLASS_COLUMNS`, one row a cell type and class; none for a signal.
    """

    overall: pd.DataFrame
    classes: pd.DataFrame


def noise_limits(accuracy: Values, shares: npt.NDArray[np.float64]) -> dict[str, Values]:
    """Return what a perfect model would score against one replicate, were the noise uniform.

    Every replicate is taken to name the true class with one chance q, and every other class
    equally often, whatever the other replicates do. Two of them then agree with chance
    a = q^2 + (1 - q)^2 / (K - 1), so that q = 1/K + (1 - 1/K) sqrt((a - 1/K) / (1 - 1/K)). The
    shares of the true classes follow from those of the labels, and from both what the truth scores
    against labels with such noise. With equally frequent classes, the limit of kappa is the
    square root of kappa.

    Parameters
    ----------
    accuracy
        (n_draws,): how often two replicates agree.
    shares
        (n_classes, n_draws): shares of the classes among the labels of both.

    Returns
    -------
    dict
        {each of `CLASS_SCORES`: (n_draws,)}, NaN where the replicates agree no better than chance.
    """
    number = len(shares)
    above = (accuracy - 1 / number) / (1 - 1 / number)
    above = np.sqrt(np.where(above > 0, above, np.nan))
    right = 1 / number + (1 - 1 / number) * above
    wrong = (1 - right) / max(number - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        true = np.clip((shares - wrong) / (right - wrong), 0, None)
        true /= true.sum(axis=0)
        labels = true * right + (1 - true) * wrong
        recall = np.where(shares > 0, true * right / labels, 0.0)
        balanced = recall.sum(axis=0) / (shares > 0).sum(axis=0)
        chance = (true * labels).sum(axis=0)
        kappa = np.where(chance < 1, (right - chance) / (1 - chance), np.nan)
    return dict(zip(CLASS_SCORES, (right, balanced, kappa), strict=True))


def pair_agreement(
    replicates: Sequence[Labels], n_classes: int, blocks: Labels, draws: int
) -> Bootstrap | None:
    """Return the mean agreement of all pairs of replicates; None where no pair shares a window.

    Parameters
    ----------
    replicates
        (n_windows,) class indices of each, -1 where it knows none.
    n_classes
        Number of classes.
    blocks, draws
        As in `chrompute.bootstrap.bootstrap`.
    """
    pairs = [
        bootstrap(_Pair(one, two, n_classes), blocks, draws)
        for one, two in combinations(replicates, 2)
        if ((one >= 0) & (two >= 0)).any()
    ]
    return mean_of(pairs) if pairs else None


def replicate_agreement(
    windows: pd.DataFrame,
    window_set: str,
    task: str,
    classes: Sequence[str],
    split: str,
    block: int,
    draws: int,
) -> Agreement:
    """Compare the replicates of each cell type on the windows that models are scored on.

    Parameters
    ----------
    windows, window_set
        A window set and its name.
    task, classes
        Its task and the classes, none for a signal.
    split, block, draws
        As in `chrompute.metrics.score_predictions`; the draws are the same.

    Returns
    -------
    Agreement
        Means over all pairs of replicates, of the windows that both know. The metrics are those of
        predicted classes, or for signals `SIGNAL_SCORES`; balanced accuracy, which is not
        symmetric, is the mean of both directions. Cell types with one replicate have no row.
        `blocks` counts those that hold a window which two replicates know; of a class, those
        that hold a window which any of them gives the class.
    """
    rows: list[dict[str, object]] = []
    by_class: list[dict[str, object]] = []
    columns = replicate_columns(windows.columns, task)
    for cell_type, table in windows[windows["split"] == split].groupby("cell_type", observed=True):
        blocks = genome_blocks(table["chrom"].tolist(), table["centre"], block)
        place = {"windows": window_set, "task": task, "cell_type": cell_type, "split": split}
        if not classes:
            signals = [table[column].to_numpy(np.float64) for column in columns.values()]
            found = _signal_agreement(signals, blocks, draws)
        else:
            codes = [label_codes(table[column], classes) for column in columns.values()]
            found = pair_agreement(codes, len(classes), blocks, draws)
        if found is None:
            continue
        shared = table[[*columns.values()]].notna().sum(axis=1) > 1
        beside = place | {"blocks": count_blocks(blocks, shared)}
        rows += [beside | row for row in _with_limits(found)]
        if classes:
            by_class += [place | row for row in _class_rows(codes, classes, blocks, draws)]
    return Agreement(
        pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS)).round(6),
        pd.DataFrame(by_class, columns=list(AGREEMENT_CLASS_COLUMNS)).round(6),
    )


def _with_limits(found: Bootstrap) -> list[dict[str, object]]:
    """Return a row for each metric, with its limit and the interval of that."""
    rows = {str(row["metric"]): row for row in found.rows()}
    return [
        {
            **row,
            **dict.fromkeys(_LIMIT, np.nan),
            **{
                name: rows[_LIMIT_OF + metric][end]
                for name, end in zip(_LIMIT, ("value", "low", "high"), strict=True)
                if _LIMIT_OF + metric in rows
            },
        }
        for metric, row in rows.items()
        if not metric.startswith(_LIMIT_OF)
    ]


def _signal_agreement(signals: Sequence[Signal], blocks: Labels, draws: int) -> Bootstrap | None:
    pairs = [
        bootstrap(_SignalPair(one, two), blocks, draws)
        for one, two in combinations(signals, 2)
        if (np.isfinite(one) & np.isfinite(two)).sum() > 1
    ]
    return mean_of(pairs) if pairs else None


def _class_rows(
    replicates: Sequence[Labels], classes: Sequence[str], blocks: Labels, draws: int
) -> list[dict[str, object]]:
    stacked = np.stack(replicates)
    shared = np.where((stacked >= 0).sum(axis=0) > 1, stacked, -1)
    either = [(shared == code).any(axis=0) for code in range(len(classes))]
    found = bootstrap(_ClassPairs(replicates, len(classes)), blocks, draws)
    return [
        {
            "class": name,
            "either": int(either[code].sum()),
            "blocks": count_blocks(blocks, either[code]),
            **{key: row[key] for key in ("value", "low", "high")},
        }
        for code, (name, row) in enumerate(zip(classes, found.rows(), strict=True))
    ]


@dataclass(frozen=True)
class _Pair:
    """Two replicates, compared on the windows that both know."""

    one: Labels
    two: Labels
    n_classes: int

    def __call__(self, weights: Weights) -> dict[str, Values]:
        both = (self.one >= 0) & (self.two >= 0)
        one, two, weights = self.one[both], self.two[both], weights[both]
        ahead = class_scores(one, two, self.n_classes, weights)
        back = class_scores(two, one, self.n_classes, weights)
        scores = {name: (ahead[name] + back[name]) / 2 for name in ahead}
        named = [weights[one == c].sum(axis=0) + weights[two == c].sum(axis=0) for c in self.codes]
        with np.errstate(invalid="ignore"):  # a draw may hold no window that both know
            shares = np.stack(named) / (2 * weights.sum(axis=0))
        limits = noise_limits(scores["accuracy"], shares)
        return scores | {_LIMIT_OF + name: limit for name, limit in limits.items()}

    @property
    def codes(self) -> range:
        """Indices of the classes."""
        return range(self.n_classes)


@dataclass(frozen=True)
class _SignalPair:
    """Two replicates of a signal, compared on the windows where both have a number."""

    one: Signal
    two: Signal

    def __call__(self, weights: Weights) -> dict[str, Values]:
        both = np.isfinite(self.one) & np.isfinite(self.two)
        scores = signal_scores(self.one[both], self.two[both], weights[both])
        # The truth behind additive noise of equal size (Spearman 1904, Am J Psychol 15:72).
        limit = np.sqrt(np.where(scores["pearson"] > 0, scores["pearson"], np.nan))
        return scores | {_LIMIT_OF + "pearson": limit}


@dataclass(frozen=True)
class _ClassPairs:
    """Positive agreement in each class, the windows of all pairs of replicates pooled.

    Of two replicates it is 2a / (2a + b + c): a windows have the class in both, b and c in one of
    them (Cicchetti and Feinstein 1990, J Clin Epidemiol 43:551; also Dice's coefficient).
    """

    replicates: Sequence[Labels]
    n_classes: int

    def __call__(self, weights: Weights) -> dict[str, Values]:
        agreed = np.zeros((self.n_classes, weights.shape[1]))
        named = np.zeros_like(agreed)
        for one, two in combinations(self.replicates, 2):
            both = (one >= 0) & (two >= 0)
            for code in range(self.n_classes):
                agreed[code] += 2 * weights[both & (one == code) & (two == code)].sum(axis=0)
                named[code] += weights[both & (one == code)].sum(axis=0)
                named[code] += weights[both & (two == code)].sum(axis=0)
        share = np.divide(agreed, named, out=np.full_like(agreed, np.nan), where=named > 0)
        return {str(code): share[code] for code in range(self.n_classes)}
