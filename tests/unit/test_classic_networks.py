"""Networks after well-known ones: shapes, gradients, and inputs that are not theirs."""

import pytest
import torch

from chrompute.errors import InputError
from chrompute.network_spec import architecture_fault
from chrompute.networks import build_network
from toy_networks import CLASSICS, batch_of, equal, logits_of, network_of, spec_of


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


@pytest.mark.parametrize(("width", "first", "last"), [(2001, 950, 1050), (1000, 449, 550)])
def test_deepbind_reads_the_middle_101_bp(width: int, first: int, last: int) -> None:
    network = network_of("sequence", width=width, architecture="deepbind")
    codes = torch.randint(0, 4, (1, width), dtype=torch.long)

    def scores(*changed: int) -> dict[str, torch.Tensor]:
        other = codes.clone()
        other[0, list(changed)] = (other[0, list(changed)] + 1) % 4
        return logits_of(network, {"sequence": other})

    outside = [*range(first), *range(last + 1, width)]
    assert equal(scores(*outside), scores())
    assert not equal(scores(first), scores())
    assert not equal(scores(last), scores())


@pytest.mark.parametrize("width", [101, 161, 162, 163])
@pytest.mark.parametrize("name", CLASSICS)
def test_a_short_window_is_refused_or_read(name: str, width: int) -> None:
    fault = architecture_fault(name, CLASSICS[name], width)
    if name == "deepsea" and width < 163:
        assert f"163 bp and more, and these have {width} bp" in fault
        with pytest.raises(InputError, match="163 bp and more"):
            build_network(spec_of("sequence", width=width, architecture=name))
        return
    assert fault is None
    shape = (10, -(-width // 8))
    own = {"images": {"vplot": shape}} if name == "alexnet" else {}
    network = network_of(*CLASSICS[name], width=width, architecture=name, **own)
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


@pytest.mark.parametrize("name", CLASSICS)
def test_an_absent_input_of_a_classic_changes_nothing(name: str) -> None:
    network = network_of(*CLASSICS[name], architecture=name)
    absent = {"present": torch.zeros(6, 1, dtype=torch.bool)}
    one, two = (logits_of(network, batch_of(network.spec, seed=s) | absent) for s in (0, 5))
    assert equal(one, two)
