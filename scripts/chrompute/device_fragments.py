"""The fragments of one assay on one device, and the binary search of the slice that a window shows.

A fragment takes 6 bytes: its doubled midpoint as int32 and its length as uint16. Fragments lie by
group, which is one chromosome of one cell type, and by midpoint within it. A table of offsets says
where each group begins, and a sample of every 32nd fragment is what a search begins with.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

#: Every so many fragments one is in the sample.
_STRIDE = 32
#: Fragments that are copied to the device at a time.
_CHUNK = 1 << 22
#: Bytes of device memory that a network and its batches are left, where placement is automatic.
RESERVE = 4 * 10**9


class SortedFragments(Protocol):
    """What is read of a fragment store (`chrompute.fragments.Fragments`)."""

    @property
    def offsets(self) -> npt.NDArray[np.int64]:
        """int64 (n_chromosomes + 1,): where each chromosome's rows begin."""

    @property
    def midpoints(self) -> npt.NDArray[np.int32]:
        """int32 (n,): doubled midpoints, sorted within each chromosome."""

    @property
    def lengths(self) -> npt.NDArray[np.uint16]:
        """uint16 (n,): bp."""


class Slices(NamedTuple):
    """Slices of a store: first rows and numbers of rows, int64 (n,) each."""

    first: Tensor
    number: Tensor


class DeviceFragments:
    """Fragments of one assay of several cell types.

    Parameters
    ----------
    stores
        One a cell type. Group `i` is the i-th chromosome, counted through all stores in turn.
    device
        Where the fragments lie. They are copied there a chunk at a time.

    Attributes
    ----------
    midpoints
        int32 (n + 31,): doubled midpoints, by group; the last 31 belong to none.
    lengths
        int16 (n,): the bits of uint16 lengths, because torch has no gather of uint16 on the CPU.
        `lengths.to(torch.int32) & 0xFFFF` is the length.
    groups
        Number of groups. The group of this number is empty: it is for windows of a cell type
        without the assay.
    bases
        int64 (groups + 1,): first row of the store that each group is of.
    longest
        Longest fragment, bp; 0 where there is none.
    """

    def __init__(self, stores: Sequence[SortedFragments], device: torch.device) -> None:
        sizes = [len(store.midpoints) for store in stores]
        *begins, n = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(int).tolist()
        offsets = [
            np.asarray(store.offsets[:-1], dtype=np.int64) + begin
            for store, begin in zip(stores, begins, strict=True)
        ]
        numbers = [len(own) for own in offsets]
        self.device = device
        self.groups = sum(numbers)
        # The two last entries are the ends of the last group and of the empty one.
        table = np.concatenate([*offsets, [n, n]]).astype(np.int64)
        self._offsets = torch.from_numpy(table).to(device)
        bases = np.append(np.repeat(np.array(begins, dtype=np.int64), numbers), n)
        self.bases = torch.from_numpy(bases).to(device)
        self.midpoints = torch.empty(n + _STRIDE - 1, dtype=torch.int32, device=device)
        self.midpoints[n:] = torch.iinfo(torch.int32).max
        self.lengths = torch.empty(n, dtype=torch.int16, device=device)
        self.longest = 0
        for store, begin in zip(stores, begins, strict=True):
            self._fill(store, begin)
        rows = torch.arange(0, n, _STRIDE, device=device)
        group = torch.searchsorted(self._offsets[: self.groups + 1], rows, right=True) - 1
        self._sample = _key(group, self.midpoints[rows])
        self._steps = torch.arange(_STRIDE - 1, device=device)

    def __len__(self) -> int:
        return len(self.lengths)

    def _fill(self, store: SortedFragments, base: int) -> None:
        """Copy one store to its rows; no more than a chunk is there twice."""
        for begin in range(0, len(store.midpoints), _CHUNK):
            rows = slice(begin, begin + _CHUNK)
            midpoints = np.array(store.midpoints[rows], dtype=np.int32)
            lengths = np.array(store.lengths[rows], dtype=np.uint16)
            place = slice(base + begin, base + begin + len(midpoints))
            self.midpoints[place] = torch.from_numpy(midpoints).to(self.device)
            self.lengths[place] = torch.from_numpy(lengths.view(np.int16)).to(self.device)
            self.longest = max(self.longest, int(lengths.max()))

    @staticmethod
    def bytes_needed(fragments: int, groups: int) -> int:
        """Return the bytes that so many fragments in so many groups take on the device."""
        return 6 * fragments + 8 * -(-fragments // _STRIDE) + 16 * groups + 12 * (_STRIDE + 1)

    def nbytes(self) -> int:
        """Return the bytes that lie on the device."""
        held = (
            self.midpoints, self.lengths, self._sample, self._offsets, self.bases, self._steps,
        )  # fmt: skip
        return sum(tensor.nbytes for tensor in held)

    def slices(self, group: Tensor, low: Tensor, high: Tensor) -> Slices:
        """Find the fragments of some groups whose doubled midpoint lies in [low, high).

        Parameters
        ----------
        group
            int64 (n,): groups.
        low, high
            int64 (n,): doubled midpoints.
        """
        first, last = self._lower_bound(group.repeat(2), torch.cat([low, high])).chunk(2)
        return Slices(first, last - first)

    def _lower_bound(self, group: Tensor, target: Tensor) -> Tensor:
        """Return the first row of each group with a midpoint of at least `target`.

        The sample is searched by halves. What it leaves is a block of 31 rows, of which those
        with a smaller midpoint are counted.
        """
        block = torch.searchsorted(self._sample, _key(group, target)) * _STRIDE
        low = torch.maximum(block - (_STRIDE - 1), self._offsets[group])
        high = torch.minimum(block, self._offsets[group + 1])
        # Where the block before is none of the group's, nothing is left to be counted.
        rows = self.midpoints.unfold(0, _STRIDE - 1, 1).index_select(0, low)
        smaller = (rows < target[:, None]) & (self._steps < (high - low)[:, None])
        return low + smaller.sum(1)


def _key(group: Tensor, midpoint: Tensor) -> Tensor:
    """Return numbers that sort by group, then by midpoint."""
    return (group.long() << 32) + midpoint + (1 << 31)


def placement(store: str, needed: int, device: torch.device) -> torch.device:
    """Choose where the data lie: on the device, or in host memory.

    Parameters
    ----------
    store
        "device", "host", or "auto": on a CUDA device only where the data leave `RESERVE` bytes
        of its free memory.
    needed
        Bytes that the data take.
    device
        Where the network is.
    """
    if store == "host":
        return torch.device("cpu")
    if store == "auto" and device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
        if needed + RESERVE > free:
            return torch.device("cpu")
    return device
