"""Predictions of trained networks for any sample, without the workflow."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from chrompute.calibrate import apply_temperature
from chrompute.devices import (
    PREDICTING_ADVICE,
    as_in_training,
    choose_device,
    explained_memory,
)
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.genome import read_genome
from chrompute.inference import STEP_FACTOR, predict_logits
from chrompute.model_data import window_data
from chrompute.model_folders import Folders, Loaded, load_folders
from chrompute.networks import Network
from chrompute.prediction_inputs import (
    Given,
    Source,
    pooled,
    read_places,
    read_sources,
    refuse_changed,
)
from chrompute.predictions import Probabilities, mean_probabilities, probability_column
from chrompute.recipe import Recipe, Stores

logger = logging.getLogger(__name__)

Genome = Mapping[str, npt.NDArray[np.uint8]]
#: Stands for the cell type of a caller's fragments.
_CELLS = "cells"
#: Steps of prediction between two lines of progress.
_PROGRESS = 50


def predict(
    model: Folders,
    fragments: Mapping[str, Given | Sequence[Given]],
    genome: str | Path | None,
    windows: str | Path | pd.DataFrame,
    *,
    device: str = "auto",
    batch_size: int | None = None,
    threads: int | None = None,
    fraction: float = 1.0,
    allow_changed: bool = False,
) -> pd.DataFrame:
    """Predict windows of one cell type with one trained network, or with several of them.

    Parameters
    ----------
    model
        Folder of a trained network or of an ensemble (`<results>/models/{model}/seed-{seed}`). Of
        several, which must predict the same tasks, the probabilities are averaged.
    fragments
        {assay ("ATAC", "MNase") or input ("vplot", "mnase", "mnase_profile"): path of a fragment
        store, `chrompute.fragments.Fragments`, or a list of these, which are pooled}. An assay
        that the network reads may be missing where it was trained with modality dropout.
    genome
        FASTA; None where no network reads DNA.
    windows
        BED, Parquet table or DataFrame with `chrom`, `start`, `end` and perhaps `centre`. The
        centre decides; the width is the network's own.
    device
        "auto" (CUDA where present), "cpu" or "cuda".
    batch_size
        Windows in a quarter of a step; by default that of the training, which is also needed for
        the very bits of its predictions.
    threads
        CPU threads of torch; by default those of the training.
    fraction
        Share of the fragments that is kept, as if they had been sequenced less deeply. Counts are
        scaled up to the models' depth as those of so many fragments. The same fragments are kept
        in every call, and those of a smaller share are among those of a larger one.
    allow_changed
        Whether samples and chromosomes that the network was trained on may have changed since.

    Returns
    -------
    DataFrame
        One row a window, in their order: `chrom`, `start`, `end` as given, `centre`, and for each
        task a column of its name, the most probable class, and `p:{task}:{class}`, float32.

    Raises
    ------
    InputError
        When anything that is given is wrong, or memory is used up.
    """
    models = load_folders(model)
    loaded = [network for one in models for network in one.networks]
    if not 0 < fraction <= 1:
        raise InputError(f"fraction {fraction}: must be above 0 and at most 1 (1: all fragments)")
    sources = read_sources(fragments, {n for network, _ in loaded for n in network.spec.inputs})
    pools = pooled(sources)
    given = _Read(sources, pools, *_read_genome_and_places(loaded, pools, genome, windows))
    for network, card in loaded:
        given.refuse_for(network, card, allow_changed)
    target = choose_device(device, "predicting", "device (--device)")
    found = []
    for one in models:
        members = []
        for network, card in one.networks:
            number = threads or card["training"]["threads"]
            with as_in_training(target, number), explained_memory(PREDICTING_ADVICE):
                read = given.of_network(network)
                members.append(predict_windows(network, card, *read, target, batch_size, fraction))
        found.append(one.together(members))
    return _table(given.places, loaded[0][1]["tasks"], mean_probabilities(found))


def predict_windows(
    network: Network,
    card: Mapping[str, Any],
    windows: pd.DataFrame,
    stores: Stores,
    genome: Genome | None,
    device: torch.device,
    batch_size: int | None = None,
    fraction: float = 1.0,
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the calibrated class probabilities of windows, averaged over the strands.

    Parameters
    ----------
    network, card
        What `chrompute.model_files.load_network` returns.
    windows
        Columns `cell_type`, `chrom`, `start`, as wide as the network's.
    stores
        {input: {cell type: fragments}}; a cell type without an input has none there.
    genome
        {chromosome: encoded sequence}, where the network reads it.
    device
        Where to predict.
    batch_size
        As of training, which is the default.
    fraction
        Share of the fragments that is kept (`chrompute.dataset.WindowData.titrate`).

    Returns
    -------
    dict
        {task: float32 (n_windows, n_classes)}.
    """
    data = window_data(recipe_of(card), windows, stores, card["reference_depth"], genome, device)
    data.scale_to(card["typical_sum"])
    data.titrate(fraction)
    network.to(device)
    size = batch_size or card["training"]["batch_size"]
    ids = torch.arange(len(windows), device=device)
    parts: dict[str, list[npt.NDArray[np.float32]]] = {task: [] for task in card["tasks"]}
    begun, done = time.monotonic(), 0
    for chunk in ids.split(STEP_FACTOR * size * _PROGRESS):
        for task, logits in predict_logits(network, data, chunk, size).items():
            values = apply_temperature(logits.cpu().numpy(), card["temperature"][task])
            parts[task].append(values.astype(np.float32))
        done += len(chunk)
        rate = done / max(time.monotonic() - begun, 1e-9)
        logger.info("%s of %s windows, %.0f windows/s", f"{done:,}", f"{len(ids):,}", rate)
    return {task: np.concatenate(values) for task, values in parts.items()}


