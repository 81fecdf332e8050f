"""What training lessens, and what the validation windows tell: both against soft labels."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from chrompute.training_rules import TrainingRules

#: Stands for a sum of weights that is 0, so that nothing is divided by it.
_SMALL = 1e-12

ByTask = Mapping[str, Tensor]


def soft_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor,
    smoothing: float = 0.0,
    total: Tensor | None = None,
) -> Tensor:
    """Return the weighted mean of the cross-entropy over the windows with a known label, nats.

    With two classes whose logits are (0, z) this is the binary cross-entropy of z.

    Parameters
    ----------
    logits
        (n_windows, n_classes).
    labels
        (n_windows, n_classes): rows add up to 1, or to 0 or NaN where the label is unknown.
    weights
        (n_windows,): how much each window counts.
    smoothing
        Share of each label that is spread evenly over the classes.
    total
        What the sum over the windows is divided by, where these are a part of a larger batch; the
        sum of their own weights otherwise.

    Returns
    -------
    Tensor
        One number; 0 where no window has both a known label and a weight.
    """
    labels, counted = known_labels(labels, weights)
    each = functional.cross_entropy(
        logits.float() if logits.dtype == torch.bfloat16 else logits,
        labels,
        reduction="none",
        label_smoothing=smoothing,
    )
    divisor = counted.sum() if total is None else total
    return (each * counted).sum() / divisor.clamp(min=_SMALL)


def known_labels(labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return labels and weights that are 0 where a label is unknown: no gradient comes of these."""
    known = labels.sum(1) > 0  # False where a share is NaN
    return torch.where(known[:, None], labels, 0.0), torch.where(known, weights, 0.0)


