"""Parts of the genome: folds of chromosomes that are alike, and blocks along the chromosomes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.draws import keyed_draws

Integers = npt.NDArray[np.int64]

#: How many of the largest chromosomes are swapped between folds, and what makes a swap worth it.
_SWAPPED = 60
_LEAST_GAIN = 1e-9


def balanced_folds(counts: Integers, number: int, seed: int) -> Integers:
    """Deal chromosomes to folds so that each fold gets about as much of everything.

    The chromosomes are dealt from the largest to the smallest, each to the fold where it raises
    the sum of squared relative deviations from an even share the least, over all columns. Then
    the large ones are moved, or swapped with another, as long as that lowers the sum.

    Parameters
    ----------
    counts
        int64 (n_chromosomes, n_columns): what each chromosome has; first its windows, then those of
        each class. Chromosomes are in the order of the genome, which decides between equal ones.
    number
        Of folds.
    seed
        Decides between folds that are equally good, and so which fold is which.

    Returns
    -------
    array
        int64 (n_chromosomes,): fold of each, from 0.
    """
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    preferred = np.argsort(keyed_draws(seed, np.arange(number)))
    sums = np.zeros((number, counts.shape[1]))
    fold = np.zeros(len(counts), dtype=np.int64)
    for row in np.argsort(-counts[:, 0], kind="stable"):
        # The squares' sum is least where deviations from the mean are, for the mean is fixed.
        rise = (2 * sums[preferred] + shares[row]) @ shares[row]
        fold[row] = preferred[np.argmin(rise)]
        sums[fold[row]] += shares[row]
    large = np.argsort(-counts[:, 0], kind="stable")[:_SWAPPED]
    fold[large] = _improved(fold[large], shares[large], sums)
    return fold


def _improved(fold: Integers, shares: npt.NDArray[np.float64], sums: npt.NDArray) -> Integers:
    """Swap two chromosomes, or one with nothing, again and again while that evens the folds."""
    # A row of zeros in each fold: to swap with it is to move.
    fold = np.append(fold, np.arange(len(sums)))
    shares = np.vstack([shares, np.zeros_like(sums)])
    apart = shares[:, None] - shares
    while True:
        own = sums[fold]
        change = ((own - own[:, None] + apart) * apart).sum(axis=2)
        one, two = np.unravel_index(np.argmin(change), change.shape)
        if change[one, two] > -_LEAST_GAIN:
            return fold[: -len(sums)]
        sums[fold[one]] -= apart[one, two]
        sums[fold[two]] += apart[one, two]
        fold[[one, two]] = fold[[two, one]]


def chromosome_counts(windows: pd.DataFrame, tasks: Sequence[str]) -> tuple[Integers, Integers]:
    """Count the windows of each chromosome, and those of each class of some tasks.

    Parameters
    ----------
    windows
        Columns `chrom`, and a category for each task.
    tasks
        Tasks with classes.

    Returns
    -------
    codes
        int64 (n_windows,): index of each window's chromosome, in the order of the genome, among
        those that have windows.
    counts
        int64 (n_chromosomes, 1 + classes of all tasks): windows, then those of each class.
    """
    chroms = windows["chrom"].astype("category").cat.remove_unused_categories().cat
    codes, number = chroms.codes.to_numpy().astype(np.int64), len(chroms.categories)
    columns = [np.bincount(codes, minlength=number)]
    for task in tasks:
        classes = windows[task].astype("category").cat
        for code in range(len(classes.categories)):
            mine = (classes.codes == code).to_numpy()
            columns.append(np.bincount(codes[mine], minlength=number))
    return codes, np.column_stack(columns).astype(np.int64)


@dataclass(frozen=True)
class Blocks:
    """The blocks along the chromosomes that hold the centre of a window.

    Attributes
    ----------
    chroms
        (n_blocks,): name of each block's chromosome, in the order of the genome.
    indices
        int64 (n_blocks,): number of the block on its chromosome, from 0.
    of_window
        int64 (n_windows,): block of each window.
    size
        bp of a block.
    """

    chroms: npt.NDArray[np.object_]
    indices: Integers
    of_window: Integers
    size: int

    @classmethod
    def around(cls, windows: pd.DataFrame, size: int) -> "Blocks":
        """Cut the chromosomes into blocks of `size` bp, and keep those that hold a centre."""
        chroms = windows["chrom"].astype("category").cat
        index = windows["centre"].to_numpy() // size
        most = int(index.max(initial=0)) + 1
        keys = chroms.codes.to_numpy().astype(np.int64) * most + index
        held, of_window = np.unique(keys, return_inverse=True)
        names = np.asarray(chroms.categories, dtype=object)
        return cls(names[held // most], held % most, of_window, size)

    def shuffled(self, seed: int) -> Integers:
        """Return the numbers of all blocks in the order that the seed gives them."""
        return np.argsort(keyed_draws(seed, self.chroms, self.indices))

    def gaps(self, group: npt.NDArray[np.str_], centres: Integers) -> Integers:
        """Tell how far each centre is from the nearest base of a block of another group, bp.

        Parameters
        ----------
        group
            (n_blocks,): group of each block.
        centres
            int64 (n_windows,): centre bases.

        Returns
        -------
        array
            int64 (n_windows,): 1 for a base that touches such a block; very large where the
            chromosome has none.
        """
        far = np.iinfo(np.int64).max // 4
        new_chrom = np.append(True, self.chroms[1:] != self.chroms[:-1])
        new_run = new_chrom | np.append(True, group[1:] != group[:-1])
        run = np.cumsum(new_run) - 1
        first = np.flatnonzero(new_run)
        # What lies before a run of blocks of one group, and after the run before it.
        last_base = np.where(new_chrom[first], -far, (self.indices[first - 1] + 1) * self.size - 1)
        next_base = np.where(new_chrom[first], far, self.indices[first] * self.size)
        before, after = last_base[run], np.append(next_base[1:], far)[run]
        of_window = self.of_window
        return np.minimum(centres - before[of_window], after[of_window] - centres)
