"""Figures of models: all of a window set beside each other, learning curves, reliability."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from chrompute.figures import empty_figure, new_figure
from chrompute.label_columns import TRUTH
from chrompute.metric_titles import MAIN_METRIC_TITLES, METRIC_TITLES, metrics_led_by
from chrompute.palette import INK, PALETTE
from chrompute.scores import CALIBRATION_SCORES
from chrompute.seeds import over_seeds

#: The log loss has no place in the comparison: certain mistakes of one model flatten all others.
_COMPARED = [name for name in MAIN_METRIC_TITLES if name != "log_loss"]
#: Panels in a row of reliability diagrams, and the fewest windows of a bin that is drawn.
_COLUMNS, _FEWEST = 5, 10


def compared_metrics(scores: pd.DataFrame, leading: str) -> list[str]:
    """Return the metrics that the comparison of models shows, the leading one first."""
    return [m for m in metrics_led_by(leading) if m in {*scores["metric"]} & {*_COMPARED}]


def draw_model_comparison(
    scores: pd.DataFrame,
    titles: Mapping[str, str],
    title: str,
    leading: str,
    agreement: pd.DataFrame,
    groups: Mapping[str, str],
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
    groups
        {model: the group under whose name it stands}; those of one follow each other.

    Returns
    -------
    Figure
        A filled point is the mean over the seeds of a model, the bar the mean of their intervals,
        and small open points are the seeds, where there are several.
    """
    metrics = compared_metrics(scores, leading)
    models = [model for model in titles if model in set(scores["model"])]
    if not models:
        return empty_figure(title, "no score: no label of these windows is known")
    places, headings = _places(models, groups)
    height = 0.21 * (len(models) + len(headings)) + 1.2 + 0.2 * len(agreement[:1])
    figure = new_figure(1.5 * len(metrics) + 2, height)
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    colours = dict(zip(headings, PALETTE * len(headings), strict=False))
    for axes, metric in zip(panels, metrics, strict=True):
        own = scores[scores["metric"] == metric]
        for model, place in places.items():
            _draw_seeds(axes, own[own["model"] == model], place, colours[groups[model]])
        _draw_agreement(axes, agreement[agreement["metric"] == metric])
        lower = " (low is better)" if metric in CALIBRATION_SCORES else ""
        axes.set_title(fill(METRIC_TITLES[metric] + lower, 12))
        axes.grid(axis="x", color="#EEEEEE")
        axes.set_axisbelow(True)
        axes.margins(x=0.12)
        axes.tick_params(axis="y", length=0)
    _name_rows(panels[0], places, headings, titles)
    handles, names = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, names, loc="outside lower center", ncols=2, frameon=False, fontsize=7
        )
    figure.suptitle(title, fontsize=9)
    return figure


