"""Leaving out fragments: which ones, a hash of the fragment's number says.

A hash asks for no state, so the same fragment is kept or left out wherever it is met, on every
device alike.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_HALF = 1 << 31


@dataclass(frozen=True)
class Thinning:
    """Shares of windows' fragments that are kept, each fragment on its own.

    Attributes
    ----------
    keep
        float (n_windows,), above 0 and at most 1.
    salt
        int64 (n_windows,): decides, with `keep`, which fragments of a window are kept.
    """

    keep: Tensor
    salt: Tensor

    @classmethod
    def draw(cls, keep: Tensor, generator: torch.Generator | None = None) -> "Thinning":
        """Choose by a generator which fragments to keep: equal seed, equal fragments."""
        device = torch.device("cpu") if generator is None else generator.device
        salt = torch.randint(-_HALF, _HALF, keep.shape, generator=generator, device=device)
        return cls(keep, salt.to(keep.device))

    def to(self, device: torch.device) -> "Thinning":
        """Bring it to a device."""
        return Thinning(self.keep.to(device), self.salt.to(device))


def hashed(number: Tensor) -> Tensor:
    """Hash whole numbers to int32 that are spread evenly over all its values.

    The hash is lowbias32 (C. Wellons, "Prospecting for Hash Functions", 2018): two multiplications
    between shifts. Products of int32 wrap around.
    """
    x = number.to(torch.int32)
    x = (x ^ ((x >> 16) & 0xFFFF)).mul_(0x7FEB352D)
    x = (x ^ ((x >> 15) & 0x1FFFF)).mul_(0x846CA68B - (1 << 32))
    return x ^ ((x >> 16) & 0xFFFF)


def bound(share: Tensor) -> Tensor:
    """Return int32 such that the given share of all hashes is not above it, float to int32."""
    return ((share.double() * (1 << 32)).ceil() - (_HALF + 1)).clamp(min=-_HALF).to(torch.int32)
