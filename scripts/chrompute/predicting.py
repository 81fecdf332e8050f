"""Predictions of trained networks for any sample, without the workflow."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from chrompute.calibrate import apply_temperature
from chrompute.devices import choose_device
from chrompute.errors import InputError
from chrompute.genome import read_genome
from chrompute.inference import STEP_FACTOR, predict_logits
from chrompute.model_data import window_data
from chrompute.model_files import load_model
from chrompute.networks import Network
from chrompute.prediction_inputs import (
    Given,
    pooled,
    read_places,
    read_sources,
    refuse_changed,
)
from chrompute.predictions import mean_probabilities, probability_column
from chrompute.recipe import Recipe, Stores

logger = logging.getLogger(__name__)

Genome = Mapping[str, npt.NDArray[np.uint8]]
Probabilities = dict[str, npt.NDArray[np.float32]]
#: Stands for the cell type of a caller's fragments.
_CELLS = "cells"
#: Steps of prediction between two lines of progress.
_PROGRESS = 50


def predict(
    model: str | Path | Sequence[str | Path],
    fragments: Mapping[str, Given | Sequence[Given]],
    genome: str | Path | None,
    windows: str | Path | pd.DataFrame,
    *,
    device: str = "auto",
    batch_size: int | None = None,
    threads: int | None = None,
    allow_changed: bool = False,
) -> pd.DataFrame:
    """Predict windows of one cell type with one trained network, or with several of them.

    Parameters
    ----------
    model
        Folder of a trained network (`<results>/models/{model}/seed-{seed}`). Of several, which
        must predict the same tasks, the probabilities are averaged.
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
    loaded = [load_model(folder) for folder in _listed(model)]
    _require_same_tasks(model, loaded)
    sources = read_sources(fragments, {n for network, _ in loaded for n in network.spec.inputs})
    pools = pooled(sources)
    places, codes = _read_genome_and_places(loaded, pools, genome, windows)
    target = choose_device(device, "predicting")
    found = []
    for network, card in loaded:
        _require_inputs(network, card, pools)
        own = {name: sources[name] for name in network.spec.images if name in sources}
        refuse_changed(card, own, codes if network.spec.sequence else {}, allow_changed)
        stores: Stores = {
            name: {_CELLS: pools[name]} if name in pools else {} for name in network.spec.images
        }
        with fixed_threads(threads or card["training"]["threads"]), explained_memory():
            found.append(
                predict_windows(
                    network, card, _around(places, network.spec.width), stores,
                    codes if network.spec.sequence else None, target, batch_size,
                )
            )  # fmt: skip
    return _table(places, loaded[0][1]["tasks"], mean_probabilities(found))


def predict_windows(
    network: Network,
    card: Mapping[str, Any],
    windows: pd.DataFrame,
    stores: Stores,
    genome: Genome | None,
    device: torch.device,
    batch_size: int | None = None,
) -> Probabilities:
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

    Returns
    -------
    dict
        {task: float32 (n_windows, n_classes)}.
    """
    data = window_data(recipe_of(card), windows, stores, card["reference_depth"], genome, device)
    data.scale_to(card["typical_sum"])
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


@contextmanager
def fixed_threads(number: int) -> Iterator[None]:
    """Let torch use so many CPU threads for a while: predictions differ in their last digits."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def explained_memory() -> Iterator[None]:
    """Say what to lower where there is not enough memory."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise InputError(
            "there is not enough memory to predict so many windows at once; lower batch_size, or "
            "set device to 'cpu'"
        ) from error


def _listed(model: str | Path | Sequence[str | Path]) -> list[str | Path]:
    folders = [model] if isinstance(model, (str, Path)) else list(model)
    if not folders:
        raise InputError("model: no folder is given; give that of a trained network")
    return folders


def _require_same_tasks(
    model: str | Path | Sequence[str | Path], loaded: Sequence[tuple[Network, dict[str, Any]]]
) -> None:
    for folder, (_, card) in zip(_listed(model), loaded, strict=True):
        if card["tasks"] != loaded[0][1]["tasks"]:
            raise InputError(
                f"{folder}: predicts other tasks or classes than {_listed(model)[0]}; give models "
                "of the same tasks"
            )


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
    loaded: Sequence[tuple[Network, Mapping[str, Any]]],
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


def _around(places: pd.DataFrame, width: int) -> pd.DataFrame:
    """Return windows of some width around the centres."""
    return pd.DataFrame(
        {"cell_type": _CELLS, "chrom": places["chrom"], "start": places["centre"] - width // 2}
    )


def _table(
    places: pd.DataFrame, tasks: Mapping[str, Sequence[str]], probabilities: Probabilities
) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for task, classes in tasks.items():
        columns[task] = np.array(classes, dtype=object)[probabilities[task].argmax(1)]
        for index, name in enumerate(classes):
            columns[probability_column(task, name)] = probabilities[task][:, index]
    return places.assign(**columns)
