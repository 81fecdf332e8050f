"""Splits: which windows train, tune (valid) and test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.partitions import Blocks, balanced_folds, chromosome_counts

SPLITS = ("train", "valid", "test")

#: Why a window is in no split.
NO_SPLIT, BUFFER, UNSEEN = "no_split", "buffer", "unseen_cell_type"

Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Assignment:
    """What a split makes of some windows.

    Attributes
    ----------
    split
        (n,): "train", "valid" or "test"; "" for a window that is in none.
    fold
        (n,): name of the fold, "" where there is none; None when the split is not by folds.
    reason
        (n,): why a window is in no split ("no_split", "buffer" or "unseen_cell_type"), else "".
    """

    split: Names
    fold: Names | None
    reason: Names


@dataclass(frozen=True)
class Split:
    """A rule that sends windows to train, valid and test.

    Attributes
    ----------
    by
        "chromosomes", "folds", "blocks" or "cell_types".
    width
        Of the windows, bp.
    train
        Chromosomes that train; None means all that are named nowhere.
    valid, test
        Chromosomes, folds or cell types; of folds None means the default.
    unseen
        Cell types that only test.
    number
        Of folds.
    size, buffer
        Of blocks, bp; a buffer of None is twice the width.
    valid_share, test_share
        Of the blocks.
    seed
        Decides which folds and blocks are which.
    """

    by: str = "chromosomes"
    width: int = 2001
    train: tuple[str, ...] | None = None
    valid: tuple[str, ...] | None = None
    test: tuple[str, ...] | None = None
    unseen: tuple[str, ...] = ()
    number: int = 5
    size: int = 100_000
    buffer: int | None = None
    valid_share: float = 0.1
    test_share: float = 0.2
    seed: int = 1

    @classmethod
    def from_config(cls, entry: Mapping[str, Any], width: int) -> "Split":
        """Read the `split` block of a window set whose windows are `width` bp wide."""
        lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
        return cls(**{**entry, **lists, "width": width})

    @property
    def reach(self) -> int:
        """The buffer of blocks, bp."""
        return 2 * self.width if self.buffer is None else self.buffer

    @property
    def folds(self) -> list[str]:
        """Names of the folds."""
        return [f"fold{number}" for number in range(1, self.number + 1)]

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """{split: chromosomes, folds or cell types that it names, or has by default}."""
        train = self.train if self.by == "chromosomes" else None
        named = {"train": train or (), "valid": self.valid or (), "test": self.test or ()}
        if self.by == "folds":
            named["test"] = named["test"] or ("fold1",)
            named["valid"] = named["valid"] or (_next_fold(named["test"], self.folds),)
        return named

    def named_twice(self) -> list[str]:
        """List, one sentence each, what stands in two splits, or twice in one."""
        owner: dict[str, str] = {}
        found = []
        for split, names in self.named.items():
            for name in names:
                if name in owner:
                    found.append(
                        f"split: {name} is in {owner[name]} and in {split}; keep it in one"
                        if owner[name] != split
                        else f"split: {name} is in {split} twice; keep it once"
                    )
                owner[name] = split
        return found

    def assign(self, windows: pd.DataFrame, tasks: Sequence[str]) -> Assignment:
        """Send windows to their splits.

        The result does not depend on the order of the windows.

        Parameters
        ----------
        windows
            Columns `cell_type`, `chrom` (a category in the order of the genome), `centre`, and for
            folds a category for each of the tasks.
        tasks
            Tasks whose classes the folds share out evenly.

        Raises
        ------
        InputError
            When a name stands in two splits, or the windows lie on fewer chromosomes than there are
            folds, or in fewer than three blocks.
        """
        if self.by != "blocks" and (twice := self.named_twice()):
            raise InputError(twice)
        fold = None
        near = np.zeros(len(windows), dtype=bool)
        if self.by == "blocks":
            split, near = self._by_blocks(windows)
        elif self.by == "folds":
            fold = self._folds_of(windows, tasks)
            split = self._by_name(fold)
        else:
            split = self._by_name(windows["chrom" if self.by == "chromosomes" else "cell_type"])
        hidden = windows["cell_type"].isin(self.unseen).to_numpy() & (split != "test")
        reason = np.select([split == "", near, hidden], [NO_SPLIT, BUFFER, UNSEEN], default="")
        if fold is not None:
            # A model that takes another fold to test would train on what is unseen here.
            fold = np.where(windows["cell_type"].isin(self.unseen), "", fold)
        return Assignment(np.where(reason == "", split, ""), fold, reason)

    def _by_name(self, names: npt.ArrayLike) -> Names:
        """Look the split of each chromosome, fold or cell type up."""
        owner = {name: split for split, own in self.named.items() for name in own}
        codes, found = pd.factorize(names)
        rest = "train" if self.train is None else ""
        return np.array([owner.get(str(name), rest) for name in found], dtype="U5")[codes]

    def _folds_of(self, windows: pd.DataFrame, tasks: Sequence[str]) -> Names:
        codes, counts = chromosome_counts(windows, tasks)
        if len(counts) < self.number:
            raise InputError(
                f"split: the windows lie on {len(counts)} chromosomes, which cannot make "
                f"{self.number} folds; choose a smaller 'number', or split by blocks"
            )
        return np.array(self.folds)[balanced_folds(counts, self.number, self.seed)][codes]

    def _by_blocks(self, windows: pd.DataFrame) -> tuple[Names, npt.NDArray[np.bool_]]:
        """Return the split of each window's block, and whether another split is too near."""
        blocks = Blocks.around(windows, self.size)
        order = blocks.shuffled(self.seed)
        if len(order) < len(SPLITS):
            raise InputError(too_few_blocks(self.size))
        tests = min(max(round(self.test_share * len(order)), 1), len(order) - 2)
        valids = min(max(round(self.valid_share * len(order)), 1), len(order) - tests - 1)
        of_block = np.full(len(order), "train", dtype="U5")
        of_block[order[:tests]] = "test"
        of_block[order[tests : tests + valids]] = "valid"
        gaps = blocks.gaps(of_block, windows["centre"].to_numpy())
        return of_block[blocks.of_window], gaps < self.reach


