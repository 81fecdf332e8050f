"""One training run: from a recipe and its data to network, card, history and predictions."""

import hashlib
import json
import logging
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from chrompute.calibrate import HIGHEST, LOWEST, apply_temperature, fit_temperature
from chrompute.dataset import WindowData, ids_of
from chrompute.devices import choose_device, explained_memory
from chrompute.digests import fragments_digest, genome_digests
from chrompute.fit import FittedNetwork, train_network
from chrompute.inference import predict_logits
from chrompute.model_data import typical_sums, window_data
from chrompute.model_files import training_facts
from chrompute.network_spec import NetworkSpec
from chrompute.networks import Network
from chrompute.predictions import held_out, prediction_table
from chrompute.recipe import Recipe, Stores
from chrompute.targets import Targets
from chrompute.training_rules import TrainingRules

logger = logging.getLogger(__name__)

Genome = Mapping[str, npt.NDArray[np.uint8]]

#: Hexadecimal digits that end the name of a folder of checkpoints.
_DIGITS = 16


@dataclass(frozen=True)
class TrainedModel:
    """What training leaves behind: network, card, history and predictions of held-out windows.

    `checkpoints` is the folder of the states after each epoch; `discard_checkpoints` removes it
    and those that the same model and seed left under other settings, data or code. It is to be
    called once the rest is safe on disk.
    """

    network: Network
    card: dict[str, Any]
    history: pd.DataFrame
    predictions: pd.DataFrame
    checkpoints: Path

    def discard_checkpoints(self) -> None:
        """Remove the states after each epoch, and what earlier runs that were cut off left."""
        name = re.escape(self.checkpoints.name[:-_DIGITS]) + f"[0-9a-f]{{{_DIGITS}}}"
        for folder in self.checkpoints.parent.glob("*"):
            if re.fullmatch(name, folder.name):
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Prepared:
    """The data of a run on the device, and what was made of its windows on the way."""

    windows: pd.DataFrame
    targets: Targets
    role: npt.NDArray[np.str_]
    data: WindowData
    depth: dict[str, float]
    sums: dict[str, float]


def run_recipe(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Stores,
    genome: Genome | None,
    seed: int,
    checkpoints: str | Path,
    code: str,
    logs: str | Path | None = None,
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
    logs
        Folder of TensorBoard logs, where the recipe asks for them.

    Raises
    ------
    InputError
        When a task has no window to train on, when the training settings do not fit the model,
        its windows or the machine, when memory ends, or when the loss is no number any more.
    """
    rules = TrainingRules(**recipe.training)
    device = choose_device(rules.device)
    with explained_memory():
        ready = _prepare(recipe, windows, stores, genome, seed, device)
        made_by = [asdict(recipe), seed, code, torch.__version__, device.type]
        key = _digest(made_by, ready.windows, stores, genome)
        folder = Path(checkpoints) / f"{recipe.model}-seed-{seed}-{key}"
        spec = spec_of(recipe, ready.data)
        fitted = train_network(spec, ready.data, ready.role, rules, seed, folder, logs)
        logits = _held_out_logits(fitted.network.to(device), ready, rules.batch_size)
    temperature = _temperatures(logits, ready)
    probabilities = {t: apply_temperature(values, temperature[t]) for t, values in logits.items()}
    chosen = ready.windows[held_out(ready.windows)]
    card = recipe.facts(seed, device.type)
    card |= training_facts(recipe, ready.windows, ready.role, stores, genome)
    card |= _card_of_training(recipe, ready, fitted) | {"temperature": temperature}
    table = prediction_table(chosen, recipe.tasks, probabilities)
    history = pd.DataFrame(fitted.history)
    return TrainedModel(fitted.network.cpu(), card, history, table, folder)


def spec_of(recipe: Recipe, data: WindowData) -> NetworkSpec:
    """Return what the network of a recipe looks like."""
    return NetworkSpec(
        images={name: image.grid.shape for name, image in data.images.items()},
        sequence=data.sequence is not None,
        width=recipe.width,
        tasks={task: len(classes) for task, classes in recipe.tasks.items()},
        auxiliary=recipe.training.get("auxiliary", 0) > 0,
        **recipe.network,
    )


def _prepare(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Stores,
    genome: Genome | None,
    seed: int,
    device: torch.device,
) -> _Prepared:
    """Bring the data of a run to the device, scaled as its training windows want it."""
    depth = recipe.reference_depth(stores)
    windows = recipe.own_split(windows)
    orders = recipe.orders(windows, seed)
    targets = recipe.targets(windows, orders)
    role = recipe.fit_role(windows, targets)
    recipe.refuse_untaught(role, targets)
    data = window_data(recipe, windows, stores, depth, genome, device, targets, orders)
    sums = typical_sums(recipe, data, ids_of(role == "train", device))
    data.scale_to(sums)
    return _Prepared(windows, targets, role, data, depth, sums)


def _held_out_logits(
    network: Network, ready: _Prepared, batch_size: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the logits of the held-out windows by task, both strands averaged."""
    ids = ids_of(held_out(ready.windows), next(network.parameters()).device)
    logits = predict_logits(network, ready.data, ids, batch_size)
    return {task: values.cpu().numpy() for task, values in logits.items()}


def _temperatures(
    logits: Mapping[str, npt.NDArray[np.float32]], ready: _Prepared
) -> dict[str, float]:
    """Fit the temperature of each task on the windows that tune (`chrompute.calibrate`)."""
    chosen = held_out(ready.windows)
    tunes = ready.role[chosen] == "valid"
    found = {}
    for task, values in logits.items():
        labels = ready.targets.labels[task][chosen][tunes]
        weights = ready.targets.weights[task][chosen][tunes]
        found[task] = fit_temperature(values[tunes], labels, weights)
        if found[task] in (LOWEST, HIGHEST):
            logger.warning(
                "task %s: the temperature ran to its bound, %g, on %d validation windows, which "
                "are too few or too uniform to tell it; do not take the probabilities as they are",
                task, found[task], int((labels.sum(axis=1) > 0).sum()),
            )  # fmt: skip
    return found


def _card_of_training(recipe: Recipe, ready: _Prepared, fitted: FittedNetwork) -> dict[str, Any]:
    losses = [line["valid_loss"] for line in fitted.history]
    best = None if np.isnan(losses).all() else int(np.nanargmin(losses))
    return {
        "images": recipe.images,
        "reference_depth": ready.depth,
        "typical_sum": ready.sums,
        "training": recipe.training,
        "parameters": sum(p.numel() for p in fitted.network.parameters()),
        "epochs": {"run": len(fitted.history), "kept": fitted.kept},
        "validation": _without_nan(fitted.history[fitted.kept - 1]),
        "best": None if best is None else _without_nan(fitted.history[best]),
    }


def _without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    """Put None for numbers that are not known: JSON has no NaN."""
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _digest(
    made_by: Sequence[Any], windows: pd.DataFrame, stores: Stores, genome: Genome | None
) -> str:
    """Digest all that decides the weights."""
    digest = hashlib.sha256(json.dumps(made_by, sort_keys=True).encode())
    digest.update(pd.util.hash_pandas_object(windows).to_numpy().tobytes())
    stored = {
        name: {cell_type: fragments_digest(store) for cell_type, store in by_type.items()}
        for name, by_type in stores.items()
    }
    sequences = genome_digests(genome or {}, genome or ())
    digest.update(json.dumps([stored, sequences], sort_keys=True).encode())
    return digest.hexdigest()[:_DIGITS]
