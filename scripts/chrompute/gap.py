"""Gap closed: how far a model gets from the best forest on the same assays to the agreement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chrompute.agreement import pair_agreement
from chrompute.bootstrap import Bootstrap, mean_of
from chrompute.label_columns import TRUTH
from chrompute.metrics import cell_type_tables, mean_scores
from chrompute.predictions import read_predictions, task_labels
from chrompute.scores import CLASS_SCORES, label_codes, predicted_scores

GAP_COLUMNS = (
    *("model", "seed", "task", "cell_type", "split", "metric", "value", "low", "high"),
    *("forest", "note"),
)
#: Kinds of models whose gap is told.
SCORED_KINDS = ("network", "ensemble", "applied", "oracle")
NO_REPLICATES = "no two replicates of the labels know the same windows"
NO_FOREST = "no random forest reads the same assays, with the same training windows"
NO_CHOICE = "no labelled validation window to choose the best forest by"
NO_LABELS = "the best forest has no score on these windows"
NO_ROOM = "the interval of agreement - forest holds 0"
NEGATIVE = "the forest scores above the agreement of the replicates"
UNDEFINED = "the metric is not defined on these windows"


@dataclass(frozen=True)
class Run:
    """One fitted model, and what it has in common with the forests it may be compared with.

    Attributes
    ----------
    model, seed, kind
        Its name and seed, and its kind in the configuration.
    predictions
        Path of its predictions.
    windows, assays, train_on, fold
        Window set, image inputs (sorted), cell types trained on (sorted), and test fold.
    sequence
        Whether it reads DNA.
    own_images
        Whether it sees other V-plots than the run's `images` say.
    control
        Whether something was permuted before training.
    tasks
        Names of its tasks.
    """

    model: str
    seed: int
    kind: str
    predictions: str
    windows: str
    assays: tuple[str, ...]
    train_on: tuple[str, ...]
    fold: str | None
    control: bool
    tasks: tuple[str, ...]
    sequence: bool = False
    own_images: bool = False

    @property
    def footing(self) -> tuple[object, ...]:
        """What a model and its forest must have in common."""
        return (self.windows, self.assays, self.train_on, self.fold)

    def is_forest_for(self, other: "Run") -> bool:
        """Tell whether this is a forest that another run may be compared with.

        It reads the same assays, DNA only if the other one does, and whole images: models of a
        band of fragment lengths are compared with the forest that models of all lengths are.
        """
        fair = not (self.control or self.own_images) and (other.sequence or not self.sequence)
        return self.kind == "forest" and fair and self.footing == other.footing


@dataclass
class _Task:
    """One task of some runs, with what was computed of it already.

    Attributes
    ----------
    name, classes, metric
        The task, its classes, and the metric that chooses the forest.
    split, block, draws
        As in `chrompute.metrics.score_predictions`.
    """

    name: str
    classes: Sequence[str]
    metric: str
    split: str
    block: int
    draws: int
    _scores: dict[str, dict[str, Bootstrap]] = field(default_factory=dict)
    _agreed: dict[object, dict[str, Bootstrap | None]] = field(default_factory=dict)

    def scores(self, run: Run) -> dict[str, Bootstrap]:
        """Return {cell type: scores of the predicted classes, averaged over the replicates}."""
        if run.predictions not in self._scores:
            self._scores[run.predictions] = self._scored(run, self.split, self.draws)
        return self._scores[run.predictions]

    def _scored(self, run: Run, split: str, draws: int) -> dict[str, Bootstrap]:
        table = read_predictions(run.predictions, self.name)
        place = (self.name, self.classes, split, self.block, draws)
        return mean_scores(table, *place, predicted_scores)

    def agreement(self, run: Run) -> dict[str, Bootstrap | None]:
        """Return {cell type: agreement of the replicates on the windows that a run is scored on}.

        It is taken from the labels beside the predictions, so that it is of these very windows.
        """
        key = (run.windows, run.fold)
        if key not in self._agreed:
            self._agreed[key] = {
                cell_type: pair_agreement(
                    [*self._labels(table).values()], len(self.classes), blocks, self.draws
                )
                for cell_type, table, blocks in cell_type_tables(
                    read_predictions(run.predictions, self.name), self.split, self.block
                )
            }
        return self._agreed[key]

    def _labels(self, table: pd.DataFrame) -> dict[str, Any]:
        return {
            name: label_codes(own, self.classes)
            for name, own in task_labels(table, self.name).items()
            if name != TRUTH
        }

    def best_forest(self, run: Run, runs: Sequence[Run]) -> tuple[list[Run], str]:
        """Return the seeds of the best forest on a run's footing, or none and why.

        The best one has the highest metric on the validation windows, averaged over cell types and
        seeds; of equal ones it is the first.
        """
        forests: dict[str, list[Run]] = {}
        for other in runs:
            if self.name in other.tasks and other.is_forest_for(run):
                forests.setdefault(other.model, []).append(other)
        if len(forests) < 2:
            return next(iter(forests.values()), []), "" if forests else NO_FOREST
        values = {name: self._validation(own) for name, own in forests.items()}
        known = {name: value for name, value in values.items() if not np.isnan(value)}
        if not known:
            return [], NO_CHOICE
        return forests[max(known, key=lambda name: known[name])], ""

    def _validation(self, seeds: Sequence[Run]) -> float:
        found = [
            scores.values[self.metric]
            for run in seeds
            for scores in self._scored(run, "valid", 0).values()
        ]
        return float(np.mean(found)) if found else np.nan

    def gap(self, run: Run, runs: Sequence[Run]) -> list[dict[str, object]]:
        """Return the rows of one run."""
        forest, why = self.best_forest(run, runs)
        rows: list[dict[str, object]] = []
        for cell_type, scores in self.scores(run).items():
            agreement = self.agreement(run)[cell_type]
            parts = [found for own in forest if (found := self.scores(own).get(cell_type))]
            note = why or ("" if parts else NO_LABELS)
            place = {
                "model": run.model, "seed": run.seed, "task": self.name, "cell_type": cell_type,
                "split": self.split, "forest": forest[0].model if forest else "",
            }  # fmt: skip
            for metric in CLASS_SCORES:
                if agreement is None or note:
                    row = _without(NO_REPLICATES if agreement is None else note)
                else:
                    row = gap_closed(scores, mean_of(parts), agreement, metric)
                rows.append({**place, "metric": metric, **row})
        return rows


def gap_closed(
    model: Bootstrap, forest: Bootstrap, agreement: Bootstrap, metric: str
) -> dict[str, float | str]:
    """Return (model - forest) / (agreement - forest) in one metric.

    Parameters
    ----------
    model, forest, agreement
        Scores on the same windows and the same draws of blocks.
    metric
        The metric.

    Returns
    -------
    dict
        `value`, and `low` and `high`, the ends of its 95 % interval over the draws; `note` is
        empty. Where the interval of the denominator holds 0 or lies below it, the numbers are NaN,
        and `note` says why.
    """
    room = Bootstrap(
        {metric: agreement.values[metric] - forest.values[metric]},
        {metric: agreement.draws[metric] - forest.draws[metric]},
    )
    ends = room.rows()[0]
    if not all(np.isfinite(float(ends[name])) for name in ("value", "low", "high")):
        return _without(UNDEFINED)
    if float(ends["low"]) <= 0 <= float(ends["high"]):
        return _without(NO_ROOM)
    if float(ends["high"]) < 0:
        return _without(NEGATIVE)
    gain = model.values[metric] - forest.values[metric]
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = (model.draws[metric] - forest.draws[metric]) / room.draws[metric]
    # A draw whose denominator is 0 has no ratio.
    draws = np.where(np.isfinite(draws), draws, np.nan)
    row = Bootstrap({metric: gain / room.values[metric]}, {metric: draws}).rows()[0]
    return {name: row[name] for name in ("value", "low", "high")} | {"note": ""}


def _without(note: str) -> dict[str, float | str]:
    return {"value": np.nan, "low": np.nan, "high": np.nan, "note": note}


def gap_table(
    runs: Sequence[Run],
    tasks: Mapping[str, tuple[Sequence[str], str]],
    split: str,
    block: int,
    draws: int,
) -> pd.DataFrame:
    """Return how much of the gap each model of `SCORED_KINDS` closes, by task and cell type.

    Parameters
    ----------
    runs
        All runs.
    tasks
        {task: (its classes, the metric that chooses the best forest)}.
    split, block, draws
        As in `chrompute.metrics.score_predictions`; the draws are the same.

    Returns
    -------
    DataFrame
        Columns `GAP_COLUMNS`, one row for each of `CLASS_SCORES`. The value is empty where it is
        not available, and `note` says why.
    """
    rows = []
    for name, (classes, metric) in tasks.items():
        task = _Task(name, classes, metric, split, block, draws)
        for run in runs:
            if name in run.tasks and run.kind in SCORED_KINDS:
                rows += task.gap(run, runs)
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS)).round(6)
