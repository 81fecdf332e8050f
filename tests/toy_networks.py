"""Small networks of any inputs, and batches for them."""

from dataclasses import replace

import torch
from torch import Tensor

from chrompute.network_spec import NetworkSpec
from chrompute.networks import Network, build_network

WIDTH = 401
IMAGES = {"vplot": (10, 51), "mnase": (8, 51), "mnase_profile": (1, 51)}
CLASSICS = {"alexnet": ("vplot",), "deepbind": ("sequence",), "deepsea": ("sequence",)}


def spec_of(*inputs: str, **changes: object) -> NetworkSpec:
    small = NetworkSpec(
        images={name: IMAGES[name] for name in inputs if name != "sequence"},
        sequence="sequence" in inputs,
        width=WIDTH,
        tasks={"state": 5, "bound": 2},
        channels=16,
        blocks=2,
        motif_width=7,
        motifs=8,
        dropout=0.0,
        codons=4,
    )
    return replace(small, **changes)


def network_of(*inputs: str, **changes: object) -> Network:
    torch.manual_seed(3)
    return build_network(spec_of(*inputs, **changes))


def batch_of(spec: NetworkSpec, n: int = 6, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    batch = {
        name: torch.poisson(torch.full((n, *shape), 0.3), generator=generator)
        for name, shape in spec.images.items()
    }
    if spec.sequence:
        bases = torch.randint(0, 5, (n, spec.width), generator=generator)
        batch["sequence"] = bases.to(torch.uint8)
    return batch


def mixed_sum(values: list[Tensor]) -> Tensor:
    """Return a sum in which no two numbers count alike, so that no gradients cancel."""
    generator = torch.Generator().manual_seed(1)
    return sum((each * torch.rand(each.shape, generator=generator)).sum() for each in values)


def logits_of(network: Network, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    with torch.no_grad():
        return network.eval()(batch)


def equal(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[task], two[task]) for task in one)
