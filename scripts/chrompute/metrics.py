"""Tables of scores: models against each replicate of the labels and against the truth."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from chrompute.bootstrap import Bootstrap, bootstrap, count_blocks, genome_blocks, mean_of
from chrompute.label_columns import TRUTH
from chrompute.predictions import task_labels, task_probabilities
from chrompute.scores import (
    SCORES,
    Labels,
    Probabilities,
    Values,
    Weights,
    all_scores,
    label_codes,
)

logger = logging.getLogger(__name__)

_PLACE = ("model", "seed", "task", "cell_type", "split")
_SCORE = ("metric", "value", "low", "high")
COLUMNS = (*_PLACE, *_SCORE)
REPLICATE_COLUMNS = (*_PLACE, "labels", *_SCORE, "blocks")
CONFUSION_COLUMNS = (*_PLACE, "label", "predicted", "windows")
CLASS_COLUMNS = (*_PLACE, "labels", "class", "windows", "recall", "precision")

#: Scores probabilities against labels: (labels, probabilities, weights) to {metric: (n_draws,)}.
Score = Callable[[Labels, Probabilities, Weights], dict[str, Values]]


@dataclass(frozen=True)
class Evaluation:
    """The scores of one model.

    Attributes
    ----------
    scores
        Means over the replicates, tidy, with the columns `COLUMNS`.
    replicates
        The same against each replicate and the truth, which the column `labels` names; `blocks`
        is the number of blocks that hold a window with that label.
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


@dataclass(frozen=True)
class TaskScores:
    """The scores of one model in one task and cell type.

    Attributes
    ----------
    place
        `model`, `seed`, `cell_type`, `split` and `task`.
    classes
        Class names in the order of the model's outputs.
    labels
        {replicate: (n_windows,) class index, -1 where it is unknown}, the truth too.
    probabilities
        (n_windows, n_classes).
    blocks
        (n_windows,): block of each window.
    found
        {replicate: scores of the windows that it knows}; one that knows none is absent.
    """

    place: Mapping[str, object]
    classes: tuple[str, ...]
    labels: Mapping[str, Labels]
    probabilities: Probabilities
    blocks: Labels
    found: Mapping[str, Bootstrap]

    def count_blocks(self, replicate: str) -> int:
        """Count the blocks that hold a window which a replicate knows."""
        return count_blocks(self.blocks, self.labels[replicate] >= 0)

    def mean(self) -> Bootstrap:
        """Average the scores over the replicates, of which there must be some."""
        return mean_of([own for name, own in self.found.items() if name != TRUTH])


def reference_title(replicate: str) -> str:
    """Return how tables call the labels of a replicate, or the truth."""
    return replicate if replicate == TRUTH else f"replicate {replicate}"


