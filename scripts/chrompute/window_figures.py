"""Figures of window sets: which classes their windows have, by cell type and split."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from chrompute.figures import new_figure
from chrompute.palette import INK, PALETTE

#: What a window is beside the classes, and its colour.
OTHER = {"disagree": ("replicates disagree", "#999999"), "unknown": ("unknown", "#E4E4E4")}


def draw_composition(facts: Mapping[str, Any], title: str) -> Figure:
    """Draw the shares of the classes in each cell type and split with windows as stacked bars.

    Parameters
    ----------
    facts
        Of one task of a window set: `classes`, `counts`, `unknown` and, unless it is a signal,
        `disagree` (docs/output.md).
    title
        Of the figure.
    """
    places = [(cell_type, split) for cell_type, own in facts["counts"].items() for split in own]
    bars = [place for place in places if any(_numbers(facts, *place))]
    titles = [*facts["classes"].values()] or ["known"]
    names = [*titles, *(text for text, _ in OTHER.values())]
    numbers = np.array([_numbers(facts, *bar) for bar in bars], dtype=np.float64)
    totals = numbers.sum(axis=1)
    shares = 100 * numbers / np.maximum(totals, 1)[:, None]
    figure = new_figure(7.2, 0.24 * len(bars) + 1.1 + 0.17 * -(-len(names) // 4))
    axes = figure.subplots()
    left = np.zeros(len(bars))
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(titles))]
    colours += [colour for _, colour in OTHER.values()]
    for place, name in enumerate(names):
        if numbers[:, place].any():
            # Colours that come a second time are hatched.
            again = len(PALETTE) <= place < len(titles)
            axes.barh(
                range(len(bars)), shares[:, place], left=left, height=0.8, label=name,
                color=colours[place], hatch="////" if again else None, edgecolor="white", lw=0.3,
            )  # fmt: skip
        left += shares[:, place]
    for row, total in enumerate(totals):
        axes.text(101, row, f"{total:,.0f}", va="center", color=INK, fontsize=7)
    axes.set_yticks(range(len(bars)), [f"{cell_type}, {split}" for cell_type, split in bars])
    axes.set(xlim=(0, 100), ylim=(len(bars) - 0.4, -0.6), xlabel="% of the windows", title=title)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=7)
    return figure


def _numbers(facts: Mapping[str, Any], cell_type: str, split: str) -> list[int]:
    """Return the windows of each class, in the order of the classes, and those of `OTHER`."""
    beside = [facts[name][cell_type][split] if name in facts else 0 for name in OTHER]
    return [*facts["counts"][cell_type][split].values(), *beside]
