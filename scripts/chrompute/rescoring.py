"""What a trained network predicts of windows of its own set, with fewer fragments or in training.

Predictions that are scored otherwise are made while a network is trained, of the windows that it
is not trained on, from all fragments.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.devices import APPLYING_ADVICE, as_in_training, choose_device, explained_memory
from chrompute.networks import Network
from chrompute.predictions import prediction_table
from chrompute.recipe import Recipe, Stores
from chrompute.window_predictions import predict_windows

#: Training windows that are scored at most: enough to tell a score to two hundredths.
MOST_TRAINING_WINDOWS = 2_000


def some_training_windows(recipe: Recipe, windows: pd.DataFrame) -> pd.DataFrame:
    """Return windows that a model was trained on, at most `MOST_TRAINING_WINDOWS`, evenly spread.

    Parameters
    ----------
    recipe
        The model, which is no control.
    windows
        Its window set.
    """
    own = recipe.own_split(windows)
    role = recipe.fit_role(own, recipe.targets(own, {}))
    train = own[role == "train"].reset_index(drop=True)
    if len(train) <= MOST_TRAINING_WINDOWS:
        return train
    chosen = np.linspace(0, len(train) - 1, MOST_TRAINING_WINDOWS).round().astype(int)
    return train.iloc[chosen].reset_index(drop=True)


def predict_again(
    recipe: Recipe,
    network: Network,
    card: Mapping[str, Any],
    windows: pd.DataFrame,
    stores: Stores,
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
    fraction: float = 1.0,
) -> pd.DataFrame:
    """Predict windows with a trained network.

    Parameters
    ----------
    recipe, network, card
        The model, and what `chrompute.model_files.load_network` returns of it.
    windows
        Windows of its set, with their labels.
    stores
        {input: {cell type: fragments}}.
    genome
        {chromosome: encoded sequence}, or None where the network does not read it.
    fraction
        Share of the fragments that is kept, of all assays alike.

    Returns
    -------
    DataFrame
        What `chrompute.predictions.prediction_table` makes.

    Raises
    ------
    InputError
        When there is no such device, or its memory is used up.
    """
    device = choose_device(recipe.training["device"], "predicting")
    threads = recipe.training["threads"]
    shares = dict.fromkeys(stores, fraction)
    with as_in_training(device, threads), explained_memory(APPLYING_ADVICE):
        found = predict_windows(network, card, windows, stores, genome, device, fractions=shares)
    return prediction_table(windows, recipe.tasks, found)
