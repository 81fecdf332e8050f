"""The network family: shapes, gradients, missing inputs, strands and specifications."""

import json
import subprocess
import sys
from itertools import combinations

import pytest
import torch
from torch import Tensor

from chrompute.encoders import one_hot
from chrompute.fragments import Fragments
from chrompute.inference import predict_logits
from chrompute.model_data import window_data
from chrompute.network_spec import NetworkSpec
from chrompute.networks import build_network
from toy_models import SIZES, Toy, make_toy, recipe_of
from toy_networks import IMAGES, batch_of, equal, logits_of, mixed_sum, network_of, spec_of

SUBSETS = [
    chosen for number in range(1, 5) for chosen in combinations([*IMAGES, "sequence"], number)
]


@pytest.mark.parametrize("trunk", ["dilated", "convnext"])
@pytest.mark.parametrize("inputs", SUBSETS, ids="+".join)
def test_any_subset_of_inputs_gives_logits_of_every_task(
    inputs: tuple[str, ...], trunk: str
) -> None:
    network = network_of(*inputs, trunk=trunk, auxiliary=True)
    batch = batch_of(network.spec)
    logits, alone = network.all_logits(batch)
    assert network.spec.inputs == inputs
    assert {task: tuple(each.shape) for task, each in logits.items()} == {
        "state": (6, 5),
        "bound": (6, 2),
    }
    assert {name: [*heads] for name, heads in alone.items()} == {
        name: ["state", "bound"] for name in inputs
    }
    assert equal(logits, network(batch))
    whole = batch | {"present": torch.ones(6, len(inputs), dtype=torch.bool)}
    assert equal(logits, network(whole))


@pytest.mark.parametrize("trunk", ["dilated", "convnext"])
def test_every_input_and_every_parameter_gets_a_gradient(trunk: str) -> None:
    inputs = [*IMAGES, "sequence"]
    network = network_of(*inputs, trunk=trunk, auxiliary=True, expected=True)
    batch = batch_of(network.spec)
    batch["sequence"] = one_hot(batch["sequence"])
    for values in batch.values():
        values.requires_grad_()
    logits, alone = network.all_logits(batch)
    every = [*logits.values(), *(each for heads in alone.values() for each in heads.values())]
    mixed_sum(every).backward()
    for name, values in batch.items():
        assert (values.grad != 0).float().mean() > 0.5, name
    dead = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


@pytest.mark.parametrize(
    ("inputs", "architecture"),
    [(("vplot", "sequence"), "chrompute"), (("sequence",), "deepbind"), (("sequence",), "deepsea")],
)
def test_codes_and_one_hot_dna_give_the_same(inputs: tuple[str, ...], architecture: str) -> None:
    network = network_of(*inputs, architecture=architecture)
    batch = batch_of(network.spec)
    encoded = torch.nn.functional.one_hot(batch["sequence"].long(), 5)[..., :4].transpose(1, 2)
    found = logits_of(network, batch | {"sequence": encoded.float()})
    for task, logits in logits_of(network, batch).items():
        assert torch.allclose(found[task], logits, atol=1e-5)


@pytest.mark.parametrize("trunk", ["dilated", "convnext"])
def test_windows_do_not_see_each_other(trunk: str) -> None:
    """There is no batch normalisation: training mode changes nothing but dropout."""
    network = network_of("vplot", "sequence", trunk=trunk, expected=True)
    batch = batch_of(network.spec)
    alone = logits_of(network, {name: values[2:3] for name, values in batch.items()})
    together = logits_of(network, batch)
    assert equal(network.train()(batch), together)
    for task, logits in alone.items():
        assert torch.allclose(logits, together[task][2:3], atol=1e-5)
    assert not any(isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for m in network.modules())


@pytest.mark.parametrize("auxiliary", [False, True])
def test_what_an_absent_input_holds_changes_nothing(auxiliary: bool) -> None:
    network = network_of("vplot", "mnase", "sequence", auxiliary=auxiliary).eval()
    batch = batch_of(network.spec)
    present = torch.tensor(
        [[1, 1, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 1], [0, 0, 0]]
    ).bool()
    other = batch_of(network.spec, seed=5)
    mixed = {}
    for index, name in enumerate(network.spec.inputs):
        there = present[:, index].view(-1, *[1] * (batch[name].dim() - 1))
        mixed[name] = torch.where(there, batch[name], other[name])
    one = network.all_logits(batch | {"present": present})
    two = network.all_logits(mixed | {"present": present})
    assert equal(one[0], two[0])
    whole = network(batch)
    differs = [not torch.allclose(one[0]["state"][i], whole["state"][i]) for i in range(6)]
    assert differs == [False, True, True, True, True, True]
    assert all(equal(heads, two[1][name]) for name, heads in one[1].items())


