"""Pooling of bins: values and gradients of what torch does with `amax` and `mean`."""

import pytest
import torch

from chrompute.pooling import strongest_and_mean


def by_torch(values: torch.Tensor) -> torch.Tensor:
    return torch.cat([values.amax(2), values.mean(2)], -1)


@pytest.mark.parametrize("ties", [False, True], ids=["no ties", "ties"])
def test_values_and_gradients_are_those_of_torch(ties: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    values = torch.randn(3, 5, 7, 4, generator=generator, dtype=torch.float64)
    if ties:  # as after a rectifier: many zeros, and equal words give equal values
        values = values.round().relu()
    weights = torch.randn(3, 5, 8, generator=generator, dtype=torch.float64)
    gradients = []
    for pool in (strongest_and_mean, by_torch):
        leaf = values.clone().requires_grad_()
        pooled = pool(leaf)
        torch.testing.assert_close(pooled, by_torch(values), rtol=0, atol=0)
        (pooled * weights).sum().backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients)


def test_without_gradients_nothing_is_recorded() -> None:
    values = torch.rand(2, 3, 4, 5)
    assert not strongest_and_mean(values).requires_grad
    with torch.no_grad():
        pooled = strongest_and_mean(values.requires_grad_())
    assert not pooled.requires_grad
    torch.testing.assert_close(pooled, by_torch(values), rtol=0, atol=0)
