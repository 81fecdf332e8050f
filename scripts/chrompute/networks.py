"""The network family: any subset of V-plot, MNase and DNA inputs, one trunk, one head a task.

Each input is brought to the same genome bins by an encoder of its own (the V-plots lose their
length axis there, the sequence is pooled), the encodings are joined, a dilated residual trunk
mixes the bins, and each head reads the centre and the whole of the window.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class NetworkSpec:
    """What a network looks like; with the weights it is all that is needed to rebuild it.

    Attributes
    ----------
    images
        {input name: (n_lengths, n_positions)} of each V-plot input.
    sequence
        Whether DNA is read.
    width
        Window width in bp.
    tasks
        {task: number of classes}.
    position_bin
        bp of one trunk bin.
    channels
        Channels of the trunk.
    blocks
        Residual blocks; the dilation doubles from one to the next, 1 to 16, and again.
    motif_width, motifs
        Length in bp and number of the first sequence filters.
    smoothing
        Standard deviations, in V-plot columns, of the smoothed copies of each V-plot.
    dropout
        Rate inside the blocks and before the heads.
    """

    images: Mapping[str, tuple[int, int]]
    sequence: bool
    width: int
    tasks: Mapping[str, int]
    position_bin: int = 16
    channels: int = 64
    blocks: int = 5
    motif_width: int = 15
    motifs: int = 64
    smoothing: tuple[float, ...] = (2.0, 8.0)
    dropout: float = 0.2

    def as_json(self) -> dict[str, Any]:
        """Return the specification as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "NetworkSpec":
        """Read what `as_json` wrote."""
        images = {name: tuple(values) for name, values in entry["images"].items()}
        return cls(**{**entry, "images": images, "smoothing": tuple(entry["smoothing"])})


class Smoothing(nn.Module):
    """Stack a V-plot with copies of itself, smoothed along the genome by Gaussians.

    A pixel of a sparse V-plot says little, its neighbourhood much; fixed kernels say it
    without parameters to fit. Input (n, n_lengths, n_positions), output
    (n, (1 + n_scales) * n_lengths, n_positions).
    """

    kernels: Tensor

    def __init__(self, columns: int, scales: tuple[float, ...]) -> None:
        super().__init__()
        place = torch.arange(columns, dtype=torch.float32)
        distance = place[:, None] - place[None, :]
        kernels = [torch.exp(-0.5 * (distance / scale) ** 2) / scale for scale in scales]
        stacked = torch.stack(kernels) if kernels else torch.empty(0, columns, columns)
        self.register_buffer("kernels", stacked, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return the image and its smoothed copies, stacked along the length axis."""
        return torch.cat([image, *(image @ kernel for kernel in self.kernels)], dim=1)


class VplotEncoder(nn.Module):
    """(n, n_lengths, n_positions) depth-scaled counts to (n, channels, n_bins) features.

    The lengths of each scale are the channels of a convolution along the genome: the length
    axis is pooled at once by learnt profiles, the genome axis is kept.
    """

    def __init__(self, spec: NetworkSpec, rows: int, columns: int) -> None:
        super().__init__()
        channels, copies = spec.channels, 1 + len(spec.smoothing)
        self.pool = columns * spec.position_bin // spec.width
        self.smoothing = Smoothing(columns, spec.smoothing)
        self.layers = nn.Sequential(
            nn.Conv1d(rows * copies, channels, 1),
            nn.GroupNorm(8, channels),
            nn.GELU(),
            nn.Dropout1d(spec.dropout / 2),
            nn.Conv1d(channels, channels, 7, padding=3),
            nn.GroupNorm(8, channels),
            nn.GELU(),
        )

    def forward(self, counts: Tensor) -> Tensor:
        """Encode one batch of V-plots."""
        image = torch.log1p(self.smoothing(counts))
        return functional.avg_pool1d(self.layers(image), self.pool, ceil_mode=True)


class SequenceEncoder(nn.Module):
    """(n, 4, width) one-hot DNA to (n, channels, n_bins) features."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        channels, motifs = spec.channels, spec.motifs
        self.pool = spec.position_bin
        self.motif = nn.Conv1d(4, motifs, spec.motif_width, padding=spec.motif_width // 2)
        self.mix = nn.Sequential(
            nn.GroupNorm(8, 2 * motifs),
            nn.Dropout1d(spec.dropout / 2),
            nn.Conv1d(2 * motifs, channels, 5, padding=2),
            nn.GroupNorm(8, channels),
            nn.GELU(),
        )

    def forward(self, sequence: Tensor) -> Tensor:
        """Encode one batch of sequences: the strongest and the mean match in each bin."""
        if sequence.dtype == torch.uint8:  # codes, of which 4 is unknown
            sequence = functional.one_hot(sequence.long(), 5)[..., :4].transpose(1, 2).float()
        match = functional.relu_(self.motif(sequence))
        best = functional.max_pool1d(match, self.pool, ceil_mode=True)
        mean = functional.avg_pool1d(match, self.pool, ceil_mode=True)
        return self.mix(torch.cat([best, mean], dim=1))


class ResidualBlock(nn.Module):
    """A dilated residual block with layer scale."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(8, channels),
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(channels, channels, 1),
        )
        self.gain = nn.Parameter(torch.full((channels, 1), 0.3))

    def forward(self, x: Tensor) -> Tensor:
        """Add what the block found to what came in."""
        return x + self.gain * self.layers(x)


class Head(nn.Module):
    """Class scores from the centre bins, the mean and the maximum of a window's features."""

    def __init__(self, spec: NetworkSpec, classes: int) -> None:
        super().__init__()
        channels, dropout = spec.channels, spec.dropout
        self.middle = spec.width // 2 // spec.position_bin
        self.side = max(1, spec.width // spec.position_bin // 16)
        self.layers = nn.Sequential(
            nn.LayerNorm(6 * channels),
            nn.Dropout(dropout),
            nn.Linear(6 * channels, channels),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(channels, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, classes) logits of (n, channels, n_bins) features."""
        middle, side = self.middle, self.side
        parts = [
            x[..., middle],
            x[..., middle - 1 : middle + 2].mean(-1),
            x[..., middle - side : middle].mean(-1),
            x[..., middle + 1 : middle + side + 1].mean(-1),
            x.mean(-1),
            x.amax(-1),
        ]
        return self.layers(torch.cat(parts, dim=1))


class ChromatinNetwork(nn.Module):
    """The network of one `NetworkSpec`; maps a batch of inputs to {task: logits}."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.vplots = nn.ModuleDict(
            {name: VplotEncoder(spec, *image) for name, image in spec.images.items()}
        )
        self.sequence = SequenceEncoder(spec) if spec.sequence else None
        encoders = len(spec.images) + spec.sequence
        self.join = nn.Conv1d(encoders * spec.channels, spec.channels, 1)
        self.trunk = nn.Sequential(
            *(
                ResidualBlock(spec.channels, 2 ** (index % 5), spec.dropout)
                for index in range(spec.blocks)
            )
        )
        self.heads = nn.ModuleDict(
            {_head_of(task): Head(spec, classes) for task, classes in spec.tasks.items()}
        )

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return {task: (n_windows, n_classes) logits}."""
        parts = [encoder(batch[name]) for name, encoder in self.vplots.items()]
        if self.sequence is not None:
            parts.append(self.sequence(batch["sequence"]))
        features = self.trunk(self.join(torch.cat(parts, dim=1)))
        return {task: self.heads[_head_of(task)](features) for task in self.spec.tasks}


def _head_of(task: str) -> str:
    """Name the head of a task; a task may be called like something that torch's modules have."""
    return f"task_{task}"
