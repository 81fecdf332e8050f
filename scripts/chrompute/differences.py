"""Paired differences of models: what each modality adds, and how far the oracle is away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.bootstrap import Bootstrap, mean_of
from chrompute.errors import InputError
from chrompute.metrics import cell_type_tables, mean_scores
from chrompute.model_pairs import Pair
from chrompute.predictions import read_predictions
from chrompute.scores import quality_scores

_PLACE = ("windows", "task", "cell_type", "split")
_SCORE = ("metric", "value", "low", "high")
MODALITY_COLUMNS = (*_PLACE, "added", "beside", "model", "without", *_SCORE)
ORACLE_COLUMNS = (*_PLACE, "model", "oracle", *_SCORE)


@dataclass
class Differences:
    """Scores of models on the same draws of blocks, computed once and taken from each other.

    Attributes
    ----------
    predictions
        {model: path of the predictions of each of its seeds}.
    tasks
        {task: its classes}.
    split, block, draws
        As in `chrompute.metrics.score_predictions`; the draws are the same.
    """

    predictions: Mapping[str, Sequence[str]]
    tasks: Mapping[str, Sequence[str]]
    split: str
    block: int
    draws: int
    _scores: dict[tuple[str, str], dict[str, Bootstrap]] = field(default_factory=dict)
    _places: dict[tuple[str, str], npt.NDArray[np.uint64]] = field(default_factory=dict)
    _blocks: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def table(self, pairs: Sequence[Pair], columns: Sequence[str]) -> pd.DataFrame:
        """Return a row for each pair, task, cell type and metric.

        Raises
        ------
        InputError
            When two models of a pair predicted different windows.
        """
        rows = [{**place, **row} for place, found in self.of_pairs(pairs) for row in found.rows()]
        return pd.DataFrame(rows, columns=[*columns]).round(6)

    def of_pairs(self, pairs: Sequence[Pair]) -> Iterator[tuple[dict[str, str], Bootstrap]]:
        """Yield what a row of the table is about, and the differences of all metrics.

        Raises
        ------
        InputError
            When two models of a pair predicted different windows.
        """
        for pair in pairs:
            for task in pair.tasks:
                first, second = (self._of_model(name, task) for name in (pair.first, pair.second))
                self._compare_places(pair, task)
                place = {**pair.facts, "windows": pair.windows, "task": task, "split": self.split}
                for cell_type in first:
                    if cell_type in second:
                        found = difference(first[cell_type], second[cell_type])
                        yield {**place, "cell_type": cell_type}, found

    def blocks(self, model: str, task: str, cell_type: str) -> int:
        """Return how many blocks of the genome a model is scored on, once it has been."""
        return self._blocks[model, task, cell_type]

    def _of_model(self, model: str, task: str) -> dict[str, Bootstrap]:
        """Return {cell type: scores of a model, averaged over its seeds and the replicates}."""
        if (model, task) not in self._scores:
            seeds = [self._of_run(path, model, task) for path in self.predictions[model]]
            self._scores[model, task] = {
                cell_type: mean_of([scores[cell_type] for scores in seeds])
                for cell_type in seeds[0]
            }
        return self._scores[model, task]

    def _of_run(self, path: str, model: str, task: str) -> dict[str, Bootstrap]:
        table, classes = read_predictions(path, task), self.tasks[task]
        places = table[["cell_type", "chrom", "centre", "split"]].astype(str)
        self._places[model, task] = pd.util.hash_pandas_object(places, index=False).to_numpy()
        for cell_type, _, blocks in cell_type_tables(table, self.split, self.block):
            self._blocks[model, task, cell_type] = int(blocks.max()) + 1
        return mean_scores(table, task, classes, self.split, self.block, self.draws, quality_scores)

    def _compare_places(self, pair: Pair, task: str) -> None:
        first, second = (self._places[name, task] for name in (pair.first, pair.second))
        if not np.array_equal(first, second):
            raise InputError(
                f"models {pair.first} and {pair.second} predicted different windows of "
                f"{pair.windows}; make the predictions of both again"
            )


def difference(first: Bootstrap, second: Bootstrap) -> Bootstrap:
    """Take the scores of one model from those of another, draw by draw."""
    return Bootstrap(
        {name: first.values[name] - second.values[name] for name in first.values},
        {name: np.subtract(first.draws[name], second.draws[name]) for name in first.values},
    )
