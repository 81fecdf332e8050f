"""Figures: every one is drawn here, and saved so that equal data give equal bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.ndimage import gaussian_filter

from chrompute.nucleosomes import DyadProfile
from chrompute.vplots import Vplot

_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "pdf.fonttype": 42,
    "savefig.bbox": "tight",
}
#: Colours that colour-blind readers tell apart (Okabe and Ito 2008).
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555", "#F0E442")
_INK = "#333333"
#: Standard deviation of the smoothing that V-plot figures show, in bp of length and position.
_VPLOT_SMOOTHING = (3, 6)
#: Metrics that the comparison of models shows, and how it calls them.
METRIC_TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "kappa": "kappa",
    "auroc": "macro auROC",
    "auprc": "macro auPRC",
}


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, in the project's style."""
    mpl.rcParams.update(_STYLE)
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, png: str | Path, pdf: str | Path) -> None:
    """Write a figure as PNG (160 dpi) and PDF, with no time stamp inside."""
    with mpl.rc_context(_STYLE):
        figure.savefig(png, dpi=160, metadata={"Software": None})
        figure.savefig(pdf, metadata={"CreationDate": None, "Producer": None, "Creator": None})


def draw_vplot(vplot: Vplot, title: str) -> Figure:
    """Draw one aggregate V-plot with both marginals."""
    figure = new_figure(5.4, 4.2)
    grid = figure.add_gridspec(2, 2, width_ratios=(5, 1), height_ratios=(1, 4))
    main = figure.add_subplot(grid[1, 0])
    image = smoothed_vplot(vplot)
    mesh = _show_vplot(main, vplot, image, Normalize(0, _top(image)))
    main.set(xlabel="midpoint relative to site (bp)", ylabel="fragment length (bp)")
    above = figure.add_subplot(grid[0, 0], sharex=main)
    per_base = vplot.scaled.sum(axis=0)
    above.fill_between(vplot.positions, per_base, color="#BBBBBB", lw=0, step="mid")
    above.plot(vplot.positions, _moving_mean(per_base, 25), color=_INK, lw=0.8)
    above.set(ylim=(0, None), ylabel="all\nlengths")
    above.tick_params(labelbottom=False)
    above.set_title(f"{title} ({vplot.n_sites:,} sites)")
    right = figure.add_subplot(grid[1, 1], sharey=main)
    right.plot(vplot.scaled.sum(axis=1), vplot.lengths, color=_INK, lw=0.8)
    right.set(xlim=(0, None), xlabel="all\npositions")
    right.tick_params(labelleft=False)
    figure.colorbar(mesh, ax=right, shrink=0.8, label="fragments / site / million (smoothed)")
    return figure


def smoothed_vplot(vplot: Vplot) -> npt.NDArray[np.float64]:
    """Smooth the scaled V-plot for the eye; the arrays on disk stay as they are."""
    return gaussian_filter(vplot.scaled, _VPLOT_SMOOTHING, mode="constant")


def _top(image: npt.NDArray[np.float64]) -> float:
    return float(max(np.quantile(image, 0.999), 1e-12))


def _show_vplot(axes: Axes, vplot: Vplot, image: npt.NDArray[np.float64], norm: Normalize) -> Any:
    extent = (
        vplot.positions[0] - 0.5,
        vplot.positions[-1] + 0.5,
        vplot.lengths[0] - 0.5,
        vplot.lengths[-1] + 0.5,
    )
    return axes.imshow(
        image, origin="lower", aspect="auto", extent=extent, cmap="magma", norm=norm,
        interpolation="nearest",
    )  # fmt: skip


