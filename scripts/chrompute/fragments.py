"""The fragment store in memory: midpoint-sorted fragments of one or more samples.

A fragment is a half-open interval [start, end), 0-based, after the declared end shift. It is
kept as its doubled midpoint `start + end` and its length, which is exact for odd and even
lengths alike. Windows, coverage, V-plots and training batches are all views of this table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chrompute.errors import InputError


@dataclass(frozen=True)
class Shift:
    """The declared shift of fragment ends: added to `start` and to the half-open `end`."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> "Shift":
        """Read '+4/-4', '+4/-5', any other pair, or 'none'."""
        if text == "none":
            return cls(0, 0)
        try:
            start, end = (int(part) for part in text.split("/"))
        except ValueError as error:
            raise InputError(
                f"shift {text!r}: must be 'none' or two whole numbers such as '+4/-4'"
            ) from error
        return cls(start, end)

    @property
    def is_for_unshifted(self) -> bool:
        """Whether it brings ends on both sides of Tn5's 9 bp together, as unshifted ones need."""
        return self.end - self.start <= -5

    def __str__(self) -> str:
        return "none" if self == Shift(0, 0) else f"{self.start:+d}/{self.end:+d}"


@dataclass(frozen=True)
class Fragments:
    """Fragments sorted by chromosome, doubled midpoint and length.

    Attributes
    ----------
    sizes
        {chromosome: length in bp}, in genome order.
    offsets
        int64 (n_chromosomes + 1,): fragments of chromosome i are rows offsets[i] to offsets[i + 1].
    midpoints
        int32 (n,): doubled midpoints, start + end.
    lengths
        uint16 (n,): end - start in bp.
    strands
        int8 (n,): 1 or -1 for a single-end read, which stands with its own extent and has one
        cut, 0 for a fragment with both ends; None when all have both.
    """

    sizes: dict[str, int]
    offsets: npt.NDArray[np.int64]
    midpoints: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.uint16]
    strands: npt.NDArray[np.int8] | None = None

    @classmethod
    def from_intervals(
        cls,
        sizes: Mapping[str, int],
        chroms: npt.ArrayLike,
        starts: npt.ArrayLike,
        ends: npt.ArrayLike,
        strands: npt.NDArray[np.int8] | None = None,
    ) -> "Fragments":
        """Build a store from unsorted intervals.

        Parameters
        ----------
        sizes
            {chromosome: length in bp}.
        chroms
            int (n,): index of each fragment's chromosome in `sizes`.
        starts, ends
            int (n,): half-open intervals in bp.
        strands
            As the attribute.
        """
        require_short(sizes)
        chroms, starts, ends = (np.asarray(a, dtype=np.int64) for a in (chroms, starts, ends))
        midpoints, lengths = starts + ends, ends - starts
        order = np.lexsort((lengths, midpoints, chroms))
        offsets = np.searchsorted(chroms[order], np.arange(len(sizes) + 1))
        return cls(
            dict(sizes),
            offsets.astype(np.int64),
            midpoints[order].astype(np.int32),
            lengths[order].astype(np.uint16),
            None if strands is None or not strands.any() else strands[order],
        )

    def __len__(self) -> int:
        return int(self.midpoints.size)

    def rows(self, chrom: str) -> slice:
        """Rows of one chromosome."""
        index = list(self.sizes).index(chrom)
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def intervals(self, chrom: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return starts and ends of one chromosome's fragments, in midpoint order."""
        rows = self.rows(chrom)
        midpoints = self.midpoints[rows].astype(np.int64)
        lengths = self.lengths[rows].astype(np.int64)
        return (midpoints - lengths) // 2, (midpoints + lengths) // 2

    def cut_edges(self, chrom: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the starts and the ends of one chromosome that are cuts.

        Of a fragment both are; of a single-end read the 5' end alone is: `start` on the forward
        strand, `end` on the reverse strand. The cut bases are `start` and `end - 1`.
        """
        starts, ends = self.intervals(chrom)
        if self.strands is None:
            return starts, ends
        strands = self.strands[self.rows(chrom)]
        return starts[strands >= 0], ends[strands <= 0]

    def cut_points(self) -> "Fragments":
        """Return the cuts of single-end reads as fragments of one base; others as they are."""
        if self.strands is None:
            return self
        chroms: list[npt.NDArray[np.int64]] = []
        bases: list[npt.NDArray[np.int64]] = []
        for code, chrom in enumerate(self.sizes):
            starts, ends = self.cut_edges(chrom)
            bases.append(np.concatenate([starts, ends - 1]))
            chroms.append(np.full(bases[-1].size, code))
        cuts = np.concatenate(bases)
        return Fragments.from_intervals(self.sizes, np.concatenate(chroms), cuts, cuts + 1)

    def select(self, mask: npt.NDArray[np.bool_]) -> "Fragments":
        """Keep the rows where `mask` is true."""
        kept = np.concatenate([[0], np.cumsum(mask)])
        strands = None if self.strands is None else self.strands[mask]
        return Fragments(
            self.sizes, kept[self.offsets], self.midpoints[mask], self.lengths[mask], strands
        )

    def with_lengths(self, low: int, high: int) -> "Fragments":
        """Keep fragments with low <= length < high (bp)."""
        return self.select((self.lengths >= low) & (self.lengths < high))

    def count_by_chromosome(self) -> dict[str, int]:
        """Count the fragments on each chromosome."""
        return dict(zip(self.sizes, np.diff(self.offsets).tolist(), strict=True))


def pool(stores: Sequence[Fragments]) -> Fragments:
    """Join the fragments of several samples of one cell type and assay.

    Raises
    ------
    InputError
        When the samples were made against different genomes.
    """
    first = stores[0]
    if any(store.sizes != first.sizes for store in stores):
        raise InputError("samples to pool were aligned to different genomes; align them to one")
    if len(stores) == 1:
        return first
    chroms = [np.repeat(np.arange(len(s.sizes)), np.diff(s.offsets)) for s in stores]
    midpoints = np.concatenate([s.midpoints for s in stores]).astype(np.int64)
    lengths = np.concatenate([s.lengths for s in stores]).astype(np.int64)
    starts, ends = (midpoints - lengths) // 2, (midpoints + lengths) // 2
    both = [np.zeros(len(s), np.int8) if s.strands is None else s.strands for s in stores]
    return Fragments.from_intervals(
        first.sizes, np.concatenate(chroms), starts, ends, np.concatenate(both)
    )


def require_short(sizes: Mapping[str, int]) -> None:
    """Raise when a chromosome is too long for doubled midpoints of 31 bits."""
    too_long = [name for name, size in sizes.items() if 2 * size > np.iinfo(np.int32).max]
    if too_long:
        raise InputError(
            f"chromosome {', '.join(too_long)} is longer than the store can hold "
            "(1,073,741,823 bp); split it or leave it out of the genome"
        )
