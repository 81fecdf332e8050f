"""The network family: shapes, gradients, missing inputs, strands, and parts against plain loops."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from chrompute.encoders import ImageChannels, Smoothing, one_hot
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.heads import BinSummary
from chrompute.inference import predict_logits
from chrompute.model_data import window_data
from chrompute.network_spec import NetworkSpec, architecture_fault
from chrompute.networks import ConvNextBlock, build_network
from toy_models import SIZES, Toy, make_toy, recipe_of

WIDTH = 401
IMAGES = {"vplot": (10, 51), "mnase": (8, 51), "mnase_profile": (1, 51)}
SUBSETS = [
    chosen
    for number in range(1, 5)
    for chosen in combinations([*IMAGES, "sequence"], number)
]  # fmt: skip
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


def network_of(*inputs: str, **changes: object) -> torch.nn.Module:
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


def logits_of(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    with torch.no_grad():
        return network.eval()(batch)


def equal(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[task], two[task]) for task in one)


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


@pytest.mark.parametrize("name", CLASSICS)
def test_every_parameter_of_a_classic_gets_a_gradient(name: str) -> None:
    network = network_of(*CLASSICS[name], architecture=name)
    logits, alone = network.all_logits(batch_of(network.spec, n=32))
    assert alone == {}
    assert {task: tuple(each.shape) for task, each in logits.items()} == {
        "state": (32, 5),
        "bound": (32, 2),
    }
    generator = torch.Generator().manual_seed(1)
    sum(
        (each * torch.rand(each.shape, generator=generator)).sum() for each in logits.values()
    ).backward()
    assert [n for n, p in network.named_parameters() if not p.grad.any()] == []


@pytest.mark.parametrize("shape", [(8, 32), (1, 51), (20, 126), (75, 500), (300, 2001)])
def test_the_image_classic_takes_images_of_any_size(shape: tuple[int, int]) -> None:
    network = network_of("vplot", images={"vplot": shape}, architecture="alexnet")
    batch = {"vplot": torch.rand(2, *shape)}
    logits = logits_of(network, batch)["state"]
    assert logits.shape == (2, 5)
    assert not torch.allclose(logits[0], logits[1])


@pytest.mark.parametrize("width", [200, 1000, 2001])
@pytest.mark.parametrize("name", ["deepbind", "deepsea"])
def test_the_sequence_classics_take_windows_from_200_bp(name: str, width: int) -> None:
    network = network_of("sequence", width=width, architecture=name)
    logits = logits_of(network, batch_of(network.spec, n=2))["state"]
    assert not torch.allclose(logits[0], logits[1])


@pytest.mark.parametrize(
    ("name", "inputs", "fault"),
    [
        ("alexnet", ("vplot", "mnase"), "exactly one image"),
        ("alexnet", ("sequence",), "exactly one image"),
        ("deepbind", ("vplot",), "DNA alone"),
        ("deepsea", ("vplot", "sequence"), "DNA alone"),
    ],
)
def test_a_classic_refuses_inputs_that_are_not_its_own(
    name: str, inputs: tuple[str, ...], fault: str
) -> None:
    assert fault in architecture_fault(name, inputs)
    with pytest.raises(InputError, match=fault):
        build_network(spec_of(*inputs, architecture=name))
    assert architecture_fault(name, CLASSICS[name]) is None
    assert architecture_fault("chrompute", inputs) is None


def test_an_image_that_does_not_fit_the_bins_is_refused() -> None:
    for columns, pixel in ((401, 1), (51, 8), (26, 16)):
        build_network(spec_of("vplot", images={"vplot": (5, columns)}))
        assert columns == -(-WIDTH // pixel)
    with pytest.raises(InputError, match="multiple of images/position_bin"):
        build_network(spec_of("vplot", images={"vplot": (5, 41)}))


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


def test_two_classes_have_one_logit_and_its_binary_cross_entropy() -> None:
    network = network_of("vplot")
    logits = logits_of(network, batch_of(network.spec))["bound"]
    assert not logits[:, 0].any()
    labels = torch.tensor([0.0, 1, 0.5, 0.25, 1, 0])
    both = torch.nn.functional.cross_entropy(logits, torch.stack([1 - labels, labels], 1))
    z = logits[:, 1].double().numpy()
    p, y = 1 / (1 + np.exp(-z)), labels.double().numpy()
    assert float(both) == pytest.approx(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), rel=1e-5)


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


@pytest.mark.parametrize("name", CLASSICS)
def test_an_absent_input_of_a_classic_changes_nothing(name: str) -> None:
    network = network_of(*CLASSICS[name], architecture=name)
    absent = {"present": torch.zeros(6, 1, dtype=torch.bool)}
    one, two = (logits_of(network, batch_of(network.spec, seed=s) | absent) for s in (0, 5))
    assert equal(one, two)


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


def gaussian(image: np.ndarray, scale: float) -> np.ndarray:
    place = np.arange(image.shape[-1])
    return image @ (np.exp(-0.5 * ((place[:, None] - place) / scale) ** 2) / scale)


def test_channels_of_an_image_are_logarithms_of_counts_copies_and_over_expected() -> None:
    rng = np.random.default_rng(2)
    image, mean = rng.poisson(0.5, (3, 4, 30)).astype(float), rng.random((4, 30))
    image[2] = 0
    channels = ImageChannels(4, 30, (1.5, 4.0), expected=True)
    channels.set_expected(torch.from_numpy(mean))
    found = channels(torch.from_numpy(image).float()).numpy()
    narrow, wide = gaussian(image, 1.5), gaussian(image, 4.0)
    usual = gaussian(mean, 1.5)
    share = image.sum((1, 2), keepdims=True) / mean.sum()
    over = np.log((narrow + usual.mean()) / (usual * share + usual.mean()))
    assert found.shape == (3, channels.channels, 30)
    expected = np.concatenate([np.log1p(image), np.log1p(narrow), np.log1p(wide), over], axis=1)
    assert found == pytest.approx(expected, abs=1e-5)
    assert not found[2].any()  # nothing is expected of an empty window


def test_what_is_expected_is_saved_with_the_weights() -> None:
    network = network_of("vplot", "sequence", expected=True)
    batch = batch_of(network.spec)
    before = logits_of(network, batch)
    network.set_expected({"vplot": torch.rand(10, 51)})
    after = logits_of(network, batch)
    assert not torch.allclose(before["state"], after["state"])
    other = network_of("vplot", "sequence", expected=True)
    other.load_state_dict(network.state_dict())
    assert equal(logits_of(other, batch), after)


def test_wide_images_are_smoothed_in_pieces_to_the_same() -> None:
    image = torch.poisson(torch.full((2, 3, 1501), 0.2))
    smoothing = Smoothing(1501, (2.0, 20.0))
    assert smoothing.pieces > 1
    found = smoothing(image).numpy()
    for copy, scale in enumerate((2.0, 20.0), 1):
        whole = gaussian(image.double().numpy(), scale)
        # What lies beyond 4 standard deviations is 6e-5 of a Gaussian.
        assert found[:, 3 * copy : 3 * copy + 3] == pytest.approx(whole, abs=1e-3)


def test_a_summary_is_of_bins_around_a_place() -> None:
    spec = spec_of("vplot")  # 26 bins of 16 bp, the middle one is bin 12; 1 bin to each side
    x = torch.rand(2, 3, 26)
    at = torch.tensor([[200, 0], [399, 100]])
    summary = BinSummary(spec)
    found = summary(x, at)
    assert torch.allclose(found[0, 0], summary(x)[0], atol=1e-6)
    for window in range(2):
        for index, place in enumerate(at[window].tolist()):
            b, own = place // 16, x[window]
            parts = [
                own[:, b],
                own[:, max(b - 1, 0) : b + 2].mean(1),
                own[:, b - 1] if b > 0 else torch.zeros(3),
                own[:, b + 1],
                own.mean(1),
                own.max(1).values,
            ]
            assert torch.allclose(found[window, index], torch.cat(parts), atol=1e-6)


def test_heads_read_other_places_like_the_middle() -> None:
    network = network_of("vplot", "sequence", auxiliary=True).eval()
    batch = batch_of(network.spec)
    at = torch.tensor([[200, 30, 350]]).expand(6, 3)
    logits, alone = network.all_logits(batch, at)
    assert logits["state"].shape == (6, 3, 5)
    for task, own in network(batch).items():
        assert torch.allclose(logits[task][:, 0], own, atol=1e-6)
        assert not torch.allclose(logits[task][:, 1], own)
    assert alone["vplot"]["bound"].shape == (6, 3, 2)


def test_a_convnext_block_is_the_published_one() -> None:
    torch.manual_seed(0)
    block = ConvNextBlock(8, 2, 0.0)
    x = torch.randn(2, 8, 20)
    own = {name: values.detach().double().numpy() for name, values in block.named_parameters()}
    padded = np.pad(x.double().numpy(), ((0, 0), (0, 0), (6, 6)))
    mixed = (
        sum(
            padded[:, :, 2 * tap : 2 * tap + 20] * own["depthwise.weight"][:, 0, tap, None]
            for tap in range(7)
        )
        + own["depthwise.bias"][:, None]
    )
    y = mixed.transpose(0, 2, 1)
    y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-5)
    y = y * own["layers.0.weight"] + own["layers.0.bias"]
    y = y @ own["layers.1.weight"].T + own["layers.1.bias"]
    y = y * 0.5 * (1 + torch.erf(torch.from_numpy(y) / 2**0.5).numpy())
    y = y @ own["layers.4.weight"].T + own["layers.4.bias"]
    expected = x.double().numpy() + (own["gain"] * y).transpose(0, 2, 1)
    assert block(x).detach().numpy() == pytest.approx(expected, abs=1e-5)


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
