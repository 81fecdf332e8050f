"""The guard over places: no window that trains lies on or beside one that tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from bioframe.core.arrops import merge_intervals, overlap_intervals

from chrompute.errors import InputError

#: Splits that must lie apart; the windows of the first one are counted.
_PAIRS = (("train", "test"), ("train", "valid"), ("valid", "test"))
_EXAMPLES = 3

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PlaceLeak:
    """Windows of one split that lie too near to those of another, in whatever cell types.

    Attributes
    ----------
    one, other
        The splits.
    overlapping
        Windows of the first one that share a base with a window of the other.
    near
        Those that share none, with fewer bases between them and such a window than it is wide.
    examples
        The first few of both, each with a window of the other split.
    """

    one: str
    other: str
    overlapping: int
    near: int
    examples: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the leak as plain JSON values."""
        return {
            "splits": [self.one, self.other],
            "overlapping": self.overlapping,
            "near": self.near,
            "examples": [*self.examples],
        }


def place_leaks(windows: pd.DataFrame, width: int) -> list[PlaceLeak]:
    """Find windows of two splits that overlap, or lie nearer than a window's width.

    The cell type is not looked at: the same place in another cell type is a leak as well.

    Parameters
    ----------
    windows
        Columns `cell_type`, `chrom`, `start`, `end`, `split`.
    width
        Of a window, bp: fewer bases between two windows are too few.

    Returns
    -------
    list
        A leak for each two splits that have one.
    """
    found = []
    for one, other in _PAIRS:
        overlapping, near = np.zeros((2, len(windows)), dtype=bool)
        for mine, theirs in _by_chromosome(windows, one, other):
            overlapping[mine.index] = _touches(mine, theirs, 0)
            near[mine.index] = _touches(mine, theirs, width)
        if near.any():
            examples = _examples(windows, np.flatnonzero(near)[:_EXAMPLES], other, width)
            number = int(overlapping.sum())
            found.append(PlaceLeak(one, other, number, int(near.sum()) - number, examples))
    return found


def refuse_place_leaks(
    windows: pd.DataFrame, width: int, shared: bool = False
) -> list[dict[str, Any]]:
    """Raise when splits do not lie apart; return what was found as plain JSON values.

    Parameters
    ----------
    windows, width
        As in `place_leaks`.
    shared
        Whether the splits share places by declaration, as those of cell types do. Then leaks are
        counted and no fault.

    Raises
    ------
    InputError
        When windows of two splits overlap or lie nearer than a window's width.
    """
    leaks = place_leaks(windows, width)
    if leaks and not shared:
        raise InputError(
            [
                f"windows: {leak.overlapping:,} windows of split {leak.one!r} overlap windows of "
                f"split {leak.other!r}, and {leak.near:,} more lie within {width:,} bp of one "
                f"({'; '.join(leak.examples)}); choose a larger 'buffer', or split by whole "
                "chromosomes"
                for leak in leaks
            ]
        )
    return [leak.as_dict() for leak in leaks]


def refuse_training_places(
    training: pd.DataFrame, held_out: pd.DataFrame, width: int, model: str, shared: bool
) -> None:
    """Raise when held-out windows of one set lie on or beside training windows of another.

    Parameters
    ----------
    training, held_out
        Columns `cell_type`, `chrom`, `start`, `end`; the second one also `split`.
    width
        Of a window, bp: fewer bases between two windows are too few.
    model
        What was trained on the first ones and is applied to the others, for the message.
    shared
        Whether cell types share places by declaration; then each is compared with itself.

    Raises
    ------
    InputError
        With the first places.
    """
    columns = ["cell_type", "chrom", "start", "end", "split"]
    both = pd.concat([training.assign(split="train")[columns], held_out[columns]])
    both = both.astype(dict.fromkeys(("cell_type", "chrom", "split"), str))
    groups = [own for _, own in both.groupby("cell_type")] if shared else [both]
    leaks = [
        leak
        for own in groups
        for leak in place_leaks(own.reset_index(drop=True), width)
        if leak.one == "train"
    ]
    if leaks:
        raise InputError(
            [
                f"models/{model}: {leak.overlapping:,} windows that it was trained on overlap "
                f"windows of split {leak.other!r}, and {leak.near:,} more lie within {width:,} bp "
                f"of one ({'; '.join(leak.examples)}); give both window sets the same 'split' by "
                "chromosomes"
                for leak in leaks
            ]
        )


def _by_chromosome(
    windows: pd.DataFrame, one: str, other: str
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield the places of two splits on each chromosome that has both; the index is the row."""
    places = windows[["chrom", "start", "end"]].reset_index(drop=True)
    split = windows["split"].to_numpy()
    theirs = dict([*places[split == other].groupby("chrom", observed=True)])
    for name, mine in places[split == one].groupby("chrom", observed=True):
        if name in theirs:
            yield mine, theirs[name]


def _touches(mine: pd.DataFrame, theirs: pd.DataFrame, reach: int) -> npt.NDArray[np.bool_]:
    """Tell which intervals have one of the others within `reach` bp."""
    starts, ends = (theirs[name].to_numpy() for name in ("start", "end"))
    # Merged ones are disjoint, so that there are about as many overlaps as intervals.
    _, starts, ends = merge_intervals(starts, ends, min_dist=0)
    own_starts, own_ends = mine["start"].to_numpy() - reach, mine["end"].to_numpy() + reach
    hits, _ = overlap_intervals(own_starts, own_ends, starts, ends)
    touched = np.zeros(len(mine), dtype=bool)
    touched[hits] = True
    return touched


def _examples(windows: pd.DataFrame, rows: Integers, other: str, width: int) -> tuple[str, ...]:
    """Write down windows, each with the first one of another split that is too near."""
    sentences = []
    for row in rows:
        mine = windows.iloc[row]
        close = (windows["split"] == other) & (windows["chrom"] == mine["chrom"])
        close &= windows["start"] < mine["end"] + width
        close &= windows["end"] > mine["start"] - width
        sentences.append(f"{_place(mine)} and {_place(windows.iloc[np.argmax(close)])}")
    return tuple(sentences)


def _place(window: pd.Series) -> str:
    return (
        f"{window['chrom']}:{window['start']:,}-{window['end']:,} of {window['cell_type']} "
        f"({window['split']})"
    )
