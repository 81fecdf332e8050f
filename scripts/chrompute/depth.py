"""Scores against depth: what a model would say of the same samples, had they fewer fragments."""

from collections.abc import Mapping, Sequence

import pandas as pd

from chrompute.bootstrap import Bootstrap
from chrompute.differences import difference
from chrompute.metrics import mean_scores
from chrompute.recipe import ASSAY_OF_INPUT, Stores
from chrompute.scores import all_scores

DEPTH_COLUMNS = (
    *("model", "seed", "task", "cell_type", "split", "fraction", "atac", "mnase", "metric"),
    *("value", "low", "high", "gain", "gain_low", "gain_high"),
)


def depth_table(
    predictions: Mapping[float, pd.DataFrame],
    tasks: Mapping[str, Sequence[str]],
    facts: Mapping[str, object],
    fragments: Mapping[str, Mapping[str, int]],
    split: str,
    block: int,
    draws: int,
) -> pd.DataFrame:
    """Score predictions from fewer and fewer fragments on the same draws of blocks.

    Parameters
    ----------
    predictions
        {share of the fragments: what `chrompute.predictions.prediction_table` made of the same
        windows}.
    tasks, facts, split, block, draws
        As in `chrompute.metrics.score_predictions`.
    fragments
        {"atac" or "mnase": {cell type: number of fragments in all}}, of the assays that are read.

    Returns
    -------
    DataFrame
        Columns `DEPTH_COLUMNS`, from all fragments to the fewest: `atac` and `mnase` are the
        numbers of fragments, `gain` is the score minus that of the next smaller share, with its
        interval over the same draws; empty for the smallest one.
    """
    shares = sorted(predictions, reverse=True)
    rows = []
    for task, classes in tasks.items():
        found = [
            mean_scores(predictions[share], task, classes, split, block, draws, all_scores)
            for share in shares
        ]
        for cell_type in found[0]:
            own = [scores[cell_type] for scores in found]
            for place, share in enumerate(shares):
                beside = {
                    "task": task, "cell_type": cell_type, "split": split, "fraction": share,
                    **{
                        assay: round(share * numbers[cell_type])
                        for assay, numbers in fragments.items()
                        if cell_type in numbers
                    },
                }  # fmt: skip
                less = own[place + 1] if place + 1 < len(own) else None
                rows += [{**facts, **beside, **row} for row in _with_gain(own[place], less)]
    table = pd.DataFrame(rows, columns=[*DEPTH_COLUMNS]).round(6)
    return table.astype({"atac": "Int64", "mnase": "Int64"})


def _with_gain(scores: Bootstrap, less: Bootstrap | None) -> list[dict[str, float | str]]:
    """Return the rows of one depth, with what it gains over the next smaller one."""
    rows = scores.rows()
    if less is None:
        return rows
    gains = difference(scores, less).rows()
    names = {"value": "gain", "low": "gain_low", "high": "gain_high"}
    return [
        {**row, **{new: gain[name] for name, new in names.items()}}
        for row, gain in zip(rows, gains, strict=True)
    ]


def assay_fragments(stores: Stores) -> dict[str, dict[str, int]]:
    """Return {"atac" or "mnase": {cell type: number of fragments}} of what a model reads."""
    return {
        ASSAY_OF_INPUT[name].lower(): {cell_type: len(store) for cell_type, store in own.items()}
        for name, own in stores.items()
    }
