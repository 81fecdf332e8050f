"""Attributions of DNA: what each base of a window adds to the score of a class.

DeepLIFT with shuffled sequences as references (DeepLIFT/SHAP), by tangermeme. Fragments are held
as they are: only the sequence is exchanged. The score of a class is its logit less the mean of
all classes' logits, averaged over both strands. For each reference the attributions of a window
add up to the difference of scores, which is looked at for all of them.
"""

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from chrompute.codons import CodonEncoder
from chrompute.dataset import WindowData
from chrompute.deeplift_rules import deeplift_rules, explainable
from chrompute.encoders import SequenceEncoder, one_hot
from chrompute.errors import ChromputeError
from chrompute.network_spec import SEQUENCE
from chrompute.networks import ChromatinNetwork, Network

logger = logging.getLogger(__name__)

#: Largest error of the sum of attributions, relative to the difference of scores.
COMPLETE = 1e-3
#: Smaller differences of scores count as this one.
_SMALL = 1e-6
#: Windows, and pairs of a window and a reference, that are looked at together.
_WINDOWS, _PAIRS = 4, 16
#: Lines of progress.
_LINES = 10


class SequenceScore(nn.Module):
    """The class scores of one task as a function of one-hot DNA, all else being held.

    It works in double precision on a copy of the network: sums of attributions are compared with
    differences of scores that may be small.

    Parameters
    ----------
    network
        A network that reads DNA.
    task
        Its task.
    hold_frames
        Whether the features of reading frames are held, too, so that motifs alone are explained.
    """

    def __init__(self, network: Network, task: str, hold_frames: bool = False) -> None:
        super().__init__()
        self.network = explainable(copy.deepcopy(network)).double().requires_grad_(False)
        self.task = task
        self.hold_frames = hold_frames
        self.eval()

    def _held_frames(self) -> CodonEncoder | None:
        """Return what reads reading frames, where there is such a part and it is held."""
        if not self.hold_frames or not isinstance(self.network, ChromatinNetwork):
            return None
        encoder = self.network.encoders[SEQUENCE]
        return encoder.codons if isinstance(encoder, SequenceEncoder) else None

    @torch.no_grad()
    def held(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        """Return what `forward` takes beside the DNA.

        It is which inputs are there, the features of the other ones, and those of reading frames
        where these are held.

        Parameters
        ----------
        batch
            As `chrompute.dataset.WindowData.draw` returns it.
        """
        if not isinstance(self.network, ChromatinNetwork):
            return (batch["present"],)
        encoders = self.network.encoders
        images = [name for name in encoders if name != SEQUENCE]
        held = [encoders[name](batch[name].double()) for name in images]
        frames = self._held_frames()
        if frames is not None:
            held.append(frames(one_hot(batch[SEQUENCE]).double()))
        return batch["present"], *held

    def forward(self, bases: Tensor, present: Tensor, *encoded: Tensor) -> Tensor:
        """Return (n, n_classes) logits less their mean, of one-hot DNA (n, 4, width)."""
        logits = self._logits(bases, present > 0, encoded)
        return logits - logits.mean(1, keepdim=True)

    def _logits(self, bases: Tensor, present: Tensor, encoded: tuple[Tensor, ...]) -> Tensor:
        network = self.network
        if not isinstance(network, ChromatinNetwork):
            return network({SEQUENCE: bases, "present": present})[self.task]
        others = [name for name in network.encoders if name != SEQUENCE]
        frames = encoded[len(others)] if len(encoded) > len(others) else None
        own = {SEQUENCE: network.encoders[SEQUENCE](bases, frames)}
        own |= dict(zip(others, encoded[: len(others)], strict=True))
        features, _ = network.mixed({name: own[name] for name in network.encoders}, present)
        return network.heads(network.summary(features))[self.task]


@dataclass(frozen=True)
class SequenceAttributions:
    """Attributions of some windows for one class.

    Attributes
    ----------
    codes
        uint8 (n_windows, width): the DNA, 0 to 3 for A, C, G, T.
    hypothetical
        float32 (n_windows, 4, width): what each base would add if it stood there; that of the
        base that does is its attribution.
    score, reference_score
        float64 (n_windows,): score of the class, and its mean over the references.
    error
        float64 (n_windows,): largest error of the sum of attributions over the strands and
        references, relative to the difference of scores.
    """

    codes: npt.NDArray[np.uint8]
    hypothetical: npt.NDArray[np.float32]
    score: npt.NDArray[np.float64]
    reference_score: npt.NDArray[np.float64]
    error: npt.NDArray[np.float64]

    @property
    def attributions(self) -> npt.NDArray[np.float32]:
        """What each base adds, float32 (n_windows, width)."""
        return np.take_along_axis(self.hypothetical, self.codes[:, None].astype(np.intp), 1)[:, 0]


def attribute_sequences(
    network: Network,
    data: WindowData,
    ids: Tensor,
    task: str,
    target: int,
    references: int,
    seed: int,
    hold_frames: bool = False,
) -> SequenceAttributions:
    """Attribute the score of a class to the bases of windows.

    Parameters
    ----------
    network, data
        On the same device; the network reads DNA.
    ids
        int64 (n_windows,): windows whose bases are all known (`known_windows`).
    task, target
        The task, and the place of the class among its classes.
    references
        Shuffled sequences that each window is compared with; they keep its dinucleotides.
    seed
        Of the shuffles. A window's references do not depend on the other windows.
    hold_frames
        As `SequenceScore` takes it.

    Raises
    ------
    ChromputeError
        When attributions do not add up: a layer of the network has no rule.
    """
    score = SequenceScore(network, task, hold_frames).to(ids.device)
    parts: list[SequenceAttributions] = []
    chunks = ids.split(_WINDOWS)
    for number, chunk in enumerate(chunks, 1):
        parts.append(_attributed(score, data, chunk, target, references, seed))
        if number % max(1, len(chunks) // _LINES) == 0:
            logger.info("%s of %s windows", f"{min(number * _WINDOWS, len(ids)):,}", len(ids))
    found = SequenceAttributions(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in SequenceAttributions.__dataclass_fields__
        )
    )
    _require_complete(found, references)
    return found


def known_windows(data: WindowData, ids: Tensor) -> Tensor:
    """Return those of some windows whose bases are all known."""
    assert data.sequence is not None
    none = torch.zeros_like(ids)
    return ids[(data.sequence.codes(ids, none, none.bool()) < 4).all(1).to(ids.device)]


def _require_complete(found: SequenceAttributions, references: int) -> None:
    worst = float(found.error.max(initial=0))
    logger.info(
        "completeness: attributions add up to the difference of scores of %s pairs of a window and "
        "a reference, on both strands, with a relative error of at most %.1e (limit %.0e)",
        f"{len(found.error) * references:,}", worst, COMPLETE,
    )  # fmt: skip
    if not worst <= COMPLETE:
        raise ChromputeError(
            f"attributions of DNA do not add up (relative error {worst:.1e}, limit {COMPLETE:.0e}):"
            " a layer of the network has no rule in chrompute.deeplift_rules; add one"
        )


def _attributed(
    score: SequenceScore, data: WindowData, ids: Tensor, target: int, references: int, seed: int
) -> SequenceAttributions:
    """Attribute a few windows, on both strands."""
    from tangermeme.ersatz import dinucleotide_shuffle

    forward = data.draw(ids)
    bases = one_hot(forward[SEQUENCE]).double()
    shuffled = torch.cat([
        dinucleotide_shuffle(one[None], n=references, random_state=seed) for one in bases.cpu()
    ]).to(bases)  # fmt: skip
    strands = [_of_strand(score, bases, shuffled, score.held(forward), target)]
    backward = data.draw(ids, reverse=torch.ones_like(ids, dtype=torch.bool))
    turned = bases.flip(1, 2), shuffled.flip(2, 3)
    strands.append(_of_strand(score, *turned, score.held(backward), target))
    hypothetical = (strands[0][0] + strands[1][0].flip(1, 2)) / 2
    own, against = (np.mean([strand[place] for strand in strands], 0) for place in (1, 2))
    return SequenceAttributions(
        forward[SEQUENCE].cpu().numpy(),
        hypothetical.float().numpy(),
        own,
        against,
        np.max([strand[3] for strand in strands], 0),
    )


def _of_strand(
    score: SequenceScore,
    bases: Tensor,
    shuffled: Tensor,
    held: tuple[Tensor, ...],
    target: int,
) -> tuple[Tensor, npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return hypothetical attributions (n, 4, width), both scores and the relative error, (n,)."""
    from tangermeme.deep_lift_shap import deep_lift_shap, hypothetical_attributions

    n, number = shuffled.shape[:2]
    multipliers = deep_lift_shap(
        score, bases, args=held, target=target, references=shuffled, batch_size=_PAIRS,
        additional_nonlinear_ops=deeplift_rules(), raw_outputs=True, device=bases.device,
    ).to(bases)  # fmt: skip
    pairs = multipliers.flatten(0, 1), bases.repeat_interleave(number, 0), shuffled.flatten(0, 1)
    hypothetical = hypothetical_attributions(*((each,) for each in pairs))[0].unflatten(0, (n, -1))
    total = (hypothetical * bases[:, None]).sum((2, 3))
    with torch.no_grad():
        own = score(bases, *held)[:, target]
        against = torch.stack([score(one, *held)[:, target] for one in shuffled.unbind(1)], 1)
    difference = own[:, None] - against
    error = (total - difference).abs() / difference.abs().clamp(min=_SMALL)
    found = own, against.mean(1), error.amax(1)
    return hypothetical.mean(1).cpu(), *(values.cpu().numpy() for values in found)