def recipe_of(card: Mapping[str, Any]) -> Recipe:
    """Return what the card of a network says of what it reads and how.

    Raises
    ------
    InputError
        When the card lacks any of it.
    """
    needed = ("inputs", "samples", "images", "training", "reference_depth", "typical_sum")
    missing = [name for name in (*needed, "temperature", "windows") if name not in card]
    if missing:
        raise InputError(
            f"the card of model {card['model']} lacks {', '.join(missing)}; train the model again"
        )
    return Recipe(
        model=card["model"],
        kind=card["kind"],
        tasks={task: tuple(classes) for task, classes in card["tasks"].items()},
        windows=card["windows"]["set"],
        width=card["network"]["width"],
        inputs=tuple(card["inputs"]),
        samples=tuple((name, cell_type, assay) for name, cell_type, assay in card["samples"]),
        train_on=tuple(card["train_on"]),
        images=card["images"],
        network={},
        training=card["training"],
        features={},
        baseline={},
    )


@dataclass(frozen=True)
class _Read:
    """What a caller gave: sources and pooled fragments by input, places, and sequences."""

    sources: Mapping[str, Sequence[Source]]
    pools: Mapping[str, Fragments]
    places: pd.DataFrame
    codes: Genome

    def refuse_for(self, network: Network, card: Mapping[str, Any], allow_changed: bool) -> None:
        """See that a network gets what it reads, and that this is what it was trained on."""
        recipe_of(card)  # tells what the card lacks
        _require_inputs(network, card, self.pools)
        own = {name: self.sources[name] for name in network.spec.images if name in self.sources}
        codes = self.codes if network.spec.sequence else {}
        refuse_changed(card, own, codes, allow_changed)

    def of_network(self, network: Network) -> tuple[pd.DataFrame, Stores, Genome | None]:
        """Return the windows of a network, and what it reads of them."""
        start = self.places["centre"] - network.spec.width // 2
        windows = pd.DataFrame({"cell_type": _CELLS, "chrom": self.places["chrom"], "start": start})
        stores: Stores = {
            name: {_CELLS: self.pools[name]} if name in self.pools else {}
            for name in network.spec.images
        }
        return windows, stores, self.codes if network.spec.sequence else None


def _require_inputs(network: Network, card: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """See that a network gets its assays, or can do without those that are missing."""
    missing = [name for name in network.spec.images if name not in given]
    if not missing:
        return
    text = f"model {card['model']} reads {', '.join(missing)}, and fragments of it are not given"
    if not network.spec.modality_dropout:
        raise InputError(
            f"{text}; give them, or take a model that was trained with network/modality_dropout"
        )
    if len(missing) == len(network.spec.inputs):
        raise InputError(f"{text}, nor is anything else; give fragments")
    logger.warning("WARNING: %s; it predicts without", text)


def _read_genome_and_places(
    loaded: Sequence[Loaded],
    pools: Mapping[str, Any],
    genome: str | Path | None,
    windows: str | Path | pd.DataFrame,
) -> tuple[pd.DataFrame, dict[str, npt.NDArray[np.uint8]]]:
    """Read the places, and the sequence of the chromosomes that they lie on where it is read."""
    readers = [card["model"] for network, card in loaded if network.spec.sequence]
    if readers and genome is None:
        raise InputError(f"genome: model {readers[0]} reads DNA; give the FASTA")
    sizes = {name: size for store in pools.values() for name, size in store.sizes.items()}
    if not readers or genome is None:
        return read_places(windows, sizes), {}
    codes = read_genome(genome)
    own = {name: len(sequence) for name, sequence in codes.items()}
    places = read_places(windows, own)
    used = [*places["chrom"].unique()]
    for name in used:
        if pools and sizes.get(name) != own[name]:
            raise InputError(
                f"{genome}: {name} has {own[name]:,} bp, and {sizes.get(name, 0):,} bp by the "
                "fragments; give the genome that they were aligned to"
            )
    return places, {name: codes[name] for name in used}


def _table(
    places: pd.DataFrame, tasks: Mapping[str, Sequence[str]], probabilities: Probabilities
) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for task, classes in tasks.items():
        columns[task] = np.array(classes, dtype=object)[probabilities[task].argmax(1)]
        for index, name in enumerate(classes):
            columns[probability_column(task, name)] = probabilities[task][:, index]
    return places.assign(**columns)
