"""Lit pixels, and the buffer that images are drawn in from them."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SparseImages:
    """Images of which only the lit pixels are held.

    Attributes
    ----------
    pixels
        Integers (n_fragments,): the flat index of each fragment's pixel in all images together,
        `(window * n_lengths + row) * n_positions + column`. A pixel of two fragments is there
        twice.
    shape
        (n_windows, n_lengths, n_positions).
    """

    pixels: Tensor
    shape: tuple[int, int, int]


class Canvas(threading.local):
    """A buffer of pixels that images are drawn in, one batch after the other.

    It is not made anew for each batch, nor wiped: only the pixels that the last batch lit are put
    out. Of 300 x 2001 pixels a window lights about 100. Each Python thread draws in its own.
    """

    def __init__(self, device: torch.device) -> None:
        self._buffer = torch.zeros(0, dtype=torch.int32, device=device)
        self._lit = torch.zeros(0, dtype=torch.int64, device=device)

    def paint(self, pixels: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """Count how often each pixel is named, int32 of that shape, valid until the next call.

        A pixel of the number of all, one beyond the last, is on no image.
        """
        size = math.prod(shape)
        if self._buffer.numel() <= size:
            self._buffer = self._buffer.new_zeros(0)  # freed before more is asked for
            self._buffer = self._buffer.new_zeros(size + 1)
        else:
            self._buffer.index_fill_(0, self._lit, 0)
        self._lit = pixels.long()
        with _in_any_order(pixels.device):
            self._buffer.scatter_add_(0, self._lit, torch.ones_like(pixels, dtype=torch.int32))
        return self._buffer[:size].view(shape)


@contextmanager
def _in_any_order(device: torch.device) -> Iterator[None]:
    """Let a CUDA device add in any order, whatever is asked of other operations.

    Integers add up to the same sum in every order, so nothing is lost. Asked for determinism,
    torch would sort the pixels first.
    """
    wanted = torch.are_deterministic_algorithms_enabled()
    if not wanted or device.type != "cuda":
        yield
        return
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=warn_only)
