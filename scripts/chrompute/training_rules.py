"""How a network is trained, and what follows from it: batches, learning rate, weights of tasks."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

#: Share of the steps of "one_cycle" in which the learning rate rises.
_RISE = 0.15
#: Fewest steps that can begin low, reach the learning rate and end low.
_FEWEST_OF_CYCLE = 3


@dataclass(frozen=True)
class TrainingRules:
    """How a network is trained; the names are those of the configuration's `training` block."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    jitter: int
    threads: int
    device: str
    schedule: str = "one_cycle"
    precision: str = "auto"
    accumulate: int = 1
    patience: int | None = None
    thinning: float = 1.0
    auxiliary: float = 0.0
    logit_adjustment: float = 0.0
    task_weights: str | Mapping[str, float] = field(default_factory=dict)
    devices: int = 1
    store: str = "auto"
    tensorboard: bool = False

    @property
    def step_size(self) -> int:
        """Windows behind one step of the optimiser, over all batches and processes."""
        return self.batch_size * self.accumulate

    def steps(self, windows: int) -> int:
        """Return the number of optimiser steps in all epochs over so many windows."""
        return self.epochs * math.ceil(windows / self.step_size)

    def faults(self, tasks: Collection[str]) -> list[str]:
        """List what the weights of tasks say wrongly for a model of these tasks."""
        if isinstance(self.task_weights, str):
            return []
        faults = [
            f"training/task_weights: {name!r} is no task of the model, which has "
            f"{', '.join(tasks)}; correct it"
            for name in self.task_weights
            if name not in tasks
        ]
        if not any(self.weight_of(task) > 0 for task in tasks):
            faults.append("training/task_weights gives no task a weight above 0; raise one")
        return faults

    def weight_of(self, task: str) -> float:
        """Return the fixed weight of a task's loss; learned ones begin at 1."""
        return 1.0 if isinstance(self.task_weights, str) else self.task_weights.get(task, 1.0)


def adamw(network: nn.Module, objective: nn.Module, rules: TrainingRules) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov & Hutter 2019) on all that is learned.

    Weights of tasks do not decay. On CUDA one fused kernel does the whole step.
    """
    weights, of_tasks = [*network.parameters()], [*objective.parameters()]
    groups: list[dict[str, Any]] = [{"params": weights}]
    if of_tasks:
        groups.append({"params": of_tasks, "weight_decay": 0.0})
    return torch.optim.AdamW(
        groups,
        lr=rules.learning_rate,
        weight_decay=rules.weight_decay,
        fused=True if weights[0].is_cuda else None,
    )


def learning_rates(
    optimizer: torch.optim.Optimizer, rules: TrainingRules, steps: int
) -> LRScheduler:
    """Return the schedule of the learning rate over `steps` optimiser steps.

    "one_cycle" (Smith & Topin 2018) rises during 15 % of the steps and falls by a cosine, "cosine"
    (Loshchilov & Hutter 2017) falls by a cosine from the first step on, "constant" stays. However
    few steps a cycle has, it reaches the learning rate in its second one at the latest; of one or
    two steps it stays there.
    """
    if rules.schedule == "one_cycle" and steps >= _FEWEST_OF_CYCLE:
        # torch puts the peak at the step of number pct_start * steps - 1, counted from 0.
        rise = max(_RISE, 2 / steps)
        return OneCycleLR(optimizer, rules.learning_rate, total_steps=steps, pct_start=rise)
    if rules.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=steps)
    return ConstantLR(optimizer, factor=1.0)
