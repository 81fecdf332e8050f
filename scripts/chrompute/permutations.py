"""What controls permute between windows."""

import numpy as np
import numpy.typing as npt
import pandas as pd

#: What a control may permute between windows: the labels, or an input.
PERMUTABLE = ("labels", "vplot", "mnase", "sequence", "mnase_profile")
#: {what is permuted: for each window the row of the window that it takes it from}.
Orders = dict[str, npt.NDArray[np.int64]]


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
    groups = windows[["cell_type", "split"]].astype(str).groupby(["cell_type", "split"])
    for (_, split), own in groups.indices.items():
        if what != "labels" or split in ("train", "valid"):
            rows[own] = generator.permutation(own)
    return rows
