"""What the six reading frames of a window tell: usage of codons, and stretches without a stop.

Coding DNA uses some codons more than others and has no stop codon in its frame. Filters over
bases cannot tell frames apart once their matches are pooled to bins.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from chrompute.network_spec import GROUPS, NetworkSpec

_CODONS = 64
_UNKNOWN = 64  # a codon with an unknown base, or that the window does not hold
_STOPS = ("TAA", "TAG", "TGA")
_START = "ATG"
_FRAMES = 3  # of a strand
_STRANDS = 2
#: Features of a frame beside the usage of codons: a stretch's length, both its ends, ATG.
_OTHERS = 4
_HIDDEN = 48
#: Usual log(1 + codons) of a stretch, roughly: features should lie around 0.
_USUAL = 3.0


def _codon(text: str) -> int:
    a, b, c = ("ACGT".index(letter) for letter in text)
    return 16 * a + 4 * b + c


def _turned(codon: int) -> int:
    """Return the reverse complement of a codon."""
    a, b, c = codon // 16, codon // 4 % 4, codon % 4
    return 16 * (3 - c) + 4 * (3 - b) + 3 - a


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
            codes = torch.where(sequence.sum(1) > 0, sequence.argmax(1), 4)
            ahead = self._shares(sequence)
        else:
            codes = sequence.long()
            ahead = self._counted(codes)
        usage = torch.stack([ahead, ahead[..., self.turned]], 1)
        start = usage[..., _codon(_START), None]
        return usage, torch.cat([self._stretches(self._codons(codes)), start], -1)

    def _codons(self, codes: Tensor) -> Tensor:
        """Return the codon that begins at each base, int64 (n, n_triplets, 3)."""
        parts = codes[:, :-2], codes[:, 1:-1], codes[:, 2:]
        known = (parts[0] < 4) & (parts[1] < 4) & (parts[2] < 4)
        codons = torch.where(known, 16 * parts[0] + 4 * parts[1] + parts[2], _UNKNOWN)
        right = _FRAMES * self.triplets - codons.shape[1]
        padded = functional.pad(codons, (0, right), value=_UNKNOWN)
        return padded.view(-1, self.triplets, _FRAMES)

    def _counted(self, codes: Tensor) -> Tensor:
        """Return the share of each codon, (n, 3, n_bins, 64), from codes of bases."""
        codons = self._codons(codes).flatten(1)
        n = len(codons)
        cell = self.cells + torch.arange(n, device=codons.device)[:, None] * self.per_cell.numel()
        counts = torch.zeros(
            n * self.per_cell.numel() * (_CODONS + 1), dtype=torch.int32, device=codons.device
        )
        one = torch.ones_like(codons, dtype=torch.int32)
        counts.scatter_add_(0, (cell * (_CODONS + 1) + codons).flatten(), one.flatten())
        counts = counts.view(n, _FRAMES, -1, _CODONS + 1)[..., :_CODONS]
        return counts / self.per_cell[:, :, None]

    def _shares(self, bases: Tensor) -> Tensor:
        """Return what `_counted` does, by products of one-hot bases."""
        pairs = (bases[:, :, None, :-1] * bases[:, None, :, 1:]).flatten(1, 2)
        codons = (pairs[:, :, None, :-1] * bases[:, None, :, 2:]).flatten(1, 2)
        right = _FRAMES * self.triplets - codons.shape[-1]
        codons = functional.pad(codons, (0, right)).unflatten(-1, (self.triplets, _FRAMES))
        return torch.einsum("nctf,ftb->nfbc", codons, self.phase_bins)

    def _stretches(self, codons: Tensor) -> Tensor:
        """Return (n, 2, 3, n_bins, 3): the stretches without a stop that bins lie in."""
        by_frame = codons.transpose(1, 2)
        stop = torch.stack([own[by_frame] for own in self.stops], 1)
        place = torch.arange(self.triplets, device=codons.device, dtype=torch.float32)
        left = _running_max(torch.where(stop, place, -1.0))
        right = self.triplets - _running_max(torch.where(stop, self.triplets - place, 0.0).flip(-1))
        right = right.flip(-1)
        ways = torch.stack([place - left, right - place], 2)
        ways = torch.stack([ways[:, 0], ways[:, 1].flip(1)], 1)  # to the 5' end comes first
        found = torch.cat([(right - left)[:, :, None], ways], 2).log1p() - _USUAL
        return torch.einsum("nsxft,ftb->nsfbx", found, self.phase_bins)


def _running_max(x: Tensor) -> Tensor:
    """Return the maximum of each value and those before it along the last axis."""
    reach = 1
    while reach < x.shape[-1]:
        x = torch.maximum(x, functional.pad(x[..., :-reach], (reach, 0), value=float("-inf")))
        reach *= 2
    return x


class CodonEncoder(nn.Module):
    """DNA to (n, `channels`, n_bins) features of reading frames, of one net for all six.

    Each strand is the mean of its frames, weighted by a score that the net gives them: coding DNA
    has one frame that matters. The scores follow as features of their own.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.frames = FrameFeatures(spec)
        self.usage = nn.Linear(_CODONS, spec.codons, bias=False)
        nn.init.normal_(self.usage.weight)
        self.net = nn.Sequential(
            nn.Conv1d(spec.codons + _OTHERS, _HIDDEN, 1),
            nn.GroupNorm(GROUPS, _HIDDEN),
            nn.GELU(),
            nn.Conv1d(_HIDDEN, _HIDDEN, 9, padding=4, groups=_HIDDEN),
            nn.Conv1d(_HIDDEN, _HIDDEN, 1),
            nn.GroupNorm(GROUPS, _HIDDEN),
            nn.GELU(),
            nn.Dropout1d(spec.dropout / 2),
        )
        self.score = nn.Conv1d(_HIDDEN, 1, 5, padding=2, bias=False)
        self.channels = _STRANDS * (_HIDDEN + _FRAMES)

    def forward(self, sequence: Tensor) -> Tensor:
        """Encode one batch of sequences."""
        usage, others = self.frames(sequence)
        n, bins = len(usage), usage.shape[3]
        frames = torch.cat([self.usage(usage), others], -1).transpose(-1, -2)
        found = self.net(frames.flatten(0, 2))
        shares = self.score(found).view(n, _STRANDS * _FRAMES, 1, bins).softmax(1)
        weighted = found.view(n, _STRANDS * _FRAMES, _HIDDEN, bins) * shares
        strands = weighted.view(n, _STRANDS, _FRAMES, _HIDDEN, bins).sum(2)
        return torch.cat([strands.flatten(1, 2), shares.flatten(1, 2)], 1)
