"""The figure of scores against depth."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chrompute.figures import empty_figure, new_figure
from chrompute.metric_titles import METRIC_TITLES
from chrompute.palette import INK, PALETTE

#: Metric of the second panel.
_BESIDE = "auroc"
_MARKERS = "osD^vP*X"


def depth_metrics(leading: str) -> tuple[str, str]:
    """Return the metrics of the two panels."""
    return leading, _BESIDE


def draw_depth(
    rows: pd.DataFrame,
    agreement: pd.DataFrame,
    titles: Mapping[str, str],
    title: str,
    leading: str,
) -> Figure:
    """Draw scores against the share of the fragments, one line a network.

    Parameters
    ----------
    rows
        Of `depth.tsv`, of one cell type and task.
    agreement
        Of `agreement.tsv`, of the same: a dashed line.
    titles
        {model: how to call it}; others are not drawn.
    title
        Of the figure.
    leading
        The metric of the first panel.
    """
    models = [model for model in titles if model in {*rows["model"]}]
    if not models:
        return empty_figure(title, "no network is scored against depth here")
    figure = new_figure(7, 3.2 + 0.12 * len(models))
    panels = figure.subplots(1, 2)
    for axes, metric in zip(panels, depth_metrics(leading), strict=True):
        own = rows[rows["metric"] == metric]
        for place, model in enumerate(models):
            _draw_curve(axes, own[own["model"] == model], place, titles[model])
        for row in agreement[agreement["metric"] == metric].itertuples():
            axes.axhline(row.value, color=INK, lw=1, ls="--", label="replicate agreement")
        shares = sorted(own["fraction"].unique())
        axes.set_xscale("log")
        axes.set_xticks(shares, [f"{100 * share:g}" for share in shares])
        axes.minorticks_off()
        axes.set(xlabel="% of the fragments", ylabel=METRIC_TITLES[metric])
        axes.grid(color="#EEEEEE")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False, fontsize=7)
    figure.suptitle(title, fontsize=9)
    return figure


def _draw_curve(axes: Axes, rows: pd.DataFrame, place: int, name: str) -> None:
    """Draw one network with its intervals."""
    rows = rows.sort_values("fraction")
    colour, marker = PALETTE[place % len(PALETTE)], _MARKERS[place % len(_MARKERS)]
    axes.fill_between(rows["fraction"], rows["low"], rows["high"], color=colour, alpha=0.18, lw=0)
    axes.plot(
        rows["fraction"], rows["value"], color=colour, marker=marker, ms=3.5, lw=1.2, label=name
    )
