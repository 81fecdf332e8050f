"""What is interpreted: a trained network with the windows of its set and all that it reads."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.calibrate import apply_temperature
from chrompute.chosen_windows import evenly, parse_locus
from chrompute.dataset import WindowData
from chrompute.devices import (
    APPLYING_ADVICE,
    as_in_training,
    choose_device,
    explained_memory,
)
from chrompute.errors import InputError
from chrompute.genome import read_genome
from chrompute.inference import predict_logits
from chrompute.model_data import window_data
from chrompute.model_files import load_network
from chrompute.networks import ChromatinNetwork
from chrompute.recipe import Recipe, Stores
from chrompute.window_files import read_windows

#: Training windows that the mean image is made from; of more, evenly spaced ones are taken.
_MEAN_WINDOWS = 20_000


@dataclass(frozen=True)
class Subject:
    """A trained network, the windows of its set with the model's split, and their data.

    Attributes
    ----------
    windows
        The window set, followed by one row for each locus that was asked for.
    data
        What the network reads of them, scaled as in training.
    stores
        {input: {cell type: fragments}}.
    """

    recipe: Recipe
    card: Mapping[str, Any]
    network: ChromatinNetwork
    windows: pd.DataFrame
    data: WindowData
    stores: Stores
    device: torch.device

    @classmethod
    def read(
        cls,
        recipe: Recipe,
        files: "SubjectFiles",
        loci: Sequence[str] = (),
        cell_type: str | None = None,
    ) -> "Subject":
        """Read a network and all that it reads.

        Parameters
        ----------
        recipe
            The model.
        files
            Where they lie.
        loci, cell_type
            Places to look at in a cell type, "chrom:position", the position 1-based as in genome
            browsers. They become the last rows of `windows`.

        Raises
        ------
        InputError
            When a locus is no place of the genome, or any file is faulty.
        """
        network, card = load_network(files.weights, files.card)
        if not isinstance(network, ChromatinNetwork) or not network.spec.images:
            raise InputError(
                f"interpret/models: {recipe.model} is no network of V-plots of architecture "
                "chrompute; take it out"
            )
        stores = recipe.read_stores(files.fragments)
        genome = read_genome(files.genome) if files.genome else None
        sizes = {
            name: size
            for by_type in stores.values()
            for store in by_type.values()
            for name, size in store.sizes.items()
        }
        windows = recipe.own_split(read_windows(files.windows))
        own = _windows_of_loci(loci, cell_type, recipe.width, sizes)
        windows = pd.concat([windows, own], ignore_index=True) if len(own) else windows
        device = choose_device(recipe.training["device"], "interpreting")
        depth = card["reference_depth"]
        data = window_data(recipe, windows, stores, depth, genome, device)
        data.scale_to(card["typical_sum"])
        network = network.to(device).requires_grad_(False)
        return cls(recipe, card, network, windows, data, stores, device)

    @contextmanager
    def calculating(self) -> Iterator[None]:
        """Calculate as in training for a while, and say what to do where memory ends."""
        threads = self.card["training"]["threads"]
        with as_in_training(self.device, threads), explained_memory(APPLYING_ADVICE):
            yield

    def ids(self, rows: npt.ArrayLike) -> Tensor:
        """Return rows of the window table as int64 on the device."""
        return torch.from_numpy(np.asarray(rows, dtype=np.int64)).to(self.device)

    def mean_images(self) -> dict[str, Tensor]:
        """Return the mean image of the windows that train, {input: float32 (rows, columns)}."""
        rows = np.flatnonzero(self.recipe.trains(self.windows))
        return self.data.mean_images(self.ids(evenly(rows, _MEAN_WINDOWS)))

    def on_device(self, images: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, Tensor]:
        """Bring arrays, such as the mean images that were written, to where the network is."""
        return {name: torch.from_numpy(own).to(self.device) for name, own in images.items()}

    def probabilities(self, rows: npt.ArrayLike, task: str) -> npt.NDArray[np.floating]:
        """Return calibrated probabilities of windows, both strands averaged, (n, n_classes)."""
        if not len(self.ids(rows)):
            return np.zeros((0, len(self.recipe.tasks[task])))
        size = self.card["training"]["batch_size"]
        logits = predict_logits(self.network, self.data, self.ids(rows), size)[task]
        return apply_temperature(logits.cpu().numpy(), self.card["temperature"][task])


@dataclass(frozen=True)
class SubjectFiles:
    """The files behind a `Subject`; `genome` is None where the network does not read DNA."""

    weights: str | Path
    card: str | Path
    windows: str | Path
    fragments: Sequence[str | Path]
    genome: str | Path | None

    @classmethod
    def of_rule(cls, given: Any) -> "SubjectFiles":
        """Take the inputs of a rule, which names them alike."""
        genome = given.genome[0] if given.genome else None
        return cls(given.weights, given.card, given.windows, [*given.fragments], genome)


def _windows_of_loci(
    loci: Sequence[str], cell_type: str | None, width: int, sizes: Mapping[str, int]
) -> pd.DataFrame:
    """Return windows around places, with the columns that a network needs."""
    rows = []
    for locus in loci:
        place = parse_locus(locus)
        if place is None or not 0 <= place[1] < sizes.get(place[0], 0):
            raise InputError(
                f"interpret/loci: {locus!r} is no place of this genome; write chrom:position, such "
                f"as {next(iter(sizes))}:1000"
            )
        chrom, centre = place
        start = centre - width // 2
        rows.append((cell_type, chrom, start, start + width, centre, "locus"))
    columns = ["cell_type", "chrom", "start", "end", "centre", "split"]
    return pd.DataFrame(rows, columns=columns)
