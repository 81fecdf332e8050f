"""Figures of the map of windows."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chrompute.figures import new_figure
from chrompute.palette import PALETTE

_OTHER = "#BBBBBB"


def draw_map(
    table: pd.DataFrame,
    task: str,
    titles: Mapping[str, str],
    explained: Sequence[float],
    title: str,
) -> Figure:
    """Draw the map twice, coloured by class and by cell type.

    Parameters
    ----------
    table, explained
        What `chrompute.embedding.embed` returns.
    task
        Whose classes.
    titles
        {class: how to call it}; windows on which replicates disagree are grey.
    title
        Of the figure.
    """
    figure = new_figure(8.2, 3.6)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    known = table[task].isin(list(titles))
    _points(left, table[~known], _OTHER, "unknown or disputed")
    for index, (name, text) in enumerate(titles.items()):
        _points(left, table[table[task] == name], PALETTE[index % len(PALETTE)], text)
    cell_types = list(dict.fromkeys(table["cell_type"]))
    for index, name in enumerate(cell_types):
        own = table[table["cell_type"] == name]
        _points(right, own, PALETTE[index % len(PALETTE)], name)
    for axes, what in ((left, "class"), (right, "cell type")):
        axes.set_title(f"by {what}", fontsize=8)
        axes.set_xlabel(f"component 1 ({100 * explained[0]:.0f} % of the variance)")
        axes.legend(
            fontsize=6, frameon=False, markerscale=3, loc="center left", bbox_to_anchor=(1, 0.5)
        )
    left.set_ylabel(f"component 2 ({100 * explained[1]:.0f} %)")
    figure.suptitle(title, fontsize=9, fontweight="bold")
    return figure


def _points(axes: Axes, table: pd.DataFrame, colour: str, label: str) -> None:
    if len(table):
        axes.scatter(
            table["pc1"], table["pc2"], s=3, color=colour, alpha=0.6, lw=0, label=label,
            rasterized=True,
        )  # fmt: skip
