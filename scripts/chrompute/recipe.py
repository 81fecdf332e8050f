"""The recipe of one model: everything the configuration says about it, in one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments, read_pool

#: The assay behind each model input that draws images.
ASSAY_OF_INPUT = {"vplot": "ATAC", "mnase": "MNase"}

Stores = dict[str, dict[str, Fragments]]


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

    def label_codes(self, windows: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Return the class index of each window, -1 where the label is unknown."""
        codes = {name: code for code, name in enumerate(self.classes)}
        return windows[self.task].map(codes).fillna(-1).to_numpy(np.int64, copy=True)

    def fit_role(self, windows: pd.DataFrame) -> pd.Series:
        """Return "train", "valid" or "" for each window: what it does while the model is fitted.

        Test windows and those of cell types that the model is not trained on do nothing.
        """
        role = windows["split"].where(windows["split"].isin(["train", "valid"]), "")
        known = windows[self.task].notna() & windows["cell_type"].isin(self.train_on)
        return role.where(known, "")

    def reference_depth(self, stores: Stores) -> dict[str, float]:
        """Return, for each image input, the mean number of fragments of the training cell types."""
        return {
            name: float(np.mean([len(by_type[c]) for c in self.train_on if c in by_type]))
            for name, by_type in stores.items()
        }
