"""Networks of two tasks, trained on toy windows with all inputs on the CPU."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from chrompute.fit import FittedNetwork, train_network
from chrompute.model_data import window_data
from chrompute.network_spec import NetworkSpec
from chrompute.runs import spec_of
from chrompute.training_rules import TrainingRules
from toy_models import TRAINING, Toy, recipe_of

BOTH = {"state": ("closed", "open"), "mark": ("not_bound", "bound")}


INPUTS = ("vplot", "mnase", "sequence")


class Training:
    """Windows of two tasks with all inputs on the CPU, and networks trained on some of them."""

    def __init__(self, case: Toy) -> None:
        windows, stores, genome = case
        self.recipe = replace(recipe_of(*INPUTS), tasks=BOTH)
        windows = windows.assign(
            **{"mark.1": windows["mark"].where(np.arange(len(windows)) % 3 > 0)}
        )
        both = dict.fromkeys(("vplot", "mnase"), stores["vplot"])
        depth = dict.fromkeys(both, 2000.0)
        targets = self.recipe.targets(windows, {})
        self.role = windows["split"].to_numpy(dtype="U5")
        self.data = window_data(
            self.recipe, windows, both, depth, genome, torch.device("cpu"), targets
        )

    def spec(self, **network: object) -> NetworkSpec:
        return replace(spec_of(self.recipe, self.data), **network)

    def fit(
        self, folder: Path, number: int | None = None, dropout: float = 0.0, **training: object
    ) -> FittedNetwork:
        """Train on the first windows."""
        role = self.role.copy()
        if number is not None:
            role[np.flatnonzero(role == "train")[number:]] = ""
        rules = TrainingRules(**{**TRAINING, "epochs": 2, **training})
        spec = self.spec(dropout=dropout, auxiliary=rules.auxiliary > 0)
        return train_network(spec, self.data, role, rules, 1, folder)


def weights_of(fitted: FittedNetwork) -> dict[str, torch.Tensor]:
    return dict(fitted.network.state_dict())


def same_bits(one: FittedNetwork, two: FittedNetwork) -> bool:
    first, second = weights_of(one), weights_of(two)
    return all(torch.equal(first[name], second[name]) for name in first)


def close(one: FittedNetwork, two: FittedNetwork) -> bool:
    first, second = weights_of(one), weights_of(two)
    return all(torch.allclose(first[name], second[name], atol=2e-4) for name in first)
