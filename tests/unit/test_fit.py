"""Training: what it learns, how its steps are made, resuming, logs."""

import logging
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboardX.proto.event_pb2 import Event
from torch.utils._python_dispatch import TorchDispatchMode

from chrompute import window_training
from chrompute.dataset import WindowData
from chrompute.fit import train_network
from chrompute.inference import predict_logits
from chrompute.networks import ChromatinNetwork, build_network
from chrompute.training_rules import TrainingRules
from chrompute.training_step import Place, StepWindows, draw_part, part_loss
from toy_models import TRAINING, make_toy
from toy_training import BOTH, INPUTS, Training, close, same_bits


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(make_toy())


@pytest.mark.slow
def test_a_network_overfits_64_windows(training: Training, tmp_path: Path) -> None:
    """Labels are drawn anew, so that nothing but the windows themselves tells them."""
    data, ids = training.data, torch.arange(64)
    labels = torch.eye(2)[torch.from_numpy(np.random.default_rng(6).integers(0, 2, 64))]
    drawn = WindowData(data.images, data.sequence, {"state": labels}, {"state": torch.ones(64)})
    spec = training.spec(tasks={"state": 2}, dropout=0.0)
    rules = TrainingRules(**{**TRAINING, "epochs": 60, "jitter": 0, "weight_decay": 0.0})
    role = np.full(64, "train", dtype="U5")
    fitted = train_network(spec, drawn, role, rules, 1, tmp_path)
    logits = predict_logits(fitted.network, drawn, ids, 64)["state"]
    assert bool((logits.argmax(1) == labels.argmax(1)).all())


def test_gradients_flow_to_every_input(training: Training) -> None:
    torch.manual_seed(0)
    network = ChromatinNetwork(training.spec(dropout=0.0))
    batch = training.data.draw(torch.arange(16))
    loss = torch.stack([v.square().mean() for v in network(batch).values()]).sum()
    loss.backward()
    for name in INPUTS:
        gradients = [p.grad for p in network.encoders[name].parameters()]
        assert gradients
        assert all(g is not None and bool((g != 0).any()) for g in gradients), name


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "cosine", "accumulate": 2, "thinning": 0.5, "auxiliary": 0.3},
        {"task_weights": "learned", "patience": 2, "logit_adjustment": 1.0},
        {"schedule": "constant", "precision": "bfloat16", "task_weights": {"mark": 2.0}},
    ],
)
def test_a_killed_run_resumes_bit_for_bit(
    training: Training,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: dict,
) -> None:
    settings = {**settings, "epochs": 3, "number": 48, "dropout": 0.2}
    whole = training.fit(tmp_path / "whole", **settings)
    assert same_bits(whole, training.fit(tmp_path / "again", **settings))

    class KilledError(Exception):
        """Stands for a kill in the middle of the last epoch."""

    step = window_training.WindowTraining.training_step

    def killed(self, windows, batch):
        if self.current_epoch == 2 and batch == 1:
            raise KilledError
        return step(self, windows, batch)

    with monkeypatch.context() as patch:
        patch.setattr(window_training.WindowTraining, "training_step", killed)
        with pytest.raises(KilledError):
            training.fit(tmp_path / "cut", **settings)
    with caplog.at_level(logging.INFO):
        resumed = training.fit(tmp_path / "cut", **settings)
    assert "resuming after epoch 2" in caplog.text
    assert same_bits(whole, resumed)
    assert resumed.history == whole.history


def test_accumulated_batches_make_the_step_of_one_large_batch(
    training: Training, tmp_path: Path
) -> None:
    """With an epoch whose last step is smaller, and labels that are unknown here and there."""
    large = training.fit(tmp_path / "1", number=44, batch_size=16, accumulate=1)
    small = training.fit(tmp_path / "2", number=44, batch_size=4, accumulate=4)
    assert close(large, small)
    assert not same_bits(large, training.fit(tmp_path / "3", number=44, batch_size=4))
    for one, two in zip(large.history, small.history, strict=True):
        assert one["learning_rate"] == two["learning_rate"]
        assert one["valid_loss"] == pytest.approx(two["valid_loss"], rel=1e-3)


def test_the_parts_of_a_step_are_drawn_as_the_step_is() -> None:
    rules = TrainingRules(**{**TRAINING, "batch_size": 7, "accumulate": 2, "thinning": 0.25})
    windows = step_of(torch.randperm(50)[:11])
    generator = torch.Generator()
    whole = draw_part(windows, replace(rules, batch_size=14), Place(3, 1, 4), generator)
    assert whole.counts is None
    assert whole.ids.equal(windows.ids)
    assert whole.shift.abs().max() <= 5
    assert 0.25 <= whole.keep.min() < whole.keep.max() <= 1
    rows = []
    for part, rank in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]:
        drawn = draw_part(windows, rules, Place(3, 1, 4, part, rank, 3), generator)
        counts = torch.ones(len(drawn.ids)) if drawn.counts is None else drawn.counts
        assert len(drawn.ids) == (3 if part == 0 else 2)  # all processes do as much work
        assert drawn.rows.tolist() == drawn.ids.tolist()
        for row in torch.stack([drawn.ids, drawn.shift, drawn.reverse, drawn.keep], 1)[
            counts > 0
        ].tolist():
            rows.append(row)
    expected = torch.stack([whole.ids, whole.shift, whole.reverse, whole.keep], 1).tolist()
    assert sorted(rows) == sorted(expected)
    again = draw_part(windows, replace(rules, batch_size=14), Place(3, 1, 5), generator)
    assert not again.shift.equal(whole.shift)


