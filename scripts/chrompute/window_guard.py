"""The guard of a window set: what trains is kept apart from what tunes and tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragment_leaks import SampleStores, refuse_leaked_samples
from chrompute.identical import identical_windows
from chrompute.leaks import refuse_place_leaks
from chrompute.splits import Split

#: Cell types that are held out, and those that train.
Holdout = tuple[Sequence[str], Sequence[str]]
_COLUMNS = ["held_out", "other", "assay", "share", "expected"]


def identical_facts(
    windows: pd.DataFrame,
    genome: Mapping[str, npt.NDArray[np.uint8]],
    length: int,
    exclude: bool,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
    """Find sequences that stand on both sides of a split (`chrompute.identical`).

    Parameters
    ----------
    windows, genome, length
        As in `chrompute.identical.identical_windows`.
    exclude
        Whether the training windows that hold one will be dropped.

    Returns
    -------
    held_out, training
        As `chrompute.identical.identical_windows` returns them.
    facts
        `length`, `excluded`, and how many windows of each split are marked.
    """
    held_out, training = identical_windows(windows, genome, length)
    number = windows.loc[held_out, "split"].value_counts()
    facts = {"length": length, "excluded": exclude, "training": int(training.sum())}
    facts |= {name: int(number.get(name, 0)) for name in ("valid", "test")}
    return held_out, training, facts


def guard_windows(
    windows: pd.DataFrame,
    split: Split,
    stores: SampleStores,
    holdouts: Sequence[Holdout],
) -> dict[str, Any]:
    """Prove that nothing that trains is among what tunes or tests.

    Parameters
    ----------
    windows
        The window set.
    split
        Its rule; by cell types, places are shared by declaration, and only counted.
    stores
        {cell type: {assay: {sample: fragments}}}.
    holdouts
        Pairs of cell types that are held out and of those that train.

    Returns
    -------
    dict
        `places`, what was found (empty: no training window overlaps another split's window or lies
        within a width of it); `fragments`, the share that samples of held-out cell types have in
        common with those that train, and the share expected by chance.

    Raises
    ------
    InputError
        When places leak, or data of a held-out cell type is among what trains.
    """
    places = refuse_place_leaks(windows, split.width, shared=split.by == "cell_types")
    tables = [refuse_leaked_samples(stores, *pair, "windows") for pair in holdouts]
    found = pd.concat(tables)[_COLUMNS].drop_duplicates() if tables else pd.DataFrame()
    return {"places": places, "fragments": found.round(4).to_dict("records")}
