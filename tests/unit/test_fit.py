"""The training loop: its settings, what it refuses, and that no way of running it changes it."""

import logging
import math
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from chrompute import fit, progress, runs, window_training
from chrompute.dataset import WindowData
from chrompute.devices import choose_device, explained_memory
from chrompute.errors import InputError
from chrompute.fit import FittedNetwork, train_network
from chrompute.inference import predict_logits
from chrompute.model_data import window_data
from chrompute.network_spec import NetworkSpec
from chrompute.networks import ChromatinNetwork
from chrompute.optimisation import learning_rates
from chrompute.progress import Progress
from chrompute.runs import run_recipe, spec_of
from chrompute.training_rules import TrainingRules
from chrompute.training_step import Place, draw_part, part_loss
from toy_models import TRAINING, Toy, make_toy, recipe_of

BOTH = {"state": ("closed", "open"), "mark": ("not_bound", "bound")}
INPUTS = ("vplot", "mnase", "sequence")


@pytest.fixture(scope="module")
def case() -> Toy:
    return make_toy()


class Training:
    """Windows of two tasks with all inputs on the CPU, and networks trained on some of them."""

    def __init__(self, case: Toy) -> None:
        windows, stores, genome = case
        self.recipe = replace(recipe_of(*INPUTS), tasks=BOTH)
        windows = windows.assign(
            **{"mark.1": windows["mark"].where(np.arange(len(windows)) % 3 > 0)}
        )
        both = dict.fromkeys(("vplot", "mnase"), stores["vplot"])
        depth = dict.fromkeys(both, 2000.0)
        targets = self.recipe.targets(windows, {})
        self.role = windows["split"].to_numpy(dtype="U5")
        self.data = window_data(
            self.recipe, windows, both, depth, genome, torch.device("cpu"), targets
        )

    def spec(self, **network: object) -> NetworkSpec:
        return replace(spec_of(self.recipe, self.data), **network)

    def fit(
        self, folder: Path, number: int | None = None, dropout: float = 0.0, **training: object
    ) -> FittedNetwork:
        """Train on the first windows."""
        role = self.role.copy()
        if number is not None:
            role[np.flatnonzero(role == "train")[number:]] = ""
        rules = TrainingRules(**{**TRAINING, "epochs": 2, **training})
        spec = self.spec(dropout=dropout, auxiliary=rules.auxiliary > 0)
        return train_network(spec, self.data, role, rules, 1, folder)


@pytest.fixture(scope="module")
def training(case: Toy) -> Training:
    return Training(case)


def weights_of(fitted: FittedNetwork) -> dict[str, torch.Tensor]:
    return dict(fitted.network.state_dict())


def same_bits(one: FittedNetwork, two: FittedNetwork) -> bool:
    first, second = weights_of(one), weights_of(two)
    return all(torch.equal(first[name], second[name]) for name in first)


def close(one: FittedNetwork, two: FittedNetwork) -> bool:
    first, second = weights_of(one), weights_of(two)
    return all(torch.allclose(first[name], second[name], atol=2e-4) for name in first)


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
    windows = torch.randperm(50)[:11]
    generator = torch.Generator()
    whole = draw_part(windows, replace(rules, batch_size=14), Place(3, 1, 4), generator)
    assert whole.counts is None
    assert whole.ids.equal(windows)
    assert whole.shift.abs().max() <= 5
    assert 0.25 <= whole.keep.min() < whole.keep.max() <= 1
    rows = []
    for part, rank in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]:
        drawn = draw_part(windows, rules, Place(3, 1, 4, part, rank, 3), generator)
        counts = torch.ones(len(drawn.ids)) if drawn.counts is None else drawn.counts
        assert len(drawn.ids) == (3 if part == 0 else 2)  # all processes do as much work
        for row in torch.stack([drawn.ids, drawn.shift, drawn.reverse, drawn.keep], 1)[
            counts > 0
        ].tolist():
            rows.append(row)
    expected = torch.stack([whole.ids, whole.shift, whole.reverse, whole.keep], 1).tolist()
    assert sorted(rows) == sorted(expected)
    again = draw_part(windows, replace(rules, batch_size=14), Place(3, 1, 5), generator)
    assert not again.shift.equal(whole.shift)


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
        part_loss(Looking(), training.data, objective, ids, Place(1, 0, 0), torch.Generator())
    lit = [int((image > 0).sum()) for image in seen]
    assert 0.4 < lit[1] / lit[0] < 0.85  # 0.6 are kept on average, several may share a pixel
    sums = [float(image.sum()) for image in seen]
    assert sums[1] == pytest.approx(sums[0], rel=0.15)  # and are scaled up


