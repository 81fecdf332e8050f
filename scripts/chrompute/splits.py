"""Splits: which chromosomes train, tune (valid) and test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chrompute.errors import InputError

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class ChromosomeSplit:
    """A split by whole chromosomes.

    Attributes
    ----------
    valid, test
        Chromosomes that tune and that test.
    train
        Chromosomes that train; None means all the others.
    """

    valid: tuple[str, ...]
    test: tuple[str, ...]
    train: tuple[str, ...] | None = None

    @classmethod
    def from_config(cls, entry: Mapping[str, Sequence[str]]) -> "ChromosomeSplit":
        """Read the `split` block of a window set."""
        train = entry.get("train")
        return cls(
            tuple(entry["valid"]), tuple(entry["test"]), None if train is None else tuple(train)
        )

    def faults(self, known: Mapping[str, int]) -> list[str]:
        """List chromosomes that are in two splits or not in the genome."""
        found: list[str] = []
        owner: dict[str, str] = {}
        for split in SPLITS:
            for chrom in getattr(self, split) or ():
                if chrom in owner:
                    found.append(
                        f"split: {chrom} is in {owner[chrom]} and in {split}; keep it in one"
                    )
                if chrom not in known:
                    found.append(
                        f"split: {split} chromosome {chrom!r} is not in the genome; correct it"
                    )
                owner[chrom] = split
        return found

    def assign(self, chroms: Sequence[str]) -> npt.NDArray[np.str_]:
        """Return the split of each chromosome name; "" where it belongs to none.

        Raises
        ------
        InputError
            When a chromosome stands in two splits.
        """
        twice = set(self.valid) & set(self.test)
        twice |= set(self.train or ()) & (set(self.valid) | set(self.test))
        if twice:
            raise InputError(f"split: {', '.join(sorted(twice))} in two splits; keep it in one")
        rest = "train" if self.train is None else ""
        owner = {chrom: s for s in SPLITS for chrom in getattr(self, s) or ()}
        return np.array([owner.get(chrom, rest) for chrom in chroms], dtype="U5")
