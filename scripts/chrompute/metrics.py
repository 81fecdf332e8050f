"""Scores of predictions, with intervals from a bootstrap over blocks of the genome."""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import metrics as sk

from chrompute.predictions import PROBABILITY

logger = logging.getLogger(__name__)

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float64]

#: Bounds of the reported interval.
_QUANTILES = (0.025, 0.975)
COLUMNS = ("model", "seed", "task", "cell_type", "split", "metric", "value", "low", "high")


def _accuracy(labels: Labels, probabilities: Probabilities, weights: Weights) -> float:
    return float(sk.accuracy_score(labels, probabilities.argmax(1), sample_weight=weights))


def _balanced_accuracy(labels: Labels, probabilities: Probabilities, weights: Weights) -> float:
    predicted = probabilities.argmax(1)
    present = np.unique(labels)
    return float(
        sk.recall_score(labels, predicted, labels=present, average="macro", sample_weight=weights)
    )


def _kappa(labels: Labels, probabilities: Probabilities, weights: Weights) -> float:
    predicted = probabilities.argmax(1)
    return float(sk.cohen_kappa_score(labels, predicted, sample_weight=weights))


def _macro(score: Callable[..., float]) -> Callable[[Labels, Probabilities, Weights], float]:
    """Average a one-against-rest score over the classes that have both kinds of windows."""

    def averaged(labels: Labels, probabilities: Probabilities, weights: Weights) -> float:
        scores = [
            score(labels == k, probabilities[:, k], sample_weight=weights)
            for k in np.unique(labels)
            if not (labels == k).all()
        ]
        return float(np.mean(scores)) if scores else float("nan")

    return averaged


#: Each score maps labels (n,), probabilities (n, n_classes) and weights (n,) to a number.
SCORES: dict[str, Callable[[Labels, Probabilities, Weights], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "kappa": _kappa,
    "auroc": _macro(sk.roc_auc_score),
    "auprc": _macro(sk.average_precision_score),
}


def genome_blocks(chroms: Sequence[str], centres: npt.ArrayLike, width: int) -> Labels:
    """Return the block of each window: equal numbers share a stretch of `width` bp."""
    names = np.unique(np.asarray(chroms, dtype=str), return_inverse=True)[1].astype(np.int64)
    place = names << 40 | np.asarray(centres, dtype=np.int64) // width
    return np.unique(place, return_inverse=True)[1].astype(np.int64)


def score_with_intervals(
    labels: Labels, probabilities: Probabilities, blocks: Labels, draws: int, seed: int = 0
) -> pd.DataFrame:
    """Score predictions and draw blocks with replacement for 95 % intervals.

    Windows that lie close to each other share fragments and sequence, so whole blocks are
    drawn; a window drawn twice counts twice.

    Parameters
    ----------
    labels
        (n_windows,): class index; no unknown ones.
    probabilities
        (n_windows, n_classes).
    blocks
        (n_windows,): block of each window.
    draws
        Bootstrap draws; 0 gives no interval.
    seed
        Seed of the draws.

    Returns
    -------
    DataFrame
        Columns `metric`, `value`, `low`, `high`.
    """
    ones = np.ones(len(labels))
    value = {name: score(labels, probabilities, ones) for name, score in SCORES.items()}
    number = int(blocks.max()) + 1
    generator = np.random.default_rng(seed)
    samples: dict[str, list[float]] = {name: [] for name in SCORES}
    for _ in range(draws):
        drawn = np.bincount(generator.integers(number, size=number), minlength=number)
        weights = drawn[blocks].astype(float)
        kept = weights > 0
        for name, score in SCORES.items():
            samples[name].append(score(labels[kept], probabilities[kept], weights[kept]))
    rows = []
    for name in SCORES:
        low, high = np.nanquantile(samples[name], _QUANTILES) if draws else (np.nan, np.nan)
        rows.append((name, value[name], low, high))
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high"])


def score_predictions(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    facts: Mapping[str, object],
    split: str,
    block: int,
    draws: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score one model in each cell type.

    Parameters
    ----------
    predictions
        What `chrompute.predictions.prediction_table` made.
    classes
        Class names in the order of the model's outputs.
    facts
        `model`, `seed` and `task`, written into every row.
    split
        Windows to score.
    block, draws
        Width of the bootstrap blocks in bp, and number of draws.

    Returns
    -------
    scores
        Tidy, with the columns `COLUMNS`.
    confusion
        `model`, `seed`, `task`, `cell_type`, `split`, `label`, `predicted`, `windows`.
    """
    scores, confusion = [], []
    chosen = predictions[(predictions["split"] == split) & predictions["label"].notna()]
    for cell_type, table in chosen.groupby("cell_type"):
        labels = table["label"].map({name: k for k, name in enumerate(classes)}).to_numpy(np.int64)
        probabilities = table[[PROBABILITY + name for name in classes]].to_numpy(np.float64)
        place = {**facts, "cell_type": cell_type, "split": split}
        blocks = genome_blocks(table["chrom"].tolist(), table["centre"], block)
        logger.info(
            "%s in %s: %d windows in %d blocks",
            facts["model"], cell_type, len(table), blocks.max() + 1,
        )  # fmt: skip
        scores.append(score_with_intervals(labels, probabilities, blocks, draws).assign(**place))
        matrix = sk.confusion_matrix(
            labels, probabilities.argmax(1), labels=np.arange(len(classes))
        )
        cells = pd.DataFrame(matrix, index=classes, columns=classes).rename_axis("label")
        cells = cells.reset_index().melt("label", var_name="predicted", value_name="windows")
        confusion.append(cells.assign(**place))
    columns = ["model", "seed", "task", "cell_type", "split", "label", "predicted", "windows"]
    return pd.concat(scores)[list(COLUMNS)].round(6), pd.concat(confusion)[columns]
