"""The ends of networks: what is read of a window's bins, and scores of the classes of a task."""

import torch
from torch import Tensor, nn

from chrompute.network_spec import NetworkSpec
from chrompute.pooling import Strongest

#: Summaries of a window's bins that a head reads.
_SUMMARIES = 6


class ClassScores(nn.Linear):
    """A linear layer to the classes of a task; of two classes only the second has a score.

    The cross-entropy of the scores (0, z) is the binary cross-entropy of z.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features, 1 if classes == 2 else classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, n_classes) logits of (n, n_features) features."""
        scores = super().forward(x)
        return (
            torch.cat([torch.zeros_like(scores), scores], -1) if self.out_features == 1 else scores
        )


class BinSummary(nn.Module):
    """What a window looks like from its middle: a few means of bins, and the maximum.

    The means are those of the middle bin, of it and its two neighbours, of the bins to its left,
    of those to its right (as many as a sixteenth of the window holds, at least 1) and of all.
    """

    means: Tensor

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        side = max(1, spec.width // spec.position_bin // 16)
        ahead = torch.arange(spec.bins) - spec.width // 2 // spec.position_bin
        chosen = [
            ahead == 0,
            ahead.abs() <= 1,
            (ahead < 0) & (ahead >= -side),
            (ahead > 0) & (ahead <= side),
            torch.ones_like(ahead, dtype=torch.bool),
        ]
        parts = torch.stack(chosen, 1).float()
        self.register_buffer("means", parts / parts.sum(0).clamp(min=1), persistent=False)
        self.strongest = Strongest()

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, 6 * channels) of (n, channels, n_bins) features."""
        means = (x @ self.means.to(x.dtype)).transpose(1, 2).flatten(1)
        return torch.cat([means, self.strongest(x)], dim=1)


class Head(nn.Sequential):
    """Class scores of one task from what `BinSummary` gives."""

    def __init__(self, spec: NetworkSpec, classes: int) -> None:
        features = _SUMMARIES * spec.channels
        super().__init__(
            nn.LayerNorm(features),
            nn.Dropout(spec.dropout),
            nn.Linear(features, spec.channels),
            nn.GELU(),
            nn.Dropout(spec.dropout),
            ClassScores(spec.channels, classes),
        )


class Heads(nn.ModuleDict):
    """One head a task, all of them reading the same summaries."""

    def __init__(self, spec: NetworkSpec) -> None:
        # Tasks may be called like something that torch's modules have.
        super().__init__(
            {f"task_{task}": Head(spec, number) for task, number in spec.tasks.items()}
        )

    def forward(self, summary: Tensor) -> dict[str, Tensor]:
        """Return {task: (n, n_classes) logits}."""
        return {name.removeprefix("task_"): head(summary) for name, head in self.items()}