class Objective(nn.Module):
    """The loss of a batch, over tasks and over the heads that read one input each.

    The loss of a task is its `soft_cross_entropy`, on logits to which `logit_adjustment` times the
    logarithm of the class's share among the training windows was added (Menon et al. 2021). Those
    of several tasks are averaged by fixed weights; or weights are learned (Kendall et al. 2018):
    the mean of exp(-s) loss + s / 2, where s is a number a task.

    Parameters
    ----------
    labels, weights
        {task: (n_windows, n_classes)} and {task: (n_windows,)} of all windows.
    train
        int64: the windows that train.
    inputs
        Names of the inputs in the order of "present" in a batch.
    rules
        Training settings.
    """

    def __init__(
        self,
        labels: ByTask,
        weights: ByTask,
        train: Tensor,
        inputs: tuple[str, ...],
        rules: TrainingRules,
    ) -> None:
        super().__init__()
        self.inputs, self.rules = inputs, rules
        known = {task: known_labels(values, weights[task]) for task, values in labels.items()}
        self.labels = {task: pair[0] for task, pair in known.items()}
        self.counted = {task: pair[1] for task, pair in known.items()}
        self.adjustment = {
            task: rules.logit_adjustment * _log_shares(self.labels[task][train], counted[train])
            for task, counted in self.counted.items()
        }
        self.fixed = {task: rules.weight_of(task) for task in labels}
        weights_of_tasks = torch.tensor([*self.fixed.values()], device=train.device)
        self.shares = weights_of_tasks / weights_of_tasks.sum()  # on the device: no wait in a step
        self.log_variance: nn.Parameter | None = None
        if rules.task_weights == "learned":
            self.log_variance = nn.Parameter(torch.zeros(len(labels)))

    def forward(
        self,
        logits: ByTask,
        single: Mapping[str, ByTask],
        batch: Mapping[str, Tensor],
        own: Tensor,
        counts: Tensor | None,
        whole: Tensor,
        parts: int,
    ) -> Tensor:
        """Return the loss of some windows as their part of the loss of a whole step.

        Parameters
        ----------
        logits, single
            Of `networks.ChromatinNetwork.all_logits`.
        batch
            What the network read.
        own, whole
            int64: the windows of this part, and those of the whole step.
        counts
            (n,) 0 for windows that only fill the part up, else 1; None: all count.
        parts
            In how many parts the step is done: the mean of their losses is the step's.
        """
        totals = {task: counted[whole].sum() / parts for task, counted in self.counted.items()}
        weights = {task: counted[own] for task, counted in self.counted.items()}
        if counts is not None:
            weights = {task: values * counts for task, values in weights.items()}
        losses = self._losses(logits, own, weights, totals)
        loss = self._combined(losses, totals)
        if single and self.rules.auxiliary > 0:
            heads = []
            for name, of_head in single.items():
                there = batch["present"][:, self.inputs.index(name)]
                seen = {task: values * there for task, values in weights.items()}
                heads.append(self._weighted(self._losses(of_head, own, seen, totals)))
            loss = loss + self.rules.auxiliary * torch.stack(heads).mean()
        return loss

    def task_weights(self) -> dict[str, float]:
        """Return the weight of each task's loss, the learned ones as they are now."""
        if self.log_variance is None:
            return dict(self.fixed)
        return dict(zip(self.fixed, (-self.log_variance.detach()).exp().tolist(), strict=True))

    def _losses(self, logits: ByTask, own: Tensor, weights: ByTask, totals: ByTask) -> Tensor:
        """Return the loss of each task, (n_tasks,)."""
        smoothing = self.rules.label_smoothing
        losses = [
            soft_cross_entropy(
                logits[task] + self.adjustment[task],
                labels[own],
                weights[task],
                smoothing,
                totals[task],
            )
            for task, labels in self.labels.items()
        ]
        return torch.stack(losses)

    def _weighted(self, losses: Tensor) -> Tensor:
        if self.log_variance is not None:
            return (losses * (-self.log_variance.detach()).exp()).mean()
        return (losses * self.shares).sum()

    def _combined(self, losses: Tensor, totals: ByTask) -> Tensor:
        if self.log_variance is None:
            return self._weighted(losses)
        # A task that knows no window of the step must not learn that it is sure of itself.
        known = torch.stack([total > 0 for total in totals.values()])
        return (losses * (-self.log_variance).exp() + known * self.log_variance / 2).mean()

    def validation_sums(self, logits: ByTask, ids: Tensor) -> Tensor:
        """Return what `validation_scores` are made of; sums over parts of the windows add up.

        Parameters
        ----------
        logits
            {task: (n, n_classes)} of the windows `ids`.

        Returns
        -------
        Tensor
            float64 (n_tasks, 4): sums of loss, weight, hits, and windows with a known label.
        """
        rows, one = [], torch.ones((), device=ids.device)
        for task, values in logits.items():
            labels, weights = self.labels[task][ids], self.counted[task][ids]
            adjusted = values + self.adjustment[task]
            right = labels.gather(1, values.argmax(1, keepdim=True)).sum()
            loss = soft_cross_entropy(adjusted, labels, weights, total=one)
            rows.append(torch.stack([loss, weights.sum(), right, (labels.sum(1) > 0).sum()]))
        return torch.stack(rows).double()

    def validation_scores(self, sums: Tensor) -> dict[str, float]:
        """Return the loss and accuracy of each task from their `validation_sums`.

        The loss is the one of training, without smoothing and with fixed weights of tasks. A
        prediction is right to the share of the window's replicates that name the same class.

        Returns
        -------
        dict
            `valid_loss` and `valid_accuracy`: means over the tasks, the loss by fixed weights;
            where there are several, also those of each, `valid_{task}_loss` and
            `valid_{task}_accuracy`. A task that knows none of the windows has NaN and is left
            out of the means.
        """
        losses, hits = (sums[:, [0, 2]] / sums[:, [1, 3]]).T.tolist()  # 0 / 0 is NaN
        scores = {
            "valid_loss": _mean(losses, [*self.fixed.values()]),
            "valid_accuracy": _mean(hits, [1.0] * len(hits)),
        }
        if len(self.fixed) > 1:
            for task, loss, hit in zip(self.fixed, losses, hits, strict=True):
                scores |= {f"valid_{task}_loss": loss, f"valid_{task}_accuracy": hit}
        return scores


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """Return the weighted mean of the numbers that are known, NaN where there is none."""
    known = [pair for pair in zip(values, weights, strict=True) if not math.isnan(pair[0])]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else math.nan


def _log_shares(labels: Tensor, counted: Tensor) -> Tensor:
    """Return the logarithm of each class's share; an absent one is given half a window."""
    mass = (labels * counted[:, None]).sum(0)
    return (mass.clamp(min=0.5) / mass.sum().clamp(min=_SMALL)).log()
