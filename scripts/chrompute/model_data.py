"""The data of a model: from its recipe, window table, fragment stores and genome to the device."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.dataset import WindowData
from chrompute.device_fragments import DeviceFragments, placement
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.image_grid import ImageGrid
from chrompute.permutations import Orders
from chrompute.recipe import Recipe
from chrompute.targets import Targets
from chrompute.window_images import FragmentImages
from chrompute.window_sequence import GenomeSequence

#: The input that is an image of one row, the fragments of some lengths.
PROFILE = "mnase_profile"


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
    """Bring all that a model reads to the device, or to host memory where that is too small.

    Parameters
    ----------
    recipe
        The model.
    windows
        The window set.
    stores
        {input: {cell type: fragments}}. Inputs of the same stores share them.
    depth
        {input: number of fragments that counts are scaled to}.
    genome
        {chromosome: encoded sequence}; needed where the model reads the sequence.
    device
        Where batches are wanted.
    targets
        What the model is fitted to (`chrompute.recipe.Recipe.targets`); None where windows are
        only predicted.
    orders
        What else is permuted between windows, in a control (`chrompute.recipe.Recipe.orders`).

    Raises
    ------
    InputError
        When windows lie on a chromosome that a store or the genome lacks.
    """
    orders = orders or {}
    where = recipe.training.get("store", "auto")
    home = placement(where, _bytes_needed(stores, genome, recipe.width), device)
    shared: dict[tuple[int, ...], DeviceFragments] = {}
    data = WindowData({}, None)
    for name, by_type in stores.items():
        key = tuple(map(id, by_type.values()))
        if key not in shared:
            shared[key] = DeviceFragments([*by_type.values()], home)
        places = _reordered(windows, orders.get(name))
        scale = {cell_type: depth[name] / max(len(own), 1) for cell_type, own in by_type.items()}
        data.images[name] = FragmentImages(
            shared[key],
            groups_of(by_type, places),
            places["start"].to_numpy(np.int64),
            places["cell_type"].astype(object).map(scale).fillna(0.0).to_numpy(np.float32),
            grid_of(recipe, name),
            device,
            travel=where == "host",
        )
    if genome is not None:
        places = _reordered(windows, orders.get("sequence"))
        chrom = _indices(places["chrom"], list(genome), "the genome")
        starts = places["start"].to_numpy(np.int64)
        data.sequence = GenomeSequence(genome, chrom, starts, recipe.width, device, home)
    if targets is not None:
        data.labels = _on_device(targets.labels, device)
        data.weights = _on_device(targets.weights, device)
    return data


def grid_of(recipe: Recipe, name: str) -> ImageGrid:
    """Return the pixels of an image input; a profile is one row of the lengths that it counts."""
    images = recipe.images
    if name == PROFILE:
        low, high = images["profile"]
        return ImageGrid(recipe.width, low, high, high - low, images["position_bin"])
    sizes = ("min_length", "max_length", "length_bin", "position_bin")
    return ImageGrid(recipe.width, **{size: images[size] for size in sizes})


def groups_of(stores: Mapping[str, Fragments], windows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the group of each window in the joined stores, -1 without a store of its cell type.

    Group `i` is the i-th chromosome, counted through all stores in turn
    (`chrompute.device_fragments.DeviceFragments`).

    Raises
    ------
    InputError
        When windows lie on a chromosome that the store of their cell type lacks.
    """
    group = np.full(len(windows), -1, dtype=np.int64)
    base = 0
    for cell_type, store in stores.items():
        mine = (windows["cell_type"] == cell_type).to_numpy()
        chroms = windows.loc[mine, "chrom"]
        where = f"the fragments of cell type {cell_type!r}"
        group[mine] = base + _indices(chroms, list(store.sizes), where)
        base += len(store.sizes)
    return group


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


def _indices(chroms: pd.Series, names: list[str], where: str) -> npt.NDArray[np.int64]:
    """Return the place of each chromosome among some names."""
    found = pd.Index(names, dtype=object).get_indexer(chroms.astype(object))
    if (found < 0).any():
        strange = sorted(set(chroms.to_numpy()[found < 0].tolist()))
        raise InputError(
            f"windows lie on {', '.join(strange)}, which is not in {where}; "
            "leave these windows out, or use data of the same genome"
        )
    return found.astype(np.int64)


def _bytes_needed(
    stores: Mapping[str, Mapping[str, Fragments]],
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
    width: int,
) -> int:
    """Return the bytes that stores and genome take on the device."""
    different = {
        tuple(map(id, by_type.values())): [*by_type.values()] for by_type in stores.values()
    }
    total = sum(
        DeviceFragments.bytes_needed(sum(map(len, own)), sum(len(store.sizes) for store in own))
        for own in different.values()
    )
    if genome is None:
        return total
    bases = sum(len(codes) for codes in genome.values())
    return total + GenomeSequence.bytes_needed(bases, len(genome), width)


def _on_device(
    arrays: Mapping[str, npt.NDArray[np.float32]], device: torch.device
) -> dict[str, Tensor]:
    return {task: torch.from_numpy(values).to(device) for task, values in arrays.items()}


def _reordered(windows: pd.DataFrame, rows: npt.NDArray[np.int64] | None) -> pd.DataFrame:
    return windows if rows is None else windows.iloc[rows].reset_index(drop=True)