def _places(
    models: Sequence[str], groups: Mapping[str, str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the line of each model, and of the heading of each group."""
    places: dict[str, int] = {}
    headings: dict[str, int] = {}
    for model in models:
        if groups[model] not in headings:
            headings[groups[model]] = len(places) + len(headings)
        places[model] = len(places) + len(headings)
    return places, headings


def _draw_seeds(axes: Axes, rows: pd.DataFrame, place: int, colour: str) -> None:
    """Draw one model: its seeds, their mean, and its interval."""
    for row in over_seeds(rows, ["model"]).itertuples():
        axes.plot([row.low, row.high], [place] * 2, color=colour, lw=1.5)
        axes.plot(row.value, place, "o", color=colour, ms=4)
        if row.seeds > 1:
            spots = np.full(row.seeds, place + 0.28)
            axes.plot(rows["value"], spots, "o", mfc="none", mec=colour, ms=2.2, mew=0.6)


def _name_rows(
    axes: Axes,
    places: Mapping[str, int],
    headings: Mapping[str, int],
    titles: Mapping[str, str],
) -> None:
    """Write the models beside their lines, and in grey the groups above them."""
    ticks = [*headings.values(), *places.values()]
    axes.set_yticks(ticks, [*headings, *(titles[model] for model in places)])
    for label in axes.get_yticklabels()[: len(headings)]:
        label.set(color="#777777", fontstyle="italic")
    axes.set_ylim(max(ticks) + 0.7, -0.6)


def _draw_agreement(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw what the replicates reach in one metric, and the limit that it implies."""
    for row in rows.itertuples():
        axes.axvspan(row.low, row.high, color="#DDDDDD", alpha=0.6, lw=0, zorder=0)
        axes.axvline(row.value, color=INK, lw=1, ls="--", label="replicate agreement")
        if np.isfinite(row.limit):
            label = "limit that independent noise implies (estimate)"
            axes.axvline(row.limit, color=INK, lw=1, ls=":", label=label)


def draw_learning_curve(
    histories: Mapping[int, pd.DataFrame], titles: Mapping[str, str], title: str
) -> Figure:
    """Draw losses and validation accuracy against the epoch, one line a seed.

    Parameters
    ----------
    histories
        {seed: its `history.tsv`}.
    titles
        {task: how to call it}.
    title
        Of the figure.

    Returns
    -------
    Figure
        Panels of the loss and of the accuracy, of several tasks task by task; and of the learning
        rate where the history tells it. A point marks the lowest validation loss of each seed.
    """
    columns = set.intersection(*(set(history) for history in histories.values()))
    tasks = [task for task in titles if f"valid_{task}_loss" in columns]
    names = ["loss", *["loss by task"] * bool(tasks), "validation accuracy"]
    names += ["learning rate"] * ("learning_rate" in columns)
    figure = new_figure(2.5 * len(names) + 0.4 + 1.2 * bool(tasks), 2.3)
    panels = dict(zip(names, figure.subplots(1, len(names), squeeze=False)[0], strict=True))
    _draw_losses(panels["loss"], histories)
    by_task = {task: f"valid_{task}_{{}}" for task in tasks} or {"": "valid_{}"}
    for number, (task, column) in enumerate(by_task.items()):
        colour = PALETTE[number % len(PALETTE)] if tasks else PALETTE[1]
        label = titles.get(task)
        _draw_lines(panels["validation accuracy"], histories, column.format("accuracy"), colour)
        if tasks:
            axes = panels["loss by task"]
            _draw_lines(axes, histories, column.format("loss"), colour, label=label)
    if "learning_rate" in columns:
        _draw_lines(panels["learning rate"], histories, "learning_rate", INK)
    for name, axes in panels.items():
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if "loss" in name:
            _measure_losses(axes)
    if tasks:
        handles, labels = panels["loss by task"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=6)
    figure.suptitle(title, fontsize=9)
    return figure


def _draw_losses(axes: Axes, histories: Mapping[int, pd.DataFrame]) -> None:
    """Draw training and validation loss, and mark where the latter is lowest."""
    _draw_lines(axes, histories, "train_loss", INK, "--", label="training")
    _draw_lines(axes, histories, "valid_loss", PALETTE[1], label="validation")
    for history in histories.values():
        if history["valid_loss"].notna().any():
            best = history.loc[history["valid_loss"].idxmin()]
            axes.plot(best["epoch"], best["valid_loss"], "o", color=PALETTE[1], ms=2.5)
    axes.legend(frameon=False, fontsize=6)


def _measure_losses(axes: Axes) -> None:
    """Begin the axis of losses at 0 and name it; learned weights of tasks take losses below 0."""
    values = [value for line in axes.lines for value in np.asarray(line.get_ydata(), float)]
    if min(values, default=0.0) < 0:
        axes.set_ylabel("cross-entropy, weighed as learned")
    else:
        axes.set(ylabel="cross-entropy", ylim=(0, None))


def _draw_lines(
    axes: Axes,
    histories: Mapping[int, pd.DataFrame],
    column: str,
    colour: str,
    style: str = "-",
    label: str | None = None,
) -> None:
    """Draw one column of all histories; the label is of the first line alone."""
    for number, history in enumerate(histories.values()):
        name = label if number == 0 else None
        axes.plot(history["epoch"], history[column], style, color=colour, lw=0.9, label=name)


def calibration_means(calibration: pd.DataFrame) -> pd.DataFrame:
    """Return `ece` and `limit` of each model, means over its seeds and the replicates."""
    own = calibration[calibration["labels"] != TRUTH]
    return own.groupby("model", sort=False)[["ece", "limit"]].mean()


def draw_reliability(
    bins: pd.DataFrame, calibration: pd.DataFrame, titles: Mapping[str, str], title: str
) -> Figure:
    """Draw accuracy against confidence, one panel a model.

    Parameters
    ----------
    bins
        Rows of `reliability.tsv` of one cell type and task.
    calibration
        Rows of `calibration.tsv` of the same.
    titles
        {model: how to call it}, in the order to draw.
    title
        Of the figure.

    Returns
    -------
    Figure
        One line for each seed and replicate; the truth has none. The size of a point tells how
        many of the windows it stands for; on the dashed line confidence equals accuracy.
    """
    bins = bins[bins["labels"] != TRUTH]
    means = calibration_means(calibration)
    models = [model for model in titles if model in set(bins["model"])]
    if not models:
        return empty_figure(title, "no score: no label of these windows is known")
    across = min(len(models), _COLUMNS)
    down = -(-len(models) // across)
    figure = new_figure(1.75 * across + 0.4, 1.75 * down + 0.6)
    panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in panels[len(models) :]:
        axes.set_visible(False)
    for place, (axes, model) in enumerate(zip(panels, models, strict=False)):
        axes.plot([0, 1], [0, 1], "--", color="#999999", lw=0.8)
        for _, line in bins[bins["model"] == model].groupby(["seed", "labels"]):
            _draw_bins(axes, line)
        text = f"error {means.loc[model, 'ece']:.3f}\nlimit {means.loc[model, 'limit']:.3f}"
        axes.text(0.04, 0.96, text, va="top", fontsize=6, color=INK)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
        axes.set_title(fill(titles[model], 26), fontsize=6.5)
        if place % across == 0:
            axes.set_ylabel("accuracy")
        if place + across >= len(models):
            axes.set_xlabel("confidence")
            axes.tick_params(labelbottom=True)
    figure.suptitle(title, fontsize=9)
    return figure


def _draw_bins(axes: Axes, bins: pd.DataFrame) -> None:
    """Draw the bins of one seed against one replicate."""
    shown = bins[bins["windows"] >= _FEWEST]
    axes.plot(shown["confidence"], shown["accuracy"], color=PALETTE[0], lw=0.7, alpha=0.7)
    size = 40 * shown["windows"] / bins["windows"].sum()
    axes.scatter(shown["confidence"], shown["accuracy"], s=size, color=PALETTE[0], lw=0)