def test_inputs_are_dropped_in_training_window_by_window_and_one_stays() -> None:
    network = network_of("vplot", "mnase", "sequence", modality_dropout=0.8)
    batch = batch_of(network.spec, n=500)
    present = torch.ones(500, 3, dtype=torch.bool)
    present[:100, 0] = False
    batch["present"] = present
    seen: list[Tensor] = []
    network.join.register_forward_pre_hook(
        lambda _, args: seen.append(args[0].unflatten(1, (3, 16)))
    )
    logits_of(network, batch)
    with torch.no_grad():
        network.train()(batch)
    still, dropped = seen
    kept = dropped.flatten(2).any(2)
    assert not kept[:100, 0].any()
    assert (kept.sum(1) >= 1).all()
    # Dropped at 0.8 each; where all three would be, one stays: 0.2 + 0.8 ** 3 / 3 are kept.
    assert kept[100:].float().mean(0).numpy() == pytest.approx(0.2 + 0.8**3 / 3, abs=0.07)
    factor = present.sum(1, keepdim=True) / kept.sum(1, keepdim=True)
    expected = still * (factor * kept)[:, :, None, None]
    assert torch.allclose(dropped, expected, atol=1e-5)


def test_a_specification_goes_through_json_and_old_ones_are_read_as_they_were() -> None:
    spec = spec_of("vplot", "sequence", trunk="convnext", smoothing=(1.0, 3.0), expected=True)
    entry = json.loads(json.dumps(spec.as_json()))
    assert NetworkSpec.from_json(entry) == spec
    for name in ("architecture", "trunk", "expected", "modality_dropout", "auxiliary", "codons"):
        del entry[name]
    old = NetworkSpec.from_json(entry)
    assert (old.architecture, old.trunk, old.expected) == ("chrompute", "dilated", False)
    assert (old.modality_dropout, old.auxiliary, old.codons) == (0.0, False, 0)
    build_network(old)


def test_the_specification_needs_no_torch() -> None:
    code = "import sys, chrompute.network_spec; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def other_strand(toy: Toy) -> Toy:
    """Return the toy experiment as the other strand tells it: every chromosome turned round."""
    windows, stores, genome = toy
    size = windows["chrom"].map(SIZES)
    turned = windows.assign(start=size - windows["end"], end=size - windows["start"])
    chroms, starts, ends = [], [], []
    for index, name in enumerate(SIZES):
        left, right = stores["vplot"]["cells"].intervals(name)
        chroms += [index] * len(left)
        starts += [*(SIZES[name] - right)]
        ends += [*(SIZES[name] - left)]
    store = Fragments.from_intervals(SIZES, chroms, starts, ends)
    return turned, {"vplot": {"cells": store}}, {c: 3 - g[::-1] for c, g in genome.items()}


@pytest.mark.parametrize(
    ("inputs", "changes"),
    [
        (("vplot", "sequence"), {"expected": True}),
        (("vplot",), {"trunk": "convnext"}),
        (("vplot",), {"architecture": "alexnet"}),
        (("sequence",), {"architecture": "deepbind"}),
        (("sequence",), {"architecture": "deepsea"}),
    ],
)
def test_a_window_and_its_reverse_complement_have_the_same_prediction(
    inputs: tuple[str, ...], changes: dict[str, object]
) -> None:
    """To the last bit: both strands of one are drawn as both strands of the other."""
    toy = make_toy()
    recipe = recipe_of(*inputs)
    predictions, ahead = [], []
    for windows, stores, genome in (toy, other_strand(toy)):
        stores, depth = (stores, {"vplot": 1000.0}) if "vplot" in inputs else ({}, {})
        own = genome if "sequence" in inputs else None
        data = window_data(recipe, windows, stores, depth, own, torch.device("cpu"))
        shapes = {name: image.grid.shape for name, image in data.images.items()}
        network = network_of(*inputs, images=shapes, **changes)
        ids = torch.arange(len(windows))
        predictions.append(predict_logits(network, data, ids, 16)["state"])
        ahead.append(logits_of(network, data.draw(ids))["state"])
    assert torch.equal(*predictions)
    assert not torch.allclose(*ahead)


@pytest.mark.parametrize(
    "changes", [{"expected": True}, {"trunk": "convnext", "modality_dropout": 0.5}]
)
def test_networks_train_in_bfloat16(changes: dict[str, object]) -> None:
    network = network_of("vplot", "sequence", auxiliary=True, **changes)
    batch = batch_of(network.spec)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, alone = network.all_logits(batch)
        mixed_sum([*logits.values(), *alone["vplot"].values()]).backward()
    exact = logits_of(network, batch)["state"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = logits_of(network, batch)["state"]
    assert rough.float().numpy() == pytest.approx(exact.numpy(), abs=0.05)
    assert not torch.equal(rough.float(), exact)
    assert all(p.grad.isfinite().all() for p in network.heads.parameters())
