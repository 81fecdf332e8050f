"""Encoders: each input of a window to (n, channels, n_bins) features on the same genome bins."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from chrompute.codons import CodonEncoder
from chrompute.errors import InputError
from chrompute.network_spec import GROUPS, NetworkSpec
from chrompute.pooling import StrongestAndMean

#: Images of more columns are smoothed in pieces, by kernels that are cut off.
_WHOLE = 512
_PIECE = 128
_REACH = 4  # standard deviations
#: Stands for a mean of nothing, so that nothing is divided by 0.
_SMALL = 1e-6


class Smoothing(nn.Module):
    """Stack an image with copies of itself, smoothed along the genome by Gaussians.

    A pixel of a sparse V-plot says little, its neighbourhood much; fixed kernels say it
    without parameters to fit. Input (n, n_lengths, n_positions), output
    (n, (1 + n_scales) * n_lengths, n_positions). Beyond the image nothing is. Wide images are
    smoothed in pieces, each with what lies within 4 standard deviations of it: a whole kernel
    of 2001 x 2001 would cost ten times the network.
    """

    kernels: Tensor

    def __init__(self, columns: int, scales: tuple[float, ...]) -> None:
        super().__init__()
        whole = columns <= _WHOLE or not scales
        self.halo = 0 if whole else -int(-_REACH * max(scales) // 1)
        self.piece = columns if whole else max(_PIECE, self.halo)
        self.pieces = -(-columns // self.piece)
        source = torch.arange(-self.halo, self.piece + self.halo, dtype=torch.float32)
        distance = source[:, None] - torch.arange(self.piece, dtype=torch.float32)
        kernels = [torch.exp(-0.5 * (distance / scale) ** 2) / scale for scale in scales]
        stacked = torch.stack(kernels) if kernels else distance.new_empty(0, *distance.shape)
        self.register_buffer("kernels", stacked, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return the image and its smoothed copies, stacked along the length axis."""
        return torch.cat([image, *(self._smooth(image, kernel) for kernel in self.kernels)], dim=1)

    def _smooth(self, image: Tensor, kernel: Tensor) -> Tensor:
        if self.pieces == 1:
            return image @ kernel
        columns = image.shape[-1]
        right = self.halo + self.pieces * self.piece - columns
        padded = functional.pad(image, (self.halo, right))
        parts = padded.unfold(-1, self.piece + 2 * self.halo, self.piece) @ kernel
        return parts.flatten(-2)[..., :columns]


class ImageChannels(nn.Module):
    """What a network sees of an image: logarithms of counts, plain, smoothed and over expected.

    Every channel is log(1 + x) of the image or of a smoothed copy. The channel over expected is
    log((s + a) / (e r + a)), where s is the first smoothed copy (the image itself where there is
    none), e the mean training image smoothed alike, r the sum of the window's image over the sum
    of the mean one, and a the mean pixel of e. It is positive where a window has more
    of its fragments than windows usually have there, and 0 everywhere in an empty window.
    """

    expected: Tensor
    total: Tensor

    def __init__(self, rows: int, columns: int, scales: tuple[float, ...], expected: bool) -> None:
        super().__init__()
        self.rows = rows
        self.smoothing = Smoothing(columns, scales)
        self.channels = rows * (1 + len(scales) + expected)
        self.over_expected = expected
        if expected:
            self.register_buffer("expected", torch.ones(rows, columns))
            self.register_buffer("total", torch.tensor(float(rows * columns)))

    def set_expected(self, mean: Tensor) -> None:
        """Take the mean training image, (n_lengths, n_positions)."""
        mean = mean.to(self.expected)
        self.expected.copy_(self._first_copy(self.smoothing(mean[None]))[0])
        self.total.copy_(mean.sum())

    def _first_copy(self, stacked: Tensor) -> Tensor:
        return stacked[:, self.rows : 2 * self.rows] if len(self.smoothing.kernels) else stacked

    def forward(self, image: Tensor) -> Tensor:
        """Return (n, n_channels, n_positions) of (n, n_lengths, n_positions) scaled counts."""
        stacked = self.smoothing(image)
        if not self.over_expected:
            return torch.log1p(stacked)
        share = image.sum((1, 2), keepdim=True) / self.total.clamp(min=_SMALL)
        pseudo = self.expected.mean().clamp(min=_SMALL)
        found = (self._first_copy(stacked) + pseudo) / (self.expected * share + pseudo)
        return torch.cat([torch.log1p(stacked), torch.log(found)], dim=1)


