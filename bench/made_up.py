"""Fragments, genome and windows that the benchmark of GPUs makes up, and a count that is slow."""

from dataclasses import dataclass

import numpy as np
import torch

from chrompute.dataset import WindowData
from chrompute.device_fragments import DeviceFragments
from chrompute.image_grid import ImageGrid
from chrompute.window_images import FragmentImages
from chrompute.window_sequence import GenomeSequence

WIDTH, CHROMOSOMES, CLASSES = 2001, 10, 8
#: bp of the genome for each fragment: a window shows 200.
SPACING = WIDTH // 200


@dataclass(frozen=True)
class Store:
    """A fragment store, made up (`chrompute.device_fragments.SortedFragments`)."""

    offsets: np.ndarray
    midpoints: np.ndarray
    lengths: np.ndarray

    @classmethod
    def make(cls, fragments: int, seed: int) -> "Store":
        """Return fragments at random distances on chromosomes of one size."""
        rng = np.random.default_rng(seed)
        each = fragments // CHROMOSOMES
        midpoints = np.empty(each * CHROMOSOMES, np.int32)
        for index in range(CHROMOSOMES):
            gaps = rng.integers(0, 4 * SPACING + 1, each, dtype=np.int32)
            midpoints[index * each : (index + 1) * each] = np.cumsum(gaps) + 2 * WIDTH
        lengths = rng.integers(30, 400, len(midpoints), dtype=np.uint16)
        return cls(np.arange(CHROMOSOMES + 1) * each, midpoints, lengths)


class Experiment:
    """Stores, genome and windows on a device, to be shown with any pixels."""

    def __init__(self, fragments: int, windows: int, device: torch.device) -> None:
        rng = np.random.default_rng(3)
        self.device, self.windows = device, windows
        size = 2 * SPACING * (fragments // CHROMOSOMES) // 2 + 4 * WIDTH
        self.chrom = rng.integers(0, CHROMOSOMES, windows)
        self.starts = rng.integers(0, size - WIDTH, windows)
        stores = [Store.make(fragments, seed) for seed in (1, 2)]
        self.stores = [DeviceFragments([store], device) for store in stores]
        bases = {str(i): rng.integers(0, 4, size, dtype=np.uint8) for i in range(CHROMOSOMES)}
        self.sequence = GenomeSequence(bases, self.chrom, self.starts, WIDTH, device)
        labels = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, windows)]
        self.labels = torch.from_numpy(labels).to(device)
        self.ids = torch.from_numpy(rng.permutation(windows)).to(device)

    def data(self, grid: ImageGrid) -> WindowData:
        """Return the windows with V-plots of some pixels."""
        factor = np.ones(self.windows, np.float32)
        images = {
            name: FragmentImages(store, self.chrom, self.starts, factor, grid, self.device)
            for name, store in zip(("vplot", "mnase"), self.stores, strict=True)
        }
        weights = torch.ones(self.windows, device=self.device)
        return WindowData(images, self.sequence, {"state": self.labels}, {"state": weights})


def brute_force(
    store: Store, chrom: np.ndarray, starts: np.ndarray, reverse: np.ndarray, grid: ImageGrid
) -> np.ndarray:
    """Count the fragments of windows one window after the other, looking at all of them."""
    images = np.zeros((len(starts), *grid.shape), np.int32)
    for image, index, start, turned in zip(images, chrom, starts, reverse, strict=True):
        rows = slice(store.offsets[index], store.offsets[index + 1])
        offset = store.midpoints[rows].astype(np.int64) - 2 * start
        offset = 2 * grid.width - offset if turned else offset
        length = store.lengths[rows].astype(np.int64) - grid.min_length
        column = (offset - 1) // 2
        seen = (column >= 0) & (column < grid.width)
        seen &= (length >= 0) & (length < grid.max_length - grid.min_length)
        places = length[seen] // grid.length_bin, column[seen] // grid.position_bin
        np.add.at(image, places, 1)
    return images
