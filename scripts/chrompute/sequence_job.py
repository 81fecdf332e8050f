"""Explaining what a trained network reads in the DNA: which windows, from which files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from chrompute.dataset import WindowData
from chrompute.devices import PREDICTING_ADVICE, as_in_training, choose_device, explained_memory
from chrompute.errors import InputError
from chrompute.genome import read_genome
from chrompute.model_data import window_data
from chrompute.model_files import load_network
from chrompute.networks import Network
from chrompute.recipe import Recipe, Stores
from chrompute.sequence_attributions import (
    SequenceAttributions,
    attribute_sequences,
    known_windows,
)
from chrompute.window_predictions import Genome, recipe_of

#: Columns that name a window.
PLACE = ["chrom", "start", "end"]


@dataclass(frozen=True)
class Explained:
    """A network that reads DNA, and what it reads of one cell type.

    Attributes
    ----------
    network, card
        What `chrompute.model_files.load_network` returns.
    recipe
        What the card says that the network reads, its samples being those of the cell type.
    cell_type
        Whose fragments are read.
    stores, genome
        {input: {cell type: fragments}} and {chromosome: encoded sequence}.
    """

    network: Network
    card: dict[str, Any]
    recipe: Recipe
    cell_type: str
    stores: Stores
    genome: Genome

    @classmethod
    def read(
        cls,
        weights: str | Path,
        card_path: str | Path,
        fragments: Sequence[str | Path],
        genome: str | Path,
        cell_type: str,
    ) -> "Explained":
        """Read a network, and the stores of its samples of a cell type, in the card's order.

        Raises
        ------
        InputError
            When a file is faulty, or the network reads no DNA.
        """
        network, card = load_network(weights, card_path)
        if not network.spec.sequence:
            raise InputError(f"{card_path}: model {card['model']} reads no DNA; take one that does")
        recipe = recipe_of(card)
        own = tuple(sample for sample in recipe.samples if sample[1] == cell_type)
        recipe = replace(recipe, samples=own)
        stores = recipe.read_stores(fragments)
        stores = {name: stores.get(name, {}) for name in network.spec.images}
        return cls(network, card, recipe, cell_type, stores, read_genome(genome))

    def data(self, places: pd.DataFrame, device: torch.device) -> WindowData:
        """Return what the network reads of places (`chrom`, `start`) in the cell type."""
        windows = places.assign(cell_type=self.cell_type)
        depth = self.card["reference_depth"]
        data = window_data(self.recipe, windows, self.stores, depth, self.genome, device)
        data.scale_to(self.card["typical_sum"])
        return data

    def target(self, task: str, name: str) -> int:
        """Return the place of a class among those of its task."""
        return self.recipe.tasks[task].index(name)


def class_windows(
    recipe: Recipe, windows: pd.DataFrame, cell_type: str, task: str, name: str
) -> pd.DataFrame:
    """Return the windows of a cell type that all replicates know by a class, of any split."""
    labels = recipe.soft_labels(windows, task)[:, recipe.tasks[task].index(name)]
    chosen = (windows["cell_type"] == cell_type).to_numpy() & (labels == 1)
    return windows.loc[chosen, PLACE].reset_index(drop=True)


def explain_class(
    explained: Explained,
    windows: pd.DataFrame,
    task: str,
    name: str,
    number: int,
    references: int,
    seed: int,
    hold_frames: bool,
) -> tuple[pd.DataFrame, SequenceAttributions]:
    """Attribute the score of a class to the DNA of some of its windows.

    Parameters
    ----------
    explained
        The network and its inputs.
    windows
        Its window set.
    task, name
        The class.
    number
        Most windows; they are drawn by the seed from those of the class.
    references, seed, hold_frames
        As in `chrompute.sequence_attributions.attribute_sequences`.

    Returns
    -------
    places
        `chrom`, `start`, `end` of the windows, by place, and `score`, `reference_score` and
        `error` of `SequenceAttributions`.
    attributions
        Of the same windows.
    """
    device = choose_device(explained.recipe.training["device"], "predicting")
    mine = class_windows(explained.recipe, windows, explained.cell_type, task, name)
    with (
        as_in_training(device, explained.recipe.training["threads"]),
        explained_memory(PREDICTING_ADVICE),
    ):
        data = explained.data(mine, device)
        known = known_windows(data, torch.arange(len(mine), device=device)).cpu().numpy()
        drawn = np.random.default_rng(seed).permutation(known)[:number]
        ids = torch.from_numpy(np.sort(drawn)).to(device)
        explained.network.to(device)
        target = explained.target(task, name)
        found = attribute_sequences(
            explained.network, data, ids, task, target, references, seed, hold_frames
        )
    scores = {name: getattr(found, name) for name in ("score", "reference_score", "error")}
    return mine.iloc[np.sort(drawn)].reset_index(drop=True).assign(**scores), found
