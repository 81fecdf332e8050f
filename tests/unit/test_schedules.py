"""Learning rates over the steps of a training, and its pace."""

import logging
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from chrompute import fit, progress, window_training
from chrompute.optimisation import learning_rates
from chrompute.progress import Progress
from chrompute.training_rules import TrainingRules
from toy_models import TRAINING, make_toy
from toy_training import Training


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(make_toy())


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
