"""Windows that a model is most sure of and wrong about, as a list of loci to look at."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.chosen_windows import agreed_labels, aligned_rows
from chrompute.predictions import task_probabilities

#: Mistakes of each task and cell type that are listed.
MOST = 50
_COLUMNS = [
    *("task", "cell_type", "chrom", "start", "end", "label", "prediction", "confidence"),
    *("label_probability", "replicates_agree", "label_elsewhere", "nearest_of_prediction"),
]


def confident_mistakes(
    windows: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    tasks: Mapping[str, Sequence[str]],
    split: str,
    most: int = MOST,
) -> pd.DataFrame:
    """List the windows of each task and cell type that are predicted as no replicate labels them.

    Parameters
    ----------
    windows
        The window set with the model's split.
    predictions
        {task: the model's predictions of its held-out windows}.
    tasks
        {task: its classes}.
    split
        Whose windows.
    most
        How many of each task and cell type, the surest first.

    Returns
    -------
    DataFrame
        `task`, `cell_type`, `chrom`, `start`, `end` (0-based half-open), `label` (those of
        replicates that disagree joined by "/"), `prediction`, `confidence` (its probability),
        `label_probability` (that of the likeliest label), `replicates_agree` ("yes", "no"),
        `label_elsewhere` (what other cell types' windows of the same centre are labelled, joined
        by ";") and `nearest_of_prediction` (bp to the centre of the nearest window of the same
        cell type and split that the replicates call what was predicted; empty without one).
    """
    parts = [
        _mistakes(windows, predictions[task], task, classes, split, most)
        for task, classes in tasks.items()
    ]
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_COLUMNS)


def _mistakes(
    windows: pd.DataFrame,
    predictions: pd.DataFrame,
    task: str,
    classes: Sequence[str],
    split: str,
    most: int,
) -> pd.DataFrame:
    rows = aligned_rows(windows, predictions)
    own = windows.iloc[rows].reset_index(drop=True)
    probabilities = task_probabilities(predictions, task, classes)
    labels = agreed_labels(own, task)
    answer = np.array(classes, dtype=object)[probabilities.argmax(1)]
    named = [label.split("/") if label else [] for label in labels]
    place = {name: index for index, name in enumerate(classes)}
    table = own[["cell_type", "chrom", "start", "end", "centre"]].assign(
        task=task,
        label=labels,
        prediction=answer,
        confidence=probabilities.max(1),
        label_probability=[
            max((probabilities[row, place[n]] for n in names), default=np.nan)
            for row, names in enumerate(named)
        ],
        replicates_agree=["yes" if len(names) == 1 else "no" for names in named],
    )
    table = table[(own["split"] == split).to_numpy()]
    wrong = [
        bool(label) and prediction not in label.split("/")
        for label, prediction in zip(table["label"], table["prediction"], strict=True)
    ]
    worst = table[wrong].sort_values("confidence", ascending=False, kind="stable")
    worst = worst.groupby("cell_type", sort=True, observed=True).head(most)
    worst = worst.sort_values("cell_type", kind="stable")
    return worst.assign(
        label_elsewhere=_elsewhere(worst, table),
        nearest_of_prediction=_nearest(worst, table),
    )[_COLUMNS]


def _elsewhere(worst: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Return what other cell types are labelled at the same centre."""
    known = table[table["label"] != ""]
    groups = {
        key: dict(zip(own["cell_type"], own["label"], strict=True))
        for key, own in known.groupby(["chrom", "centre"], observed=True)
    }
    return [
        ";".join(
            f"{name}={label}"
            for name, label in groups.get((chrom, centre), {}).items()
            if name != cell_type
        )
        for chrom, centre, cell_type in zip(
            worst["chrom"], worst["centre"], worst["cell_type"], strict=True
        )
    ]


def _nearest(worst: pd.DataFrame, table: pd.DataFrame) -> pd.array:
    """Return the distance to the nearest window that is labelled as each mistake is predicted."""
    groups: Mapping[object, npt.NDArray[np.int64]] = {
        key: np.sort(own["centre"].to_numpy(np.int64))
        for key, own in table.groupby(["cell_type", "chrom", "label"], observed=True)
    }
    found: list[int | None] = []
    columns = ["cell_type", "chrom", "prediction", "centre"]
    for cell_type, chrom, name, centre in worst[columns].itertuples(index=False):
        centres = groups.get((cell_type, chrom, name))
        found.append(None if centres is None else int(np.abs(centres - centre).min()))
    return pd.array(found, dtype="Int64")
