"""The optimiser of a network's training, and the schedule of its learning rate."""

from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

from chrompute.training_rules import TrainingRules

#: Share of the steps of "one_cycle" in which the learning rate rises.
_RISE = 0.15
#: Fewest steps that can begin low, reach the learning rate and end low.
_FEWEST_OF_CYCLE = 3


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
