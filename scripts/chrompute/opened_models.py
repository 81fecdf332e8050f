"""Trained models with the fragments and the genome that they are to predict from."""

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from chrompute.card_limits import matched_shares, refuse_outside
from chrompute.devices import (
    PREDICTING_ADVICE,
    as_in_training,
    choose_device,
    explained_memory,
)
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.genome import read_genome
from chrompute.inference import STEP_FACTOR
from chrompute.manifest import usable_cores
from chrompute.model_folders import FolderModel, Folders, Loaded, load_folders
from chrompute.networks import Network
from chrompute.prediction_inputs import (
    Given,
    Source,
    pooled,
    read_sources,
    refuse_changed,
)
from chrompute.predictions import Probabilities, mean_probabilities
from chrompute.recipe import Stores
from chrompute.window_predictions import Countdown, Genome, predict_windows, recipe_of

logger = logging.getLogger(__name__)

#: Stands for the cell type of a caller's fragments.
_CELLS = "cells"


@dataclass(frozen=True)
class Options:
    """How to predict.

    Attributes
    ----------
    device
        "auto" (CUDA where present), "cpu" or "cuda".
    batch_size
        Windows in half a step; None: that of the training, which is also needed for the
        very bits of its predictions.
    threads
        CPU threads of torch; None: those of the training.
    cores
        CPU cores, which are shared by so many Python threads as these leave room for; None: all
        that the process may use. On CUDA one Python thread predicts.
    fraction
        Share of the fragments that is kept, as if they had been sequenced less deeply. Counts are
        scaled up to the models' depth as those of so many fragments. The same fragments are kept
        in every call, and those of a smaller share are among those of a larger one.
    match_depth
        Whether of inputs with more fragments than the models were trained on only so many are
        kept as are their depth. Otherwise counts are scaled to it.
    allow_changed
        Whether samples and chromosomes that the models were trained on may have changed since.
    allow_outside
        Whether samples may be of another assay, end shift or depth than those of the training.
    """

    device: str = "auto"
    batch_size: int | None = None
    threads: int | None = None
    cores: int | None = None
    fraction: float = 1.0
    match_depth: bool = False
    allow_changed: bool = False
    allow_outside: bool = False


