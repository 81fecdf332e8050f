"""Models made from trained networks: the mean over their seeds, and their use on other windows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.devices import choose_device
from chrompute.digests import windows_digest
from chrompute.errors import InputError
from chrompute.leaks import refuse_training_places
from chrompute.networks import Network
from chrompute.predicting import fixed_threads, predict_windows
from chrompute.predictions import (
    held_out,
    mean_probabilities,
    prediction_table,
    probability_column,
    task_probabilities,
)
from chrompute.recipe import Recipe, Stores


def run_ensemble(
    recipe: Recipe,
    seed: int,
    predictions: Sequence[pd.DataFrame],
    cards: Sequence[Mapping[str, Any]],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Average the predictions of all seeds of one network, in probability.

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
        What it is, its members by name and seed with the digests of their weights.

    Raises
    ------
    InputError
        When the members did not predict the same windows.
    """
    places = ["cell_type", "chrom", "centre", "split"]
    first = predictions[0]
    for table, card in zip(predictions, cards, strict=True):
        if not table[places].equals(first[places]):
            raise InputError(
                f"model {recipe.model}: {card['model']} with seed {card['seed']} predicts other "
                f"windows than with seed {cards[0]['seed']}; remove its predictions and run again"
            )
    mean = mean_probabilities(
        [
            {
                task: task_probabilities(table, task, classes).astype(np.float32)
                for task, classes in recipe.tasks.items()
            }
            for table in predictions
        ]
    )
    columns = {
        probability_column(task, name): mean[task][:, index]
        for task, classes in recipe.tasks.items()
        for index, name in enumerate(classes)
    }
    card = recipe.facts(seed, cards[0]["device"]) | {
        **_members(cards),
        "windows": cards[0]["windows"],
        "software": cards[0]["software"],
    }
    return first.assign(**columns), card


def apply_network(
    recipe: Recipe,
    network: Network,
    card: Mapping[str, Any],
    windows: pd.DataFrame,
    stores: Stores,
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predict the windows of another window set that tune and test with a trained network.

    Parameters
    ----------
    recipe
        The applied model: that of the network, but for name, kind and window set.
    network, card
        What `chrompute.model_files.load_network` returns.
    windows
        The other window set; `refuse_trained_places` must have seen it.
    stores
        {input: {cell type: fragments}}.
    genome
        {chromosome: encoded sequence}, or None where the network does not read it.

    Returns
    -------
    predictions
        What `chrompute.predictions.prediction_table` makes.
    card
        What the model is: the network, what it was trained on, and the windows it is applied to.
    """
    windows = recipe.own_split(windows)
    windows = windows[held_out(windows)].reset_index(drop=True)
    device = choose_device(recipe.training["device"], "predicting")
    with fixed_threads(recipe.training["threads"]):
        found = predict_windows(network, card, windows, stores, genome, device)
    kept = ("images", "reference_depth", "typical_sum", "temperature", "stores", "genome")
    own = recipe.facts(card["seed"], device.type) | {
        **_members([card]),
        **{name: card[name] for name in kept if name in card},
        "windows": card["windows"],
        "applied_to": {**recipe.window_facts, "number": len(windows)},
        "software": card["software"],
    }
    return prediction_table(windows, recipe.tasks, found), own


def refuse_trained_places(
    trained: Recipe,
    card: Mapping[str, Any],
    training_set: pd.DataFrame,
    recipe: Recipe,
    windows: pd.DataFrame,
    shared: bool,
) -> None:
    """Refuse to apply a network where it was trained.

    Parameters
    ----------
    trained, card
        The network.
    training_set
        The window set that it was trained on.
    recipe, windows
        The applied model and its window set.
    shared
        Whether splits share places by declaration, as those of cell types do. Then places count
        within a cell type alone.

    Raises
    ------
    InputError
        When the network was trained on other windows than `training_set` has now, or a held-out
        window of `windows` overlaps one that it was trained on, or lies within a width of one.
    """
    training_set = trained.own_split(training_set)
    targets = trained.targets(training_set, trained.orders(training_set, card["seed"]))
    train = trained.fit_role(training_set, targets) == "train"
    digest = windows_digest(training_set, trained.targets(training_set, {}), train)
    if digest != card["windows"]["digest"]:
        raise InputError(
            f"model {recipe.model}: the windows {trained.windows!r} are not those that "
            f"{trained.model} was trained on; train it again"
        )
    windows = recipe.own_split(windows)
    refuse_training_places(
        training_set[train], windows[held_out(windows)], recipe.width, recipe.model, shared
    )


def _members(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Name the networks that a model is made from, and the digests of their weights."""
    return {
        "members": [[card["model"], card["seed"]] for card in cards],
        "weights": [card["weights"] for card in cards],
    }