class Asked(TorchDispatchMode):
    """Notes the operations that wait for a CUDA device, because the host asks for a value."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        by_truth = name == "index" and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        if by_truth or name in ("_local_scalar_dense", "nonzero", "masked_select", "equal"):
            self.names.append(name)
        return function(*args, **(kwargs or {}))


def test_a_step_asks_nothing_of_the_device(training: Training) -> None:
    data, ids = training.data, torch.arange(32)
    rules = TrainingRules(**{**TRAINING, "batch_size": 32, "thinning": 0.5, "auxiliary": 0.5})
    data.allow_shifts(rules.jitter)
    objective = window_training.Objective(data.labels, data.weights, ids, data.inputs, rules)
    network = build_network(training.spec(auxiliary=True, modality_dropout=0.2))
    given = network, data, objective, step_of(ids), Place(1, 0, 0), torch.Generator()
    with Asked() as asked:
        part_loss(*given).backward()
    assert asked.names == []
    with Asked() as asked:
        data.draw(ids)
    assert asked.names == ["_local_scalar_dense"] * 2  # without `rows`, of both images


def step_of(ids: torch.Tensor) -> StepWindows:
    return StepWindows(ids, ids.numpy())


def test_thinning_shows_fewer_fragments_while_training(training: Training) -> None:
    seen: list[torch.Tensor] = []

    class Looking(torch.nn.Module):
        def all_logits(self, batch):
            seen.append(batch["vplot"])
            zeros = {task: torch.zeros(64, 2, requires_grad=True) for task in BOTH}
            return zeros, {}

    ids = torch.arange(64)
    for thinning in (1.0, 0.2):
        rules = TrainingRules(**{**TRAINING, "batch_size": 64, "thinning": thinning})
        objective = window_training.Objective(
            training.data.labels, training.data.weights, ids, training.data.inputs, rules
        )
        step = step_of(ids)
        part_loss(Looking(), training.data, objective, step, Place(1, 0, 0), torch.Generator())
    lit = [int((image > 0).sum()) for image in seen]
    assert 0.4 < lit[1] / lit[0] < 0.85  # 0.6 are kept on average, several may share a pixel
    sums = [float(image.sum()) for image in seen]
    assert sums[1] == pytest.approx(sums[0], rel=0.15)  # and are scaled up


@pytest.mark.slow
def test_bfloat16_trains_on_the_cpu(training: Training, tmp_path: Path) -> None:
    settings = {"epochs": 6, "batch_size": 16}
    half = training.fit(tmp_path / "half", precision="bfloat16", **settings)
    full = training.fit(tmp_path / "full", precision="auto", **settings)
    assert same_bits(full, training.fit(tmp_path / "same", precision="float32", **settings))
    assert not same_bits(full, half)
    assert all(value.dtype == torch.float32 for value in half.network.parameters())
    assert half.history[-1]["valid_state_accuracy"] > 0.9


def test_learned_task_weights_are_learned_and_told(training: Training, tmp_path: Path) -> None:
    fitted = training.fit(tmp_path, epochs=4, task_weights="learned")
    last = fitted.history[-1]
    # The task that is learned weighs more than the one that is not yet.
    assert last["weight_state"] > 1
    assert last["weight_state"] > last["weight_mark"]


def test_what_is_expected_of_a_pixel_is_that_of_the_training_windows(
    training: Training, tmp_path: Path
) -> None:
    spec = training.spec(expected=True, smoothing=())
    rules = TrainingRules(**{**TRAINING, "epochs": 1})
    fitted = train_network(spec, training.data, training.role, rules, 1, tmp_path)
    train = torch.from_numpy(np.flatnonzero(training.role == "train"))
    images = [
        training.data.draw(train, reverse=torch.full_like(train, turned).bool())["mnase"]
        for turned in (0, 1)
    ]
    mean = torch.cat(images).mean(0)
    held = fitted.network.encoders["mnase"].image.expected
    assert torch.allclose(held, mean, atol=1e-6)
    assert float(held.max()) > 0


def test_training_says_nothing_that_is_not_of_this_project(
    training: Training, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.INFO)
    with warnings.catch_warnings(record=True) as told, caplog.at_level(logging.INFO):
        warnings.simplefilter("always")
        training.fit(tmp_path, number=32, epochs=1)
    assert [str(each.message) for each in told] == []
    assert {record.name.split(".")[0] for record in caplog.records} == {"chrompute"}


def test_a_tensorboard_log_holds_the_history(training: Training, tmp_path: Path) -> None:
    spec = training.spec(dropout=0.0)
    rules = TrainingRules(**{**TRAINING, "epochs": 2, "tensorboard": True})
    given = spec, training.data, training.role, rules, 1, tmp_path / "checkpoints"
    fitted = train_network(*given, logs=tmp_path / "logs")
    (log,) = (tmp_path / "logs").glob("events.*")
    found = {
        (event.step, value.tag): value.simple_value
        for event in events_of(log)
        for value in event.summary.value
    }
    for epoch, line in enumerate(fitted.history, start=1):
        assert found[epoch, "train_loss"] == pytest.approx(line["train_loss"])
        assert found[epoch, "valid_loss"] == pytest.approx(line["valid_loss"])


def events_of(log: Path) -> list[Event]:
    """Read a log: records of a length (8 bytes) and its check sum (4), data, and theirs (4)."""
    data, events = log.read_bytes(), []
    while data:
        size = int.from_bytes(data[:8], "little")
        events.append(Event.FromString(data[12 : 12 + size]))
        data = data[16 + size :]
    return events
