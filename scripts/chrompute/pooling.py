"""Maxima; that of bins, with their mean, has a gradient that costs little.

Matches of motifs are by far the largest values of a training step. The gradient of `torch.amax`
goes through masks of truth values, which on a CPU takes longer than the convolution itself.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def strongest_and_mean(values: Tensor) -> Tensor:
    """Pool bins in two ways.

    Parameters
    ----------
    values
        (n, n_bins, bin, channels).

    Returns
    -------
    Tensor
        (n, n_bins, 2 * channels): the maximum of each bin, then its mean. Values that share a
        maximum share its gradient, as with `torch.amax`.
    """
    if torch.is_grad_enabled() and values.requires_grad:
        return _StrongestAndMean.apply(values)
    return torch.cat([values.amax(2), values.mean(2)], -1)


class StrongestAndMean(nn.Module):
    """`strongest_and_mean` as a module, so that attributions find it."""

    def forward(self, values: Tensor) -> Tensor:
        """Return (n, n_bins, 2 * channels) of (n, n_bins, bin, channels)."""
        return strongest_and_mean(values)


class Strongest(nn.Module):
    """The maximum along the last axis."""

    def forward(self, values: Tensor) -> Tensor:
        """Return (...) of (..., n)."""
        return values.amax(-1)


class RunningMax(nn.Module):
    """The maximum of each value and those before it along the last axis."""

    def forward(self, values: Tensor) -> Tensor:
        """Return values of the same shape."""
        reach = 1
        while reach < values.shape[-1]:
            before = functional.pad(values[..., :-reach], (reach, 0), value=float("-inf"))
            values = torch.maximum(values, before)
            reach *= 2
        return values


class _StrongestAndMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        strongest = values.amax(2)
        ctx.save_for_backward(values, strongest)
        return torch.cat([strongest, values.mean(2)], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        values, strongest = ctx.saved_tensors
        of_strongest, of_mean = gradients[0].chunk(2, -1)
        is_strongest = torch.eq(values, strongest[:, :, None], out=torch.empty_like(values))
        share = of_strongest / is_strongest.sum(2)
        mean_share = of_mean / values.shape[2]
        return torch.addcmul(mean_share[:, :, None], is_strongest, share[:, :, None])
