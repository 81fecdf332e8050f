"""The recipe of one model: everything the configuration says about it, in one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments, read_pool
from chrompute.labels import replicate_columns

#: The assay behind each model input that draws images.
ASSAY_OF_INPUT = {"vplot": "ATAC", "mnase": "MNase"}

#: What a control may permute between windows: the labels, or an input.
PERMUTABLE = ("labels", "vplot", "mnase", "sequence")

Stores = dict[str, dict[str, Fragments]]
#: {what is permuted: for each window the row of the window that it takes it from}.
Orders = dict[str, npt.NDArray[np.int64]]


@dataclass(frozen=True)
class Recipe:
    """What a model reads, predicts and is trained on.

    Attributes
    ----------
    model, kind
        Its name, and "majority", "forest" or "network".
    task, classes
        What it predicts; the classes in the order of its outputs.
    windows, width
        Its window set and the windows' width in bp.
    inputs
        Any of "vplot", "mnase" and "sequence".
    samples
        (sample, cell type, assay) of each sample it reads.
    train_on
        Cell types it is trained on.
    images, network, training, forest
        The configuration's blocks of these names, defaults filled in; empty where the kind of
        model has no use for them, so that a change there does not fit it again.
    permute
        Any of `PERMUTABLE`: what is permuted between windows, in a control.
    """

    model: str
    kind: str
    task: str
    classes: tuple[str, ...]
    windows: str
    width: int
    inputs: tuple[str, ...]
    samples: tuple[tuple[str, str, str], ...]
    train_on: tuple[str, ...]
    images: Mapping[str, Any]
    network: Mapping[str, Any]
    training: Mapping[str, Any]
    forest: Mapping[str, Any]
    permute: tuple[str, ...] = ()

    def read_stores(self, paths: Sequence[str | Path]) -> Stores:
        """Read and pool the fragments of each image input and cell type.

        Parameters
        ----------
        paths
            Fragment stores in the order of `samples`.

        Returns
        -------
        dict
            {input: {cell type: fragments}}.
        """
        stores: Stores = {}
        for name in self.inputs:
            assay = ASSAY_OF_INPUT.get(name)
            if assay is None:
                continue
            by_type: dict[str, list[str | Path]] = {}
            for (_, cell_type, own), path in zip(self.samples, paths, strict=True):
                if own == assay:
                    by_type.setdefault(cell_type, []).append(path)
            stores[name] = {cell_type: read_pool(group) for cell_type, group in by_type.items()}
        return stores

    def soft_labels(self, windows: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Return the labels to train on: the mean over the replicates that know a window.

        Returns
        -------
        array
            float32 (n_windows, n_classes): the share of the replicates that name each class. Rows
            add up to 1, or to 0 where no replicate knows the window. The truth is no replicate.
        """
        index = {name: code for code, name in enumerate(self.classes)}
        votes = np.zeros((len(windows), len(self.classes)), dtype=np.float32)
        for column in replicate_columns(windows.columns, self.task).values():
            codes = windows[column].map(index).fillna(-1).to_numpy(np.int64)
            known = np.flatnonzero(codes >= 0)
            votes[known, codes[known]] += 1
        return votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)

    def fit_role(self, windows: pd.DataFrame) -> pd.Series:
        """Return "train", "valid" or "" for each window: what it does while the model is fitted.

        Test windows and those of cell types that the model is not trained on do nothing.
        """
        role = windows["split"].where(windows["split"].isin(["train", "valid"]), "")
        labels = windows[list(replicate_columns(windows.columns, self.task).values())]
        known = labels.notna().any(axis=1) & windows["cell_type"].isin(self.train_on)
        return role.where(known, "")

    def orders(self, windows: pd.DataFrame, seed: int) -> Orders:
        """Return the permutation of everything that this model, a control, permutes."""
        return {name: permuted_rows(windows, name, seed) for name in self.permute}

    def reference_depth(self, stores: Stores) -> dict[str, float]:
        """Return, for each image input, the mean number of fragments of the training cell types."""
        return {
            name: float(np.mean([len(by_type[c]) for c in self.train_on if c in by_type]))
            for name, by_type in stores.items()
        }


def permuted_rows(windows: pd.DataFrame, what: str, seed: int) -> npt.NDArray[np.int64]:
    """Permute windows among those of the same cell type and split.

    Parameters
    ----------
    windows
        Columns `cell_type` and `split`.
    what
        What will be taken from other windows, one of `PERMUTABLE`; each has its own permutation.
        Labels of windows that neither train nor tune stay in place: they are scored against.
    seed
        The model's seed.

    Returns
    -------
    array
        int64 (n_windows,): the row whose labels or input each window takes.
    """
    generator = np.random.default_rng([seed, PERMUTABLE.index(what)])
    rows = np.arange(len(windows))
    for (_, split), own in windows.groupby(["cell_type", "split"]).indices.items():
        if what != "labels" or split in ("train", "valid"):
            rows[own] = generator.permutation(own)
    return rows
