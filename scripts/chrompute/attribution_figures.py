"""Figures of attributions: mean V-plots of classes, and which of their pixels spoke for them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure

from chrompute.figures import new_figure
from chrompute.palette import INK

#: How figures call the inputs.
INPUT_NAMES = {"vplot": "ATAC", "mnase": "MNase", "mnase_profile": "MNase dyads"}
#: Quantile of the absolute attributions that has the strongest colour.
_STRONGEST = 0.998

Arrays = Mapping[str, npt.NDArray[Any]]


def draw_attributions(arrays: Arrays, titles: Mapping[str, str], title: str) -> Figure:
    """Draw the mean V-plot of each class beside the mean attributions, for each input.

    Parameters
    ----------
    arrays
        As in `chrompute.interpretation.Interpretation`.
    titles
        {class: how to call it}.
    title
        Of the figure.
    """
    inputs, classes = arrays["inputs"].tolist(), arrays["classes"].tolist()
    figure = new_figure(0.6 + 3.7 * len(inputs), 1.0 + 1.15 * len(classes))
    grid = figure.subplots(len(classes), 2 * len(inputs), sharex=True, sharey="col", squeeze=False)
    for place, name in enumerate(inputs):
        pair = grid[:, 2 * place : 2 * place + 2]
        _draw_input(figure, pair, arrays, name)
        pair[0, 0].set_title(f"{INPUT_NAMES[name]}: mean V-plot", fontsize=7.5)
        pair[0, 1].set_title(f"{INPUT_NAMES[name]}: attribution", fontsize=7.5)
    for own, name, number in zip(grid, classes, arrays["windows"].tolist(), strict=True):
        own[0].set_ylabel(f"{titles[name]}\n({number:,})", fontsize=7)
    figure.supxlabel("midpoint relative to window centre (bp)", fontsize=8)
    figure.supylabel("fragment length (bp)", fontsize=8)
    figure.suptitle(title, fontsize=9, fontweight="bold")
    return figure


def _draw_input(figure: Figure, pair: npt.NDArray[np.object_], arrays: Arrays, name: str) -> None:
    """Fill two columns of axes with the images and the attributions of one input."""
    images, values = arrays[f"image:{name}"], arrays[f"attribution:{name}"]
    top = float(np.nanquantile(images, 0.998)) if np.isfinite(images).any() else 1.0
    meshes = []
    for axes, image, own in zip(pair, images, values, strict=True):
        for panel in axes:
            panel.set_facecolor("#DDDDDD")
            panel.tick_params(labelsize=6)
        if np.isnan(image).all():
            for panel in axes:
                panel.text(
                    0.5, 0.5, "no correct window", ha="center", va="center", fontsize=6,
                    color=INK, transform=panel.transAxes,
                )  # fmt: skip
            continue
        norm = PowerNorm(0.5, 0, max(top, 1e-12))  # faint classes are seen too
        lit = show_pixels(axes[0], arrays, name, image, norm, "magma")
        # Classes differ in how much it takes to tell them: each has a scale of its own.
        meshes.append(show_attribution(axes[1], arrays, name, own))
        meshes[-1].axes.annotate(
            f"{own.sum():+.1f} nats", (0.98, 0.95), xycoords="axes fraction", ha="right",
            va="top", fontsize=5.5, color=INK,
        )  # fmt: skip
    if meshes:
        _colour_bar(figure, [*pair[:, 0]], lit).set_label(
            "fragments (scaled; square-root colours)", fontsize=6
        )
        bar = _colour_bar(figure, [*pair[:, 1]], meshes[-1])
        norm = meshes[-1].norm
        bar.set_ticks([norm.vmin, 0, norm.vmax], labels=["against", "0", "for"])
        bar.set_label("evidence for the class (own scale each)", fontsize=6)


def _colour_bar(figure: Figure, axes: Sequence[Axes], mesh: Any) -> Colorbar:
    bar = figure.colorbar(mesh, ax=axes, location="bottom", shrink=0.8, pad=0.01, aspect=30)
    bar.ax.tick_params(labelsize=5.5)
    return bar


def show_pixels(
    axes: Axes,
    arrays: Arrays,
    name: str,
    image: npt.NDArray[np.floating],
    norm: Normalize,
    colours: str,
) -> Any:
    """Draw one image of an input with its axes in bp."""
    return axes.pcolormesh(
        arrays[f"positions:{name}"], arrays[f"lengths:{name}"], image, cmap=colours, norm=norm,
        rasterized=True,
    )  # fmt: skip


def show_attribution(
    axes: Axes, arrays: Arrays, name: str, values: npt.NDArray[np.floating]
) -> Any:
    """Draw attributions, red for and blue against the class, on a scale of their own."""
    top = max(float(np.quantile(np.abs(values), _STRONGEST)), 1e-12)
    return show_pixels(axes, arrays, name, values, Normalize(-top, top), "RdBu_r")