def _moving_mean(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    weights = np.convolve(np.ones_like(values), np.ones(width), mode="same")
    return np.convolve(values, np.ones(width), mode="same") / weights


def draw_vplot_panel(vplots: Sequence[tuple[str, Vplot]]) -> Figure:
    """Draw several V-plots beside each other on one colour scale.

    Parameters
    ----------
    vplots
        (title, V-plot) pairs, all of one shape.
    """
    columns = 4
    rows = -(-len(vplots) // columns)
    figure = new_figure(2.1 * columns, 1.9 * rows + 0.3)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    images = [smoothed_vplot(vplot) for _, vplot in vplots]
    # Classes differ by orders of magnitude: a logarithmic scale shows the faint ones too.
    top = max(map(_top, images))
    norm = LogNorm(top / 100, top)
    for axes in grid.flat[len(vplots) :]:
        axes.set_axis_off()
    for axes, (title, vplot), image in zip(grid.flat, vplots, images, strict=False):
        mesh = _show_vplot(axes, vplot, np.maximum(image, top / 100), norm)
        axes.set_title(f"{title}\n({vplot.n_sites:,})", fontsize=7)
    figure.supxlabel("midpoint relative to window centre (bp)", fontsize=8)
    figure.supylabel("fragment length (bp)", fontsize=8)
    figure.colorbar(
        mesh, ax=grid, shrink=0.7, label="fragments / site / million\n(smoothed, log scale)"
    )
    return figure


def draw_dyad_profile(profile: DyadProfile, title: str) -> Figure:
    """Draw the dyad density around sites and mark the nucleosomes."""
    figure = new_figure(5.0, 2.6)
    axes = figure.subplots()
    axes.fill_between(profile.positions, profile.density, color="#DDDDDD", lw=0, step="mid")
    axes.plot(profile.positions, profile.smoothed, color=PALETTE[0], lw=1.3)
    top = float(max(profile.density.max(), profile.smoothed.max()))
    for peak in profile.peaks:
        height = profile.smoothed[peak - profile.positions[0]]
        axes.annotate(
            f"{peak:+d}" if peak else "0", (peak, height), xytext=(0, 4),
            textcoords="offset points", ha="center", fontsize=6, color=_INK,
        )  # fmt: skip
    axes.axhline(1, color="#888888", lw=0.7, ls=":")
    axes.set(xlabel="dyad relative to site (bp)", ylabel="dyads / genome mean")
    axes.set(xlim=(profile.positions[0], profile.positions[-1]), ylim=(0, 1.1 * top))
    axes.set_title(f"{title} ({profile.n_sites:,} sites)")
    return figure


def draw_confusion(
    cells: pd.DataFrame, classes: Sequence[str], titles: Sequence[str], title: str
) -> Figure:
    """Draw a confusion matrix: per cent of each true class, with the numbers of windows.

    Parameters
    ----------
    cells
        Columns `label`, `predicted`, `windows`.
    classes, titles
        Class names in order, and how to call them.
    title
        Of the figure.
    """
    table = cells.pivot(index="label", columns="predicted", values="windows")
    matrix = table.loc[list(classes), list(classes)].to_numpy()
    share = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 1.9 + 0.42 * len(classes)
    figure = new_figure(side + 0.6, side)
    axes = figure.subplots()
    mesh = axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(*matrix.shape):
        axes.text(
            column, row, f"{share[row, column]:.0f}\n{matrix[row, column]:,}", ha="center",
            va="center", fontsize=5.5, color="white" if share[row, column] > 55 else _INK,
            linespacing=0.95,
        )  # fmt: skip
    ticks = np.arange(len(classes))
    axes.set_xticks(ticks, titles, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, titles)
    axes.set(xlabel="predicted", ylabel="label", title=title)
    axes.spines[:].set_visible(False)
    figure.colorbar(mesh, ax=axes, shrink=0.7, label="% of the label's windows")
    return figure


def draw_model_comparison(scores: pd.DataFrame, titles: Mapping[str, str], title: str) -> Figure:
    """Draw the scores of all models with their intervals, one panel a metric.

    Parameters
    ----------
    scores
        Rows of `metrics.tsv` of one cell type and task.
    titles
        {model: how to call it}, in the order to draw.
    title
        Of the figure.
    """
    metrics = [name for name in METRIC_TITLES if name in set(scores["metric"])]
    models = [model for model in titles if model in set(scores["model"])]
    figure = new_figure(1.55 * len(metrics) + 1.2, 0.32 * len(models) + 1.1)
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        for place, model in enumerate(models):
            rows = scores[(scores["metric"] == metric) & (scores["model"] == model)]
            offsets = np.linspace(-0.2, 0.2, len(rows)) if len(rows) > 1 else [0.0]
            for offset, row in zip(offsets, rows.itertuples(), strict=True):
                colour = PALETTE[place % len(PALETTE)]
                axes.plot([row.low, row.high], [place + offset] * 2, color=colour, lw=1.5)
                axes.plot(row.value, place + offset, "o", color=colour, ms=4)
        axes.set_title(METRIC_TITLES[metric])
        axes.grid(axis="x", color="#EEEEEE")
        axes.set_axisbelow(True)
        axes.margins(x=0.12)
    panels[0].set_yticks(range(len(models)), [titles[model] for model in models])
    panels[0].set_ylim(len(models) - 0.5, -0.5)
    figure.suptitle(title, fontsize=9)
    return figure


def draw_learning_curve(history: pd.DataFrame, title: str) -> Figure:
    """Draw losses and validation accuracy against the epoch."""
    figure = new_figure(5.4, 2.3)
    left, right = figure.subplots(1, 2)
    left.plot(history["epoch"], history["train_loss"], color=_INK, label="train (smoothed labels)")
    left.plot(history["epoch"], history["valid_loss"], color=PALETTE[1], label="validation")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set(xlabel="epoch", ylabel="cross-entropy", title="loss", ylim=(0, None))
    left.legend(frameon=False, fontsize=6)
    right.plot(history["epoch"], history["valid_accuracy"], color=PALETTE[1])
    right.set(xlabel="epoch", ylabel="accuracy", title="validation accuracy")
    figure.suptitle(title, fontsize=9)
    return figure
