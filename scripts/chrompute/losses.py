"""What training lessens, and what the validation windows tell: both against soft labels."""

from torch import Tensor
from torch.nn import functional

from chrompute.dataset import WindowData
from chrompute.networks import ChromatinNetwork
from chrompute.predict import predict_logits


def soft_cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the mean cross-entropy of the windows with a known label, nats.

    Parameters
    ----------
    logits
        (n_windows, n_classes).
    labels
        (n_windows, n_classes): rows add up to 1, or to 0 where the label is unknown.
    smoothing
        Share of each label that is spread evenly over the classes.
    """
    each = functional.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    known = labels.sum(1) > 0
    return (each * known).sum() / known.sum().clamp(min=1)


def validation_scores(
    network: ChromatinNetwork, data: WindowData, ids: Tensor, batch_size: int
) -> dict[str, float]:
    """Return the loss and accuracy of each task on some windows, strand-averaged.

    A prediction is right to the share of the window's replicates that name the same class.
    """
    scores: dict[str, float] = {}
    for task, logits in predict_logits(network, data, ids, batch_size).items():
        labels = data.labels[task][ids]
        known = labels.sum(1) > 0
        loss = soft_cross_entropy(logits, labels)
        hits = labels.gather(1, logits.argmax(1, keepdim=True))[known].mean()
        prefix = "valid" if len(data.labels) == 1 else f"valid_{task}"
        scores |= {f"{prefix}_loss": float(loss), f"{prefix}_accuracy": float(hits)}
    return scores