@dataclass(frozen=True)
class OpenedModels:
    """Models, what they read, and how they predict.

    Attributes
    ----------
    models
        What each folder holds.
    sources, pools
        {input: samples} and {input: their pooled fragments}.
    codes
        {chromosome: encoded sequence}; empty where no network reads DNA.
    genome
        What it was read from.
    options
        How to predict.
    """

    models: Sequence[FolderModel]
    sources: Mapping[str, Sequence[Source]]
    pools: Mapping[str, Fragments]
    codes: Genome
    genome: str | Path | None = None
    options: Options = field(default_factory=Options)

    @property
    def loaded(self) -> list[Loaded]:
        """All networks with their cards."""
        return [network for one in self.models for network in one.networks]

    @property
    def tasks(self) -> Mapping[str, Sequence[str]]:
        """{task: its classes}, the same for all networks."""
        tasks: Mapping[str, Sequence[str]] = self.loaded[0][1]["tasks"]
        return tasks

    @property
    def sizes(self) -> dict[str, int]:
        """{chromosome: bp}, of the genome, or of the fragments where it is not read."""
        if self.codes:
            return {name: len(own) for name, own in self.codes.items()}
        return {name: size for store in self.pools.values() for name, size in store.sizes.items()}

    def refuse(self, chromosomes: Collection[str]) -> None:
        """See that the networks get what they read on some chromosomes, and that it fits them.

        Raises
        ------
        InputError
            When an assay is missing, the genome is another one, something changed since the
            training, or samples are of another kind than those of the training.
        """
        self._refuse_other_genome(chromosomes)
        own = {name: self.codes[name] for name in chromosomes} if self.codes else {}
        for network, card in self.loaded:
            recipe_of(card)  # tells what the card lacks
            _require_inputs(network, card, self.pools)
            read = {n: self.sources[n] for n in network.spec.images if n in self.sources}
            codes = own if network.spec.sequence else {}
            refuse_changed(card, read, codes, self.options.allow_changed)
            refuse_outside(card, read, self.pools, self.options.allow_outside)

    def _refuse_other_genome(self, chromosomes: Collection[str]) -> None:
        if not self.codes or not self.pools:
            return
        known = {name: size for s in self.pools.values() for name, size in s.sizes.items()}
        for name in chromosomes:
            if known.get(name) != len(self.codes[name]):
                raise InputError(
                    f"{self.genome}: {name} has {len(self.codes[name]):,} bp, and "
                    f"{known.get(name, 0):,} bp by the fragments; give the genome that they were "
                    "aligned to"
                )

    @cached_property
    def device(self) -> torch.device:
        """Where to predict."""
        return choose_device(self.options.device, "predicting", "device (--device)")

    @property
    def step(self) -> int:
        """Number of windows that every network takes in whole steps."""
        own = (card["training"]["batch_size"] for _, card in self.loaded)
        sizes = [self.options.batch_size or size for size in own]
        return STEP_FACTOR * math.lcm(*sizes)

    def probabilities(
        self, places: pd.DataFrame, countdown: Countdown | None = None
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Predict some places: {task: float32 (n_places, n_classes)}.

        Parameters
        ----------
        places
            Columns `chrom` and `centre`; `refuse` must have seen the chromosomes.
        countdown
            Is told of the windows that each network has done.
        """
        countdown = countdown or Countdown(len(places), len(self.loaded))
        found: list[Probabilities] = []
        for one in self.models:
            members: list[Probabilities] = []
            for network, card in one.networks:
                threads = self.options.threads or card["training"]["threads"]
                with as_in_training(self.device, threads), explained_memory(PREDICTING_ADVICE):
                    windows, stores, genome = self._read_by(network, places)
                    members.append(
                        predict_windows(
                            network, card, windows, stores, genome, self.device,
                            self.options.batch_size, self._fractions(card), countdown,
                            self._workers(threads),
                        )
                    )  # fmt: skip
            found.append(one.together(members))
        return mean_probabilities(found)

    def _read_by(
        self, network: Network, places: pd.DataFrame
    ) -> tuple[pd.DataFrame, Stores, Genome | None]:
        """Return the windows of a network, and what it reads of them."""
        start = places["centre"] - network.spec.width // 2
        windows = pd.DataFrame({"cell_type": _CELLS, "chrom": places["chrom"], "start": start})
        stores: Stores = {
            name: {_CELLS: self.pools[name]} if name in self.pools else {}
            for name in network.spec.images
        }
        if not network.spec.sequence:
            return windows, stores, None
        return windows, stores, {name: self.codes[name] for name in places["chrom"].unique()}

    def _workers(self, threads: int) -> int:
        """Return how many Python threads predict at once, each with so many of torch's."""
        if self.device.type != "cpu":
            return 1
        cores = self.options.cores or usable_cores()
        return max(1, cores // threads)

    def _fractions(self, card: Mapping[str, Any]) -> dict[str, float]:
        """Return {input: share of its fragments that is shown}."""
        shares = dict.fromkeys(self.pools, 1.0)
        if self.options.match_depth:
            shares = matched_shares(card, {n: self.pools[n] for n in card["reference_depth"]})
        return {name: share * self.options.fraction for name, share in shares.items()}


def open_models(
    model: Folders,
    fragments: Mapping[str, Given | Sequence[Given]],
    genome: str | Path | None,
    options: Options,
) -> OpenedModels:
    """Open models with what they are to predict from; arguments as of `chrompute.predict`.

    Raises
    ------
    InputError
        When a file is missing or faulty, or a network reads DNA and there is no genome.
    """
    models = load_folders(model)
    loaded = [network for one in models for network in one.networks]
    if not 0 < options.fraction <= 1:
        raise InputError(
            f"fraction {options.fraction}: must be above 0 and at most 1 (1: all fragments)"
        )
    sources = read_sources(fragments, {n for network, _ in loaded for n in network.spec.inputs})
    readers = [card["model"] for network, card in loaded if network.spec.sequence]
    if readers and genome is None:
        raise InputError(f"genome: model {readers[0]} reads DNA; give the FASTA")
    codes = read_genome(genome) if readers and genome is not None else {}
    return OpenedModels(models, sources, pooled(sources), codes, genome, options)


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
