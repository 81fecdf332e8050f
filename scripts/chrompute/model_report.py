"""What a report says of the models of one task: tables of scores, and a headline."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from chrompute.metric_titles import METRIC_TITLES, metrics_led_by
from chrompute.seeds import over_seeds

#: Of fewer blocks an interval is marked: the bootstrap's standard error of a mean over n of them
#: is too small by sqrt(1 - 1/n), which is 5 % at 10 and 29 % at 2.
FEW_BLOCKS = 10
#: The scores of one class against the rest, and how tables call them.
CLASS_METRIC_TITLES = {"auroc": "auROC", "auprc": "auPRC", "f1": "F1"}


def model_rows(
    scores: pd.DataFrame, titles: Mapping[str, str], leading: str, rivals: Collection[str]
) -> list[dict[str, Any]]:
    """Return one row a model for the table of models, its seeds taken together.

    Parameters
    ----------
    scores
        Rows of `metrics.tsv` of one cell type and task.
    titles
        {model: how to call it}, in the order of the table.
    leading
        The metric that the task names; the best row of it is marked.
    rivals
        Models that can be the best; oracles, controls and models with an own fold cannot.

    Returns
    -------
    list
        Rows with `model`, `title`, `seeds`, `rival`, `best`, `value` of the leading metric, and
        `cells`: for each metric, the leading one first, the texts `value`, `interval` and
        `spread`.
    """
    means = over_seeds(scores, ["model", "metric"])
    rows: list[dict[str, Any]] = []
    for model in titles:
        own = means[means["model"] == model].set_index("metric")
        if own.empty:
            continue
        cells = [score_cell(own.loc[metric]) for metric in metrics_led_by(leading)]
        row = {"model": model, "title": titles[model], "seeds": int(own["seeds"].iloc[0])}
        value = float(own.loc[leading, "value"])
        rows.append(row | {"rival": model in rivals, "cells": cells, "value": value})
    values = [row["value"] for row in rows if row["rival"] and not math.isnan(row["value"])]
    best = max(values, default=None)
    return [row | {"best": row["rival"] and row["value"] == best} for row in rows]


def score_cell(score: pd.Series) -> dict[str, str]:
    """Return the texts `value`, `interval` and `spread` of one row of `over_seeds`."""
    spread = "" if math.isnan(score.spread) else f"± {score.spread:.3f}"
    return interval_cell(score.value, score.low, score.high) | {"spread": spread}


def interval_cell(value: float, low: float, high: float) -> dict[str, str]:
    """Return the texts `value` and `interval`; a dash for what is not defined."""
    ends = "" if math.isnan(low + high) else f"{low:.3f} to {high:.3f}"
    return {"value": number_text(value), "interval": ends}


def few_blocks_sentence(blocks: pd.Series) -> str:
    """Warn of intervals from few blocks, of the smallest of some numbers; empty where all do."""
    number = blocks.min()
    if blocks.empty or number >= FEW_BLOCKS:
        return ""
    return (
        f"The intervals come from {number} {_blocks(number)} of the genome, fewer than "
        f"{FEW_BLOCKS}: they are too narrow to be relied on."
    )


def marked_cell(cell: Mapping[str, str], blocks: int) -> dict[str, str]:
    """Return a cell whose interval, if it has one, tells of its blocks where they are few."""
    if blocks >= FEW_BLOCKS or not cell["interval"]:
        return dict(cell)
    mark = f"{cell['interval']}, too narrow: {blocks} {_blocks(blocks)}"
    return dict(cell) | {"interval": mark}


def _blocks(number: int) -> str:
    return "block" if number == 1 else "blocks"


def number_text(value: float) -> str:
    """Return a score as text, a dash where it is not defined."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def leading_text(row: Mapping[str, Any], leading: str) -> str:
    """Return a row's model with the leading metric, its interval and its spread, in words."""
    cell = row["cells"][0]
    spread = f"{cell['spread']} between seeds" if cell["spread"] else ""
    beside = [text for text in (cell["interval"], spread) if text]
    ends = f" ({'; '.join(beside)})" if beside else ""
    return f"{row['title']}, {METRIC_TITLES[leading]} {cell['value']}{ends}"


