"""The network family: any subset of V-plot, MNase and DNA inputs, one trunk, one head a task.

Each input is brought to the same genome bins by an encoder of its own (`chrompute.encoders`),
the encodings are joined, a residual trunk mixes the bins, and each head reads the middle and the
whole of the window (`chrompute.heads`).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from chrompute.classic_networks import CLASSICS, ClassicNetwork
from chrompute.encoders import ImageEncoder, SequenceEncoder
from chrompute.errors import InputError
from chrompute.heads import BinSummary, Heads
from chrompute.network_spec import GROUPS, SEQUENCE, NetworkSpec, architecture_fault

#: How much a block adds at first to what comes in.
_GAIN = 0.3


class DilatedBlock(nn.Module):
    """A dilated residual block with layer scale."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(GROUPS, channels),
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(channels, channels, 1),
        )
        self.gain = nn.Parameter(torch.full((channels, 1), _GAIN))

    def forward(self, x: Tensor) -> Tensor:
        """Add what the block found to what came in, (n, channels, n_bins)."""
        return x + self.gain * self.layers(x)


class ConvNextBlock(nn.Module):
    """A block as in ConvNeXt (Liu et al. 2022), along one axis and dilated.

    A depthwise convolution of width 7, layer normalisation over the channels, and a layer of
    four times the channels between two that are applied to each bin by itself.
    """

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        reach = 3 * dilation
        self.depthwise = nn.Conv1d(
            channels, channels, 7, padding=reach, dilation=dilation, groups=channels
        )
        self.layers = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * channels, channels),
        )
        self.gain = nn.Parameter(torch.full((channels,), _GAIN))

    def forward(self, x: Tensor) -> Tensor:
        """Add what the block found to what came in, (n, channels, n_bins)."""
        found = self.gain * self.layers(self.depthwise(x).transpose(1, 2))
        return x + found.transpose(1, 2)


BLOCKS = {"dilated": DilatedBlock, "convnext": ConvNextBlock}


class ChromatinNetwork(nn.Module):
    """The network of one `NetworkSpec`; maps a batch of inputs to {task: logits}.

    A batch holds each image input as float32 (n, n_lengths, n_positions), "sequence" as uint8
    codes (n, width) or one-hot (n, 4, width), and "present" as bool (n, n_inputs), in the order
    of `NetworkSpec.inputs`; without it all inputs are there.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        encoders: dict[str, nn.Module] = {
            name: ImageEncoder(spec, *image) for name, image in spec.images.items()
        }
        if spec.sequence:
            encoders[SEQUENCE] = SequenceEncoder(spec)
        self.encoders = nn.ModuleDict(encoders)
        self.join = nn.Conv1d(len(encoders) * spec.channels, spec.channels, 1)
        self.trunk = nn.Sequential(
            *(
                BLOCKS[spec.trunk](spec.channels, 2 ** (index % 5), spec.dropout)
                for index in range(spec.blocks)
            )
        )
        self.summary = BinSummary(spec)
        self.heads = Heads(spec)
        auxiliary = spec.inputs if spec.auxiliary else ()
        self.auxiliary = nn.ModuleDict({name: Heads(spec) for name in auxiliary})

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return {task: (n, n_classes) logits}."""
        features, _ = self._features(batch)
        return self.heads(self.summary(features))

    def all_logits(
        self, batch: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
        """Return the logits as `forward` does, and {input: {task: logits}} of each input alone.

        An input's own heads read its encoder's features before any are dropped. Where a window
        lacks the input they read nothing, and their logits mean nothing.
        """
        features, encoded = self._features(batch)
        alone = {name: heads(self.summary(encoded[name])) for name, heads in self.auxiliary.items()}
        return self.heads(self.summary(features)), alone

    def set_expected(self, images: Mapping[str, Tensor]) -> None:
        """Take the mean training image of each image input, where the network compares with it."""
        for name, image in images.items():
            encoder = self.encoders[name]
            if self.spec.expected and isinstance(encoder, ImageEncoder):
                encoder.image.set_expected(image)

    def _features(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the trunk's features and those of each encoder, (n, channels, n_bins)."""
        encoded = {name: encoder(batch[name]) for name, encoder in self.encoders.items()}
        return self.mixed(encoded, batch.get("present"))

    def mixed(
        self, encoded: Mapping[str, Tensor], present: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the trunk's features, and what it was given of each encoder.

        Parameters
        ----------
        encoded
            {input: (n, channels, n_bins) features of its encoder}.
        present
            bool (n, n_inputs), or None where all inputs are there.
        """
        if present is not None:
            encoded = {
                name: torch.where(present[:, index, None, None], values, 0)
                for index, (name, values) in enumerate(encoded.items())
            }
        joined = torch.stack([*encoded.values()], 1)
        weights = self._input_weights(present, joined)
        if weights is not None:
            joined = joined * weights[:, :, None, None]
        return self.trunk(self.join(joined.flatten(1, 2))), dict(encoded)

    def _input_weights(self, present: Tensor | None, joined: Tensor) -> Tensor | None:
        """Return (n, n_inputs): what each input of each window is multiplied by.

        Inputs that are absent or dropped count 0, and the others n_inputs over their number, so
        that what is joined stays as large.
        """
        number = joined.shape[1]
        if self.training and self.spec.modality_dropout > 0 and number > 1:
            present = _some_of(present, joined, self.spec.modality_dropout)
        if present is None:
            return None
        kept = present.to(joined.dtype)
        return kept * (number / kept.sum(1, keepdim=True).clamp(min=1))


def _some_of(present: Tensor | None, joined: Tensor, rate: float) -> Tensor:
    """Drop inputs of each window at a rate, bool (n, n_inputs); one that is there stays."""
    luck = torch.rand(joined.shape[:2], device=joined.device)
    if present is not None:
        luck = torch.where(present, luck, -1.0)
    luckiest = luck == luck.amax(1, keepdim=True)
    return ((luck >= rate) | luckiest) & (luck >= 0)


Network = ChromatinNetwork | ClassicNetwork


def build_network(spec: NetworkSpec) -> Network:
    """Build the network of a specification, weights drawn from torch's generator.

    Raises
    ------
    InputError
        When its architecture cannot read its inputs.
    """
    if fault := architecture_fault(spec.architecture, spec.inputs, spec.width):
        raise InputError(fault)
    if spec.architecture in CLASSICS:
        return CLASSICS[spec.architecture](spec)
    return ChromatinNetwork(spec)
