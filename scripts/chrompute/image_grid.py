"""The pixels of a V-plot, and which of them a fragment lights."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ImageGrid:
    """The pixels of a V-plot.

    Attributes
    ----------
    width
        Window width in bp.
    min_length, max_length
        Fragment lengths, half-open range in bp.
    length_bin, position_bin
        Size of a pixel in bp; the last one of each axis may be smaller.
    """

    width: int
    min_length: int
    max_length: int
    length_bin: int
    position_bin: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows (lengths) and columns (positions)."""
        rows = -(-(self.max_length - self.min_length) // self.length_bin)
        return rows, -(-self.width // self.position_bin)

    def columns_of_offsets(self) -> Tensor:
        """Return the column of each offset, int32 (4 * width + 2,).

        An offset is a doubled midpoint less twice the window's start. Those of the fragments in
        a window are 1 to 2 * width; on the other strand, where they are mirrored before they are
        binned, 0 to 2 * width - 1. The second half of the table is for that strand.
        """
        offset = torch.arange(2 * self.width + 1)
        both = torch.cat([offset, 2 * self.width - offset])
        return ((both - 1).clamp(min=0) // 2 // self.position_bin).to(torch.int32)

    def rows_of_lengths(self, longest: int) -> Tensor:
        """Return the row of each length up to the longest, -1 for none, int32 (longest + 1,)."""
        length = torch.arange(longest + 1)
        row = (length - self.min_length).div(self.length_bin, rounding_mode="floor")
        inside = (length >= self.min_length) & (length < self.max_length)
        return torch.where(inside, row, -1).to(torch.int32)