def headline(rows: Sequence[Mapping[str, Any]], leading: str, windows: int) -> str:
    """Say in one sentence which model is best, by how much, and on how many windows."""
    rivals = sorted((row for row in rows if row["rival"]), key=_descending)
    parts = []
    if rivals:
        best = leading_text(rivals[0], leading)
        parts.append(f"Best of {len(rivals)} models on {windows:,} windows: {best}")
    if len(rivals) > 1:
        parts.append(f"next is {rivals[1]['title']} with {number_text(rivals[1]['value'])}")
    beside = [row for row in rows if not row["rival"]]
    if beside:
        names = ", ".join(f"{row['title']} {number_text(row['value'])}" for row in beside)
        parts.append(f"for reference: {names}" if rivals else f"No model to rank; {names}")
    return "; ".join(parts) + "."


def _descending(row: Mapping[str, Any]) -> tuple[bool, float]:
    """Sort the highest value first, and what is not defined last."""
    return math.isnan(row["value"]), -row["value"]


def reference_table(
    scores: pd.DataFrame, titles: Mapping[str, str], leading: str
) -> dict[str, Any]:
    """Return the leading metric of each model against each replicate and the truth.

    Parameters
    ----------
    scores
        Rows of `replicates.tsv` of one cell type and task.
    titles
        {model: how to call it}, in the order of the table.
    leading
        The metric that the task names.

    Returns
    -------
    dict
        `columns`, the labels in the order of the scores; and `rows` with `title` and `cells`, one
        a column.
    """
    chosen = scores[(scores["metric"] == leading) & scores["model"].isin(titles)]
    columns = list(dict.fromkeys(chosen["labels"]))
    means = over_seeds(chosen, ["model", "labels"]).set_index(["model", "labels"])
    unknown = interval_cell(math.nan, math.nan, math.nan) | {"spread": ""}
    there = set(chosen["model"])
    rows = [
        # A replicate may know no window of the fold that a model tests on.
        {
            "title": title,
            "cells": [
                score_cell(means.loc[(model, name)]) if (model, name) in means.index else unknown
                for name in columns
            ],
        }
        for model, title in titles.items()
        if model in there
    ]
    return {"columns": columns, "rows": rows}


def class_table(classes: pd.DataFrame, model: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return recall and precision of one model class by class, means over its seeds.

    Parameters
    ----------
    classes
        Rows of `classes.tsv` of one cell type and task.
    model
        The model.
    titles
        {class: how to call it}, in the order of the table.

    Returns
    -------
    dict
        `columns`, the references; and `rows` with `title` and `cells`, one a reference, of
        `windows` with that label, `recall` and `precision` as texts.
    """
    own = classes[classes["model"] == model]
    columns = list(dict.fromkeys(own["labels"]))
    names = ["windows", "recall", "precision"]
    values = own.groupby(["class", "labels"])[names].mean()
    rows = [
        {"title": title, "cells": [_class_cell(values.loc[(name, c)]) for c in columns]}
        for name, title in titles.items()
    ]
    return {"columns": columns, "rows": rows}


def class_score_table(
    scores: pd.DataFrame, model: str, titles: Mapping[str, str]
) -> dict[str, Any]:
    """Return the scores of one model class by class, each against the rest, means over its seeds.

    Parameters
    ----------
    scores
        Rows of `class_scores.tsv` of one cell type and task.
    model
        The model.
    titles
        {class: how to call it}, in the order of the table.

    Returns
    -------
    dict
        `columns`, the metrics; and `rows` with `title` and `cells`, one a metric (`score_cell`).
    """
    own = over_seeds(scores[scores["model"] == model], ["class", "metric"])
    values = own.set_index(["class", "metric"])
    rows = [
        {"title": title, "cells": [score_cell(values.loc[(name, m)]) for m in CLASS_METRIC_TITLES]}
        for name, title in titles.items()
    ]
    return {"columns": list(CLASS_METRIC_TITLES.values()), "rows": rows}


def _class_cell(row: pd.Series) -> dict[str, str]:
    texts = {
        name: "–" if pd.isna(row[name]) else f"{row[name]:.2f}" for name in ("recall", "precision")
    }
    return texts | {"windows": f"{row['windows']:,.0f}"}
