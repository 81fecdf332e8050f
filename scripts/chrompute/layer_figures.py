"""One locus from its raw V-plot through the layers of a network to the answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from chrompute.attribution_figures import INPUT_NAMES, Arrays, show_attribution
from chrompute.figures import new_figure, save_figure
from chrompute.palette import INK, PALETTE

#: Standard deviations that have the strongest colour in pictures of layers.
_TOP = 3.0
_FAINT = "#BBBBBB"
_HEIGHTS = (1.5, 1.3, 1.2)


def draw_raw(arrays: Arrays, index: int, title: str) -> Figure:
    """Draw the fragments of a locus as points, midpoint against length, and nothing else.

    Parameters
    ----------
    arrays
        `loci` of `chrompute.interpretation.Interpretation`.
    index
        Which locus.
    title
        Of the figure.
    """
    inputs = arrays["inputs"].tolist()
    figure = new_figure(0.5 + 3.2 * len(inputs), 2.5)
    for axes, name in zip(figure.subplots(1, len(inputs), squeeze=False)[0], inputs, strict=True):
        _show_points(axes, arrays, name, index)
        axes.set_title(f"{INPUT_NAMES[name]} fragments", fontsize=8)
        axes.set_xlabel("midpoint relative to window centre (bp)")
    figure.suptitle(title, fontsize=9, fontweight="bold")
    return figure


def draw_layers(arrays: Arrays, index: int, titles: Mapping[str, str], title: str) -> Figure:
    """Draw raw V-plot, attributions, early and middle layer, and class probabilities of a locus.

    Parameters
    ----------
    arrays, index
        As for `draw_raw`.
    titles
        {class: how to call it}.
    title
        Of the figure.
    """
    inputs = arrays["inputs"].tolist()
    figure = new_figure(max(0.9 + 3.2 * len(inputs), 6.0), 6.9)  # the lowest row needs 6 inches
    grid = figure.add_gridspec(4, len(inputs), height_ratios=(*_HEIGHTS, 1.5))
    for column, name in enumerate(inputs):
        upper = [figure.add_subplot(grid[row, column]) for row in range(3)]
        _show_points(upper[0], arrays, name, index)
        upper[0].set_title(f"1. {INPUT_NAMES[name]} fragments", fontsize=8)
        values = arrays[f"attribution:{name}"][index]
        show_attribution(upper[1], arrays, name, values)
        upper[1].set(ylabel="length (bp)")
        upper[1].tick_params(labelsize=6)
        upper[1].set_title("2. evidence for the answer: red for, blue against", fontsize=8)
        mesh = _show_layer(upper[2], arrays, f"early:{name}", index)
        upper[2].set_title("3. early layer: fragment lengths become patterns", fontsize=8)
        upper[2].set_xlabel("position relative to window centre (bp)", fontsize=7)
    below = grid[3, :].subgridspec(1, 2, width_ratios=(1, 1))
    middle = figure.add_subplot(below[0])
    _show_layer(middle, arrays, "middle", index)
    middle.set_title("4. middle layer: all inputs together", fontsize=8)
    middle.set_xlabel("position relative to window centre (bp)", fontsize=7)
    bar = figure.colorbar(mesh, ax=middle, location="left", shrink=0.9, pad=0.02)
    bar.set_label("activation (s.d.)", fontsize=6)
    bar.ax.tick_params(labelsize=5.5)
    _show_answer(figure.add_subplot(below[1]), arrays, index, titles)
    figure.suptitle(title, fontsize=9, fontweight="bold")
    return figure


def answer_of(arrays: Arrays, index: int) -> str:
    """Return the class that the network gives a locus."""
    return str(arrays["classes"][int(arrays["probabilities"][index].argmax())])


def _show_points(axes: Axes, arrays: Arrays, name: str, index: int) -> None:
    borders = arrays[f"lengths:{name}"]
    places = arrays[f"positions:{name}"]
    middle, length = arrays[f"points:{name}:{index}"]
    axes.scatter(middle, length, s=5, color=PALETTE[0], alpha=0.7, lw=0)
    axes.set(xlim=(places[0], places[-1]), ylim=(borders[0], borders[-1]), ylabel="length (bp)")
    axes.tick_params(labelsize=6)
    if not len(middle):
        axes.text(
            0.5, 0.5, "no fragment", ha="center", va="center", color=INK, fontsize=7,
            transform=axes.transAxes,
        )  # fmt: skip


def _show_layer(axes: Axes, arrays: Arrays, layer: str, index: int) -> Any:
    """Draw the chosen channels of a layer, one a row."""
    values: npt.NDArray[np.float32] = arrays[f"layer:{layer}"][index]
    first = arrays[f"positions:{arrays['inputs'][0]}"]
    extent = (first[0], first[-1], 0, len(values))
    mesh = axes.imshow(
        values, aspect="auto", extent=extent, cmap="PuOr_r", norm=Normalize(-_TOP, _TOP),
        interpolation="nearest",
    )  # fmt: skip
    axes.set_yticks([])
    axes.set_ylabel(f"{len(values)} channels", fontsize=7)
    axes.tick_params(labelsize=6)
    return mesh


def _show_answer(axes: Axes, arrays: Arrays, index: int, titles: Mapping[str, str]) -> None:
    """Draw the class probabilities, the label marked."""
    classes, label = arrays["classes"].tolist(), str(arrays["labels"][index])
    values = arrays["probabilities"][index]
    answer = answer_of(arrays, index)
    colours = [PALETTE[1] if name == answer else _FAINT for name in classes]
    places = np.arange(len(classes))
    axes.barh(places, values, color=colours)
    names = [f"{titles[c]} (label)" if c == label else titles[c] for c in classes]
    axes.set_yticks(places, names, fontsize=6.5)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1))
    axes.tick_params(axis="x", labelsize=6)
    axes.set_title(f"5. answer: {titles[answer]}", fontsize=8)
    axes.set_xlabel("probability", fontsize=7)


def write_locus_figures(
    loci: str | Path, titles: Mapping[str, str], heading: str, folder: str | Path
) -> None:
    """Draw all loci into a folder: `{name}.raw.png`, `{name}.png`, and both as PDF.

    Parameters
    ----------
    loci
        The arrays, as `.npz`.
    titles
        {class: how to call it}.
    heading
        What comes before the place in the titles.
    folder
        Is made.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with np.load(loci) as stored:
        arrays = dict(stored)
    for index, name in enumerate(arrays["names"].tolist()):
        title = f"{heading}, {arrays['places'][index]}"
        raw = draw_raw(arrays, index, "Guess the element")
        whole = draw_layers(arrays, index, titles, title)
        for stem, figure in ((f"{name}.raw", raw), (name, whole)):
            save_figure(figure, folder / f"{stem}.png", folder / f"{stem}.pdf")
