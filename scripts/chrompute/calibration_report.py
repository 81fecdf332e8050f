"""What a report says of how far the probabilities of models can be believed."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from chrompute.calibration import ALLOWANCE, SHIFTED
from chrompute.label_columns import TRUTH

_NUMBERS = ["ece", "low", "high", "perfect", "limit"]


def calibration_content(
    calibration: pd.DataFrame, titles: Mapping[str, str], best: str
) -> dict[str, Any]:
    """Return the table of calibration of one task, and what it comes to in a sentence.

    Parameters
    ----------
    calibration
        Rows of `calibration.tsv` of one cell type and task.
    titles
        {model: how to call it}, in the order of the table.
    best
        The model that the sentence is about.

    Returns
    -------
    dict
        `rows`, one a model, with `title`, `error`, `interval`, `perfect`, `limit`, `within` and
        `best`, means over its seeds and the replicates (the truth does not count); and `sentence`.
    """
    own = calibration[calibration["model"].isin(titles) & (calibration["labels"] != TRUTH)]
    rows = []
    for model, title in titles.items():
        parts = own[own["model"] == model]
        if not parts.empty:
            rows.append(_row(parts, title) | {"best": model == best})
    shifted = bool((own.loc[own["model"] == best, "shift"] == SHIFTED).any())
    told = next((row for row in rows if row["best"]), None)
    return {"rows": rows, "sentence": "" if told is None else _sentence(told, shifted)}


def _row(parts: pd.DataFrame, title: str) -> dict[str, str]:
    mean = parts[_NUMBERS].mean()
    passed, number = int((parts["within"] == "yes").sum()), len(parts)
    judged = {0: "no", number: "yes"}.get(passed, f"{passed} of {number}")
    return {
        "title": title,
        "error": f"{mean['ece']:.3f}",
        "interval": f"{mean['low']:.3f} to {mean['high']:.3f}",
        "perfect": f"{mean['perfect']:.3f}",
        "limit": f"{mean['limit']:.3f}",
        "within": "reported" if (parts["shift"] == SHIFTED).any() else judged,
    }


def _sentence(row: Mapping[str, Any], shifted: bool) -> str:
    """Say of one model how far its probabilities lie from what comes true."""
    text = (
        f"The probabilities of {row['title']} lie {row['error']} ({row['interval']}) from what "
        f"comes true, on average"
    )
    if shifted:
        return (
            f"{text}. It was not trained on this cell type, and nothing is promised of its "
            "probabilities here: the number is reported."
        )
    told = {
        "yes": "so they can be taken at their word",
        "no": "so they cannot be taken at their word",
    }.get(row["within"], f"which is within it in {row['within']} seeds and replicates")
    return (
        f"{text}; of a perfectly calibrated model on as many windows it would be at most "
        f"{row['perfect']} in 95 of 100 cases, and {ALLOWANCE} more is let pass ({row['limit']}), "
        f"{told}."
    )
