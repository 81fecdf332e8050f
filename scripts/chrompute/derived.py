"""Networks applied to another window set than the one that they were trained on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.devices import (
    APPLYING_ADVICE,
    as_in_training,
    choose_device,
    explained_memory,
)
from chrompute.digests import windows_digest
from chrompute.ensembles import members_of
from chrompute.errors import InputError
from chrompute.leaks import refuse_training_places
from chrompute.networks import Network
from chrompute.predictions import held_out, prediction_table
from chrompute.recipe import Recipe, Stores
from chrompute.window_predictions import predict_windows


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

    Raises
    ------
    InputError
        When there is no such device, or its memory is used up.
    """
    windows = recipe.own_split(windows)
    windows = windows[held_out(windows)].reset_index(drop=True)
    device = choose_device(recipe.training["device"], "predicting")
    threads = recipe.training["threads"]
    with as_in_training(device, threads), explained_memory(APPLYING_ADVICE):
        found = predict_windows(network, card, windows, stores, genome, device)
    own = _applied_card(recipe, card, len(windows), device.type)
    return prediction_table(windows, recipe.tasks, found), own


def _applied_card(
    recipe: Recipe, card: Mapping[str, Any], windows: int, device: str
) -> dict[str, Any]:
    """Return the card of an applied model, given that of its network and how many windows."""
    kept = ("images", "reference_depth", "typical_sum", "temperature", "stores", "genome")
    return recipe.facts(card["seed"], device) | {
        **members_of([card]),
        **{name: card[name] for name in kept if name in card},
        "windows": card["windows"],
        "applied_to": {**recipe.window_facts, "number": windows},
        "software": card["software"],
    }


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
