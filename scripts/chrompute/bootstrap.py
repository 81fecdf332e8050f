"""Intervals from a bootstrap over blocks of the genome."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chrompute.scores import Labels, Values, Weights

#: Bounds of the reported interval.
_QUANTILES = (0.025, 0.975)
#: Weights that are held at a time: 16 MB.
_CHUNK = 4_000_000


def genome_blocks(chroms: Sequence[str], centres: npt.ArrayLike, width: int) -> Labels:
    """Return the block of each window: equal numbers share a stretch of `width` bp."""
    names = np.unique(np.asarray(chroms, dtype=str), return_inverse=True)[1].astype(np.int64)
    place = names << 40 | np.asarray(centres, dtype=np.int64) // width
    return np.unique(place, return_inverse=True)[1].astype(np.int64)


def count_blocks(blocks: Labels, chosen: npt.ArrayLike) -> int:
    """Return how many blocks hold a window that is `chosen`, bool (n_windows,)."""
    return int(np.unique(blocks[np.asarray(chosen, dtype=bool)]).size)


def drawn_weights(blocks: Labels, draws: int, seed: int) -> Iterator[Weights]:
    """Draw blocks with replacement; a window counts as often as its block was drawn.

    Parameters
    ----------
    blocks
        (n_windows,): block of each window, 0 to the number of blocks - 1.
    draws, seed
        Number of draws and their seed.

    Yields
    ------
    array
        int32 (n_windows, some draws), all draws one after the other.
    """
    number = int(blocks.max()) + 1
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK // len(blocks))
    for first in range(0, draws, step):
        times = [
            np.bincount(generator.integers(number, size=number), minlength=number).astype(np.int32)
            for _ in range(min(step, draws - first))
        ]
        yield np.stack(times, axis=1)[blocks]


@dataclass(frozen=True)
class Bootstrap:
    """Scores of some windows, and of each draw of them.

    Attributes
    ----------
    values
        {metric: score}.
    draws
        {metric: (n_draws,) scores}.
    """

    values: Mapping[str, float]
    draws: Mapping[str, Values]

    def rows(self, metrics: Collection[str] | None = None) -> list[dict[str, float | str]]:
        """Return `metric`, `value` and the ends `low` and `high` of its 95 % interval.

        Parameters
        ----------
        metrics
            Those that are wanted; all by default.
        """
        rows: list[dict[str, float | str]] = []
        for metric, value in self.values.items():
            if metrics is not None and metric not in metrics:
                continue
            known = self.draws[metric][~np.isnan(self.draws[metric])]
            low, high = np.quantile(known, _QUANTILES) if len(known) else (np.nan, np.nan)
            row: dict[str, float | str] = {"metric": metric, "value": value}
            rows.append(row | {"low": float(low), "high": float(high)})
        return rows


def bootstrap(
    score: Callable[[Weights], Mapping[str, Values]], blocks: Labels, draws: int, seed: int = 0
) -> Bootstrap:
    """Score windows once as they are and once for each draw of blocks.

    Windows that lie close to each other share fragments and sequence, so whole blocks are
    drawn; a window drawn twice counts twice. Equal blocks and seeds mean equal draws.

    Parameters
    ----------
    score
        Maps int64 (n_windows, n_draws) weights to {metric: (n_draws,) scores}.
    blocks
        (n_windows,): block of each window.
    draws, seed
        Number of draws, 0 for no interval, and their seed.
    """
    whole = score(np.ones((len(blocks), 1), dtype=np.int64))
    parts = [score(weights) for weights in drawn_weights(blocks, draws, seed)]
    none = [np.zeros(0)]
    samples = {name: np.concatenate([part[name] for part in parts] or none) for name in whole}
    return Bootstrap({name: float(value[0]) for name, value in whole.items()}, samples)


def mean_of(parts: Sequence[Bootstrap]) -> Bootstrap:
    """Average bootstraps that share their draws, score by score and draw by draw."""
    names = parts[0].values
    return Bootstrap(
        {name: float(np.mean([part.values[name] for part in parts])) for name in names},
        {name: np.mean([part.draws[name] for part in parts], axis=0) for name in names},
    )
