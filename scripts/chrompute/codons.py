"""What the six reading frames of a window tell: usage of codons, and stretches without a stop.

Coding DNA uses some codons more than others and has no stop codon in its frame. Filters over
bases cannot tell frames apart once their matches are pooled to bins.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from chrompute.network_spec import GROUPS, NetworkSpec
from chrompute.pooling import RunningMax

_CODONS = 64
_UNKNOWN = 64  # a codon with an unknown base, or that the window does not hold
_STOPS = ("TAA", "TAG", "TGA")
_START = "ATG"
_FRAMES = 3  # of a strand
_STRANDS = 2
#: Features of a frame beside the usage of codons: a stretch's length, both its ends, ATG.
_OTHERS = 4
_HIDDEN = 32
#: Usual log(1 + codons) of a stretch, roughly: features should lie around 0.
_USUAL = 3.0


def _codon(text: str) -> int:
    a, b, c = ("ACGT".index(letter) for letter in text)
    return 16 * a + 4 * b + c


def _turned(codon: int) -> int:
    """Return the reverse complement of a codon."""
    a, b, c = codon // 16, codon // 4 % 4, codon % 4
    return 16 * (3 - c) + 4 * (3 - b) + 3 - a


class CodonsOfBases(nn.Module):
    """The codon that begins at each base, by products of one-hot bases."""

    def forward(self, bases: Tensor) -> Tensor:
        """Return (n, 64, width - 2) of (n, 4, width); all 0 where a base is unknown."""
        pairs = (bases[:, :, None, :-1] * bases[:, None, :, 1:]).flatten(1, 2)
        return (pairs[:, :, None, :-1] * bases[:, None, :, 2:]).flatten(1, 2)


class LogPlusOne(nn.Module):
    """log(1 + x)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return values of the same shape."""
        return x.log1p()


class Product(nn.Module):
    """The product of two tensors, both of which depend on the sequence."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Return values of their common shape."""
        return left * right


