"""The mean label of other cell types at the same place: what a model may have learnt by heart.

Where cell types share places, a model that only remembers what a place usually is seems to predict
across cell types (Schreiber et al. 2020, Genome Biology 21:282). So this is a rival.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Windows of two cell types are at one place when their centres are at most so far apart, bp: half
#: a bin of most segmentations.
PLACE_DISTANCE = 100

Labels = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]


def place_probabilities(
    windows: pd.DataFrame,
    labels: Labels,
    teachers: Sequence[str],
    otherwise: npt.NDArray[np.float64],
) -> Probabilities:
    """Give every window the mean soft label of other cell types at its place.

    Parameters
    ----------
    windows
        Columns `cell_type`, `chrom`, `centre`. Of all splits: other cell types' labels at the
        places that are held out are what this is about.
    labels
        (n_windows, n_classes): share of the replicates that name each class, all 0 where the
        label is unknown.
    teachers
        Cell types whose labels are used. A cell type never sees its own.
    otherwise
        (n_classes,): what a window gets at whose place no other cell type knows a label.

    Returns
    -------
    array
        float64 (n_windows, n_classes). Of each other cell type the window counts whose centre is
        nearest (of two as near, the left one), if it is at most `PLACE_DISTANCE` away and known.
    """
    keys = _place_keys(windows)
    cell_types = windows["cell_type"].astype(str).to_numpy()
    votes = np.zeros(labels.shape)
    for teacher in teachers:
        own = np.flatnonzero(cell_types == teacher)
        own = own[np.argsort(keys[own], kind="stable")]
        others = np.flatnonzero(cell_types != teacher)
        if own.size:
            nearest, distance = _nearest(keys[own], keys[others])
            at_place = distance <= PLACE_DISTANCE
            votes[others[at_place]] += labels[own[nearest[at_place]]]
    number = votes.sum(axis=1, keepdims=True)  # labels add up to 1 where they are known
    return np.where(number > 0, votes / np.maximum(number, 1e-9), otherwise)


def _place_keys(windows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return numbers whose differences are distances in bp, beyond all bounds between chromosomes.

    int64 (n_windows,).
    """
    centres = windows["centre"].to_numpy(np.int64)
    codes = pd.factorize(windows["chrom"].astype(str))[0].astype(np.int64)
    return codes * (int(centres.max()) + 2 * PLACE_DISTANCE + 1) + centres


def _nearest(
    known: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each wanted number the place of the nearest known one, and how far it is.

    Known numbers ascend and there is at least one; of two as near it is the smaller.
    """
    right = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    left = np.maximum(right - 1, 0)
    take_left = np.abs(known[left] - wanted) <= np.abs(known[right] - wanted)
    nearest = np.where(take_left, left, right)
    return nearest, np.abs(known[nearest] - wanted)
