"""Labels: what each window is called by a label file."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.bigwig import interval_means
from chrompute.intervals import overlap_pairs
from chrompute.tasks import Task

Codes = npt.NDArray[np.int64]
_UNKNOWN = -1


def core_of(windows: pd.DataFrame, width: int) -> pd.DataFrame:
    """Return the `width` bases around the centre of each window, one more behind it if even.

    Parameters
    ----------
    windows
        Columns `chrom` and `centre`.
    width
        bp.
    """
    start = windows["centre"].to_numpy(np.int64) - (width - 1) // 2
    chrom = windows["chrom"].to_numpy()
    return pd.DataFrame(
        {"chrom": windows["chrom"].array, "start": start, "end": start + width},
        index=range(len(chrom)),
    )


def class_codes(labels: pd.DataFrame, task: Task, windows: pd.DataFrame) -> Codes:
    """Return the class that a label file gives to each window.

    Parameters
    ----------
    labels
        What `chrompute.label_files.scan_labels` read for this task.
    task
        A task with classes.
    windows
        Columns `chrom` and `centre`.

    Returns
    -------
    array
        int64 (n_windows,): index of the class, -1 where it is unknown. For a segmentation see
        `_centre_codes` and `_covering_codes`, for marks `_bound_codes`.
    """
    if task.kind == "marks":
        return _bound_codes(labels, task, windows)
    return (_centre_codes if task.assign == "centre" else _covering_codes)(labels, task, windows)


def _centre_codes(labels: pd.DataFrame, task: Task, windows: pd.DataFrame) -> Codes:
    """Take the class at the centre base; segments of different classes there leave it unknown."""
    window, segment = overlap_pairs(core_of(windows, 1), labels)
    codes = labels["code"].to_numpy(np.int64)[segment]
    least = np.full(len(windows), len(task.classes), dtype=np.int64)
    most = np.full(len(windows), _UNKNOWN, dtype=np.int64)
    np.minimum.at(least, window, codes)
    np.maximum.at(most, window, codes)
    return np.where(least == most, most, _UNKNOWN)


def _covering_codes(labels: pd.DataFrame, task: Task, windows: pd.DataFrame) -> Codes:
    """Take the class that covers most bases of the core, and enough of them if that is asked.

    Excluded states compete: where one covers most, the window is unknown, as it is in a tie.
    """
    core = core_of(windows, task.core)
    window, segment = overlap_pairs(core, labels)
    shared = np.minimum(core["end"].to_numpy()[window], labels["end"].to_numpy()[segment])
    shared -= np.maximum(core["start"].to_numpy()[window], labels["start"].to_numpy()[segment])
    # Code -1, an excluded state, is the last column.
    covered = np.zeros((len(windows), len(task.classes) + 1), dtype=np.int32)
    np.add.at(covered, (window, labels["code"].to_numpy(np.int64)[segment]), shared)
    best = covered.argmax(axis=1)
    most = covered.max(axis=1)
    # A share as configured, 0.55 say, is the nearest number to the quotient, not to the product.
    enough = most / task.core >= task.min_overlap if task.assign == "overlap" else most > 0
    known = enough & ((covered == most[:, None]).sum(axis=1) == 1)
    return np.where(known & (best < len(task.classes)), best, _UNKNOWN)


def _bound_codes(labels: pd.DataFrame, task: Task, windows: pd.DataFrame) -> Codes:
    """Return 1 where a peak touches the core, 0 where none is near, -1 between.

    Between are windows with a peak in the margin on either side of the core, and those where only
    peaks of too low a score are near. So are those on chromosomes that the file never names: the
    experiment tells nothing of them.
    """
    told = labels["chrom"].astype("category").cat.categories
    codes = np.where(windows["chrom"].isin(told), 0, _UNKNOWN)
    near, _ = overlap_pairs(core_of(windows, task.core + 2 * task.margin), labels)
    codes[near] = _UNKNOWN
    strong = labels if task.min_score is None else labels[labels["score"] >= task.min_score]
    bound, _ = overlap_pairs(core_of(windows, task.core), strong)
    codes[bound] = task.classes.index("bound")
    return codes


def signal_values(
    path: str, task: Task, windows: pd.DataFrame, aliases: Mapping[str, str] | None = None
) -> npt.NDArray[np.float32]:
    """Return the mean of a bigWig over the core of each window, NaN where it says nothing."""
    return interval_means(path, core_of(windows, task.core), aliases).astype(np.float32)
