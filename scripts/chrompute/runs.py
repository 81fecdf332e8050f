"""One training run: from a recipe and its data to network, card, history and predictions."""

import hashlib
import json
import math
import shutil
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.calibrate import apply_temperature, fit_temperature
from chrompute.dataset import WindowData, typical_sums, window_data
from chrompute.fit import TrainingRules, choose_device, train_network
from chrompute.inference import predict_logits
from chrompute.model_files import training_facts
from chrompute.network_spec import NetworkSpec
from chrompute.networks import ChromatinNetwork
from chrompute.predictions import held_out, prediction_table
from chrompute.recipe import Recipe, Stores


@dataclass(frozen=True)
class TrainedModel:
    """What training leaves behind: network, card, history and predictions of held-out windows.

    `checkpoints` is the folder of the states after each epoch; `discard_checkpoints` removes it,
    to be called once the rest is safe on disk.
    """

    network: ChromatinNetwork
    card: dict[str, Any]
    history: pd.DataFrame
    predictions: pd.DataFrame
    checkpoints: Path

    def discard_checkpoints(self) -> None:
        """Remove the states after each epoch."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)


def run_recipe(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Stores,
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
    seed: int,
    checkpoints: str | Path,
    code: str,
) -> TrainedModel:
    """Train the network of a recipe and predict the windows that it is not trained on.

    Parameters
    ----------
    recipe, seed
        The model.
    windows
        Its window set.
    stores
        {input: {cell type: fragments}}.
    genome
        {chromosome: encoded sequence}, or None where the model does not read it.
    checkpoints
        Folder under which the state after each epoch lies until training ends, in a subfolder
        whose name digests recipe, seed, code and data: another model never resumes from it.
    code
        Digest of the code.

    Raises
    ------
    InputError
        When a task has no window to train on.
    """
    rules = TrainingRules(**recipe.training)
    device = choose_device(rules.device)
    depth = recipe.reference_depth(stores)
    windows = recipe.own_split(windows)
    orders = recipe.orders(windows, seed)
    targets = recipe.targets(windows, orders)
    role = recipe.fit_role(windows, targets)
    recipe.refuse_untaught(role, targets)
    data = window_data(recipe, windows, stores, depth, genome, device, targets, orders)
    sums = typical_sums(recipe, data, _ids(role == "train", device))
    data.scale_to(sums)
    made_by = [asdict(recipe), seed, code, torch.__version__, device.type]
    key = _digest(made_by, windows, stores, genome)
    folder = Path(checkpoints) / f"{recipe.model}-seed-{seed}-{key}"
    network, history = train_network(spec_of(recipe, data), data, role, rules, seed, folder)
    network.to(device)
    chosen = held_out(windows)
    temperature = _temperatures(network, data, _ids(role == "valid", device), rules.batch_size)
    logits = predict_logits(network, data, _ids(chosen, device), rules.batch_size)
    probabilities = {
        task: apply_temperature(values.cpu().numpy(), temperature[task])
        for task, values in logits.items()
    }
    card = recipe.facts(seed, device.type) | training_facts(recipe, windows, role, stores, genome)
    card |= {
        "images": recipe.images,
        "reference_depth": depth,
        "typical_sum": sums,
        "temperature": temperature,
        "training": recipe.training,
        "parameters": sum(p.numel() for p in network.parameters()),
        "validation": _without_nan(history.iloc[-1].to_dict()),
    }
    table = prediction_table(windows[chosen], recipe.tasks, probabilities)
    return TrainedModel(network.cpu(), card, history, table, folder)


def _temperatures(
    network: ChromatinNetwork, data: WindowData, ids: Tensor, batch_size: int
) -> dict[str, float]:
    """Fit the temperature of each task on the validation windows."""
    return {
        task: fit_temperature(
            *(
                values.cpu().numpy()
                for values in (logits, data.labels[task][ids], data.weights[task][ids])
            )
        )
        for task, logits in predict_logits(network, data, ids, batch_size).items()
    }


def spec_of(recipe: Recipe, data: WindowData) -> NetworkSpec:
    """Return what the network of a recipe looks like."""
    return NetworkSpec(
        images={name: image.grid.shape for name, image in data.images.items()},
        sequence=data.sequence is not None,
        width=recipe.width,
        tasks={task: len(classes) for task, classes in recipe.tasks.items()},
        **recipe.network,
    )


def _ids(chosen: npt.NDArray[np.bool_], device: torch.device) -> Tensor:
    return torch.from_numpy(np.flatnonzero(chosen)).to(device)


def _without_nan(values: Mapping[Hashable, float]) -> dict[Hashable, float | None]:
    """Put None for numbers that are not known: JSON has no NaN."""
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _digest(
    made_by: Sequence[Any],
    windows: pd.DataFrame,
    stores: Stores,
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
) -> str:
    """Digest all that decides the weights."""
    digest = hashlib.sha256(json.dumps(made_by, sort_keys=True).encode())
    digest.update(pd.util.hash_pandas_object(windows).to_numpy().tobytes())
    arrays = [
        array
        for by_type in stores.values()
        for fragments in by_type.values()
        for array in (fragments.midpoints, fragments.lengths)
    ]
    for array in (*arrays, *(genome or {}).values()):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
