"""Confusion matrices of a report, each cell with what it says in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def confusion_matrices(
    confusion: pd.DataFrame, titles: Mapping[str, str], classes: Mapping[str, str], best: str
) -> list[dict[str, Any]]:
    """Return one matrix a model, of its first seed; that of the best model comes first.

    Parameters
    ----------
    confusion
        Rows of `confusion.tsv` of one cell type and task.
    titles
        {model: how to call it}.
    classes
        {class: how to call it}.
    best
        The best model.

    Returns
    -------
    list
        Each with `model`, `title`, `seed` and `rows` {`label`, `number`, `cells`}; a cell has
        `percent` of the label's windows (a dash where there are none), `share` from 0 to 1 and
        `words`.
    """
    order = sorted(titles, key=lambda model: model != best)
    return [
        {"model": model, "title": titles[model], "seed": seed, "rows": _rows(own, classes)}
        for model in order
        for seed, own in _first_seed(confusion[confusion["model"] == model])
    ]


def _first_seed(rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    if rows.empty:
        return []
    seed = int(rows["seed"].iloc[0])
    return [(seed, rows[rows["seed"] == seed])]


def _rows(own: pd.DataFrame, classes: Mapping[str, str]) -> list[dict[str, Any]]:
    names = list(classes)
    counts = own.pivot_table(index="label", columns="predicted", values="windows", aggfunc="sum")
    table = counts.reindex(index=names, columns=names).fillna(0).to_numpy(float)
    predicted = table.sum(axis=0)
    return [
        {
            "label": classes[label],
            "number": _number(row.sum()),
            "cells": [
                _cell(row, column, predicted[column], classes[label], classes[name])
                for column, name in enumerate(names)
            ],
        }
        for label, row in zip(names, table, strict=True)
    ]


def _cell(
    row: np.ndarray[Any, Any], column: int, predicted: float, label: str, name: str
) -> dict[str, Any]:
    number, total = row[column], row.sum()
    share = number / total if total else 0.0
    words = f"Of {_number(total)} windows labelled {label}, {_number(number)}"
    words += f" ({100 * share:.1f} %)" if total else ""
    words += f" are predicted to be {name}"
    if predicted:
        words += f": {100 * number / predicted:.1f} % of the {_number(predicted)} predicted so"
    return {
        "percent": f"{100 * share:.0f}" if total else "–",
        "share": f"{share:.3f}",
        "dark": share > 0.7,
        "words": f"{words}.",
    }


def _number(windows: float) -> str:
    """Windows count in parts where replicates of the labels disagree."""
    return f"{windows:,.0f}" if float(windows).is_integer() else f"{windows:,.1f}"
