"""One training run: from a recipe and its data to network, card, history and predictions."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from chrompute.dataset import window_data
from chrompute.fit import TrainingRules, choose_device, train_network
from chrompute.networks import ChromatinNetwork, NetworkSpec
from chrompute.predict import predict_logits
from chrompute.predictions import prediction_table
from chrompute.recipe import Recipe, Stores


@dataclass(frozen=True)
class TrainedModel:
    """What training leaves behind: network, card, history and predictions off the train split.

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
    """Train the network of a recipe and predict every window that is not in the train split.

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
    """
    rules = TrainingRules(**recipe.training)
    device = choose_device(rules.device)
    depth = recipe.reference_depth(stores)
    orders = recipe.orders(windows, seed)
    data = window_data(recipe, windows, stores, depth, genome, device, orders)
    spec = NetworkSpec(
        images={name: image.grid.shape for name, image in data.images.items()},
        sequence=data.sequence is not None,
        width=recipe.width,
        tasks={recipe.task: len(recipe.classes)},
        **recipe.network,
    )
    fit = windows.assign(fit=recipe.fit_role(windows))
    made_by = [asdict(recipe), seed, code, torch.__version__, device.type]
    key = _digest(made_by, windows, stores, genome)
    folder = Path(checkpoints) / f"{recipe.model}-seed-{seed}-{key}"
    network, history = train_network(spec, data, fit, rules, seed, folder)
    network.to(device)
    held_out = np.flatnonzero(windows["split"] != "train")
    ids = torch.from_numpy(held_out).to(device)
    logits = predict_logits(network, data, ids, rules.batch_size)[recipe.task]
    probabilities = logits.softmax(1).cpu().numpy()
    card = {
        "model": recipe.model,
        "kind": recipe.kind,
        "task": recipe.task,
        "classes": recipe.classes,
        "inputs": recipe.inputs,
        "samples": recipe.samples,
        "train_on": recipe.train_on,
        "permute": recipe.permute,
        "seed": seed,
        "device": device.type,
        "images": recipe.images,
        "reference_depth": depth,
        "training": recipe.training,
        "parameters": sum(p.numel() for p in network.parameters()),
        "validation": history.iloc[-1].to_dict(),
    }
    table = prediction_table(windows.iloc[held_out], recipe.task, recipe.classes, probabilities)
    return TrainedModel(network.cpu(), card, history, table, folder)


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
