"""What a report says of how far the probabilities of models can be believed."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from chrompute.calibration import ALLOWANCE
from chrompute.calibration_shifts import FITTED, NOT_SHIFTED
from chrompute.label_columns import TRUTH

_NUMBERS = ["ece", "low", "high", "perfect", "limit"]
#: Why an error is reported and not judged, by the reasons of the column `shift`.
_WHY = {
    "permuted": "it is a control, from whose training something was permuted",
    "windows": "it was trained on windows that are centred elsewhere",
    "cell type": "it was not trained on this cell type",
    "weights": "it was trained as if classes had other shares, by weights or left-out negatives",
}


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
        `within` says "reported", and why, or "fitted" where nothing is judged.
    """
    own = calibration[calibration["model"].isin(titles) & (calibration["labels"] != TRUTH)]
    rows = []
    for model, title in titles.items():
        parts = own[own["model"] == model]
        if not parts.empty:
            rows.append(_row(parts, title) | {"best": model == best})
    told = next((row for row in rows if row["best"]), None)
    return {"rows": rows, "sentence": "" if told is None else _sentence(told)}


def verdict_text(within: pd.Series, shift: pd.Series) -> str:
    """Say in a cell whether the errors of one model are within their limits.

    Parameters
    ----------
    within, shift
        Those columns of `calibration.tsv`: its rows of one cell type and task.

    Returns
    -------
    str
        "yes", "no", "1 of 2", or why nothing is judged: "fitted", or "reported (cell type)".
    """
    if (shift != NOT_SHIFTED).any():
        return f"reported ({shift[shift != NOT_SHIFTED].iloc[0]})"
    if (within == FITTED).any():
        return FITTED
    passed, number = int((within == "yes").sum()), len(within)
    return {0: "no", number: "yes"}.get(passed, f"{passed} of {number}")


def _row(parts: pd.DataFrame, title: str) -> dict[str, str]:
    mean = parts[_NUMBERS].mean()
    return {
        "title": title,
        "error": f"{mean['ece']:.3f}",
        "interval": f"{mean['low']:.3f} to {mean['high']:.3f}",
        "perfect": f"{mean['perfect']:.3f}",
        "limit": f"{mean['limit']:.3f}",
        "within": verdict_text(parts["within"], parts["shift"]),
    }


def _sentence(row: Mapping[str, Any]) -> str:
    """Say of one model how far its probabilities lie from what comes true."""
    text = (
        f"The probabilities of {row['title']} lie {row['error']} ({row['interval']}) from what "
        f"comes true, on average"
    )
    verdict = row["within"]
    if verdict == FITTED:
        return (
            f"{text}. Its temperature was fitted on these very windows, so that a small error "
            "proves nothing: the number is reported."
        )
    if verdict.startswith("reported"):
        reasons = verdict.removeprefix("reported (").removesuffix(")").split(", ")
        why = " and ".join(_WHY[name] for name in reasons)
        return (
            f"{text}. Nothing is promised of its probabilities here, because {why}: the number is "
            "reported."
        )
    told = {
        "yes": "so they can be taken at their word",
        "no": "so they cannot be taken at their word",
    }.get(verdict, f"which is within it in {verdict} seeds and replicates")
    return (
        f"{text}; of a perfectly calibrated model on as many windows it would be at most "
        f"{row['perfect']} in 95 of 100 cases, and {ALLOWANCE} more is let pass ({row['limit']}), "
        f"{told}."
    )
