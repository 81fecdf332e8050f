"""Networks after well-known ones, for comparison: AlexNet on a V-plot, DeepBind and DeepSEA on DNA.

Each keeps the layers of its model and is made narrower in proportion, to data sets of thousands
of windows rather than millions. What the papers do for training alone is that of all networks
here: dropout at one rate, no local response normalisation, no other weight penalties.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from chrompute.encoders import one_hot
from chrompute.heads import ClassScores
from chrompute.network_spec import NetworkSpec
from chrompute.pooling import Strongest

#: Hidden units of DeepBind (Alipanahi et al. 2015), and the bases of its sequences.
_DEEPBIND_HIDDEN = 32
_DEEPBIND_WIDTH = 101
#: Most rows and columns that are left before the dense layers of AlexNet.
_ALEXNET_GRID = 6


class ClassicNetwork(nn.Module):
    """A network of one input; maps a batch to {task: logits}, like `ChromatinNetwork`."""

    def __init__(self, spec: NetworkSpec, layers: nn.Module, features: int) -> None:
        super().__init__()
        self.spec = spec
        self.layers = layers
        # Tasks may be called like something that torch's modules have.
        self.heads = nn.ModuleDict(
            {f"task_{task}": ClassScores(features, n) for task, n in spec.tasks.items()}
        )

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return {task: (n_windows, n_classes) logits}."""
        (name,) = self.spec.inputs
        values = one_hot(batch[name]) if self.spec.sequence else torch.log1p(batch[name])
        if "present" in batch:
            values = torch.where(batch["present"][:, :1, None], values, 0)
        features = self.layers(values)
        return {task: self.heads[f"task_{task}"](features) for task in self.spec.tasks}

    def all_logits(
        self, batch: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
        """Return the logits and an empty mapping: there is one input, and it has no other heads."""
        return self(batch), {}

    def set_expected(self, images: Mapping[str, Tensor]) -> None:
        """Take nothing: these networks see images as they are."""


def alexnet(spec: NetworkSpec) -> ClassicNetwork:
    """Build a network like AlexNet (Krizhevsky, Sutskever and Hinton 2012) on one V-plot.

    Five convolutions, of which three are followed by overlapping maximum pooling (3 wide, every
    2), and two dense layers. `channels` stands for the paper's 256. The first convolution is 11
    wide and moves by 4 along an axis of at least 128 pixels, as in the paper; along shorter ones
    it is 7 wide and moves by 2 (from 32 pixels), or 5 wide and moves by 1.
    """
    (shape,) = spec.images.values()
    strides = [4 if size >= 128 else 2 if size >= 32 else 1 for size in shape]
    widths = [{4: 11, 2: 7, 1: 5}[stride] for stride in strides]
    c = spec.channels
    first = nn.Conv2d(1, 3 * c // 8, widths, strides, [width // 2 for width in widths])  # type: ignore[arg-type]
    convolutions = nn.Sequential(
        nn.Unflatten(1, (1, shape[0])),
        *(first, nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
        *(nn.Conv2d(3 * c // 8, c, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
        *(nn.Conv2d(c, 3 * c // 2, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(3 * c // 2, 3 * c // 2, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(3 * c // 2, c, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
    )
    with torch.no_grad():
        left = convolutions(torch.zeros(1, *shape)).shape[2:]
    pool = [-(-size // _ALEXNET_GRID) for size in left]
    cells = [-(-size // each) for size, each in zip(left, pool, strict=True)]
    layers = nn.Sequential(
        convolutions,
        nn.AvgPool2d(pool, ceil_mode=True),  # type: ignore[arg-type]
        nn.Flatten(),
        *_dense(spec, c * cells[0] * cells[1], 4 * c),
        *_dense(spec, 4 * c, 4 * c),
    )
    return ClassicNetwork(spec, layers, 4 * c)


class _Middle(nn.Module):
    """The middle columns of a sequence: `width`, or one more, so that both sides lose as many."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, values: Tensor) -> Tensor:
        side = max(0, (values.shape[-1] - self.width) // 2)
        return values[..., side : values.shape[-1] - side]


class _DetectorPooling(nn.Module):
    """The strongest and the mean match of each detector, (n, 2 * motifs)."""

    def __init__(self) -> None:
        super().__init__()
        self.strongest = Strongest()

    def forward(self, match: Tensor) -> Tensor:
        return torch.cat([self.strongest(match), match.mean(-1)], 1)


def deepbind(spec: NetworkSpec) -> ClassicNetwork:
    """Build a network like DeepBind (Alipanahi et al. 2015) on DNA.

    Motif detectors, rectified, their maximum and mean over the middle 101 bp (the paper's length),
    and one hidden layer of 32 units. Over a whole window it could not tell where anything lies.
    """
    layers = nn.Sequential(
        _Middle(_DEEPBIND_WIDTH),
        nn.Conv1d(4, spec.motifs, spec.motif_width, padding=spec.motif_width - 1),
        nn.ReLU(),
        _DetectorPooling(),
        nn.Linear(2 * spec.motifs, _DEEPBIND_HIDDEN),
        nn.ReLU(),
        nn.Dropout(spec.dropout),
    )
    return ClassicNetwork(spec, layers, _DEEPBIND_HIDDEN)


def deepsea(spec: NetworkSpec) -> ClassicNetwork:
    """Build a network like DeepSEA (Zhou and Troyanskaya 2015) on DNA.

    Three convolutions of width 8, of which the first two are followed by maximum pooling of 4,
    and a dense layer. `channels` stands for the paper's 320 kernels of the first convolution;
    the others keep its proportions (480, 960, 925 units).
    """
    first, second, third = spec.channels, 3 * spec.channels // 2, 3 * spec.channels
    dense = round(spec.channels * 925 / 320)
    left = ((spec.width - 7) // 4 - 7) // 4 - 7
    layers = nn.Sequential(
        *(nn.Conv1d(4, first, 8), nn.ReLU(), nn.MaxPool1d(4), nn.Dropout(spec.dropout)),
        *(nn.Conv1d(first, second, 8), nn.ReLU(), nn.MaxPool1d(4), nn.Dropout(spec.dropout)),
        *(nn.Conv1d(second, third, 8), nn.ReLU(), nn.Flatten()),
        *_dense(spec, third * left, dense),
    )
    return ClassicNetwork(spec, layers, dense)


def _dense(spec: NetworkSpec, features: int, units: int) -> tuple[nn.Module, ...]:
    return nn.Dropout(spec.dropout), nn.Linear(features, units), nn.ReLU()


CLASSICS = {"alexnet": alexnet, "deepbind": deepbind, "deepsea": deepsea}
