"""V-plots of windows, drawn from fragments that live on the device."""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from chrompute.canvas import Canvas, SparseImages
from chrompute.device_fragments import DeviceFragments
from chrompute.image_grid import ImageGrid
from chrompute.thinning import Thinning, bound, hashed

#: Pixels of a float image that `mean` holds at a time.
_PIXELS = 1 << 25
#: Pixels that int32 can number with room to spare.
_INT32_PIXELS = 1 << 30
#: Windows that are looked up at a time.
_WINDOWS = 1 << 18
#: Fragments that int32 can number.
_INT32_ROWS = 1 << 31


class FragmentImages:
    """Draws V-plots of windows from fragments that live on the device.

    Parameters
    ----------
    store
        Fragments of one assay.
    group
        int64 (n_windows,): group of each window in the store, -1 where the window's cell type has
        no sample of the assay. Such a window is empty.
    starts
        int64 (n_windows,): first bases of the windows.
    factor
        float32 (n_windows,): brings the counts to the depth that the model was trained at.
    grid
        The pixels.
    device
        Where batches are wanted. Where the store lies elsewhere, only lit pixels travel.
    travel
        Whether only lit pixels are handed over even though both are the same device.

    Attributes
    ----------
    present
        bool (n_windows,): whether the window's cell type has a sample of the assay.
    typical
        Where set, images are scaled to this sum of their pixels, instead of to the depth; those
        without a fragment stay empty.
    fraction
        Share of the store that is shown. The same fragments are shown in every window, and those
        of a smaller share are among those of a larger one.
    """

    def __init__(
        self,
        store: DeviceFragments,
        group: npt.NDArray[np.int64],
        starts: npt.NDArray[np.int64],
        factor: npt.NDArray[np.float32],
        grid: ImageGrid,
        device: torch.device,
        travel: bool = False,
    ) -> None:
        self.grid = grid
        self.device = device
        self.typical: float | None = None
        self.fraction = 1.0
        self.store = store
        self.present = torch.from_numpy(group >= 0).to(device)
        self._travel = travel or store.device != device
        self._factor = torch.from_numpy(np.array(factor, dtype=np.float32)).to(device)
        home = store.device
        self._group = torch.from_numpy(np.where(group < 0, store.groups, group)).to(home)
        self._starts = torch.from_numpy(np.array(starts, dtype=np.int64)).to(home)
        self._columns = grid.columns_of_offsets().to(home)
        self._rows = grid.rows_of_lengths(store.longest).to(home)
        self._canvas = Canvas(device)
        self._room: Tensor | None = None
        self._room_here = np.empty(0, dtype=np.int64)

    def allow_shifts(self, reach: int) -> None:
        """Note how many fragments each window shows at most when it is moved by up to `reach` bp.

        A batch of known windows then has a known number of places for fragments, some of which
        stay empty, and nobody asks the device how many there are.
        """
        low = 2 * (self._starts - reach)
        parts = [
            self.store.slices(group, begin, begin + 4 * reach + 2 * self.grid.width + 1).number
            for group, begin in zip(self._group.split(_WINDOWS), low.split(_WINDOWS), strict=True)
        ]
        self._room = torch.cat(parts)
        self._room_here = self._room.cpu().numpy()

    def sparse(
        self, ids: Tensor, shift: Tensor, reverse: Tensor, thinning: Thinning | None = None
    ) -> SparseImages:
        """Place the fragments of windows by length and position.

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
        thinning
            Which fragments are left out; none by default.

        Returns
        -------
        SparseImages
            On the device of the store.
        """
        pixels, shape = self._place(ids, shift, reverse, thinning, None)
        return SparseImages(pixels.masked_select(pixels < math.prod(shape)), shape)

    def counts(
        self,
        ids: Tensor,
        shift: Tensor,
        reverse: Tensor,
        thinning: Thinning | None = None,
        rows: npt.NDArray[np.int64] | None = None,
    ) -> Tensor:
        """Count fragments by length and position.

        Parameters
        ----------
        ids, shift, reverse, thinning
            As in `sparse`.
        rows
            `ids` on the host: with them, and after `allow_shifts`, nothing waits for the device.

        Returns
        -------
        Tensor
            int32 (n_windows, n_lengths, n_positions), in a buffer that the next call draws in:
            what is needed longer must be copied. `scaled` is a copy.
        """
        if self._travel:
            images = self.sparse(ids, shift, reverse, thinning)
            return self._canvas.paint(images.pixels.to(self.device), images.shape)
        return self._canvas.paint(*self._place(ids, shift, reverse, thinning, rows))

    def scaled(
        self,
        ids: Tensor,
        shift: Tensor,
        reverse: Tensor,
        thinning: Thinning | None = None,
        rows: npt.NDArray[np.int64] | None = None,
    ) -> Tensor:
        """Return `counts`, scaled to the depth or to the sum `typical`, float32, a new tensor.

        By depth, counts of thinned windows are scaled up by one over the share that is kept, and
        all are by one over `fraction`.
        """
        counts = self.counts(ids, shift, reverse, thinning, rows)
        if self.typical is not None:
            factor = self.typical / counts.sum(dim=(1, 2)).clamp(min=1)
        else:
            factor = self._factor[ids] / self.fraction
            if thinning is not None:
                factor = factor / thinning.keep.to(factor)
        # Multiplied as floats: integers times floats are 30 times slower here.
        return counts.float().mul_(factor[:, None, None])

    def mean_sum(self, ids: Tensor, batch: int = 4096) -> float:
        """Return the mean sum of the images of some windows at the model's depth."""
        sums = [self._sums(chunk) * self._factor[chunk].double() for chunk in ids.split(batch)]
        return float(torch.cat(sums).mean()) / self.fraction

    def _sums(self, ids: Tensor) -> Tensor:
        still = torch.zeros_like(ids)
        images = self.sparse(ids, still, still.bool())
        window = images.pixels // math.prod(self.grid.shape)
        return torch.bincount(window, minlength=len(ids)).to(self.device)

    def mean(self, ids: Tensor) -> Tensor:
        """Return the mean of the scaled images of some windows, of both strands alike.

        Windows whose cell type has no sample of the assay do not count. Without any other the
        mean is 0.

        Returns
        -------
        Tensor
            float32 (n_lengths, n_positions).
        """
        ids = ids[self.present[ids]]
        total = torch.zeros(self.grid.shape, dtype=torch.float64, device=self.device)
        for chunk in ids.split(max(_PIXELS // total.numel(), 1)):
            for backwards in (False, True):
                reverse = torch.full_like(chunk, backwards, dtype=torch.bool)
                images = self.scaled(chunk, torch.zeros_like(chunk), reverse)
                total += images.sum(dim=0, dtype=torch.float64)
        return (total / max(2 * len(ids), 1)).float()

    def _place(
        self,
        ids: Tensor,
        shift: Tensor,
        reverse: Tensor,
        thinning: Thinning | None,
        rows: npt.NDArray[np.int64] | None,
    ) -> tuple[Tensor, tuple[int, int, int]]:
        """Return the pixel of each fragment of the windows, and the shape of the images.

        Fragments that the images leave out have the number of all pixels, and so have places that
        no fragment takes.
        """
        home, width = self.store.device, self.grid.width
        ids, shift, reverse = (each.to(home) for each in (ids, shift, reverse))
        group, start = self._group[ids], 2 * (self._starts[ids] + shift)
        # What lies in the window: one end is open, on the other strand the other one.
        low = start + 1 - reverse.long()
        first, number = self.store.slices(group, low, low + 2 * width)
        fragment, owner, empty = self._spread(first, number, ids, rows)
        shape = (len(ids), *self.grid.shape)
        start = start - (2 * width + 1) * reverse
        pixels = self._pixels(fragment, owner, start, shape, empty)
        if self.fraction < 1:
            whole = torch.full((len(ids),), self.fraction, dtype=torch.float64, device=home)
            same = Thinning(whole, -self.store.bases.index_select(0, group))
            _leave_out(pixels, fragment, owner, same, math.prod(shape))
        if thinning is not None:
            _leave_out(pixels, fragment, owner, thinning.to(home), math.prod(shape))
        return pixels, shape

    def _spread(
        self, first: Tensor, number: Tensor, ids: Tensor, rows: npt.NDArray[np.int64] | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Give each fragment of some slices a place of its own.

        Returns
        -------
        fragment, owner
            Integers (n_places,): the fragment, 0 where the place is empty, and whose slice it is.
        empty
            bool (n_places,): places without a fragment; None: there are none.
        """
        room = None if rows is None else self._room
        if room is None:
            places, total = number, int(number.sum())  # here drawing waits for a CUDA device
        else:
            places, total = room[ids], int(self._room_here[rows].sum())
        # Integers of 32 bits wherever they do: there are many, and memory is what takes time.
        kind = torch.int32 if max(total, len(self.store)) < _INT32_ROWS else torch.int64
        first, places = first.to(kind), places.to(kind)
        owner = torch.repeat_interleave(places, output_size=total)
        before = torch.cumsum(places, 0, dtype=kind) - places
        fragment = torch.arange(total, dtype=kind, device=first.device)
        fragment += (first - before).index_select(0, owner)
        if room is None:
            return fragment, owner, None
        empty = fragment >= (first + number.to(kind)).index_select(0, owner)
        return fragment.masked_fill_(empty, 0), owner, empty

    def _pixels(
        self,
        fragment: Tensor,
        owner: Tensor,
        start: Tensor,
        shape: tuple[int, int, int],
        empty: Tensor | None,
    ) -> Tensor:
        """Look up row and column of fragments, given their windows and these windows' starts."""
        size, (rows, columns) = math.prod(shape), shape[1:]
        kind = torch.int32 if size < _INT32_PIXELS else torch.int64
        row_begins = torch.where(self._rows < 0, size, self._rows.to(kind) * columns).to(kind)
        midpoint = self.store.midpoints.index_select(0, fragment)
        length = self.store.lengths.index_select(0, fragment).to(torch.int32).bitwise_and_(0xFFFF)
        offset = midpoint.sub_(start.to(torch.int32).index_select(0, owner))
        if empty is not None:
            offset.masked_fill_(empty, 0)
        pixels = owner.to(kind) * (rows * columns)
        pixels += self._columns.index_select(0, offset)
        pixels += row_begins.index_select(0, length)
        if empty is not None:
            pixels.masked_fill_(empty, size)
        return pixels.clamp_(max=size)


def _leave_out(
    pixels: Tensor, fragment: Tensor, owner: Tensor, thinning: Thinning, outside: int
) -> None:
    """Move the fragments that are not kept to the pixel `outside`."""
    number = fragment + thinning.salt.index_select(0, owner)
    dropped = hashed(number) > bound(thinning.keep).index_select(0, owner)
    pixels.masked_fill_(dropped, outside)
