"""The optimiser of a network's training, and the schedule of its learning rate."""

from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

from chrompute.training_rules import TrainingRules


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
    (Loshchilov & Hutter 2017) falls by a cosine from the first step on, "constant" stays.
    """
    if rules.schedule == "one_cycle":
        return OneCycleLR(optimizer, rules.learning_rate, total_steps=steps, pct_start=0.15)
    if rules.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=steps)
    return ConstantLR(optimizer, factor=1.0)