def rates(schedule: str, steps: int = 100) -> list[float]:
    rules = TrainingRules(**{**TRAINING, "learning_rate": 0.1, "schedule": schedule})
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=0.1)
    plan = learning_rates(optimizer, rules, steps)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        plan.step() if len(found) < steps else None
    return found


def test_the_schedules_have_their_shapes() -> None:
    assert rates("constant") == pytest.approx([0.1] * 100)
    cosine = [0.05 * (1 + math.cos(math.pi * step / 100)) for step in range(100)]
    assert rates("cosine") == pytest.approx(cosine)
    cycle = rates("one_cycle")
    assert cycle[0] == pytest.approx(0.1 / 25)
    assert np.argmax(cycle) == 14  # 15 % of the steps
    assert max(cycle) == pytest.approx(0.1)
    assert cycle[-1] == pytest.approx(0.1 / 25 / 1e4)


@pytest.mark.parametrize("steps", [3, 5, 7, 10, 13])
def test_a_short_cycle_rises_and_falls_too(steps: int) -> None:
    found = rates("one_cycle", steps)
    assert found[0] == pytest.approx(0.1 / 25)
    assert max(found) == pytest.approx(0.1)
    assert int(np.argmax(found)) == 1
    assert found[-1] == pytest.approx(0.1 / 25 / 1e4)
    assert found[1:] == sorted(found[1:], reverse=True)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_step_or_two_are_no_cycle(steps: int) -> None:
    assert rates("one_cycle", steps) == pytest.approx([0.1] * steps)


def test_the_schedule_counts_steps_and_not_batches(training: Training, tmp_path: Path) -> None:
    fitted = training.fit(
        tmp_path, number=40, epochs=2, batch_size=4, accumulate=4, schedule="cosine"
    )
    # 40 windows are 3 steps an epoch; the last step of each is noted.
    expected = [5e-3 * 0.5 * (1 + math.cos(math.pi * step / 6)) for step in (2, 5)]
    assert [line["learning_rate"] for line in fitted.history] == pytest.approx(expected)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_windows_a_second_are_those_that_were_done(
    training: Training,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    accumulate: int,
) -> None:
    """By a clock that a batch takes a second of, and validation a hundred."""
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(fit, "Progress", lambda: Progress(0))

    def passing(name: str, seconds: float) -> None:
        inner = getattr(window_training.WindowTraining, name)

        def slow(self, *arguments):
            clock[0] += seconds
            return inner(self, *arguments)

        monkeypatch.setattr(window_training.WindowTraining, name, slow)

    passing("training_step", 1.0)
    passing("_validation", 100.0)
    with caplog.at_level(logging.INFO):
        training.fit(tmp_path, number=36, batch_size=16 // accumulate, accumulate=accumulate)
    lines = [text for text in caplog.messages if text.startswith("epoch ")]
    said = [re.search(r"([0-9]+) windows/s", text)[1] for text in lines]
    left = [re.search(r"about ([0-9]+ [a-z]+) left", text) for text in lines]
    if accumulate == 2:  # batches of 8, 8, 8, 8, 4
        assert said == ["8", "8", "8", "8", "7", "7"] * 2
    else:  # batches of 16, 16, 4, and again
        assert said == ["16", "16", "12", "12"] * 2
        times = [1 * 56 / 16, 2 * 40 / 32, 3, 104 * 20 / 52, 105 * 4 / 68, 0]
        assert [each[1] for each in left if each] == [f"{seconds:.0f} s" for seconds in times]


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


def test_a_missing_tensorboard_is_told(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find: Callable = fit.importlib.util.find_spec
    monkeypatch.setattr(
        fit.importlib.util, "find_spec", lambda name: None if name == "tensorboard" else find(name)
    )
    with pytest.raises(InputError, match=r"needs the package tensorboard.*pip install tensorboard"):
        training.fit(tmp_path, tensorboard=True)


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
