"""Ensembles: the mean over the seeds of a network, with a temperature of its own.

The mean of several calibrated models is less sure than they are right, so it is calibrated once
more: its logarithm is divided by a temperature, as the logits of a network are
(`chrompute.calibrate`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.calibrate import apply_temperature, fit_temperature
from chrompute.errors import InputError
from chrompute.label_columns import label_column
from chrompute.predictions import (
    Probabilities,
    mean_probabilities,
    probability_column,
    task_labels,
    task_probabilities,
)
from chrompute.recipe import Recipe


def run_ensemble(
    recipe: Recipe,
    seed: int,
    predictions: Sequence[pd.DataFrame],
    cards: Sequence[Mapping[str, Any]],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Average the predictions of all seeds of one network, in probability, and calibrate them.

    Parameters
    ----------
    recipe, seed
        The ensemble.
    predictions, cards
        Of its members, in the same order; predictions are what
        `chrompute.predictions.prediction_table` makes, of the same windows.

    Returns
    -------
    predictions
        Of the ensemble, in the same form.
    card
        What it is, its members by name and seed with the digests of their weights, and its
        temperature.

    Raises
    ------
    InputError
        When the members did not predict the same windows.
    """
    _require_same_windows(recipe, predictions, cards)
    first = predictions[0]
    members: list[Probabilities] = [
        {
            task: task_probabilities(table, task, classes).astype(np.float32)
            for task, classes in recipe.tasks.items()
        }
        for table in predictions
    ]
    temperature = fit_temperatures(recipe, first, mean_probabilities(members))
    found = calibrated_mean(members, temperature)
    columns = {
        probability_column(task, name): found[task][:, index]
        for task, classes in recipe.tasks.items()
        for index, name in enumerate(classes)
    }
    card = recipe.facts(seed, cards[0]["device"]) | {
        **members_of(cards),
        "temperature": temperature,
        "windows": cards[0]["windows"],
        "software": cards[0]["software"],
    }
    return first.assign(**columns), card


def fit_temperatures(
    recipe: Recipe, predictions: pd.DataFrame, mean: Probabilities
) -> dict[str, float]:
    """Fit the temperature of each task on the windows that tune.

    These are windows of the cell types that the model is trained on, or those of cell types that
    were set aside to tune where it has none. A label is the mean over the replicates; the truth
    of simulated data is none.

    Parameters
    ----------
    recipe
        The ensemble.
    predictions
        Cell types, splits and labels of the windows.
    mean
        {task: float32 (n_windows, n_classes)}, mean probabilities of its members.
    """
    tunes = (predictions["split"] == "valid").to_numpy()
    own = tunes & predictions["cell_type"].isin(recipe.train_on).to_numpy()
    chosen = own if own.any() else tunes
    return {
        task: fit_temperature(
            _logarithm(mean[task][chosen]),
            _soft_labels(recipe, predictions[chosen], task),
            np.ones(int(chosen.sum())),
        )
        for task in recipe.tasks
    }


def calibrated_mean(
    members: Sequence[Probabilities], temperature: Mapping[str, float]
) -> Probabilities:
    """Average the probabilities of the members of an ensemble and apply its temperature.

    Parameters
    ----------
    members
        {task: float32 (n_windows, n_classes)} of each member.
    temperature
        {task: the ensemble's temperature}.
    """
    return {
        task: apply_temperature(_logarithm(mean), temperature[task]).astype(np.float32)
        for task, mean in mean_probabilities(members).items()
    }


def members_of(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Name the networks that a model is made from, and the digests of their weights."""
    return {
        "members": [[card["model"], card["seed"]] for card in cards],
        "weights": [card["weights"] for card in cards],
    }


def _require_same_windows(
    recipe: Recipe, predictions: Sequence[pd.DataFrame], cards: Sequence[Mapping[str, Any]]
) -> None:
    places = ["cell_type", "chrom", "centre", "split"]
    for table, card in zip(predictions, cards, strict=True):
        if not table[places].equals(predictions[0][places]):
            raise InputError(
                f"model {recipe.model}: {card['model']} with seed {card['seed']} predicts other "
                f"windows than with seed {cards[0]['seed']}; remove its predictions and run again"
            )


def _soft_labels(recipe: Recipe, predictions: pd.DataFrame, task: str) -> npt.NDArray[np.float32]:
    """Return the share of the replicates that name each class, (n_windows, n_classes)."""
    labels = task_labels(predictions, task)
    named = {label_column(task, name): own for name, own in labels.items()}
    return recipe.soft_labels(pd.DataFrame(named), task)


def _logarithm(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return logarithms; that of 0 is the lowest number that a probability of float32 has."""
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny), dtype=np.float64)
