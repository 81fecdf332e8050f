"""Figures: the style of all, and saving so that equal data give equal bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

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
#: Colour of text and lines.
INK = "#333333"
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


def draw_confusion(
    cells: pd.DataFrame, classes: Sequence[str], titles: Sequence[str], title: str
) -> Figure:
    """Draw a confusion matrix: per cent of each true class, with the numbers of windows.

    Parameters
    ----------
    cells
        Columns `label`, `predicted`, `windows`; the last need not be whole.
    classes, titles
        Class names in order, and how to call them.
    title
        Of the figure.
    """
    if cells.empty:
        return _empty_figure(title, "no window with a known label")
    table = cells.pivot(index="label", columns="predicted", values="windows")
    matrix = table.loc[list(classes), list(classes)].to_numpy()
    share = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 1.9 + 0.42 * len(classes)
    figure = new_figure(side + 0.6, side)
    axes = figure.subplots()
    mesh = axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(*matrix.shape):
        axes.text(
            column, row, f"{share[row, column]:.0f}\n{matrix[row, column]:,.0f}", ha="center",
            va="center", fontsize=5.5, color="white" if share[row, column] > 55 else INK,
            linespacing=0.95,
        )  # fmt: skip
    ticks = np.arange(len(classes))
    axes.set_xticks(ticks, titles, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, titles)
    axes.set(xlabel="predicted", ylabel="label", title=title)
    axes.spines[:].set_visible(False)
    figure.colorbar(mesh, ax=axes, shrink=0.7, label="% of the label's windows")
    return figure


def metrics_led_by(leading: str) -> dict[str, str]:
    """Return `METRIC_TITLES` with one metric first, the others as they are."""
    return {leading: METRIC_TITLES[leading]} | METRIC_TITLES


def draw_model_comparison(
    scores: pd.DataFrame,
    titles: Mapping[str, str],
    title: str,
    leading: str,
    agreement: pd.DataFrame,
) -> Figure:
    """Draw the scores of all models with their intervals, one panel a metric.

    Parameters
    ----------
    scores
        Rows of `metrics.tsv` of one cell type and task.
    titles
        {model: how to call it}, in the order to draw.
    title
        Of the figure.
    leading
        The metric of the first panel.
    agreement
        Rows of `agreement.tsv` of this window set, cell type and task; drawn as a dashed line with
        its interval, and dotted the limit that it implies.
    """
    metrics = [name for name in metrics_led_by(leading) if name in set(scores["metric"])]
    models = [model for model in titles if model in set(scores["model"])]
    if not models:
        return _empty_figure(title, "no score: no label of these windows is known")
    figure = new_figure(
        1.55 * len(metrics) + 1.2, 0.32 * len(models) + 1.1 + 0.2 * len(agreement[:1])
    )
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        for place, model in enumerate(models):
            rows = scores[(scores["metric"] == metric) & (scores["model"] == model)]
            offsets = np.linspace(-0.2, 0.2, len(rows)) if len(rows) > 1 else [0.0]
            for offset, row in zip(offsets, rows.itertuples(), strict=True):
                colour = PALETTE[place % len(PALETTE)]
                axes.plot([row.low, row.high], [place + offset] * 2, color=colour, lw=1.5)
                axes.plot(row.value, place + offset, "o", color=colour, ms=4)
        _draw_agreement(axes, agreement[agreement["metric"] == metric])
        axes.set_title(METRIC_TITLES[metric])
        axes.grid(axis="x", color="#EEEEEE")
        axes.set_axisbelow(True)
        axes.margins(x=0.12)
    panels[0].set_yticks(range(len(models)), [titles[model] for model in models])
    panels[0].set_ylim(len(models) - 0.5, -0.5)
    handles, names = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, names, loc="outside lower center", ncols=2, frameon=False, fontsize=7
        )
    figure.suptitle(title, fontsize=9)
    return figure


def _draw_agreement(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw what the replicates reach in one metric, and the limit that it implies."""
    for row in rows.itertuples():
        axes.axvspan(row.low, row.high, color="#DDDDDD", alpha=0.6, lw=0, zorder=0)
        axes.axvline(row.value, color=INK, lw=1, ls="--", label="replicate agreement")
        if np.isfinite(row.limit):
            label = "limit that independent noise implies (estimate)"
            axes.axvline(row.limit, color=INK, lw=1, ls=":", label=label)


def _empty_figure(title: str, sentence: str) -> Figure:
    """Say in a figure why it shows nothing."""
    figure = new_figure(4.5, 1.2)
    figure.text(0.5, 0.4, sentence, ha="center", va="center", color=INK)
    figure.suptitle(title, fontsize=9)
    return figure


def draw_learning_curve(history: pd.DataFrame, title: str) -> Figure:
    """Draw losses and validation accuracy against the epoch."""
    figure = new_figure(5.4, 2.3)
    left, right = figure.subplots(1, 2)
    left.plot(history["epoch"], history["train_loss"], color=INK, label="train (smoothed labels)")
    left.plot(history["epoch"], history["valid_loss"], color=PALETTE[1], label="validation")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set(xlabel="epoch", ylabel="cross-entropy", title="loss", ylim=(0, None))
    left.legend(frameon=False, fontsize=6)
    right.plot(history["epoch"], history["valid_accuracy"], color=PALETTE[1])
    right.set(xlabel="epoch", ylabel="accuracy", title="validation accuracy")
    figure.suptitle(title, fontsize=9)
    return figure