def too_few_blocks(size: int) -> str:
    """Say that blocks of `size` bp cannot make three splits."""
    return f"split: blocks of {size:,} bp are fewer than three; choose a smaller 'size'"


def _next_fold(tests: Sequence[str], folds: Sequence[str]) -> str:
    """Return the fold after the last one that tests, round and round, that does not test."""
    last = folds.index(tests[-1]) if tests[-1] in folds else 0
    free = [fold for fold in (*folds[last + 1 :], *folds[:last]) if fold not in tests]
    return (free or [tests[-1]])[0]


def roles_of_fold(fold: npt.ArrayLike, test_fold: str, number: int) -> Names:
    """Return what windows do for a model that is tested on a fold of its own choice.

    Parameters
    ----------
    fold
        (n,): fold of each window, null or "" for those that stand in none.
    test_fold
        The fold that tests; the next one, round and round, tunes, and the others train.
    number
        Of folds.

    Returns
    -------
    array
        (n,): "train", "valid" or "test"; "" where there is no fold.

    Raises
    ------
    InputError
        When there is no such fold.
    """
    folds = Split(by="folds", number=number).folds
    if test_fold not in folds:
        raise InputError(f"fold {test_fold!r} is none of {', '.join(folds)}; correct it")
    roles = dict.fromkeys(folds, "train")
    roles |= {test_fold: "test", _next_fold((test_fold,), folds): "valid"}
    codes, names = pd.factorize(np.asarray(fold, dtype=object))
    # Nulls have the code -1, which is the last entry.
    return np.array([*(roles.get(name, "") for name in names), ""], dtype="U5")[codes]
