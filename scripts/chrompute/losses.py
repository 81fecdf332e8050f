"""What training lessens, and what the validation windows tell: both against soft labels."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from chrompute.dataset import WindowData
from chrompute.inference import predict_logits
from chrompute.networks import ChromatinNetwork

#: Stands for a sum of weights that is 0, so that nothing is divided by it.
_SMALL = 1e-12


def soft_cross_entropy(
    logits: Tensor, labels: Tensor, weights: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Return the weighted mean of the cross-entropy over the windows with a known label, nats.

    Parameters
    ----------
    logits
        (n_windows, n_classes).
    labels
        (n_windows, n_classes): rows add up to 1, or to 0 where the label is unknown.
    weights
        (n_windows,): how much each window counts.
    smoothing
        Share of each label that is spread evenly over the classes.

    Returns
    -------
    Tensor
        One number; 0 where no window has both a known label and a weight.
    """
    each = functional.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    counted = weights * (labels.sum(1) > 0)
    return (each * counted).sum() / counted.sum().clamp(min=_SMALL)


def mean_loss(
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    smoothing: float = 0.0,
) -> Tensor:
    """Return the mean over the tasks of their `soft_cross_entropy`; the arguments are by task."""
    losses = [
        soft_cross_entropy(logits[task], labels[task], weights[task], smoothing) for task in labels
    ]
    return torch.stack(losses).mean()


def validation_scores(
    network: ChromatinNetwork, data: WindowData, ids: Tensor, batch_size: int
) -> dict[str, float]:
    """Return the loss and accuracy of each task on some windows, strand-averaged.

    A prediction is right to the share of the window's replicates that name the same class.

    Returns
    -------
    dict
        `valid_loss` and `valid_accuracy`: means over the tasks; where there are several, also
        those of each, `valid_{task}_loss` and `valid_{task}_accuracy`. A task that knows none of
        the windows has NaN and is left out of the means.
    """
    losses: dict[str, float] = {}
    hits: dict[str, float] = {}
    for task, logits in predict_logits(network, data, ids, batch_size).items():
        labels = data.labels[task][ids]
        known = labels.sum(1) > 0
        losses[task] = hits[task] = math.nan
        if known.any():
            losses[task] = float(soft_cross_entropy(logits, labels, data.weights[task][ids]))
            right = labels.gather(1, logits.argmax(1, keepdim=True))
            hits[task] = float(right[known].mean())
    scores = {"valid_loss": _mean(losses), "valid_accuracy": _mean(hits)}
    if len(losses) > 1:
        for task in losses:
            scores |= {f"valid_{task}_loss": losses[task], f"valid_{task}_accuracy": hits[task]}
    return scores


def _mean(values: Mapping[str, float]) -> float:
    known = [value for value in values.values() if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
