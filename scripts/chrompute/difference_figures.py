"""A figure of what each input adds to the others."""

import pandas as pd
from matplotlib.figure import Figure

from chrompute.figures import empty_figure, new_figure
from chrompute.metric_titles import METRIC_TITLES, metrics_led_by
from chrompute.model_groups import INPUT_TITLES
from chrompute.palette import INK, PALETTE

#: Metrics of the panels beside the leading one.
_BESIDE = ("auroc",)


def draw_modalities(differences: pd.DataFrame, title: str, leading: str) -> Figure:
    """Draw paired differences with their intervals, one line a pair of networks.

    Parameters
    ----------
    differences
        Rows of `modalities.tsv` of one window set, cell type and task.
    title
        Of the figure.
    leading
        The metric of the first panel.
    """
    if differences.empty:
        return empty_figure(title, "no two networks differ in one input and in nothing else")
    rows = differences.sort_values("added", key=lambda names: names.map([*INPUT_TITLES].index))
    pairs = [*rows[["added", "beside", "model"]].drop_duplicates().itertuples(index=False)]
    metrics = [m for m in metrics_led_by(leading) if m == leading or m in _BESIDE]
    figure = new_figure(2.2 * len(metrics) + 2.4, 0.24 * len(pairs) + 1.0)
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        values = rows[rows["metric"] == metric].set_index(["added", "beside", "model"])
        for place, pair in enumerate(pairs):
            row = values.loc[pair]
            colour = PALETTE[[*INPUT_TITLES].index(pair.added)]
            axes.plot([row["low"], row["high"]], [place] * 2, color=colour, lw=1.5)
            axes.plot(row["value"], place, "o", color=colour, ms=4)
        axes.axvline(0, color=INK, lw=0.8)
        axes.grid(axis="x", color="#EEEEEE")
        axes.set(xlabel=f"difference in {METRIC_TITLES[metric]}")
    names = [
        f"{INPUT_TITLES[pair.added]}, beside "
        + " + ".join(INPUT_TITLES[name] for name in pair.beside.split("+"))
        for pair in pairs
    ]
    panels[0].set_yticks(range(len(pairs)), names)
    panels[0].set_ylim(len(pairs) - 0.5, -0.5)
    figure.suptitle(title, fontsize=9)
    return figure
