"""What a report says of windows and models: counts, scores and agreement of one task."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.figures import METRIC_TITLES
from chrompute.predictions import read_scores


def model_rows(
    scores: pd.DataFrame, titles: Mapping[str, str], leading: str, rivals: Collection[str]
) -> list[dict[str, Any]]:
    """Return one row a model and seed for the table of models.

    Parameters
    ----------
    scores
        Rows of `metrics.tsv` of one cell type and task.
    titles
        {model: how to call it}, in the order of the table.
    leading
        The metric that the task names; the best row of it is marked.
    rivals
        Models that can be the best; oracles and controls cannot.

    Returns
    -------
    list
        Rows with `model`, `title`, `seed`, `rival`, `best`, `value` of the leading metric, and
        `cells`: for each metric of `METRIC_TITLES` the texts `value` and `interval`.
    """
    rows: list[dict[str, Any]] = []
    for model in titles:
        for seed, own in scores[scores["model"] == model].groupby("seed"):
            values = own.set_index("metric")
            cells = [_cell(values.loc[metric]) for metric in METRIC_TITLES]
            value = float(values.loc[leading, "value"])
            row = {"model": model, "title": titles[model], "seed": seed, "rival": model in rivals}
            rows.append(row | {"cells": cells, "value": value})
    best = max((row["value"] for row in rows if row["rival"]), default=0.0)
    return [row | {"best": row["rival"] and row["value"] == best} for row in rows]


def _cell(score: pd.Series) -> dict[str, str]:
    return {"value": f"{score.value:.3f}", "interval": f"{score.low:.3f} to {score.high:.3f}"}


def leading_text(row: Mapping[str, Any], leading: str) -> str:
    """Return a row's model with the leading metric and its interval, in words."""
    cell = row["cells"][list(METRIC_TITLES).index(leading)]
    return f"{row['title']}, {METRIC_TITLES[leading]} {cell['value']} ({cell['interval']})"


def headline(rows: Sequence[Mapping[str, Any]], leading: str, windows: int) -> str:
    """Say in one sentence which model is best, by how much, and on how many windows."""
    rivals = [row for row in rows if row["rival"]] or rows
    ordered = sorted(rivals, key=lambda row: -row["value"])
    text = f"Best of {len(rivals)} models on {windows:,} windows: "
    text += leading_text(ordered[0], leading)
    if len(ordered) > 1:
        text += f"; next is {ordered[1]['title']} with {ordered[1]['value']:.3f}"
    beside = [row for row in rows if row not in rivals]
    names = ", ".join(f"{row['title']} {row['value']:.3f}" for row in beside)
    return text + (f"; for reference: {names}." if names else ".")


def agreement_row(agreement: pd.DataFrame) -> list[dict[str, str] | None]:
    """Return a cell for each metric of `METRIC_TITLES`: how far the replicates agree in it.

    Parameters
    ----------
    agreement
        Rows of `agreement.tsv` of one cell type and task.

    Returns
    -------
    list
        As `cells` of `model_rows`, None for the metrics of probabilities, which labels lack; no
        entry at all where there is one replicate.
    """
    values = agreement.set_index("metric")
    if values.empty:
        return []
    return [_cell(values.loc[name]) if name in values.index else None for name in METRIC_TITLES]


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
        `columns`, the labels in the order of the scores; and `rows` with `title`, `seed` and
        `cells`, one a column.
    """
    chosen = scores[scores["metric"] == leading]
    columns = list(dict.fromkeys(chosen["labels"]))
    rows = []
    for model in titles:
        for seed, own in chosen[chosen["model"] == model].groupby("seed"):
            values = own.set_index("labels")
            cells = [_cell(values.loc[name]) for name in columns]
            rows.append({"title": titles[model], "seed": seed, "cells": cells})
    return {"columns": columns, "rows": rows}


def class_table(
    classes: pd.DataFrame, model: str, seed: int, titles: Mapping[str, str]
) -> dict[str, Any]:
    """Return recall and precision of one model class by class, against each reference.

    Parameters
    ----------
    classes
        Rows of `classes.tsv` of one cell type and task.
    model, seed
        The model.
    titles
        {class: how to call it}, in the order of the table.

    Returns
    -------
    dict
        `columns`, the references; and `rows` with `title` and `cells`, one a reference, of
        `windows` with that label, `recall` and `precision` as texts.
    """
    own = classes[(classes["model"] == model) & (classes["seed"] == seed)]
    columns = list(dict.fromkeys(own["labels"]))
    values = own.set_index(["class", "labels"])
    rows = [
        {"title": title, "cells": [_class_cell(values.loc[(name, c)]) for c in columns]}
        for name, title in titles.items()
    ]
    return {"columns": columns, "rows": rows}


def _class_cell(row: pd.Series) -> dict[str, str]:
    texts = {
        name: "–" if pd.isna(row[name]) else f"{row[name]:.2f}" for name in ("recall", "precision")
    }
    return texts | {"windows": f"{row['windows']:,}"}


def _lit(path: Path, cell_type: str) -> dict[str, Any] | None:
    """Return how full the V-plots of a cell type are; None where it has none."""
    table = pd.read_csv(path, sep="\t", dtype={"cell_type": str}).set_index("cell_type")
    return dict(table.loc[cell_type]) if cell_type in table.index else None


def _label_limit(entry: Mapping[str, Any], oracles: Collection[str], results: Path) -> float | None:
    """Return what knowing the truth would score, from an oracle's card; None without oracles."""
    for model, seed in entry["runs"]:
        if model in oracles:
            card = json.loads((results / f"models/{model}/seed-{seed}/card.json").read_text())
            return float(card["label_limit"])
    return None


