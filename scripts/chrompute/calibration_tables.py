"""Tables of calibration: how far the probabilities of a model can be believed, and where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from chrompute.calibration import ALLOWANCE, PERFECT_QUANTILE, perfect_ece, reliability
from chrompute.calibration_shifts import FITTED, Taught
from chrompute.metrics import TaskScores, joined_tables, reference_title
from chrompute.scores import Probabilities

_PLACE = ("model", "seed", "task", "cell_type", "split", "labels")
CALIBRATION_COLUMNS = (
    *_PLACE, "windows", "ece", "low", "high", "perfect", "limit", "within", "shift",
)  # fmt: skip
RELIABILITY_COLUMNS = (*_PLACE, "bin", "confidence", "accuracy", "windows")


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities of one model can be believed.

    Attributes
    ----------
    calibration
        Columns `CALIBRATION_COLUMNS`, one row for each reference: expected calibration error with
        its 95 % interval, the 95 % point of what a perfectly calibrated model errs on the same
        windows, whether the error is at most `ALLOWANCE` above that ("fitted" where weights or a
        temperature were fitted on the same windows), and what shifted since
        (`chrompute.calibration_shifts`).
    reliability
        Columns `RELIABILITY_COLUMNS`, one row for each bin of the confidence.
    """

    calibration: pd.DataFrame
    reliability: pd.DataFrame


def calibration_tables(scored: Iterable[TaskScores], taught: Taught, draws: int) -> Calibration:
    """Compare confidence and accuracy in all tasks and cell types, against each replicate.

    Parameters
    ----------
    scored
        Tasks that were scored, by their calibration error at least.
    taught
        How the model came by its probabilities.
    draws
        Draws of a perfectly calibrated model.
    """
    parts = []
    for task in scored:
        found, place = _calibrate_task(task, draws), task.place
        cell_type, name, split = (str(place[key]) for key in ("cell_type", "task", "split"))
        if taught.is_fitted(cell_type, split):
            found = replace(found, calibration=found.calibration.assign(within=FITTED))
        beside = {**place, "shift": taught.shift(name, cell_type)}
        parts.append(Calibration(*(getattr(found, f.name).assign(**beside) for f in fields(found))))
    columns = (CALIBRATION_COLUMNS, RELIABILITY_COLUMNS)
    tables = [
        joined_tables([getattr(part, field.name) for part in parts], names)
        for field, names in zip(fields(Calibration), columns, strict=True)
    ]
    return Calibration(*tables)


def _calibrate_task(scored: TaskScores, draws: int) -> Calibration:
    """Compare confidence and accuracy of one task, one row a reference."""
    rows: list[dict[str, object]] = []
    bins = []
    for name, scores in scored.found.items():
        known = scored.labels[name] >= 0
        own, beside = scored.probabilities[known], {"labels": reference_title(name)}
        [error] = scores.rows(["ece"])
        rows.append(beside | {"windows": int(known.sum())} | _verdict(error, own, draws))
        curve = reliability(scored.labels[name][known], own)
        columns = {"bin": curve.bins + 1} | {
            key: getattr(curve, key) for key in ("confidence", "accuracy", "windows")
        }
        bins.append(pd.DataFrame(columns).assign(**beside))
    return Calibration(pd.DataFrame(rows), joined_tables(bins, RELIABILITY_COLUMNS[5:]))


def _verdict(
    score: Mapping[str, float | str], probabilities: Probabilities, draws: int
) -> dict[str, object]:
    """Return the error of one reference beside that of a perfectly calibrated model."""
    perfect = float(np.quantile(perfect_ece(probabilities, draws), PERFECT_QUANTILE))
    error, limit = float(score["value"]), perfect + ALLOWANCE
    return {
        "ece": error,
        "low": score["low"],
        "high": score["high"],
        "perfect": perfect,
        "limit": limit,
        "within": "yes" if error <= limit else "no",
    }