class FrameFeatures(nn.Module):
    """Shares of codons and open stretches of each reading frame, on the bins of the trunk.

    A frame is a strand and the place of its codons' left bases modulo 3, from the left end of
    the window. Nothing is fitted here.
    """

    phase_bins: Tensor
    per_cell: Tensor
    cells: Tensor
    turned: Tensor
    stops: Tensor

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.triplets = -(-spec.width // _FRAMES)
        bins = torch.arange(_FRAMES * self.triplets) // spec.position_bin
        bins = bins.clamp(max=spec.bins - 1)
        inside = functional.one_hot(bins, spec.bins).float()
        inside = inside.view(self.triplets, _FRAMES, spec.bins).transpose(0, 1)
        per_cell = inside.sum(1).clamp(min=1)
        shares = inside / per_cell[:, None]
        turned = [_turned(codon) for codon in range(_CODONS)]
        cells = torch.arange(_FRAMES).repeat(self.triplets) * spec.bins + bins
        stops = torch.zeros(2, _CODONS + 1, dtype=torch.bool)
        for codon in map(_codon, _STOPS):
            stops[0, codon] = stops[1, _turned(codon)] = True
        self.register_buffer("phase_bins", shares, persistent=False)
        self.register_buffer("per_cell", per_cell, persistent=False)
        self.register_buffer("cells", cells, persistent=False)
        self.register_buffer("turned", torch.tensor(turned), persistent=False)
        self.register_buffer("stops", stops, persistent=False)
        self.codons = CodonsOfBases()
        self.last_stop = RunningMax()
        self.log = LogPlusOne()

    def forward(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is known of each frame.

        Parameters
        ----------
        sequence
            DNA as `chrompute.encoders.one_hot` takes it.

        Returns
        -------
        usage
            (n, 2, 3, n_bins, 64): the share of the codons of a bin that are each codon, by
            strand and frame; differentiable where the sequence is one-hot.
        others
            (n, 2, 3, n_bins, 4): log(1 + x), less 3, of the length in codons of the stretch
            without a stop and of the ways to its 5' and to its 3' end; the share of ATG.
        """
        if sequence.dim() == 3:
            one_hot = self._by_triplet(self.codons(sequence))
            ahead = torch.einsum("nctf,ftb->nfbc", one_hot, self.phase_bins)
            stop = self._stops_of_shares(one_hot)
        else:
            codons = self._codons(sequence.long())
            ahead = self._counted(codons)
            stop = torch.stack([own[codons.transpose(1, 2)] for own in self.stops], 1)
        usage = torch.stack([ahead, ahead[..., self.turned]], 1)
        start = usage[..., _codon(_START), None]
        return usage, torch.cat([self._stretches(stop), start], -1)

    def _codons(self, codes: Tensor) -> Tensor:
        """Return the codon that begins at each base, int64 (n, n_triplets, 3)."""
        parts = codes[:, :-2], codes[:, 1:-1], codes[:, 2:]
        known = (parts[0] < 4) & (parts[1] < 4) & (parts[2] < 4)
        codons = torch.where(known, 16 * parts[0] + 4 * parts[1] + parts[2], _UNKNOWN)
        right = _FRAMES * self.triplets - codons.shape[1]
        padded = functional.pad(codons, (0, right), value=_UNKNOWN)
        return padded.view(-1, self.triplets, _FRAMES)

    def _counted(self, codons: Tensor) -> Tensor:
        """Return the share of each codon, (n, 3, n_bins, 64), from codons (n, n_triplets, 3)."""
        codons = codons.flatten(1)
        n = len(codons)
        cell = self.cells + torch.arange(n, device=codons.device)[:, None] * self.per_cell.numel()
        counts = torch.zeros(
            n * self.per_cell.numel() * (_CODONS + 1), dtype=torch.int32, device=codons.device
        )
        one = torch.ones_like(codons, dtype=torch.int32)
        counts.scatter_add_(0, (cell * (_CODONS + 1) + codons).flatten(), one.flatten())
        counts = counts.view(n, _FRAMES, -1, _CODONS + 1)[..., :_CODONS]
        return counts / self.per_cell[:, :, None]

    def _by_triplet(self, codons: Tensor) -> Tensor:
        """Return one-hot codons by triplet and frame, (n, 64, n_triplets, 3)."""
        right = _FRAMES * self.triplets - codons.shape[-1]
        return functional.pad(codons, (0, right)).unflatten(-1, (self.triplets, _FRAMES))

    def _stops_of_shares(self, codons: Tensor) -> Tensor:
        """Return 1 where a one-hot codon is a stop on a strand, (n, 2, 3, n_triplets)."""
        stops = self.stops[:, :_CODONS].to(codons.dtype)
        return torch.einsum("nctf,sc->nsft", codons, stops)

    def _stretches(self, stop: Tensor) -> Tensor:
        """Return (n, 2, 3, n_bins, 3): the stretches without a stop that bins lie in.

        Parameters
        ----------
        stop
            (n, 2, 3, n_triplets): whether a codon is a stop on a strand, as truth or as 0 and 1.
        """
        place = torch.arange(self.triplets, device=stop.device, dtype=self.phase_bins.dtype)
        left = self.last_stop(stop * (place + 1) - 1)
        right = self.triplets - self.last_stop((stop * (self.triplets - place)).flip(-1)).flip(-1)
        ways = torch.stack([place - left, right - place], 2)
        ways = torch.stack([ways[:, 0], ways[:, 1].flip(1)], 1)  # to the 5' end comes first
        found = self.log(torch.cat([(right - left)[:, :, None], ways], 2)) - _USUAL
        return torch.einsum("nsxft,ftb->nsfbx", found, self.phase_bins)


class CodonEncoder(nn.Module):
    """DNA to (n, `channels`, n_bins) features of reading frames, by one net for all six.

    Each strand is the mean of its frames, weighted by a score that the net gives them: coding DNA
    has one frame that matters. The weights follow as features of their own. Frames are normalised
    together, since by themselves they would lose what tells them apart.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.frames = FrameFeatures(spec)
        self.usage = nn.Linear(_CODONS, spec.codons, bias=False)
        nn.init.normal_(self.usage.weight)
        self.net = nn.Sequential(
            nn.Conv2d(spec.codons + _OTHERS, _HIDDEN, 1),
            nn.GroupNorm(GROUPS, _HIDDEN),
            nn.GELU(),
            nn.Conv2d(_HIDDEN, _HIDDEN, (1, 9), padding=(0, 4), groups=_HIDDEN),
            nn.Conv2d(_HIDDEN, _HIDDEN, 1),
            nn.GroupNorm(GROUPS, _HIDDEN),
            nn.GELU(),
            nn.Dropout2d(spec.dropout / 2),
        )
        self.score = nn.Conv2d(_HIDDEN, 1, (1, 5), padding=(0, 2), bias=False)
        self.weigh = nn.Softmax(dim=2)
        self.weighted = Product()
        self.channels = _STRANDS * (_HIDDEN + _FRAMES)

    def forward(self, sequence: Tensor) -> Tensor:
        """Encode one batch of sequences."""
        usage, others = self.frames(sequence)
        both = torch.cat([self.usage(usage), others], -1).flatten(1, 2)
        found = self.net(both.permute(0, 3, 1, 2))  # (n, hidden, frames of both strands, n_bins)
        shares = self.weigh(self.score(found))
        frames = self.weighted(found, shares).unflatten(2, (_STRANDS, _FRAMES))
        return torch.cat([frames.sum(3).flatten(1, 2), shares[:, 0]], 1)
