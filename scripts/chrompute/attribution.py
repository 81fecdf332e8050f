"""Attributions: how much each pixel of a window's V-plots moved the network towards a class.

Integrated gradients (Sundararajan, Taly and Yan 2017; captum) from the mean training image to the
window's own. They add up to the change of the class's score on that way (completeness).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from chrompute.dataset import Batch, WindowData
from chrompute.errors import InputError
from chrompute.image_grid import ImageGrid
from chrompute.networks import ChromatinNetwork

logger = logging.getLogger(__name__)

#: Points of the path on which gradients are taken; more where completeness asks for it.
STEPS = (16, 64, 256)
#: Largest difference between the sum of attributions and the change of the score, as a share of
#: the change; of changes below 1 nat, as a share of 1 nat.
TOLERANCE = 0.01
#: Share above which attributions are not shown.
LIMIT = 0.1
#: Images on the path that are looked at in one step.
_IMAGES = 128

#: Columns of the table of completeness, of one strand.
_COLUMNS = ("score", "baseline", "attributed", "error", "steps")

Images = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Attributions:
    """Attributions of windows to one class each.

    Attributes
    ----------
    images
        {input: float32 (n, rows, columns)}: the images, mean of both strands.
    values
        Of the same shapes: attributions in nats, mean of both strands.
    completeness
        One row a window and strand: `row`, `strand`, `score` and `baseline` (log-odds of the class
        for the window and for the mean image), `attributed` (sum), `error` (as for `TOLERANCE`)
        and `steps`.
    """

    images: Images
    values: Images
    completeness: pd.DataFrame


def class_scores(logits: Tensor, classes: Tensor) -> Tensor:
    """Return the log-odds of one class a window, float (n,), of logits (n, n_classes).

    Unlike a logit it does not change when a constant is added to all logits, and both classes
    of two have one.
    """
    chosen = logits.gather(1, classes[:, None])
    others = logits.scatter(1, classes[:, None], -torch.inf)
    return chosen[:, 0] - others.logsumexp(1)


def attribute(
    network: ChromatinNetwork,
    data: WindowData,
    ids: Tensor,
    classes: Tensor,
    task: str,
    temperature: float,
    baseline: Mapping[str, Tensor],
) -> Attributions:
    """Attribute the score of one class of each window to the pixels of its images.

    The sequence is held as it is. On the reverse strand the window is drawn and attributed by
    itself, and mirrored afterwards, so that all is on the forward strand.

    Parameters
    ----------
    network, data
        On the same device, the network in evaluation mode.
    ids
        int64 (n,): rows of the window table.
    classes
        int64 (n,): the class of each.
    task
        The task that the classes are of.
    temperature
        The task's; scores are those of calibrated probabilities.
    baseline
        {input: float32 (rows, columns)}: where the path begins.

    Raises
    ------
    InputError
        When the attributions are far from complete.
    """
    if not len(ids):
        return _nothing(data)
    size = max(_IMAGES // STEPS[0], 1)
    names = tuple(data.images)
    parts: list[tuple[list[Tensor], list[Tensor]]] = []
    facts = []
    for chunk, own in zip(ids.split(size), classes.split(size), strict=True):
        strands = []
        for backwards in (False, True):
            reverse = torch.full_like(chunk, backwards, dtype=torch.bool)
            path = _Path(network, task, temperature, names, data.draw(chunk, reverse=reverse))
            found, table = path.attributed(own, [baseline[name] for name in names])
            images = [path.batch[name] for name in names]
            if backwards:
                grids = [data.images[name].grid for name in names]
                images, found = (
                    [mirrored(v, g) for v, g in zip(values, grids, strict=True)]
                    for values in (images, found)
                )
            strands.append((images, found))
            facts.append(table.assign(row=chunk.cpu().numpy(), strand="-" if backwards else "+"))
        (images, found), (images_back, found_back) = strands
        parts.append((_means(images, images_back), _means(found, found_back)))
    named = [*enumerate(names)]
    completeness = pd.concat(facts, ignore_index=True)
    _check(completeness, task)
    images_of, values_of = (
        {name: torch.cat([part[k][i] for part in parts]).cpu().numpy() for i, name in named}
        for k in (0, 1)
    )
    return Attributions(images_of, values_of, completeness)


def _nothing(data: WindowData) -> Attributions:
    """Return the attributions of no window."""
    empty = {
        name: np.zeros((0, *image.grid.shape), np.float32) for name, image in data.images.items()
    }
    return Attributions(empty, empty, pd.DataFrame(columns=[*_COLUMNS, "row", "strand"]))


def mirrored(values: Tensor, grid: ImageGrid) -> Tensor:
    """Return pixels (..., columns) on the other strand, their sums kept.

    Where the last pixel is narrower, pixels of the two strands do not lie above each other; what
    a pixel holds is spread over its bases first.
    """
    column = torch.arange(grid.width, device=values.device) // grid.position_bin
    share = 1.0 / torch.bincount(column).to(values)
    per_base = (values * share)[..., column].flip(-1)
    result = torch.zeros_like(values)
    return result.index_add_(values.dim() - 1, column, per_base)


def _means(one: list[Tensor], two: list[Tensor]) -> list[Tensor]:
    return [(a + b) / 2 for a, b in zip(one, two, strict=True)]


@dataclass(frozen=True)
class _Path:
    """The way from the baseline to the images of some windows on one strand."""

    network: ChromatinNetwork
    task: str
    temperature: float
    names: tuple[str, ...]
    batch: Batch

    def attributed(self, classes: Tensor, base: list[Tensor]) -> tuple[list[Tensor], pd.DataFrame]:
        """Return the attributions of each input, and their completeness."""
        inputs = [self.batch[name] for name in self.names]
        bases = [own.expand_as(image) for own, image in zip(base, inputs, strict=True)]
        fixed = (classes, *self._fixed())
        with torch.no_grad():
            score, start = self.score(*inputs, *fixed), self.score(*bases, *fixed)
        found = [torch.zeros_like(image) for image in inputs]
        taken = torch.zeros_like(classes)
        error = torch.full_like(score, torch.inf)
        for steps in STEPS:
            missed = (error > TOLERANCE).nonzero()[:, 0]
            for rows in missed.split(max(_IMAGES // steps, 1)) if len(missed) else ():
                part = IntegratedGradients(self.score).attribute(
                    tuple(image[rows] for image in inputs),
                    baselines=tuple(image[rows] for image in bases),
                    additional_forward_args=tuple(each[rows] for each in fixed),
                    n_steps=steps,
                )
                for whole, own in zip(found, part, strict=True):
                    whole[rows] = own.to(whole)
                taken[rows] = steps
            attributed = torch.stack([each.double().sum((1, 2)) for each in found]).sum(0)
            change = (score - start).double()
            error = ((attributed - change).abs() / change.abs().clamp(min=1)).to(score)
        columns = zip(_COLUMNS, (score, start, attributed, error, taken), strict=True)
        return found, pd.DataFrame({name: each.cpu().numpy() for name, each in columns})

    def score(self, *given: Tensor) -> Tensor:
        """Return the score of each window; images come first, then what is held."""
        number = len(self.names)
        classes, present, *codes = given[number:]
        batch = dict(zip(self.names, given[:number], strict=True)) | {"present": present}
        if codes:
            batch["sequence"] = codes[0]
        return class_scores(self.network(batch)[self.task] / self.temperature, classes)

    def _fixed(self) -> list[Tensor]:
        return [self.batch[name] for name in ("present", "sequence") if name in self.batch]


def _check(completeness: pd.DataFrame, task: str) -> None:
    """Say how complete attributions are, and refuse them where they are not."""
    error = completeness["error"]
    change = (completeness["score"] - completeness["baseline"]).abs().sum()
    gap = (completeness["attributed"] - completeness["score"] + completeness["baseline"]).abs()
    share = float(gap.sum() / max(change, 1e-12))
    logger.info(
        "task %s: attributions of %d windows on both strands; their sums differ from the change of "
        "the score by %.3f %% in all, and by %.2f %% (median %.3f %%) at most",
        task, len(completeness) // 2, 100 * share, 100 * error.max(), 100 * error.median(),
    )  # fmt: skip
    if error.median() > LIMIT:
        raise InputError(
            f"task {task}: attributions miss the change of the score by {100 * error.median():.0f} "
            f"% (median), and at most {100 * LIMIT:.0f} % are believed; this network cannot be "
            "interpreted so, take it out of interpret/models"
        )
    if (above := int((error > TOLERANCE).sum())) > 0:
        logger.warning(
            "WARNING: task %s: %d of %d sums miss the change of the score by more than %.0f %%",
            task, above, len(completeness), 100 * TOLERANCE,
        )  # fmt: skip
