"""A few loci for the genome browser of a report: signal, labels and predictions, cut out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chrompute.bigwig import interval_means
from chrompute.intervals import read_bed
from chrompute.state_colours import Colour

#: Signal is shown in so many steps a locus: more than a screen has room for.
STEPS = 1000


@dataclass(frozen=True)
class BrowserTrack:
    """One line of the browser.

    Attributes
    ----------
    path
        A bigWig or a BED, plain or gzipped.
    title
        How it is called.
    colour
        Of the signal, and of segments that have no colour in `colours`.
    colours
        {name of a segment: its colour}.
    is_share
        Whether the signal lies between 0 and 1.
    """

    path: str | Path
    title: str
    colour: Colour
    colours: Mapping[str, Colour]
    is_share: bool = False

    @property
    def is_signal(self) -> bool:
        """Whether it is a bigWig."""
        return str(self.path).lower().endswith((".bw", ".bigwig"))


def loci_of_classes(
    windows: pd.DataFrame, task: str, titles: Mapping[str, str], cell_type: str, split: str
) -> pd.DataFrame:
    """Choose one window of each class: of those of a split, the one in the middle of their list.

    It is chosen by its label and its place alone, so that it stands for its class as well as any.

    Parameters
    ----------
    windows
        A window set.
    task
        A task with classes.
    titles
        {class: how to call it}.
    cell_type, split
        Whose windows; where the cell type has none in the split, those of any.

    Returns
    -------
    DataFrame
        `title`, `chrom`, `start`, `end`, in the order of the classes; a class that no window has
        for certain has no row.
    """
    own = windows[windows["cell_type"] == cell_type]
    held_out = (own["split"] == split).to_numpy()
    own = own[held_out] if held_out.any() else own
    rows = []
    for name, title in titles.items():
        chosen = own[(own[task] == name).to_numpy()]
        if len(chosen):
            row = chosen.iloc[len(chosen) // 2]
            rows.append((title, str(row["chrom"]), int(row["start"]), int(row["end"])))
    return pd.DataFrame(rows, columns=["title", "chrom", "start", "end"])


def browser_content(
    loci: pd.DataFrame,
    tracks: Sequence[BrowserTrack],
    sizes: Mapping[str, int],
    flank: int,
    aliases: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Cut the tracks at the loci.

    Parameters
    ----------
    loci
        `title`, `chrom`, `start`, `end`, 0-based half-open.
    tracks
        From top to bottom.
    sizes
        Chromosome lengths, bp.
    flank
        What is shown on both sides of a locus, bp.
    aliases
        As in `chrompute.intervals.scan_bed`.

    Returns
    -------
    dict
        `chromosomes` {name: bp} of those with a locus; `loci` with `title`, `chrom`, `start` and
        `end` of what is shown, and `from` and `to` of the locus itself; and `tracks` with `title`,
        `colour` ("rgb(r,g,b)"), `limits` (None where the browser chooses), and of a signal
        `values`, {number of the locus: its mean in each of equal steps}, else `features`, of all
        loci, each with `chrom`, `start`, `end`, `name` and `colour`.
    """
    shown = [_shown(row, sizes, flank) for row in loci.itertuples(index=False)]
    return {
        "chromosomes": {name: sizes[name] for name in sorted({place["chrom"] for place in shown})},
        "loci": shown,
        "tracks": [_cut(track, shown, sizes, aliases) for track in tracks if shown],
    }


def _shown(row: Any, sizes: Mapping[str, int], flank: int) -> dict[str, Any]:
    start, end = max(0, row.start - flank), min(sizes[row.chrom], row.end + flank)
    place = {"chrom": row.chrom, "start": start, "end": end, "from": row.start, "to": row.end}
    numbers = {k: v if isinstance(v, str) else int(v) for k, v in place.items()}
    return {"title": row.title, **numbers}


def _cut(
    track: BrowserTrack,
    loci: Sequence[Mapping[str, Any]],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None,
) -> dict[str, Any]:
    own: dict[str, Any] = {
        "title": track.title,
        "colour": _rgb(track.colour),
        "limits": [0, 1] if track.is_share else None,
    }
    if track.is_signal:
        return own | {"values": [_steps(track.path, place, aliases) for place in loci]}
    table = read_bed(track.path, sizes, aliases)
    found = [feature for place in loci for feature in _features(table, place, track)]
    # Loci may lie so near to each other that they share some.
    once = {tuple(feature.values()): feature for feature in found}
    return own | {"features": list(once.values())}


def _steps(
    path: str | Path, place: Mapping[str, Any], aliases: Mapping[str, str] | None
) -> list[float]:
    edges = np.linspace(place["start"], place["end"], STEPS + 1).astype(np.int64)
    edges = np.unique(edges)  # a locus may be shorter than the steps are many
    steps = pd.DataFrame({"chrom": place["chrom"], "start": edges[:-1], "end": edges[1:]})
    means = interval_means(path, steps, aliases, absent=0.0)
    return [float(f"{value:.4g}") for value in np.nan_to_num(means)]


def _features(
    table: pd.DataFrame, place: Mapping[str, Any], track: BrowserTrack
) -> list[dict[str, Any]]:
    inside = (table["start"] < place["end"]) & (table["end"] > place["start"])
    inside &= table["chrom"] == place["chrom"]
    return [
        {
            "chrom": place["chrom"],
            "start": int(row.start),
            "end": int(row.end),
            "name": str(row.name),
            "colour": _rgb(track.colours.get(str(row.name), track.colour)),
        }
        for row in table.loc[inside, ["start", "end", "name"]].itertuples(index=False)
    ]


def _rgb(colour: Colour) -> str:
    return f"rgb({','.join(map(str, colour))})"
