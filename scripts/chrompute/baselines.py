"""What a network has to beat: rivals that are fitted in seconds, on the same windows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.classifiers import (
    boosting_probabilities,
    forest_probabilities,
    logistic_probabilities,
)
from chrompute.features import Features, model_features
from chrompute.kmers import Genome
from chrompute.places import PLACE_DISTANCE, place_probabilities
from chrompute.predictions import held_out, prediction_table
from chrompute.recipe import Recipe, Stores

Labels = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lesson:
    """What a baseline learns one task from.

    Attributes
    ----------
    windows
        The window set.
    labels
        (n_windows, n_classes): share of the replicates that name each class, all 0 where the
        label is unknown.
    train
        (n_windows,): windows that train, weighed or not.
    weights
        (n_windows,): how much a window counts; 0 for those that do not train.
    train_on
        Cell types that the model is trained on.
    features
        (n_windows, n_features), or None where the kind of model reads none.
    settings
        The block of the configuration that is called like the kind of model.
    seed, threads
        Random seed and CPU threads.
    """

    windows: pd.DataFrame
    labels: Labels
    train: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float32]
    train_on: Sequence[str]
    features: Features | None
    settings: Mapping[str, Any]
    seed: int
    threads: int

    @property
    def fitted_to(self) -> tuple[Features, Labels, npt.NDArray[np.float32]]:
        """Features, labels and weights, of a kind of model that reads features."""
        assert self.features is not None, "kinds of FITTED are given features"
        return self.features, self.labels, self.weights


def majority_probabilities(labels: Labels, train: npt.NDArray[np.bool_]) -> Probabilities:
    """Give every window the class frequencies of the training windows.

    Parameters
    ----------
    labels, train
        As in `Lesson`.

    Returns
    -------
    array
        float64 (n_windows, n_classes), equal rows; the largest entry is the majority class.
    """
    votes = labels[train].sum(axis=0, dtype=np.float64)
    return np.tile(votes / max(votes.sum(), 1e-9), (len(labels), 1))


def _majority(lesson: Lesson) -> Probabilities:
    return majority_probabilities(lesson.labels, lesson.train)


def _place(lesson: Lesson) -> Probabilities:
    frequencies = majority_probabilities(lesson.labels, lesson.train)[0]
    return place_probabilities(lesson.windows, lesson.labels, lesson.train_on, frequencies)


def _logistic(lesson: Lesson) -> Probabilities:
    return logistic_probabilities(*lesson.fitted_to, **lesson.settings)


def _forest(lesson: Lesson) -> Probabilities:
    settings = {**lesson.settings, "seed": lesson.seed, "threads": lesson.threads}
    return forest_probabilities(*lesson.fitted_to, **settings)


def _boosting(lesson: Lesson) -> Probabilities:
    settings = {**lesson.settings, "seed": lesson.seed, "threads": lesson.threads}
    return boosting_probabilities(*lesson.fitted_to, **settings)


#: Kinds that know labels alone, and kinds that are fitted to features of the windows.
UNFITTED: Mapping[str, Callable[[Lesson], Probabilities]] = {
    "majority": _majority,
    "place": _place,
}
FITTED: Mapping[str, Callable[[Lesson], Probabilities]] = {
    "logistic": _logistic,
    "forest": _forest,
    "boosting": _boosting,
}


def run_baseline(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Stores,
    seed: int,
    threads: int,
    genome: Genome | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Fit the baseline of a recipe, one a task, and predict the windows that it is not trained on.

    Parameters
    ----------
    recipe, seed
        The model.
    windows
        Its window set.
    stores
        {input: {cell type: fragments}}.
    threads
        CPU threads.
    genome
        {chromosome: encoded sequence}; needed where the model reads the sequence.

    Returns
    -------
    predictions
        What `chrompute.predictions.prediction_table` makes.
    card
        What the model is.

    Raises
    ------
    InputError
        When a task has no window to train on.
    """
    windows = recipe.own_split(windows)
    orders = recipe.orders(windows, seed)
    targets = recipe.targets(windows, orders)
    role = recipe.fit_role(windows, targets)
    recipe.refuse_untaught(role, targets)
    fitted, train = recipe.kind in FITTED, role == "train"
    features = model_features(recipe, windows, stores, genome, orders, train) if fitted else None
    predict = (FITTED if fitted else UNFITTED)[recipe.kind]
    probabilities = {
        task: predict(
            Lesson(
                windows, labels, recipe.trains(windows), targets.weights[task] * train,
                recipe.train_on, features, recipe.baseline, seed, threads,
            )
        )
        for task, labels in targets.labels.items()
    }  # fmt: skip
    chosen = held_out(windows)
    own = {task: values[chosen] for task, values in probabilities.items()}
    card = recipe.facts(seed, "cpu") | _own_facts(recipe, stores, features)
    return prediction_table(windows[chosen], recipe.tasks, own), card


def _own_facts(recipe: Recipe, stores: Stores, features: Features | None) -> dict[str, Any]:
    """Return what the card of a baseline tells beside what all cards do."""
    if features is None:
        return {"place_distance": PLACE_DISTANCE} if recipe.kind == "place" else {}
    return {
        "images": recipe.images,
        "reference_depth": recipe.reference_depth(stores),
        "features": recipe.features,
        "n_features": features.shape[1],
        recipe.kind: recipe.baseline,
    }
