"""V-plots of windows, drawn from fragment stores that live on the device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.fragments import Fragments


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


class FragmentImages:
    """Draws V-plots of windows from fragment stores that live on the device.

    Parameters
    ----------
    stores
        {cell type: fragments of one assay}. A cell type without the assay gives empty images.
    windows
        Columns `cell_type`, `chrom`, `start`.
    scale
        {cell type: factor that brings its counts to the depth the model was trained at}.
    grid
        The pixels.
    max_jitter
        Largest shift, in bp, that `counts` will be asked for.
    device
        Where everything lies.

    Attributes
    ----------
    typical
        Where set, images are scaled to this sum of their pixels, instead of to the depth; those
        without a fragment stay empty.
    """

    def __init__(
        self,
        stores: Mapping[str, Fragments],
        windows: pd.DataFrame,
        scale: Mapping[str, float],
        grid: ImageGrid,
        max_jitter: int,
        device: torch.device,
    ) -> None:
        self.grid = grid
        self.device = device
        self.typical: float | None = None
        midpoints = [store.midpoints for store in stores.values()]
        lengths = [store.lengths.astype(np.int16) for store in stores.values()]
        self._midpoints = torch.from_numpy(joined(midpoints, np.int32)).to(device)
        self._lengths = torch.from_numpy(joined(lengths, np.int16)).to(device)
        first, last = _slices(stores, windows, grid.width, max_jitter)
        self._first = torch.from_numpy(first).to(device)
        self._last = torch.from_numpy(last).to(device)
        starts = windows["start"].to_numpy(dtype=np.int64, copy=True)
        self._starts = torch.from_numpy(starts).to(device)
        factor = windows["cell_type"].astype(object).map(scale).fillna(0.0)
        factor = factor.to_numpy(dtype=np.float32, copy=True)
        self._factor = torch.from_numpy(factor).to(device)

    def scaled(self, ids: Tensor, shift: Tensor, reverse: Tensor) -> Tensor:
        """Return `counts`, scaled to the depth or to the sum `typical`, float32."""
        counts = self.counts(ids, shift, reverse)
        if self.typical is None:
            return counts * self._factor[ids][:, None, None]
        return counts * (self.typical / counts.sum(dim=(1, 2)).clamp(min=1))[:, None, None]

    def mean_sum(self, ids: Tensor, batch: int = 4096) -> float:
        """Return the mean sum of the images of some windows at the model's depth."""
        sums = [self._sums(chunk) * self._factor[chunk].double() for chunk in ids.split(batch)]
        return float(torch.cat(sums).mean())

    def _sums(self, ids: Tensor) -> Tensor:
        still = torch.zeros_like(ids)
        return self.counts(ids, still, still.bool()).sum(dim=(1, 2))

    def counts(self, ids: Tensor, shift: Tensor, reverse: Tensor) -> Tensor:
        """Count fragments by length and position.

        Parameters
        ----------
        ids
            int64 (n_windows,): rows of the window table.
        shift
            int64 (n_windows,): bp by which each window is moved to the right.
        reverse
            bool (n_windows,): whether the window is read on the other strand. Doubled midpoints
            are mirrored before binning; flipping the image would move every fragment of even
            length by one base.

        Returns
        -------
        Tensor
            int32 (n_windows, n_lengths, n_positions).
        """
        grid, (rows, columns) = self.grid, self.grid.shape
        first, number = self._first[ids], self._last[ids] - self._first[ids]
        owner = torch.repeat_interleave(torch.arange(len(ids), device=self.device), number)
        before = torch.cumsum(number, 0) - number
        fragment = torch.arange(len(owner), device=self.device) + (first - before)[owner]
        length = self._lengths[fragment].long()
        offset = self._midpoints[fragment].long() - 2 * (self._starts[ids] + shift)[owner]
        offset = torch.where(reverse[owner], 2 * grid.width - offset, offset)
        column = torch.div(offset - 1, 2, rounding_mode="floor")
        inside = (column >= 0) & (column < grid.width)
        inside &= (length >= grid.min_length) & (length < grid.max_length)
        row = (length - grid.min_length) // grid.length_bin
        pixel = (owner * rows + row) * columns + column // grid.position_bin
        image = torch.zeros(len(ids) * rows * columns, dtype=torch.int32, device=self.device)
        # Integers add up to the same sum in any order, so this is exact on every device.
        image.scatter_add_(0, pixel[inside], torch.ones_like(pixel[inside], dtype=torch.int32))
        return image.view(len(ids), rows, columns)


def joined(arrays: Sequence[npt.NDArray], dtype: type) -> npt.NDArray:
    """Join arrays end to end; none make an empty one."""
    return np.concatenate(arrays).astype(dtype) if arrays else np.zeros(0, dtype)


def _slices(
    stores: Mapping[str, Fragments], windows: pd.DataFrame, width: int, max_jitter: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find the rows of the joined stores that each window, moved by the jitter, can show."""
    first = np.zeros(len(windows), dtype=np.int64)
    last = np.zeros(len(windows), dtype=np.int64)
    base = 0
    for cell_type, store in stores.items():
        mine = windows["cell_type"] == cell_type
        for chrom, group in windows[mine].groupby("chrom", sort=False):
            rows = store.rows(str(chrom))
            starts = group["start"].to_numpy(np.int64)
            midpoints = store.midpoints[rows]
            low = np.searchsorted(midpoints, 2 * (starts - max_jitter), side="left")
            high = np.searchsorted(midpoints, 2 * (starts + width + max_jitter), side="right")
            first[group.index] = base + rows.start + low
            last[group.index] = base + rows.start + high
        base += len(store)
    return first, last
