"""Calibrated class probabilities of windows by one trained network."""

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from chrompute.calibrate import apply_temperature
from chrompute.errors import InputError
from chrompute.inference import STEP_FACTOR, predict_logits
from chrompute.model_data import window_data
from chrompute.networks import Network
from chrompute.recipe import Recipe, Stores

logger = logging.getLogger(__name__)

Genome = Mapping[str, npt.NDArray[np.uint8]]
#: Steps of prediction between two looks at the clock.
_STEPS = 20
#: Seconds between two lines of progress.
_SECONDS = 5.0


class Countdown:
    """Says how many windows are predicted, how fast, and how long the others will take.

    Parameters
    ----------
    total
        Windows to predict.
    networks
        By how many networks each of them is.
    """

    def __init__(self, total: int, networks: int = 1) -> None:
        self.total = total * networks
        self.networks = networks
        self.done = 0
        self.begun = self.said = time.monotonic()

    def add(self, number: int) -> None:
        """Count windows that a network has done; say so every few seconds and at the end."""
        self.done += number
        now = time.monotonic()
        if now - self.said < _SECONDS and self.done < self.total:
            return
        self.said = now
        rate = self.done / max(now - self.begun, 1e-9)
        seconds = (self.total - self.done) / rate
        left = f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
        logger.info(
            "%s of %s windows, %.0f windows/s, about %s left",
            f"{self.done // self.networks:,}",
            f"{self.total // self.networks:,}",
            rate / self.networks,
            left,
        )


def predict_windows(
    network: Network,
    card: Mapping[str, Any],
    windows: pd.DataFrame,
    stores: Stores,
    genome: Genome | None,
    device: torch.device,
    batch_size: int | None = None,
    fractions: Mapping[str, float] | None = None,
    countdown: Countdown | None = None,
    workers: int = 1,
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
    fractions
        {input: share of its fragments that is kept} (`chrompute.dataset.WindowData.titrate`);
        all are by default.
    countdown
        Is told of the windows that are done; one of these windows by default.
    workers
        Python threads that predict at once, each with torch's own threads; the steps are the
        same ones however many share them, and so are the bits.

    Returns
    -------
    dict
        {task: float32 (n_windows, n_classes)}.
    """
    data = window_data(recipe_of(card), windows, stores, card["reference_depth"], genome, device)
    data.scale_to(card["typical_sum"])
    for name, fraction in (fractions or {}).items():
        if name in data.images:
            data.images[name].fraction = fraction
    network.to(device)
    size = batch_size or card["training"]["batch_size"]
    ids = torch.arange(len(windows), device=device)
    parts: dict[str, list[npt.NDArray[np.float32]]] = {task: [] for task in card["tasks"]}
    countdown = countdown or Countdown(len(windows))
    chunks = ids.split(STEP_FACTOR * size * _STEPS)
    network.eval()  # before they share it
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(lambda chunk: predict_logits(network, data, chunk, size), chunks)
        for chunk, own in zip(chunks, found, strict=True):
            for task, logits in own.items():
                values = apply_temperature(logits.cpu().numpy(), card["temperature"][task])
                parts[task].append(values.astype(np.float32))
            countdown.add(len(chunk))
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
