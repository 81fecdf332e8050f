"""One step of training: which windows, drawn how, and their loss.

All randomness is a function of (seed, epoch, step) and is drawn for the windows of a whole step of
the optimiser at once; each process and each of several accumulated batches takes its part of it.
So how a step is divided changes neither the windows nor how these are moved and turned.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from chrompute.dataset import WindowData
from chrompute.losses import Objective
from chrompute.networks import Network
from chrompute.training_rules import TrainingRules


def seed_of(*numbers: int) -> int:
    """Mix some numbers into one seed."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


class StepWindows(NamedTuple):
    """All windows of a step: `ids`, int64 on the device, and the same `rows` on the host."""

    ids: Tensor
    rows: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """Where in the training a part of a step stands.

    Attributes
    ----------
    seed, epoch, step
        What all randomness follows from.
    part
        Which of the accumulated batches of the step.
    rank, processes
        Which of how many processes.
    """

    seed: int
    epoch: int
    step: int
    part: int = 0
    rank: int = 0
    processes: int = 1


@dataclass(frozen=True)
class Draw:
    """The windows of one part of a step, and how each is drawn.

    Attributes
    ----------
    ids, shift, reverse, keep
        As `WindowData.draw` takes them.
    rows
        `ids` on the host.
    counts
        (n,) 0 for windows that only fill the part up, else 1; None: all count.
    """

    ids: Tensor
    shift: Tensor
    reverse: Tensor
    keep: Tensor | None
    rows: npt.NDArray[np.int64]
    counts: Tensor | None


def draw_part(
    windows: StepWindows, rules: TrainingRules, place: Place, generator: torch.Generator
) -> Draw:
    """Draw how the windows of a step are moved, turned and thinned, and return those of a part.

    Parameters
    ----------
    windows
        All windows of the step.
    rules
        Training settings.
    place
        Which part. Windows are dealt out to the processes in turn; where they do not divide
        evenly, some processes get one more that does not count, so that all do the same work.
    generator
        On the windows' device; it is seeded here.
    """
    generator.manual_seed(seed_of(place.seed, place.epoch, place.step + 1))
    number, device = len(windows.ids), windows.ids.device
    jitter = rules.jitter
    shift = torch.randint(-jitter, jitter + 1, (number,), generator=generator, device=device)
    reverse = torch.rand(number, generator=generator, device=device) < 0.5
    keep = None
    if rules.thinning < 1:
        share = torch.rand(number, generator=generator, device=device)
        keep = rules.thinning + (1 - rules.thinning) * share
    begin = place.part * rules.batch_size
    size = part_size(number, place.part, rules)
    turns = -(-size // place.processes)
    taken = torch.arange(turns, device=device) * place.processes + place.rank
    own = begin + taken % size
    taken_here = np.arange(turns) * place.processes + place.rank
    return Draw(
        windows.ids[own],
        shift[own],
        reverse[own],
        None if keep is None else keep[own],
        windows.rows[begin + taken_here % size],
        None if turns * place.processes == size else (taken < size).float(),
    )


def part_loss(
    network: Network,
    data: WindowData,
    objective: Objective,
    windows: StepWindows,
    place: Place,
    generator: torch.Generator,
) -> Tensor:
    """Return the loss of one part of a step; the mean over the parts is that of the step.

    Nothing in here waits for the device, where the fragments lie there and `data` knows how far
    windows may be moved (`WindowData.allow_shifts`).

    Parameters
    ----------
    network, data, objective
        What is trained, on what, for what.
    windows, place, generator
        As in `draw_part`.
    """
    rules = objective.rules
    drawn = draw_part(windows, rules, place, generator)
    own = seed_of(place.seed, place.epoch, place.step + 1, place.part + 1, place.rank + 1)
    torch.manual_seed(own)  # dropout
    generator.manual_seed(own)  # which fragments are kept
    batch = data.draw(drawn.ids, drawn.shift, drawn.reverse, drawn.keep, generator, rows=drawn.rows)
    logits, single = network.all_logits(batch)
    parts = place.processes * parts_of(len(windows.rows), rules)
    return objective(logits, single, batch, drawn.ids, drawn.counts, windows.ids, parts)


def part_size(windows: int, part: int, rules: TrainingRules) -> int:
    """Return the windows, of all processes, in one accumulated batch of a step over so many."""
    return min(rules.batch_size, windows - part * rules.batch_size)


def parts_of(windows: int, rules: TrainingRules) -> int:
    """Return in how many accumulated batches a step over so many windows is done."""
    return -(-windows // rules.batch_size)
