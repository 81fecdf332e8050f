"""What a report says of the agreement of replicates, of its limit, and of the gaps closed."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from chrompute.label_columns import TRUTH
from chrompute.metric_titles import METRIC_TITLES, metrics_led_by
from chrompute.model_report import (
    few_blocks_sentence,
    interval_cell,
    marked_cell,
    number_text,
    score_cell,
)
from chrompute.scores import CLASS_SCORES
from chrompute.seeds import over_seeds

#: Title of a metric in sentences and tables, those of signals too.
TITLES = METRIC_TITLES | {"pearson": "Pearson correlation", "spearman": "Spearman correlation"}
ONE_REPLICATE = "Replicate agreement: not available, since the labels have one replicate."
NONE_SHARED = "Replicate agreement: not available, since no two replicates know a scored window."


def agreement_rows(agreement: pd.DataFrame, leading: str) -> list[dict[str, Any]]:
    """Return the rows below a table of models: agreement, and the limit that it implies.

    Parameters
    ----------
    agreement
        Rows of `agreement.tsv` of one window set, cell type and task.
    leading
        The metric that the task names.

    Returns
    -------
    list
        Two rows with `title` and `cells`, one for each metric, the leading one first; None for the
        metrics of probabilities, which labels lack. No row where there is one replicate.
    """
    values = agreement.set_index("metric")
    if values.empty:
        return []
    parts = {
        "replicate agreement": ["value", "low", "high"],
        "limit that independent noise implies (estimate)": ["limit", "limit_low", "limit_high"],
    }
    return [
        {
            "title": title,
            "cells": [
                _cell(values.loc[metric], columns) if metric in values.index else None
                for metric in metrics_led_by(leading)
            ],
        }
        for title, columns in parts.items()
    ]


def _cell(row: pd.Series, columns: Sequence[str] = ("value", "low", "high")) -> dict[str, str]:
    """Return the texts of one row of agreement; an interval from few blocks is marked."""
    return marked_cell(interval_cell(*row[[*columns]]), row["blocks"])


def agreement_sentence(agreement: pd.DataFrame, leading: str, replicates: Collection[str]) -> str:
    """Say how far replicates agree and what that implies, the leading metric first.

    Parameters
    ----------
    agreement, leading
        As in `agreement_rows`; the task may also be a signal, which has metrics of its own.
    replicates
        Names of the label files, the truth may be among them.
    """
    values = agreement.set_index("metric")
    if values.empty:
        return NONE_SHARED if len({*replicates} - {TRUTH}) > 1 else ONE_REPLICATE
    order = [m for m in (leading, *TITLES) if m in values.index]
    parts, limits = [], []
    for metric in dict.fromkeys(order):
        row = values.loc[metric]
        cell = interval_cell(row["value"], row["low"], row["high"])
        interval = f" ({cell['interval']})" if cell["interval"] else ""
        parts.append(f"{TITLES[metric]} {cell['value']}{interval}")
        if math.isfinite(row["limit"]):
            limits.append(f"{TITLES[metric]} {number_text(row['limit'])}")
    text = f"Replicates agree with {', '.join(parts)}. "
    few = few_blocks_sentence(agreement["blocks"])
    text += f"{few} " if few else ""
    if not limits:
        return text + "That is no better than chance, and implies no limit."
    return text + (
        f"Were their noise independent and uniform, a perfect model would reach "
        f"{', '.join(limits)} against one of them: an estimate under that assumption, not a cap."
    )


def reference_text(agreement: pd.DataFrame, gaps: pd.DataFrame, best: str, leading: str) -> str:
    """Say after a headline what replicates reach, and how much of the gap the best model closes.

    Parameters
    ----------
    agreement, leading
        As in `agreement_rows`.
    gaps
        Rows of `gap.tsv` of one cell type and task.
    best
        The best model.

    Returns
    -------
    str
        Sentences on the leading metric alone, each after a blank; none without replicates.
    """
    text = ""
    for row in agreement[agreement["metric"] == leading].itertuples():
        text += f" Replicates agree with {TITLES[leading]} {number_text(row.value)}"
        if math.isfinite(row.limit):
            text += f"; the limit that independent noise implies is {number_text(row.limit)}"
        text += "."
    own = gaps[(gaps["model"] == best) & (gaps["note"] == "")]
    for row in over_seeds(own[own["metric"] == leading], ["model"]).itertuples():
        cell = interval_cell(row.value, row.low, row.high)
        text += (
            f" The best model closes {cell['value']} ({cell['interval']}) of the gap between the "
            "best forest and that agreement."
        )
    return text


def class_agreement(classes: pd.DataFrame, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the agreement class by class.

    Parameters
    ----------
    classes
        Rows of `agreement_classes.tsv` of one window set, cell type and task.
    titles
        {class: how to call it}, in the order of the table.

    Returns
    -------
    list
        Rows with `title`, `either` as text, and `cell`.
    """
    values = classes.set_index("class")
    return [
        {
            "title": title,
            "either": f"{values.loc[name, 'either']:,}",
            "cell": _cell(values.loc[name]),
        }
        for name, title in titles.items()
        if name in values.index
    ]


def gap_table(gaps: pd.DataFrame, titles: Mapping[str, str], leading: str) -> dict[str, Any]:
    """Return the gaps that models close, or one sentence why none is known.

    Parameters
    ----------
    gaps
        Rows of `gap.tsv` of one cell type and task.
    titles
        {model: how to call it}, in the order of the table.
    leading
        The metric that the task names.

    Returns
    -------
    dict
        `metrics`, their titles, the leading one first; `rows` with `title`, `forest` (how to call
        it) and `cells`, means over the seeds; and `sentence`, not empty where no gap is available
        at all.
    """
    metrics = [name for name in metrics_led_by(leading) if name in CLASS_SCORES]
    own = gaps[gaps["model"].isin(titles)]
    if own["value"].isna().all():
        notes = "; ".join(dict.fromkeys(own["note"]))
        sentence = f"Gap closed: not available ({notes})." if notes else ""
        return {"metrics": [], "rows": [], "sentence": sentence}
    means = over_seeds(own, ["model", "metric", "forest", "note"])
    rows = []
    for model in titles:
        values = means[means["model"] == model].set_index("metric")
        if not values.empty:
            cells = [_gap_cell(values.loc[name]) for name in metrics]
            forest = titles.get(values["forest"].iloc[0], "–")
            rows.append({"title": titles[model], "forest": forest, "cells": cells})
    return {"metrics": [METRIC_TITLES[name] for name in metrics], "rows": rows, "sentence": ""}


def _gap_cell(row: pd.Series) -> dict[str, str]:
    if row["note"]:
        return {"value": "not available", "interval": row["note"], "spread": ""}
    return score_cell(row)
