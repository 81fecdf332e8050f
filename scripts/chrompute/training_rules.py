"""How a network is trained, as plain values: no torch, so that a configuration can be checked."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


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
        """List what the settings say wrongly for a model of these tasks."""
        faults = []
        if self.devices > self.batch_size:
            faults.append(
                f"training/devices {self.devices} share batches of {self.batch_size} windows, so "
                "that some would have none; lower it, or raise training/batch_size"
            )
        if isinstance(self.task_weights, str):
            return faults
        faults += [
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
