"""The training data: fragments, genome and windows on the device, and batches drawn from them.

Nothing is rasterised beforehand. A batch is a list of window ids; its V-plots are a gather of
the windows' slices of the fragment store and one integer scatter-add, its sequence a gather of
the encoded genome. Jitter and the reverse complement happen in that step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.fragments import Fragments
from chrompute.genome import UNKNOWN_BASE
from chrompute.recipe import Orders, Recipe, Targets
from chrompute.window_images import FragmentImages, ImageGrid, joined


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
        self._bases = torch.from_numpy(joined(list(genome.values()), np.uint8)).to(device)
        chroms = windows["chrom"].astype(object)
        begin = chroms.map(begins).to_numpy(dtype=np.int64, copy=True)
        size = chroms.map({n: genome[n].size for n in names}).to_numpy(np.int64)
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
    labels, weights
        {task: float32 (n_windows, n_classes)} and {task: float32 (n_windows,)}, as in
        `chrompute.recipe.Targets`; empty where the windows are only predicted.
    """

    images: dict[str, FragmentImages]
    sequence: GenomeSequence | None
    labels: Mapping[str, Tensor] = field(default_factory=dict)
    weights: Mapping[str, Tensor] = field(default_factory=dict)

    def scale_to(self, sums: Mapping[str, float]) -> None:
        """Scale the images of some inputs to these sums (`typical_sums`), not to the depth."""
        for name, value in sums.items():
            self.images[name].typical = value

    @property
    def inputs(self):
        return (*self.images, *(["sequence"] if self.sequence is not None else []))

    def mean_images(self, ids):
        return {}

    def draw(
        self,
        ids: Tensor,
        shift: Tensor | None = None,
        reverse: Tensor | None = None,
        keep=None,
        generator=None,
    ) -> dict[str, Tensor]:
        """Return the inputs of the windows `ids`, {input name: Tensor}."""
        shift = torch.zeros_like(ids) if shift is None else shift
        reverse = torch.zeros_like(ids, dtype=torch.bool) if reverse is None else reverse
        batch = {name: image.scaled(ids, shift, reverse) for name, image in self.images.items()}
        if self.sequence is not None:
            batch["sequence"] = self.sequence.one_hot(ids, shift, reverse)
        batch["present"] = torch.ones(len(ids), len(self.inputs), dtype=torch.bool)
        return batch


def window_data(
    recipe: Recipe,
    windows: pd.DataFrame,
    stores: Mapping[str, Mapping[str, Fragments]],
    depth: Mapping[str, float],
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
    device: torch.device,
    targets: Targets | None = None,
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
    targets
        What the model is fitted to (`chrompute.recipe.Recipe.targets`); None where windows are
        only predicted.
    orders
        What else is permuted between windows, in a control (`chrompute.recipe.Recipe.orders`).
    """
    orders = orders or {}
    sizes = ("min_length", "max_length", "length_bin", "position_bin")
    grid = ImageGrid(recipe.width, **{name: recipe.images[name] for name in sizes})
    jitter = recipe.training["jitter"]
    data = WindowData({}, None)
    for name, by_type in stores.items():
        scale = {cell_type: depth[name] / len(store) for cell_type, store in by_type.items()}
        places = _reordered(windows, orders.get(name))
        data.images[name] = FragmentImages(by_type, places, scale, grid, jitter, device)
    if genome is not None:
        places = _reordered(windows, orders.get("sequence"))
        data.sequence = GenomeSequence(genome, places, recipe.width, device)
    if targets is not None:
        data.labels = _on_device(targets.labels, device)
        data.weights = _on_device(targets.weights, device)
    return data


def _on_device(
    arrays: Mapping[str, npt.NDArray[np.float32]], device: torch.device
) -> dict[str, Tensor]:
    return {task: torch.from_numpy(values).to(device) for task, values in arrays.items()}


def typical_sums(recipe: Recipe, data: WindowData, ids: Tensor) -> dict[str, float]:
    """Return, for each image input, the sum that the model's images are scaled to.

    Parameters
    ----------
    recipe, data
        The model and its windows.
    ids
        int64: windows that train; the sum is their mean at the model's depth.

    Returns
    -------
    dict
        {input: sum}; empty where images are scaled to the depth.
    """
    if recipe.images["normalise"] == "depth":
        return {}
    return {name: image.mean_sum(ids) for name, image in data.images.items()}


def _reordered(windows: pd.DataFrame, rows: npt.NDArray[np.int64] | None) -> pd.DataFrame:
    return windows if rows is None else windows.iloc[rows].reset_index(drop=True)
