"""What a report says of differences: modalities, oracles, and windows centred elsewhere."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from chrompute.metric_titles import METRIC_TITLES, metrics_led_by
from chrompute.model_groups import INPUT_TITLES
from chrompute.model_report import interval_cell, number_text, score_cell
from chrompute.scores import HIGHER_IS_BETTER
from chrompute.seeds import over_seeds


def modality_table(
    differences: pd.DataFrame, titles: Mapping[str, str], leading: str
) -> dict[str, Any]:
    """Return what each modality adds to the others.

    Parameters
    ----------
    differences
        Rows of `modalities.tsv` of one window set, cell type and task.
    titles
        {model: how to call it}.
    leading
        The metric that the task names.

    Returns
    -------
    dict
        `metrics`, their titles, the leading one first; and `rows` with `added`, `beside`, `model`
        and `cells`.
    """
    keys = ["added", "beside", "model"]
    rows = [
        {
            "added": INPUT_TITLES[added],
            "beside": " + ".join(INPUT_TITLES[name] for name in beside.split("+")),
            "model": titles.get(model, model),
            "cells": cells,
        }
        for (added, beside, model), cells in _difference_cells(differences, keys, leading)
    ]
    return {"metrics": _ranked(leading), "rows": rows}


def oracle_table(
    differences: pd.DataFrame, titles: Mapping[str, str], leading: str
) -> dict[str, Any]:
    """Return how far models stay behind the oracle that reads what they read.

    Parameters
    ----------
    differences
        Rows of `oracles.tsv` of one window set, cell type and task.
    titles, leading
        As in `modality_table`.

    Returns
    -------
    dict
        `metrics`, and `rows` with `name`, `model` and `oracle` (how to call both) and `cells`.
    """
    rows = [
        {
            "name": model,
            "model": titles.get(model, model),
            "oracle": titles.get(oracle, oracle),
            "cells": cells,
        }
        for (model, oracle), cells in _difference_cells(differences, ["model", "oracle"], leading)
    ]
    return {"metrics": _ranked(leading), "rows": rows}


def _ranked(leading: str) -> list[str]:
    return [METRIC_TITLES[name] for name in metrics_led_by(leading) if name in HIGHER_IS_BETTER]


def _difference_cells(
    differences: pd.DataFrame, keys: list[str], leading: str
) -> list[tuple[tuple[str, ...], list[dict[str, str]]]]:
    metrics = [name for name in metrics_led_by(leading) if name in HIGHER_IS_BETTER]
    found = []
    for names, own in differences.groupby(keys, sort=False):
        values = own.set_index("metric")[["value", "low", "high"]]
        found.append((names, [_signed_cell(values.loc[name]) for name in metrics]))
    return found


def _signed_cell(row: pd.Series) -> dict[str, str]:
    """Return the texts of a difference, which bears its sign."""
    cell = interval_cell(row["value"], row["low"], row["high"])
    sign = "+" if row["value"] > 0 else ""
    return cell | {"value": f"{sign}{cell['value']}", "spread": ""}


def paired_sentence(pairs: pd.DataFrame, rows: Sequence[Mapping[str, Any]], leading: str) -> str:
    """Say how far the best model is ahead of the next one.

    Empty where there is no other, or where too few blocks leave the difference without a p-value.

    Parameters
    ----------
    pairs
        Rows of `comparisons.tsv` of one window set, cell type and task.
    rows
        As `chrompute.model_report.model_rows` returns them.
    leading
        The metric that the task names.
    """
    rivals = [row for row in rows if row["rival"] and not math.isnan(row["value"])]
    if len(rivals) < 2:
        return ""
    best, second = (row["model"] for row in sorted(rivals, key=lambda row: -row["value"])[:2])
    own = pairs[(pairs["metric"] == leading) & pairs["p_holm"].notna()]
    for sign, first, other in ((1, best, second), (-1, second, best)):
        for row in own[(own["first"] == first) & (own["second"] == other)].itertuples():
            low, high = sorted((sign * row.low, sign * row.high))
            chance = "< 0.001" if row.p_holm < 0.001 else f"= {row.p_holm:.2g}"
            return (
                f" On the same windows the best is {sign * row.value:.3f} ahead of the next "
                f"({low:.3f} to {high:.3f}; p {chance}, corrected for all pairs of models)."
            )
    return ""


def oracle_sentence(table: Mapping[str, Any], best: str) -> str:
    """Say how far the best model stays behind its oracle; empty where it has none."""
    for row in table["rows"]:
        if row["name"] == best:
            cell, oracle = row["cells"][0], row["oracle"][:1].upper() + row["oracle"][1:]
            return (
                f" {oracle} minus the best model, {table['metrics'][0]}: "
                f"{cell['value']} ({cell['interval']})."
            )
    return ""


def centring_rows(
    scores: pd.DataFrame, applied: Mapping[str, Mapping[str, str]], windows: str, leading: str
) -> list[dict[str, Any]]:
    """Return networks on the windows that they were trained on, beside windows centred elsewhere.

    Parameters
    ----------
    scores
        Rows of `metrics.tsv` of one cell type and task.
    applied
        {applied model: `of`, its network; `title` of that; `windows`, its own window set; and
        `of_windows`, that of the network}.
    windows
        The window set that the section is about; rows are of pairs with a part in it.
    leading
        The metric that the task names.

    Returns
    -------
    list
        Rows with `title`, `own_windows`, `own`, `other_windows`, `other`, and `less`, how much the
        latter is lower; a model without a score has no row.
    """
    means = over_seeds(scores[scores["metric"] == leading], ["model"]).set_index("model")
    return [
        {
            "title": pair["title"],
            "own_windows": pair["of_windows"],
            "own": score_cell(means.loc[pair["of"]]),
            "other_windows": pair["windows"],
            "other": score_cell(means.loc[model]),
            "less": number_text(means.loc[pair["of"], "value"] - means.loc[model, "value"]),
        }
        for model, pair in applied.items()
        if windows in (pair["windows"], pair["of_windows"])
        and model in means.index
        and pair["of"] in means.index
    ]
