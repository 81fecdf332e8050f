"""Stopping early: which epoch is kept, and what it needs."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from chrompute import window_training
from chrompute.dataset import WindowData
from chrompute.errors import InputError
from chrompute.fit import FittedNetwork, train_network
from chrompute.inference import predict_logits
from chrompute.training_rules import TrainingRules
from toy_models import TRAINING, make_toy
from toy_training import Training, same_bits


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(make_toy())


def scripted(losses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make validation losses up, one an epoch."""

    def validation(self) -> dict[str, float]:
        return {"valid_loss": losses[self.current_epoch], "valid_accuracy": 0.5}

    monkeypatch.setattr(window_training.WindowTraining, "_validation", validation)


def test_patience_stops_and_keeps_the_best_epoch(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted([5.0, 3.0, 4.0, 3.5, 1.0, 1.0], monkeypatch)
    settings = {"epochs": 6, "number": 32, "schedule": "constant"}
    stopped = training.fit(tmp_path / "stopped", patience=2, **settings)
    assert (len(stopped.history), stopped.kept) == (4, 2)
    two = training.fit(tmp_path / "two", **{**settings, "epochs": 2})
    assert same_bits(stopped, two)
    patient = training.fit(tmp_path / "patient", patience=3, **settings)
    assert (len(patient.history), patient.kept) == (6, 5)  # the first of two equal ones
    plain = training.fit(tmp_path / "plain", **settings)
    assert (len(plain.history), plain.kept) == (6, 6)


def test_a_run_that_had_stopped_does_not_go_on_when_it_is_resumed(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed between its last checkpoint and the writing of the results."""
    scripted([3.0, 4.0, 5.0, 1.0], monkeypatch)
    settings = {"epochs": 4, "number": 32, "patience": 2}
    stopped = training.fit(tmp_path, **settings)
    resumed = training.fit(tmp_path, **settings)
    assert (len(resumed.history), resumed.kept) == (3, 1)
    assert same_bits(stopped, resumed)


def test_an_epoch_without_a_validation_loss_is_never_the_best(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted([math.nan, 4.0, math.nan, 3.0, 5.0], monkeypatch)
    settings = {"epochs": 5, "number": 32, "patience": 4}
    assert training.fit(tmp_path / "some", **settings).kept == 4
    scripted([math.nan] * 5, monkeypatch)
    assert training.fit(tmp_path / "none", **settings).kept == 1


def test_probabilities_that_are_too_small_for_a_float_have_a_logarithm() -> None:
    """Logits (0, z) of both strands; windows are their own batches."""
    ahead, back = torch.tensor([[3.0, 200.0, -300.0], [1.0, 250.0, -300.5]])

    class Certain(torch.nn.Module):
        spec = SimpleNamespace(tasks={"state": 2})

        def forward(self, batch):
            return {"state": torch.stack([torch.zeros_like(batch), batch], 1)}

    def draw(ids, reverse):
        return torch.where(reverse, back[ids], ahead[ids])

    data = SimpleNamespace(draw=draw)
    found = predict_logits(Certain(), data, torch.arange(3), 1)["state"].double().numpy()
    # log p(class 0) = -log(1 + e^z), and the mean of 200 and 250 is e^-200 / 2.
    p = [(1 / (1 + math.exp(z1)) + 1 / (1 + math.exp(z2))) / 2 for z1, z2 in ((3, 1), (200, 250))]
    assert found[:2, 0] == pytest.approx(np.log(p), rel=1e-6)
    assert found[2, 1] == pytest.approx(np.log((math.exp(-300) + math.exp(-300.5)) / 2), rel=1e-6)
    assert found[2, 0] == 0


def test_patience_needs_validation_windows(training: Training, tmp_path: Path) -> None:
    rules = TrainingRules(**TRAINING, patience=2)
    role = np.where(training.role == "train", "train", "")
    with pytest.raises(InputError, match=r"training/patience .* no validation window"):
        train_network(training.spec(), training.data, role, rules, 1, tmp_path)


def test_patience_needs_labels_of_a_task_that_weighs(training: Training, tmp_path: Path) -> None:
    """Validation windows know the mark alone."""
    data = training.data
    state = data.labels["state"].clone()
    state[torch.from_numpy(training.role == "valid")] = 0
    labels = {**data.labels, "state": state}
    drawn = WindowData(data.images, data.sequence, labels, data.weights)

    def run(**task_weights: float) -> FittedNetwork:
        rules = TrainingRules(**{**TRAINING, "epochs": 1}, patience=2, task_weights=task_weights)
        return train_network(training.spec(), drawn, training.role, rules, 1, tmp_path)

    with pytest.raises(InputError, match=r"patience .* whose weight \(training/task_weights\)"):
        run(mark=0.0)
    assert run(mark=0.1).kept == 1
