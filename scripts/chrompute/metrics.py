"""Tables of scores: models against each replicate and the truth, replicates against each other."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from chrompute.bootstrap import Bootstrap, bootstrap, genome_blocks, mean_of
from chrompute.labels import TRUTH, replicate_columns
from chrompute.predictions import LABEL, PROBABILITY
from chrompute.scores import Labels, Probabilities, Values, Weights, all_scores, class_scores

logger = logging.getLogger(__name__)

_PLACE = ("model", "seed", "task", "cell_type", "split")
_SCORE = ("metric", "value", "low", "high")
COLUMNS = (*_PLACE, *_SCORE)
REPLICATE_COLUMNS = (*_PLACE, "labels", *_SCORE)
CONFUSION_COLUMNS = (*_PLACE, "label", "predicted", "windows")
CLASS_COLUMNS = (*_PLACE, "labels", "class", "windows", "recall", "precision")
AGREEMENT_COLUMNS = ("task", "cell_type", "split", *_SCORE)


@dataclass(frozen=True)
class Evaluation:
    """The scores of one model.

    Attributes
    ----------
    scores
        Means over the replicates, tidy, with the columns `COLUMNS`.
    replicates
        The same against each replicate and the truth, which the column `labels` names.
    confusion
        Windows by label and predicted class. A window counts 1 in all, in equal parts for each
        replicate that knows it.
    classes
        Class by class against each replicate and the truth: `windows` with that label, `recall`,
        the share of them predicted so, and `precision`, the share of the windows predicted so
        that have the label; empty where there is nothing to divide by.
    """

    scores: pd.DataFrame
    replicates: pd.DataFrame
    confusion: pd.DataFrame
    classes: pd.DataFrame


def reference_title(replicate: str) -> str:
    """Return how tables call the labels of a replicate, or the truth."""
    return replicate if replicate == TRUTH else f"replicate {replicate}"


def score_against(
    references: Mapping[str, Labels],
    probabilities: Probabilities,
    blocks: Labels,
    draws: int,
    seed: int = 0,
) -> dict[str, Bootstrap]:
    """Score predictions against each of several sets of labels, on the same draws of blocks.

    Parameters
    ----------
    references
        {replicate: (n_windows,) class index, -1 where it is unknown}.
    probabilities
        (n_windows, n_classes).
    blocks
        (n_windows,): block of each window.
    draws, seed
        As in `chrompute.bootstrap.bootstrap`.

    Returns
    -------
    dict
        {replicate: scores of the windows that it knows}; one that knows none is absent.
    """
    return {
        name: bootstrap(_Model(labels, probabilities), blocks, draws, seed)
        for name, labels in references.items()
        if (labels >= 0).any()
    }


def score_predictions(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    facts: Mapping[str, object],
    split: str,
    block: int,
    draws: int,
) -> Evaluation:
    """Score one model in each cell type, against each replicate and the truth.

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
    """
    scores, replicates, confusion, by_class = [], [], [], []
    columns = [name for name in predictions if name.startswith(LABEL)]
    for cell_type, table in predictions[predictions["split"] == split].groupby("cell_type"):
        labels = {name.removeprefix(LABEL): _codes(table[name], classes) for name in columns}
        probabilities = table[[PROBABILITY + name for name in classes]].to_numpy(np.float64)
        place = {**facts, "cell_type": cell_type, "split": split}
        blocks = genome_blocks(table["chrom"].tolist(), table["centre"], block)
        logger.info(
            "%s in %s: %d windows in %d blocks",
            facts["model"], cell_type, len(table), blocks.max() + 1,
        )  # fmt: skip
        found = score_against(labels, probabilities, blocks, draws)
        own = [part for name, part in found.items() if name != TRUTH]
        if not own:
            continue
        scores += [place | row for row in mean_of(own).rows()]
        replicates += [
            place | {"labels": reference_title(name)} | row
            for name, part in found.items()
            for row in part.rows()
        ]
        by_class += [
            place | {"labels": reference_title(name)} | row
            for name in found
            for row in _class_rows(labels[name], probabilities, classes)
        ]
        cells = _confusion([labels[name] for name in found if name != TRUTH], probabilities)
        frame = pd.DataFrame(cells, index=classes, columns=classes).rename_axis("label")
        frame = frame.reset_index().melt("label", var_name="predicted", value_name="windows")
        confusion.append(frame.assign(**place))
    return Evaluation(
        pd.DataFrame(scores, columns=list(COLUMNS)).round(6),
        pd.DataFrame(replicates, columns=list(REPLICATE_COLUMNS)).round(6),
        pd.concat(confusion)[list(CONFUSION_COLUMNS)].round(6),
        pd.DataFrame(by_class, columns=list(CLASS_COLUMNS)).round(6),
    )


def _codes(labels: pd.Series, classes: Sequence[str]) -> Labels:
    """Return class indices, -1 where a label is unknown."""
    index = {name: code for code, name in enumerate(classes)}
    return labels.map(index).fillna(-1).to_numpy(np.int64)


def _class_rows(
    labels: Labels, probabilities: Probabilities, classes: Sequence[str]
) -> list[dict[str, object]]:
    known = labels >= 0
    precision, recall, _, number = precision_recall_fscore_support(
        labels[known],
        probabilities[known].argmax(axis=1),
        labels=np.arange(len(classes)),
        zero_division=np.nan,
    )
    return [
        {"class": name, "windows": int(n), "recall": r, "precision": p}
        for name, n, r, p in zip(classes, number, recall, precision, strict=True)
    ]


def _confusion(replicates: Sequence[Labels], probabilities: Probabilities) -> Probabilities:
    """Count windows by label (row) and predicted class, (n_classes, n_classes)."""
    one_hot = np.eye(probabilities.shape[1])
    votes = np.zeros_like(probabilities)
    for labels in replicates:
        known = labels >= 0
        votes[known] += one_hot[labels[known]]
    votes /= np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return votes.T @ one_hot[probabilities.argmax(axis=1)]


def replicate_agreement(
    windows: pd.DataFrame, task: str, classes: Sequence[str], split: str, block: int, draws: int
) -> pd.DataFrame:
    """Compare the replicates of each cell type on the windows that models are scored on.

    Parameters
    ----------
    windows
        A window set.
    task, classes
        Its task and the classes.
    split, block, draws
        As in `score_predictions`; the draws are the same.

    Returns
    -------
    DataFrame
        Columns `AGREEMENT_COLUMNS`: the mean over all pairs of replicates, of the windows that
        both know. The metrics are those of predicted classes; balanced accuracy, which is not
        symmetric, is the mean of both directions. Cell types with one replicate have no row.
    """
    rows = []
    columns = replicate_columns(windows.columns, task)
    for cell_type, table in windows[windows["split"] == split].groupby("cell_type"):
        blocks = genome_blocks(table["chrom"].tolist(), table["centre"], block)
        labels = [_codes(table[column], classes) for column in columns.values()]
        pairs = [
            bootstrap(_Pair(one, two, len(classes)), blocks, draws)
            for one, two in combinations(labels, 2)
            if ((one >= 0) & (two >= 0)).any()
        ]
        if pairs:
            place = {"task": task, "cell_type": cell_type, "split": split}
            rows += [place | row for row in mean_of(pairs).rows()]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS)).round(6)


@dataclass(frozen=True)
class _Model:
    """Predictions, scored against labels on the windows where these are known."""

    labels: Labels
    probabilities: Probabilities

    def __call__(self, weights: Weights) -> dict[str, Values]:
        known = self.labels >= 0
        return all_scores(self.labels[known], self.probabilities[known], weights[known])


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
        return {name: (ahead[name] + back[name]) / 2 for name in ahead}
