"""What a report says of how far models reach: fewer fragments, and cell types never seen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.metric_titles import METRIC_TITLES
from chrompute.score_tables import read_table
from chrompute.windows_report import FindPicture, read_facts

_DEPTH = (
    "Scores against the number of fragments",
    "Scores on thinned fragments, without training anew; right is all of them. Shaded: "
    "95 % intervals; dashed, where the labels have replicates: their agreement. A curve "
    "that still rises at its right end suggests that deeper sequencing would help. Far to the "
    "left a network also fails because it never saw so few fragments.",
)
#: Metrics that guessing has at 0.
_ZERO_BY_CHANCE = ("kappa", "mcc")
_TRANSFER = (
    "Scores of models by the cell types that they were trained on",
    "Rows: what a model was trained on; columns: where it was scored, on chromosomes that it "
    "never saw. Outlined: cell types that it was trained on. What a column loses outside its "
    "outline is what does not carry over from one cell type to another.",
)


def reach_content(
    windows: str,
    task: str,
    plan: Mapping[str, Any],
    results: Path,
    cell_type: str,
    picture: FindPicture,
) -> dict[str, Any]:
    """Gather what a page says of depth and transfer of one task.

    Parameters
    ----------
    windows, task
        The window set and the task.
    plan
        As in `chrompute.report.cell_type_content`.
    results
        The results folder.
    cell_type
        The cell type.
    picture
        Finds a picture.

    Returns
    -------
    dict
        `depth` with `sentences` and `picture`, None where no network was scored on fewer
        fragments; `transfer` with `sentence` and `pictures`, None where there is no other cell
        type to be scored in.
    """
    own = plan["windows"][windows]["tasks"][task]
    metric = read_facts(results, windows)["tasks"][task]["metric"]
    return {
        "depth": _depth(windows, task, plan, results, cell_type, metric, picture)
        if own["depth"]
        else None,
        "transfer": _transfer(windows, task, results, metric, picture) if own["transfer"] else None,
    }


def _depth(
    windows: str,
    task: str,
    plan: Mapping[str, Any],
    results: Path,
    cell_type: str,
    metric: str,
    picture: FindPicture,
) -> dict[str, Any]:
    table = read_table(results / "evaluation/depth.tsv")
    rows = table[(table["cell_type"] == cell_type) & (table["task"] == task)]
    titles = {model for model, _ in plan["windows"][windows]["tasks"][task]["runs"]}
    told = [
        (model, depth_sentence(own, metric, METRIC_TITLES[metric]))
        for model, own in rows.groupby("model", sort=False)
        if model in titles
    ]
    return {
        "sentences": [f"{plan['titles'][model]}: {text}" for model, text in told if text],
        "picture": picture(f"figures/depth.{windows}.{task}.{cell_type}.png", *_DEPTH),
    }


def _transfer(
    windows: str, task: str, results: Path, metric: str, picture: FindPicture
) -> dict[str, Any]:
    table = read_table(results / "evaluation/transfer.tsv")
    rows = table[(table["windows"] == windows) & (table["task"] == task)]
    families = [
        family
        for family, own in rows.groupby("family", sort=False)
        if own["trained_on"].nunique() > 1
    ]
    told = [transfer_sentence(rows, family, metric, METRIC_TITLES[metric]) for family in families]
    place = f"figures/transfer.{windows}.{task}.png"
    return {
        "sentence": " ".join(told) or transfer_sentence(rows, "", metric, METRIC_TITLES[metric]),
        "pictures": [picture(place, *_TRANSFER)] * bool(families),
    }


def depth_sentence(rows: pd.DataFrame, metric: str, title: str) -> str:
    """Say whether sequencing deeper would help, from what the last halving costs.

    Parameters
    ----------
    rows
        Of `depth.tsv`, of one model, task and cell type.
    metric, title
        The metric, and how to call it.
    """
    own = rows[(rows["metric"] == metric) & rows["gain"].notna()]
    if own.empty:
        return ""
    row = own.loc[own["fraction"].idxmax()]
    smaller = rows.loc[rows["fraction"] < row["fraction"], "fraction"].max()
    if metric in _ZERO_BY_CHANCE and row["low"] <= 0:
        return f"{title} is hardly above chance with all fragments, so it cannot tell of depth."
    told = f"With {100 * smaller / row['fraction']:.3g} % of the fragments {title} is "
    if row["gain"] < 0:
        told += f"{-row['gain']:.3f} higher ({-row['gain_high']:.3f} to {-row['gain_low']:.3f}): "
    else:
        told += f"{row['gain']:.3f} lower ({row['gain_low']:.3f} to {row['gain_high']:.3f}): "
    if row["gain_low"] > 0:
        return told + "the curve still rises, which suggests that deeper sequencing would help."
    if row["gain_high"] < 0:
        return told + "more fragments do not help."
    return told + "that is no clear difference, and deeper sequencing would hardly help."


def transfer_sentence(rows: pd.DataFrame, family: str, metric: str, title: str) -> str:
    """Say what a family loses where it was not trained on the cell type.

    Parameters
    ----------
    rows
        Of `transfer.tsv`, of one window set and task.
    family, metric
        Which of them; `title` is how to call the metric.
    """
    own = rows[(rows["family"] == family) & (rows["metric"] == metric)]
    if own["trained_on"].nunique() < 2:
        return (
            "No two models differ in the cell types that they are trained on and in nothing else, "
            "so there is no transfer to show: add one with another 'train_on'."
        )
    columns = own.groupby(["cell_type", "seen"])["value"].mean().unstack("seen")
    if {*columns} != {"yes", "no"} or columns.dropna().empty:
        return "In no cell type are there both a model that was trained on it and one that was not."
    means = columns.dropna().mean()  # column by column: cell types differ in how hard they are
    return (
        f"Mean {title} of models that were trained on the cell type: {means['yes']:.3f}; of those "
        f"that were not, on the same windows: {means['no']:.3f}."
    )