class ImageEncoder(nn.Module):
    """(n, n_lengths, n_positions) depth-scaled counts to (n, channels, n_bins) features.

    The lengths of each channel of the image are the channels of a convolution along the genome:
    the length axis is pooled at once by learnt profiles, the genome axis is kept.

    Raises
    ------
    InputError
        When the columns of the image cannot be pooled to the bins of the trunk.
    """

    def __init__(self, spec: NetworkSpec, rows: int, columns: int) -> None:
        super().__init__()
        channels = spec.channels
        self.pool = max(1, round(columns * spec.position_bin / spec.width))
        if -(-columns // self.pool) != spec.bins:
            raise InputError(
                f"an image of {columns} columns does not fit {spec.bins} bins of "
                f"{spec.position_bin} bp; make network/position_bin a multiple of "
                "images/position_bin"
            )
        self.image = ImageChannels(rows, columns, spec.smoothing, spec.expected)
        self.profiles = nn.Sequential(
            nn.Conv1d(self.image.channels, channels, 1),
            nn.GroupNorm(GROUPS, channels),
            nn.GELU(),
            nn.Dropout1d(spec.dropout / 2),
        )
        self.mix = nn.Sequential(
            nn.Conv1d(channels, channels, 7, padding=3),
            nn.GroupNorm(GROUPS, channels),
            nn.GELU(),
        )

    def forward(self, counts: Tensor) -> Tensor:
        """Encode one batch of images."""
        found = self.profiles(self.image(counts))
        if self.pool > 1:
            found = functional.avg_pool1d(found, self.pool, ceil_mode=True)
        return self.mix(found)


def one_hot(sequence: Tensor) -> Tensor:
    """Return DNA as float32 (n, 4, width), A C G T, from codes or from what is that already.

    Parameters
    ----------
    sequence
        uint8 (n, width): 0 to 3, 4 where a base is unknown or off the chromosome, which is all
        zero; or float (n, 4, width).
    """
    if sequence.dim() == 3:
        return sequence
    bases = torch.arange(4, dtype=sequence.dtype, device=sequence.device)
    return (sequence[:, None] == bases[:, None]).float()


class SequenceEncoder(nn.Module):
    """DNA, as codes or one-hot, to (n, channels, n_bins) features: motifs and reading frames."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        channels, motifs = spec.channels, spec.motifs
        self.bin, self.bins = spec.position_bin, spec.bins
        self.reach = spec.motif_width // 2
        self.motif = nn.Conv1d(4, motifs, spec.motif_width)
        self.scale = nn.Sequential(nn.GroupNorm(GROUPS, 2 * motifs), nn.Dropout1d(spec.dropout / 2))
        self.rectify = nn.ReLU(inplace=True)
        self.pool = StrongestAndMean()
        self.codons = CodonEncoder(spec) if spec.codons else None
        features = 2 * motifs + (self.codons.channels if self.codons else 0)
        self.mix = nn.Sequential(
            nn.Conv1d(features, channels, 5, padding=2),
            nn.GroupNorm(GROUPS, channels),
            nn.GELU(),
        )

    def forward(self, sequence: Tensor, frames: Tensor | None = None) -> Tensor:
        """Encode one batch of sequences, with features of their reading frames, or given ones."""
        found = self.scale(self._matches(one_hot(sequence)))
        if self.codons is not None:
            own = self.codons(sequence) if frames is None else frames
            found = torch.cat([found, own], dim=1)
        return self.mix(found)

    def _matches(self, bases: Tensor) -> Tensor:
        """Return the strongest and the mean match of each motif in each bin.

        This is a convolution, written as a product of all words of the sequence and the motifs:
        with four input channels and the bins next to each other that takes two thirds of the time.
        The last bin is filled up with bases that are not known.
        """
        right = self.bins * self.bin - bases.shape[-1] + self.reach
        bases = functional.pad(bases.transpose(1, 2), (0, 0, self.reach, right))
        words = bases.flatten(1).unfold(1, 4 * self.motif.kernel_size[0], 4)
        motifs = self.motif.weight.transpose(1, 2).flatten(1)
        match = self.rectify(functional.linear(words, motifs, self.motif.bias))
        return self.pool(match.unflatten(1, (self.bins, self.bin))).transpose(1, 2)
