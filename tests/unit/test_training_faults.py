"""What training refuses, and how it tells what went wrong."""

import logging
from pathlib import Path

import pytest
import torch

from chrompute import fit, runs
from chrompute.devices import choose_device, explained_memory
from chrompute.errors import InputError
from chrompute.progress import Progress
from chrompute.runs import run_recipe
from toy_models import Toy, make_toy, recipe_of
from toy_training import Training


@pytest.fixture(scope="module")
def case() -> Toy:
    return make_toy()


@pytest.fixture(scope="module")
def training(case: Toy) -> Training:
    return Training(case)


def test_weights_of_tasks_that_are_not_there_are_refused(
    training: Training, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"'colour' is no task of the model, which has state, mar"):
        training.fit(tmp_path, task_weights={"colour": 1.0})
    with pytest.raises(InputError, match="no task a weight above 0"):
        training.fit(tmp_path, task_weights={"state": 0, "mark": 0})


@pytest.mark.parametrize("ends", [False, True])
def test_a_loss_that_is_no_number_names_the_learning_rate(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    """Told with the line of progress, and at the latest when an epoch ends."""
    if not ends:
        monkeypatch.setattr(fit, "Progress", lambda: Progress(0))
    with pytest.raises(InputError, match="training/learning_rate, which is 1e"):
        training.fit(tmp_path, number=32, learning_rate=1e30, schedule="constant")
    assert not any(tmp_path.rglob("*.ckpt"))


def test_cuda_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="training/device is cuda, and torch finds no CUDA device"):
        choose_device("cuda")
    with caplog.at_level(logging.INFO):
        assert choose_device("auto").type == "cpu"
    assert "no CUDA device: training on the CPU" in caplog.text


@pytest.mark.parametrize(
    ("error", "place", "host"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), "CUDA device", True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you"), "this machine", False),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "this", False),
        (MemoryError("Unable to allocate 3 GiB"), "this machine", False),
    ],
)
def test_out_of_memory_names_the_settings_to_lower(
    error: Exception, place: str, host: bool
) -> None:
    with pytest.raises(InputError) as told, explained_memory():
        raise error
    text = str(told.value)
    assert place in text
    assert text.index("training/batch_size") < text.index("images/position_bin")
    assert text.index("images/position_bin") < text.index("network/channels")
    assert ("training/store to host" in text) == host
    with pytest.raises(RuntimeError, match="another"), explained_memory():
        raise RuntimeError("another fault")


def test_a_real_allocation_that_fails_is_told(
    case: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, stores, _ = case
    recipe = recipe_of("vplot")
    monkeypatch.setattr(runs, "train_network", lambda *_: torch.empty(1 << 50))
    with pytest.raises(InputError, match="lower training/batch_size"):
        run_recipe(recipe, windows, stores, None, 1, tmp_path, "code")
