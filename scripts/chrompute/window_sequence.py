"""DNA of windows, drawn from the encoded genome on the device."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

#: Code of an unknown base and of what lies off the chromosome. It is that of
#: `chrompute.genome`, which is not imported: it needs more than torch and numpy.
UNKNOWN = 4
#: Codes of complementary bases (A C G T: 0 to 3) differ in these bits.
_COMPLEMENT = 3


class GenomeSequence:
    """Draws the DNA of windows from the encoded genome.

    Parameters
    ----------
    genome
        {chromosome: encoded sequence, uint8} (`chrompute.genome.encode`).
    chrom
        int64 (n_windows,): place of each window's chromosome in `genome`.
    starts
        int64 (n_windows,): first bases of the windows.
    width
        Window width in bp.
    device
        Where batches are wanted.
    home
        Where the genome lies; `device` by default.
    """

    def __init__(
        self,
        genome: Mapping[str, npt.NDArray[np.uint8]],
        chrom: npt.NDArray[np.int64],
        starts: npt.NDArray[np.int64],
        width: int,
        device: torch.device,
        home: torch.device | None = None,
    ) -> None:
        self.width = width
        self.device = device
        self.home = device if home is None else home
        sizes = np.array([len(codes) for codes in genome.values()], dtype=np.int64)
        # A window's width of unknown bases stands between chromosomes, so that no base of a
        # window that hangs over an end needs to be looked at.
        begins = width + np.concatenate([[0], np.cumsum(sizes + width)])
        bases = torch.full((int(begins[-1]),), UNKNOWN, dtype=torch.uint8, device=self.home)
        for begin, codes in zip(begins.tolist(), genome.values(), strict=False):
            bases[begin : begin + len(codes)] = torch.from_numpy(np.array(codes))
        self._rows = bases.unfold(0, width, 1)
        self._begin = torch.from_numpy(begins[chrom]).to(self.home)
        self._size = torch.from_numpy(sizes[chrom]).to(self.home)
        self._starts = torch.from_numpy(np.array(starts, dtype=np.int64)).to(self.home)

    @staticmethod
    def bytes_needed(bases: int, chromosomes: int, width: int) -> int:
        """Return the bytes that a genome takes on the device."""
        return bases + (chromosomes + 1) * width

    def codes(self, ids: Tensor, shift: Tensor, reverse: Tensor) -> Tensor:
        """Return DNA as codes: 0 to 3 are A, C, G, T, and 4 is unknown or off the chromosome.

        Parameters
        ----------
        ids, shift, reverse
            As in `chrompute.window_images.FragmentImages.sparse`. A window that is read on the
            other strand is reverse-complemented.

        Returns
        -------
        Tensor
            uint8 (n_windows, width).
        """
        ids, shift, reverse = (each.to(self.home) for each in (ids, shift, reverse))
        start = self._starts[ids] + shift
        start = torch.minimum(start.clamp(min=-self.width), self._size[ids]) + self._begin[ids]
        # Both strands of all windows, then one row of each: quicker than moving some rows.
        n = len(ids)
        both = torch.empty((2 * n, self.width), dtype=torch.uint8, device=self.home)
        torch.index_select(self._rows, 0, start, out=both[:n])
        # The complement of 4 would be 7.
        torch.bitwise_xor(both[:n].flip(1), _COMPLEMENT, out=both[n:]).clamp_(max=UNKNOWN)
        chosen = torch.arange(n, device=self.home) + n * reverse
        return both.index_select(0, chosen).to(self.device)