def task_content(
    name: str,
    plan: Mapping[str, Any],
    results: Path,
    cell_type: str,
    picture: Callable[[str, str, str], Any],
) -> dict[str, Any]:
    """Gather what the sections on windows and models say of one task.

    Parameters
    ----------
    name
        The task.
    plan
        As in `chrompute.report.cell_type_content`.
    results
        The results folder.
    cell_type
        The cell type.
    picture
        Maps a path below the results folder, what it shows and its caption to a picture.
    """
    entry, titles, split = plan["tasks"][name], plan["titles"], plan["evaluation"]["split"]
    facts = json.loads((results / f"windows/{entry['windows']}.json").read_text())
    counts, disagree = facts["counts"][cell_type], facts["disagree"][cell_type]

    def table(kind: str) -> pd.DataFrame:
        scores = read_scores(results / f"evaluation/{kind}.tsv")
        return scores[(scores["cell_type"] == cell_type) & (scores["task"] == name)]

    rows = model_rows(table("metrics"), titles, entry["leading"], plan["rivals"])
    best = next((row for row in rows if row["best"]), rows[0])
    number = sum(counts[split].values()) + disagree[split]
    return {
        **facts,
        "counts": counts,
        "disagree": disagree if any(disagree.values()) else {},
        "name": name,
        "windows": entry["windows"],
        "split": split,
        "block": f"{plan['evaluation']['block'] / 1000:g}",
        "draws": f"{plan['evaluation']['draws']:,}",
        "leading": METRIC_TITLES[entry["leading"]],
        "rows": rows,
        "agreement": agreement_row(table("agreement")),
        "references": reference_table(table("replicates"), titles, entry["leading"]),
        "best": best["title"],
        "by_class": class_table(table("classes"), best["model"], best["seed"], facts["classes"]),
        "lit": _lit(results / f"windows/{entry['windows']}.pixels.tsv", cell_type),
        "limit": _label_limit(entry, plan["oracles"], results),
        "headline": headline(rows, entry["leading"], number),
        "comparison": picture(
            f"figures/models.{entry['windows']}.{cell_type}.png",
            "Scores of all models",
            "Scores of all models; bars are 95 % intervals.",
        ),
        "confusions": _confusions(entry, titles, cell_type, disagree[split] > 0, picture),
        "curves": _curves(entry, plan, picture),
    }


def _confusions(
    entry: Mapping[str, Any],
    titles: Mapping[str, str],
    cell_type: str,
    disagree: bool,
    picture: Callable[[str, str, str], Any],
) -> list[Any]:
    parts = " Where replicates disagree, a window counts in parts." if disagree else ""
    return [
        picture(
            f"figures/confusion.{model}.seed-{seed}.{cell_type}.png",
            f"Confusion matrix of {titles[model]}",
            f"{titles[model]}, seed {seed}: per cent of each label's windows, and number.{parts}",
        )
        for model, seed in reversed(entry["runs"])
    ]


def _curves(
    entry: Mapping[str, Any], plan: Mapping[str, Any], picture: Callable[[str, str, str], Any]
) -> list[Any]:
    return [
        picture(
            f"figures/learning.{model}.seed-{seed}.png",
            f"Learning curve of {plan['titles'][model]}",
            f"Training of {plan['titles'][model]}, seed {seed}. The training loss includes label "
            "smoothing and dropout and so lies above the validation loss.",
        )
        for model, seed in entry["runs"]
        if model in plan["networks"]
    ]
