"""The training data: fragments, genome and windows on the device, and batches drawn from them.

Nothing is rasterised beforehand. A batch is a list of window ids; its V-plots are a gather of
the windows' slices of the fragment store and one integer scatter-add, its sequence a gather of
the encoded genome. Jitter and the reverse complement happen in that step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.fragments import Fragments
from chrompute.genome import UNKNOWN_BASE
from chrompute.recipe import Orders, Recipe


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
        midpoints = [store.midpoints for store in stores.values()]
        lengths = [store.lengths.astype(np.int16) for store in stores.values()]
        self._midpoints = torch.from_numpy(_joined(midpoints, np.int32)).to(device)
        self._lengths = torch.from_numpy(_joined(lengths, np.int16)).to(device)
        first, last = _slices(stores, windows, grid.width, max_jitter)
        self._first = torch.from_numpy(first).to(device)
        self._last = torch.from_numpy(last).to(device)
        starts = windows["start"].to_numpy(dtype=np.int64, copy=True)
        self._starts = torch.from_numpy(starts).to(device)
        factor = windows["cell_type"].map(scale).fillna(0.0).to_numpy(dtype=np.float32, copy=True)
        self._factor = torch.from_numpy(factor).to(device)

    def scaled(self, ids: Tensor, shift: Tensor, reverse: Tensor) -> Tensor:
        """Return `counts` times the depth factor of each window's cell type, float32."""
        return self.counts(ids, shift, reverse) * self._factor[ids][:, None, None]

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


class GenomeSequence:
    """Draws one-hot DNA of windows from the encoded genome on the device.

    Parameters
    ----------
    genome
        {chromosome: encoded sequence} (`chrompute.genome.encode`).
    windows
        Columns `chrom`, `start`.
    width
        Window width in bp.
    device
        Where everything lies.
    """

    def __init__(
        self,
        genome: Mapping[str, npt.NDArray[np.uint8]],
        windows: pd.DataFrame,
        width: int,
        device: torch.device,
    ) -> None:
        self.width = width
        self.device = device
        names = list(genome)
        ends = np.cumsum([genome[name].size for name in names])
        begins = dict(zip(names, np.concatenate([[0], ends[:-1]]), strict=True))
        self._bases = torch.from_numpy(_joined(list(genome.values()), np.uint8)).to(device)
        begin = windows["chrom"].map(begins).to_numpy(dtype=np.int64, copy=True)
        size = windows["chrom"].map({n: genome[n].size for n in names}).to_numpy(np.int64)
        self._begin = torch.from_numpy(begin).to(device)
        self._size = torch.from_numpy(size.copy()).to(device)
        starts = windows["start"].to_numpy(dtype=np.int64, copy=True)
        self._starts = torch.from_numpy(starts).to(device)

    def one_hot(self, ids: Tensor, shift: Tensor, reverse: Tensor) -> Tensor:
        """Return DNA as float32 (n_windows, 4, width); unknown and outside bases are all zero.

        The arguments are those of `FragmentImages.counts`.
        """
        steps = torch.arange(self.width, device=self.device)
        steps = torch.where(reverse[:, None], self.width - 1 - steps, steps)
        position = (self._starts[ids] + shift)[:, None] + steps
        outside = (position < 0) | (position >= self._size[ids][:, None])
        place = self._begin[ids][:, None] + position.clamp(min=0)
        code = self._bases[place.clamp(max=len(self._bases) - 1)].long()
        code = torch.where(reverse[:, None] & (code < UNKNOWN_BASE), 3 - code, code)
        code = torch.where(outside, UNKNOWN_BASE, code)
        encoded = torch.nn.functional.one_hot(code, UNKNOWN_BASE + 1)[..., :UNKNOWN_BASE]
        return encoded.transpose(1, 2).float()


@dataclass
class WindowData:
    """Everything a model reads, for the windows of one table.

    Attributes
    ----------
    images
        {input name: V-plots of one assay}; empty where the model reads none.
    sequence
        DNA, or None.
    labels
        {task: float32 (n_windows, n_classes)}: `chrompute.recipe.Recipe.soft_labels`.
    """

    images: Mapping[str, FragmentImages]
    sequence: GenomeSequence | None
    labels: Mapping[str, Tensor]

    def draw(
        self, ids: Tensor, shift: Tensor | None = None, reverse: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return the inputs of the windows `ids`, {input name: Tensor}."""
        shift = torch.zeros_like(ids) if shift is None else shift
        reverse = torch.zeros_like(ids, dtype=torch.bool) if reverse is None else reverse
        batch = {name: image.scaled(ids, shift, reverse) for name, image in self.images.items()}
        if self.sequence is not None:
            batch["sequence"] = self.sequence.one_hot(ids, shift, reverse)
        return batch


def _joined(arrays: Sequence[npt.NDArray], dtype: type) -> npt.NDArray:
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


def window_data(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Mapping[str, Mapping[str, Fragments]],
    depth: Mapping[str, float],
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
    device: torch.device,
    orders: Orders | None = None,
) -> WindowData:
    """Bring all that a model reads to the device.

    Parameters
    ----------
    recipe
        The model.
    windows
        The window set.
    stores
        {input: {cell type: fragments}}.
    depth
        {input: number of fragments that counts are scaled to}.
    genome
        {chromosome: encoded sequence}; needed where the model reads the sequence.
    device
        Where everything lies.
    orders
        What is permuted between windows, in a control (`chrompute.recipe.Recipe.orders`).
    """
    orders = orders or {}
    pixels = recipe.images
    grid = ImageGrid(
        recipe.width,
        pixels["min_length"],
        pixels["max_length"],
        pixels["length_bin"],
        pixels["position_bin"],
    )
    images = {}
    for name, by_type in stores.items():
        scale = {cell_type: depth[name] / len(store) for cell_type, store in by_type.items()}
        jitter = recipe.training["jitter"]
        images[name] = FragmentImages(
            by_type, _reordered(windows, orders.get(name)), scale, grid, jitter, device
        )
    sequence = None
    if genome is not None:
        places = _reordered(windows, orders.get("sequence"))
        sequence = GenomeSequence(genome, places, recipe.width, device)
    soft = recipe.soft_labels(windows)
    soft = soft[orders["labels"]] if "labels" in orders else soft
    return WindowData(images, sequence, {recipe.task: torch.from_numpy(soft).to(device)})


def _reordered(windows: pd.DataFrame, rows: npt.NDArray[np.int64] | None) -> pd.DataFrame:
    return windows if rows is None else windows.iloc[rows].reset_index(drop=True)
