"""The recipe of one model: everything the configuration says about it, in one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.balance import training_weights
from chrompute.errors import InputError
from chrompute.fragment_leaks import refuse_leaked_samples
from chrompute.fragments import Fragments, pool
from chrompute.label_columns import replicate_columns, soft_column, votes, weight_column
from chrompute.permutations import Orders, permuted_rows
from chrompute.splits import roles_of_fold
from chrompute.store_files import read_fragments
from chrompute.targets import Targets

#: The assay behind each model input that draws images.
ASSAY_OF_INPUT = {"vplot": "ATAC", "mnase": "MNase", "mnase_profile": "MNase"}

Stores = dict[str, dict[str, Fragments]]


@dataclass(frozen=True)
class Recipe:
    """What a model reads, predicts and is trained on.

    Attributes
    ----------
    model, kind
        Its name, and "majority", "place", "logistic", "forest", "boosting" or "network".
    tasks
        {task that it predicts: its classes in the order of the outputs}.
    windows, width
        Its window set and the windows' width in bp.
    inputs
        Any of "vplot", "mnase", "mnase_profile" and "sequence".
    samples
        (sample, cell type, assay) of each sample it reads.
    train_on
        Cell types it is trained on.
    images, network, training, features, baseline
        The configuration's blocks of these names, defaults filled in (`baseline`: the block that
        is called like the kind); empty where the kind of model has no use for them, so that a
        change there does not fit it again.
    permute
        Any of `PERMUTABLE`: what is permuted between windows, in a control.
    fold, folds
        Where the model has a fold of its own: the one that tests ("fold2"), and how many there
        are. Otherwise None and 0.
    balance
        {task: its block `balance`}, where that asks for anything.
    candidates
        Where the windows of the set are centred: what its block `candidates` says.
    """

    model: str
    kind: str
    tasks: Mapping[str, tuple[str, ...]]
    windows: str
    width: int
    inputs: tuple[str, ...]
    samples: tuple[tuple[str, str, str], ...]
    train_on: tuple[str, ...]
    images: Mapping[str, Any]
    network: Mapping[str, Any]
    training: Mapping[str, Any]
    features: Mapping[str, Any]
    baseline: Mapping[str, Any]
    permute: tuple[str, ...] = ()
    fold: str | None = None
    folds: int = 0
    balance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    candidates: Mapping[str, Any] = field(default_factory=dict)

    @property
    def window_facts(self) -> dict[str, Any]:
        """What cards tell of the window set: its name and width, and where it is centred."""
        return {
            "set": self.windows,
            "width": self.width,
            "centred_on": self.candidates.get("from"),
            "candidates": dict(self.candidates),
        }

    def facts(self, seed: int, device: str) -> dict[str, Any]:
        """Return what the cards of all kinds of models tell."""
        return {
            "model": self.model,
            "kind": self.kind,
            "tasks": {task: [*classes] for task, classes in self.tasks.items()},
            "windows": self.window_facts,
            "fold": self.fold,
            "inputs": self.inputs,
            "samples": self.samples,
            "train_on": self.train_on,
            "permute": self.permute,
            "seed": seed,
            "device": device,
        }

    def of_cell_type(self, cell_type: str) -> "Recipe":
        """Return the model with the samples of one cell type alone, to apply it to that.

        Of an assay that the cell type lacks one sample of another stays: so the input is there,
        and windows of this cell type have nothing of it.
        """
        there = {assay for _, owner, assay in self.samples if owner == cell_type}
        first = {sample[2]: tuple(sample) for sample in reversed(self.samples)}
        kept = {sample for assay, sample in first.items() if assay not in there}
        own = [s for s in self.samples if s[1] == cell_type or tuple(s) in kept]
        return replace(self, samples=tuple(own))

    def read_stores(self, paths: Sequence[str | Path]) -> Stores:
        """Read and pool the fragments of each image input and cell type.

        No sample of a cell type that the model is not trained on may have been pooled into those
        that it is trained on.

        Parameters
        ----------
        paths
            Fragment stores in the order of `samples`.

        Returns
        -------
        dict
            {input: {cell type: fragments}}.

        Raises
        ------
        InputError
            When samples share too many fragments (`chrompute.fragment_leaks`).
        """
        by_type: dict[str, dict[str, dict[str, Fragments]]] = {}
        for (sample, cell_type, assay), path in zip(self.samples, paths, strict=True):
            by_type.setdefault(cell_type, {}).setdefault(assay, {})[sample] = read_fragments(path)
        held_out = [cell_type for cell_type in by_type if cell_type not in self.train_on]
        refuse_leaked_samples(by_type, held_out, self.train_on, f"models/{self.model}")
        pooled = {  # once an assay: two inputs may read the same one
            cell_type: {assay: pool([*own.values()]) for assay, own in by_assay.items()}
            for cell_type, by_assay in by_type.items()
        }
        return {
            name: {
                cell_type: by_assay[ASSAY_OF_INPUT[name]]
                for cell_type, by_assay in pooled.items()
                if ASSAY_OF_INPUT[name] in by_assay
            }
            for name in self.inputs
            if name in ASSAY_OF_INPUT
        }

    def own_split(self, windows: pd.DataFrame) -> pd.DataFrame:
        """Return the windows with the model's split and with what they weigh in its training.

        The fold that a model names tests, the next one tunes and the others train
        (`chrompute.splits.roles_of_fold`); without one the split is the window set's. Weights
        are those of the windows that this model is trained on, which may be fewer.
        """
        own = windows
        if self.fold is not None:
            roles = roles_of_fold(windows["fold"].astype(object), self.fold, self.folds)
            old = {weight_column(task) for task in self.tasks} & set(windows)
            own = windows.drop(columns=sorted(old)).assign(split=roles.astype(object))
        trained = own.assign(split=np.where(self.trains(own), "train", ""))
        for task, entry in self.balance.items():
            weights, _ = training_weights(trained, task, entry, entry["seed"])
            own = own.assign(**{weight_column(task): weights})
        return own

    def trains(self, windows: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Mark the windows of the train split in the cell types that the model is trained on."""
        mine = windows["cell_type"].isin(self.train_on) & (windows["split"] == "train")
        return mine.to_numpy()

    def soft_labels(self, windows: pd.DataFrame, task: str) -> npt.NDArray[np.float32]:
        """Return the labels of one task to train on: the mean over the replicates that know it.

        Returns
        -------
        array
            float32 (n_windows, n_classes): the share of the replicates that name each class. Rows
            add up to 1, or to 0 where no replicate knows the window. The truth is no replicate.
        """
        soft = [soft_column(task, name) for name in self.tasks[task]]
        if set(soft) <= set(windows.columns):
            return windows[soft].fillna(0).to_numpy(np.float32, copy=True)
        columns = replicate_columns(windows.columns, task).values()
        codes = [_class_codes(windows[column], self.tasks[task]) for column in columns]
        return votes(np.stack(codes), len(self.tasks[task]))

    def sample_weights(self, windows: pd.DataFrame, task: str) -> npt.NDArray[np.float32]:
        """Return how much each window counts in training of a task, float32 (n_windows,)."""
        column = weight_column(task)
        if column not in windows:
            return np.ones(len(windows), dtype=np.float32)
        return windows[column].to_numpy(np.float32, copy=True)

    def targets(self, windows: pd.DataFrame, orders: Orders) -> Targets:
        """Return what the model is fitted to; permuted labels take their weights with them."""
        found = Targets(
            {task: self.soft_labels(windows, task) for task in self.tasks},
            {task: self.sample_weights(windows, task) for task in self.tasks},
        )
        return found.reordered(orders["labels"]) if "labels" in orders else found

    def fit_role(self, windows: pd.DataFrame, targets: Targets) -> npt.NDArray[np.str_]:
        """Return "train", "valid" or "" for each window: what it does while the model is fitted.

        A window does something if any task knows it, and trains if it has a weight in such a
        task. Cell types that the model is not trained on do nothing, but for those that have no
        training windows at all: these were set aside to tune.

        Parameters
        ----------
        windows
            With the model's split (`own_split`).
        targets
            Of the same windows.
        """
        cell_type, split = windows["cell_type"], windows["split"]
        set_aside = ~cell_type.isin(cell_type[split == "train"].unique())
        tunes = (split == "valid") & (cell_type.isin(self.train_on) | set_aside)
        known = np.any([targets.known(task) for task in self.tasks], axis=0)
        taught = np.any([targets.taught(task) for task in self.tasks], axis=0)
        role = np.full(len(windows), "", dtype="U5")
        role[self.trains(windows) & taught] = "train"
        role[tunes.to_numpy() & known] = "valid"
        return role

    def refuse_untaught(self, role: npt.NDArray[np.str_], targets: Targets) -> None:
        """Raise InputError when a task has no window to train on."""
        faults = [
            f"model {self.model}: none of its training windows has a label of task {task!r}; "
            "take the task out of its 'tasks', or train on other cell types"
            for task in self.tasks
            if not (targets.taught(task) & (role == "train")).any()
        ]
        if faults:
            raise InputError(faults)

    def orders(self, windows: pd.DataFrame, seed: int) -> Orders:
        """Return the permutation of everything that this model, a control, permutes."""
        return {name: permuted_rows(windows, name, seed) for name in self.permute}

    def reference_depth(self, stores: Stores) -> dict[str, float]:
        """Return, for each image input, the mean number of fragments of the training cell types."""
        return {
            name: float(np.mean([len(by_type[c]) for c in self.train_on if c in by_type]))
            for name, by_type in stores.items()
        }


def _class_codes(labels: pd.Series, classes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the place of each label among the classes, -1 where it is null."""
    codes, names = pd.factorize(labels)
    places = pd.Index(classes, dtype=object).get_indexer(names.astype(object))
    return np.append(places, -1)[codes].astype(np.int64)
