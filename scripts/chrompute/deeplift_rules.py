"""Multipliers of DeepLIFT for the layers of our networks that tangermeme has no rule for.

A layer's multipliers say how much of the change of its outputs, from a reference to a sequence,
goes to each input. They are complete when they add up to that change. tangermeme has rules for
activations, softmax, layer normalisation, `MaxPool1d` and products; the others are here. What is
neither there nor here must be linear.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from chrompute.codons import CodonsOfBases, LogPlusOne, Product
from chrompute.pooling import RunningMax, Strongest, StrongestAndMean

#: Takes a layer, whose `input` and `output` are those of sequences and then of references, and
#: the gradients of its inputs and outputs; returns new gradients of the inputs.
Rule = Callable[[Any, tuple[Tensor, ...], tuple[Tensor, ...]], tuple[Tensor, ...]]
#: Points of Gauss' quadrature along the path of a group normalisation; 8 leave errors of 3e-3.
_NORMALISED = 16
#: Of products of three bases: polynomials of degree 2 are integrated exactly.
_THREE_BASES = 2


def deeplift_rules() -> dict[type[nn.Module], Rule]:
    """Return {layer: its rule}, for `additional_nonlinear_ops` of tangermeme.

    Maxima are given to what is the maximum of the sequence and of the reference, as in
    Shrikumar et al. 2017. Group normalisation and products of bases integrate the gradient along
    the straight path from the reference (Sundararajan et al. 2017).
    """
    from tangermeme.deep_lift_shap import _nonlinear, integrated_gradients_op

    return {
        LogPlusOne: _nonlinear,
        RunningMax: _of_running_max,
        Strongest: _of_strongest,
        StrongestAndMean: _of_strongest_and_mean,
        CodonsOfBases: integrated_gradients_op(_THREE_BASES),
        nn.GroupNorm: integrated_gradients_op(_NORMALISED),
    }


def explainable(network: nn.Module) -> nn.Module:
    """Change a network so that all of its layers can be explained; it computes what it did.

    Nothing may be changed in place, and products become those that tangermeme knows.
    """
    from tangermeme.deep_lift_shap import BilinearOp

    for module in [*network.modules()]:
        if isinstance(module, nn.ReLU):
            module.inplace = False
        for name, child in module.named_children():
            if isinstance(child, Product):
                setattr(module, name, BilinearOp("...,...->..."))
    return network


def _of_running_max(
    module: Any, grad_input: tuple[Tensor, ...], grad_output: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    gradient = grad_output[0].chunk(2)[0]
    values, reference = module.input.chunk(2)
    changed = _given_to_maxima(values, reference, gradient, lambda x: torch.cummax(x, -1), -1)
    return _multipliers(changed, values - reference, grad_input)


def _of_strongest(
    module: Any, grad_input: tuple[Tensor, ...], grad_output: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    gradient = grad_output[0].chunk(2)[0][..., None]
    values, reference = module.input.chunk(2)
    changed = _given_to_maxima(values, reference, gradient, lambda x: x.max(-1, keepdim=True), -1)
    return _multipliers(changed, values - reference, grad_input)


def _of_strongest_and_mean(
    module: Any, grad_input: tuple[Tensor, ...], grad_output: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    of_strongest, of_mean = grad_output[0].chunk(2)[0][:, :, None].chunk(2, -1)
    values, reference = module.input.chunk(2)
    changed = _given_to_maxima(values, reference, of_strongest, lambda x: x.max(2, keepdim=True), 2)
    change = values - reference
    changed += of_mean / values.shape[2] * change
    return _multipliers(changed, change, grad_input)


def _given_to_maxima(
    values: Tensor,
    reference: Tensor,
    gradient: Tensor,
    find: Callable[[Tensor], tuple[Tensor, Tensor]],
    axis: int,
) -> Tensor:
    """Return what each value has of the change of maxima along an axis, weighted by a gradient.

    From the reference's maximum to the larger one of both is the work of the sequence's largest
    value, and from there to the sequence's maximum that of the reference's largest value.
    """
    top, at = find(values)
    low, at_reference = find(reference)
    both = torch.maximum(top, low)
    changed = torch.zeros_like(values).scatter_add_(axis, at, gradient * (both - low))
    return changed.scatter_add_(axis, at_reference, gradient * (top - both))


def _multipliers(
    changed: Tensor, change: Tensor, grad_input: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """Divide what inputs have of a change by their own; those that stay keep their gradient."""
    stays = change == 0
    half = torch.where(stays, grad_input[0].chunk(2)[0], changed / change.masked_fill(stays, 1))
    return (torch.cat([half, half]),)
