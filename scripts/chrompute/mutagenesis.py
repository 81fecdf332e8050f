"""In-silico saturation mutagenesis: every substitution of a window, and what it does to a class."""

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.chosen_windows import parse_locus
from chrompute.dataset import WindowData
from chrompute.devices import PREDICTING_ADVICE, as_in_training, choose_device, explained_memory
from chrompute.encoders import one_hot
from chrompute.errors import InputError
from chrompute.genome import BASES
from chrompute.network_spec import SEQUENCE
from chrompute.sequence_attributions import SequenceScore, known_windows
from chrompute.sequence_job import Explained

logger = logging.getLogger(__name__)

#: Substitutions that are predicted at once.
_BATCH = 64
COLUMNS = ["locus", "chrom", "position", "reference", "base", "effect"]


def mutate(explained: Explained, places: pd.DataFrame, task: str, name: str) -> pd.DataFrame:
    """Predict each substitution of windows, by tangermeme.

    Parameters
    ----------
    explained
        The network and its inputs; fragments are held as they are.
    places
        `chrom`, `start` of each window.
    task, name
        The class.

    Returns
    -------
    DataFrame
        `COLUMNS`: 3 rows a base. `locus` counts the windows from 1, `position` is 0-based, and
        `effect` is the score of the class with `base` less that with the reference; the score is
        that of `chrompute.sequence_attributions`.

    Raises
    ------
    InputError
        When a window holds an unknown base.
    """
    device = choose_device(explained.recipe.training["device"], "predicting")
    parts = [pd.DataFrame(columns=COLUMNS)]
    with (
        as_in_training(device, explained.recipe.training["threads"]),
        explained_memory(PREDICTING_ADVICE),
    ):
        data = explained.data(places, device)
        ids = torch.arange(len(places), device=device)
        if len(known_windows(data, ids)) < len(ids):
            raise InputError(
                "motifs/loci: the window of a locus holds an unknown base, or hangs over the end "
                "of a chromosome; choose another locus"
            )
        score = SequenceScore(explained.network, task).to(device)
        target = explained.target(task, name)
        for number, (chrom, start) in enumerate(places[["chrom", "start"]].to_numpy(), 1):
            codes, effects = _effects(score, data, ids[number - 1 : number], target)
            table = _table(codes, effects).assign(locus=number, chrom=str(chrom))
            parts.append(table.assign(position=table["position"] + int(start))[COLUMNS])
            logger.info("%s of %s loci", number, len(places))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _effects(
    score: SequenceScore, data: WindowData, window: Tensor, target: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Return the bases of a window, (width,), and the effects of all bases at them, (4, width)."""
    from tangermeme.saturation_mutagenesis import saturation_mutagenesis

    codes, effects = data.draw(window)[SEQUENCE][0].cpu().numpy(), []
    for backwards in (False, True):
        batch = data.draw(window, reverse=torch.full_like(window, backwards, dtype=torch.bool))
        found = saturation_mutagenesis(
            score, one_hot(batch[SEQUENCE]), args=score.held(batch), raw_outputs=True,
            batch_size=_BATCH, device=window.device, fast=False,
        )  # fmt: skip
        changed = (found.y_hat[0] - found.y0[0])[..., target]
        effects.append(changed.flip(0, 1) if backwards else changed)
    return codes, torch.stack(effects).mean(0).cpu().numpy()


def _table(codes: npt.NDArray[np.uint8], effects: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Return `position` in the window, `reference`, `base` and `effect` of each substitution."""
    letters = np.array([*BASES])
    base, position = np.nonzero(np.arange(len(BASES))[:, None] != codes)
    order = np.lexsort((base, position))
    base, position = base[order], position[order]
    return pd.DataFrame({
        "position": position,
        "reference": letters[codes[position]],
        "base": letters[base],
        "effect": effects[base, position],
    })  # fmt: skip


def loci_of_class(windows: pd.DataFrame, loci: Sequence[str], width: int) -> pd.DataFrame:
    """Return `chrom` and `start` of the windows to mutate.

    Parameters
    ----------
    windows
        Windows of a class, with their `score`.
    loci
        Places that windows are centred on, "chrom:position" (1-based); where there are none, the
        window of the highest score is taken.
    width
        Of the windows, bp.
    """
    if not loci:
        best = windows.sort_values("score", ascending=False, kind="stable")
        return best[["chrom", "start"]].head(1).reset_index(drop=True)
    places = [place for text in loci if (place := parse_locus(text)) is not None]
    rows = [(chrom, position - width // 2) for chrom, position in places]
    return pd.DataFrame(rows, columns=["chrom", "start"])


def names_of(places: pd.DataFrame, width: int) -> list[str]:
    """Return windows as browsers call them, "chrom:first-last", counted from 1."""
    return [
        f"{chrom}:{start + 1:,}-{start + width:,}"
        for chrom, start in zip(places["chrom"], places["start"], strict=True)
    ]