def score_against(
    references: Mapping[str, Labels],
    probabilities: Probabilities,
    blocks: Labels,
    draws: int,
    seed: int = 0,
    score: Score = all_scores,
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
    score
        The scores to compute.

    Returns
    -------
    dict
        {replicate: scores of the windows that it knows}; one that knows none is absent.
    """
    return {
        name: bootstrap(_Model(labels, probabilities, score), blocks, draws, seed)
        for name, labels in references.items()
        if (labels >= 0).any()
    }


def score_predictions(
    predictions: pd.DataFrame,
    tasks: Mapping[str, Sequence[str]],
    facts: Mapping[str, object],
    split: str,
    block: int,
    draws: int,
) -> Evaluation:
    """Score one model in all its tasks and each cell type, against each replicate and the truth.

    Parameters
    ----------
    predictions
        What `chrompute.predictions.prediction_table` made.
    tasks
        {task: class names in the order of the model's outputs}.
    facts
        `model` and `seed`, written into every row.
    split
        Windows to score.
    block, draws
        Width of the bootstrap blocks in bp, and number of draws.

    Returns
    -------
    Evaluation
        A cell type whose labels of a task know none of the windows has no row of that task.
    """
    return evaluation_tables(scored_tasks(predictions, tasks, facts, split, block, draws))


def scored_tasks(
    predictions: pd.DataFrame,
    tasks: Mapping[str, Sequence[str]],
    facts: Mapping[str, object],
    split: str,
    block: int,
    draws: int,
    score: Score = all_scores,
) -> Iterator[TaskScores]:
    """Score one model, cell type by cell type and task by task.

    Parameters
    ----------
    predictions, tasks, facts, split, block, draws
        As in `score_predictions`.
    score
        The scores to compute.
    """
    for cell_type, table, blocks in cell_type_tables(predictions, split, block):
        logger.info(
            "%s in %s: %d windows in %d blocks",
            facts["model"], cell_type, len(table), blocks.max() + 1,
        )  # fmt: skip
        for task, classes in tasks.items():
            place = {**facts, "cell_type": cell_type, "split": split, "task": task}
            labels = reference_codes(table, task, classes)
            probabilities = task_probabilities(table, task, classes)
            found = score_against(labels, probabilities, blocks, draws, score=score)
            yield TaskScores(place, tuple(classes), labels, probabilities, blocks, found)


def evaluation_tables(scored: Iterable[TaskScores]) -> Evaluation:
    """Lay out the scores of one model; the tables are described at `score_predictions`."""
    parts = [_tables_of_task(task) for task in scored]
    columns = (COLUMNS, REPLICATE_COLUMNS, CONFUSION_COLUMNS, CLASS_COLUMNS)
    tables = [
        joined_tables([getattr(part, field.name) for part in parts], names)
        for field, names in zip(fields(Evaluation), columns, strict=True)
    ]
    return Evaluation(*tables)


def cell_type_tables(
    predictions: pd.DataFrame, split: str, block: int
) -> Iterator[tuple[str, pd.DataFrame, Labels]]:
    """Yield each cell type, its predictions of one split, and the block of each window.

    Parameters
    ----------
    predictions
        What `chrompute.predictions.prediction_table` made.
    split
        Windows to take.
    block
        Width of the blocks, bp.
    """
    scored = predictions[predictions["split"] == split]
    for cell_type, table in scored.groupby("cell_type", observed=True):
        yield str(cell_type), table, genome_blocks(table["chrom"].tolist(), table["centre"], block)


def mean_scores(
    predictions: pd.DataFrame,
    task: str,
    classes: Sequence[str],
    split: str,
    block: int,
    draws: int,
    score: Score,
) -> dict[str, Bootstrap]:
    """Score one task, averaged over the replicates: {cell type: scores}.

    Parameters
    ----------
    predictions, split, block, draws
        As in `score_predictions`.
    task, classes
        The task and its classes.
    score
        The scores to compute.
    """
    found = {}
    for cell_type, table, blocks in cell_type_tables(predictions, split, block):
        labels = reference_codes(table, task, classes)
        labels.pop(TRUTH, None)
        probabilities = task_probabilities(table, task, classes)
        parts = score_against(labels, probabilities, blocks, draws, score=score)
        if parts:
            found[cell_type] = mean_of([*parts.values()])
    return found


def joined_tables(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Put tables below each other; without any there is a header all the same."""
    there = [part for part in parts if len(part)]
    table = pd.concat(there, ignore_index=True) if there else pd.DataFrame(columns=list(columns))
    return table[list(columns)].round(6)


def reference_codes(
    predictions: pd.DataFrame, task: str, classes: Sequence[str]
) -> dict[str, Labels]:
    """Return {replicate: (n_windows,) class index, -1 where unknown}, the truth too."""
    labels = task_labels(predictions, task)
    return {name: label_codes(own, classes) for name, own in labels.items()}


def _tables_of_task(scored: TaskScores) -> Evaluation:
    labels, classes, found = scored.labels, list(scored.classes), scored.found
    own = [name for name in found if name != TRUTH]
    if not own:
        return Evaluation(*(pd.DataFrame() for _ in fields(Evaluation)))
    replicates: list[dict[str, object]] = [
        {"labels": reference_title(name), "blocks": scored.count_blocks(name)} | row
        for name in found
        for row in found[name].rows(SCORES)
    ]
    by_class = [
        {"labels": reference_title(name)} | row
        for name in found
        for row in _class_rows(labels[name], scored.probabilities, classes)
    ]
    cells = _confusion([labels[name] for name in own], scored.probabilities)
    frame = pd.DataFrame(cells, index=classes, columns=classes).rename_axis("label")
    frame = frame.reset_index().melt("label", var_name="predicted", value_name="windows")
    mean = pd.DataFrame(scored.mean().rows(SCORES))
    tables = (mean, pd.DataFrame(replicates), frame, pd.DataFrame(by_class))
    return Evaluation(*(part.assign(**scored.place) for part in tables))


def _class_rows(
    labels: Labels, probabilities: Probabilities, classes: Sequence[str]
) -> list[dict[str, object]]:
    cells = _confusion([labels], probabilities)
    right, number, called = cells.diagonal(), cells.sum(axis=1), cells.sum(axis=0)
    with np.errstate(invalid="ignore"):  # of a class without windows
        recall, precision = right / number, right / called
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


@dataclass(frozen=True)
class _Model:
    """Predictions, scored against labels on the windows where these are known."""

    labels: Labels
    probabilities: Probabilities
    score: Score

    def __call__(self, weights: Weights) -> dict[str, Values]:
        known = self.labels >= 0
        return self.score(self.labels[known], self.probabilities[known], weights[known])
