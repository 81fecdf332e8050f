"""Which windows are looked at: correct ones of each class, the surest, and places asked for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.label_columns import replicate_columns
from chrompute.predictions import held_out, task_probabilities

_PLACES = ["cell_type", "chrom", "centre"]


@dataclass(frozen=True)
class Locus:
    """A window that is looked at by itself.

    Attributes
    ----------
    name
        A class, of which it is the surest correct window, or the place that was asked for.
    row
        Its row in the window table.
    label
        What the replicates call it; empty where none knows it, several joined by "/".
    """

    name: str
    row: int
    label: str


def evenly(rows: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    """Return at most so many of some rows, evenly spaced."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def parse_locus(locus: str) -> tuple[str, int] | None:
    """Return chromosome and 0-based position of "chrom:position" (1-based), None if it is none."""
    found = re.fullmatch(r"(.+):([\d,]+)", locus)
    return (found[1], int(found[2].replace(",", "")) - 1) if found else None


def agreed_labels(windows: pd.DataFrame, task: str) -> npt.NDArray[np.object_]:
    """Return what the replicates that know a window call it, (n,).

    Where they disagree it is their labels joined by "/", where none knows it "".
    """
    columns = [*replicate_columns(windows.columns, task).values()]
    named = windows[columns].astype(object).to_numpy()
    known = windows[columns].notna().to_numpy()
    return np.array(
        ["/".join(dict.fromkeys(own[there])) for own, there in zip(named, known, strict=True)],
        dtype=object,
    )


def aligned_rows(windows: pd.DataFrame, predictions: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the rows of the windows that a table of predictions is about, in its order.

    Raises
    ------
    InputError
        When it is about other windows.
    """
    rows = np.flatnonzero(held_out(windows))
    own = windows.iloc[rows][_PLACES].astype(object).reset_index(drop=True)
    if not own.equals(predictions[_PLACES].astype(object).reset_index(drop=True)):
        raise InputError(
            "the predictions are not of these windows; remove the model's predictions and run again"
        )
    return rows


@dataclass(frozen=True)
class Correct:
    """Windows of a cell type and split that are predicted as all their replicates label them.

    Attributes
    ----------
    rows
        int64 (n,): their rows in the window table, in the order of the genome.
    classes
        int64 (n,): the place of their class among the classes.
    confidence
        float64 (n,): its probability.
    """

    rows: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]

    @classmethod
    def find(
        cls,
        windows: pd.DataFrame,
        predictions: pd.DataFrame,
        task: str,
        classes: Sequence[str],
        cell_type: str,
        split: str,
    ) -> "Correct":
        """Find them.

        Parameters
        ----------
        windows
            With the model's split.
        predictions
            Of its held-out windows (`chrompute.predictions.read_predictions`).
        task, classes
            The task and its classes, in order.
        cell_type, split
            Whose windows.
        """
        rows = aligned_rows(windows, predictions)
        probabilities = task_probabilities(predictions, task, classes)
        labels = agreed_labels(windows.iloc[rows], task)
        code = pd.Index(classes, dtype=object).get_indexer(labels)
        mine = (predictions["cell_type"] == cell_type) & (predictions["split"] == split)
        right = mine.to_numpy() & (code == probabilities.argmax(1))
        return cls(rows[right], code[right].astype(np.int64), probabilities[right].max(1))

    def sample(self, number: int) -> "Correct":
        """Return at most so many windows of each class, evenly spaced along the genome."""
        chosen = [
            evenly(np.flatnonzero(self.classes == code), number) for code in np.unique(self.classes)
        ]
        own = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
        return Correct(self.rows[own], self.classes[own], self.confidence[own])

    def surest(self, classes: Sequence[str]) -> list[Locus]:
        """Return the window of each class that the network is surest of, where it has one."""
        found = []
        for code, name in enumerate(classes):
            own = np.flatnonzero(self.classes == code)
            if len(own):
                best = own[np.argmax(self.confidence[own])]
                found.append(Locus(name, int(self.rows[best]), name))
        return found


def loci_of_places(
    places: Sequence[str], windows: pd.DataFrame, task: str, cell_type: str, width: int
) -> list[Locus]:
    """Return the loci that were asked for: the last rows of the window table.

    Their label is that of the nearest window of the set in the cell type whose centre lies within
    an eighth of a width, and unknown without one.
    """
    number = len(windows) - len(places)
    own = windows.iloc[:number]
    known = own[(own["cell_type"] == cell_type).to_numpy()]
    labels = agreed_labels(known, task)
    found = []
    for index, place in enumerate(places):
        row = windows.iloc[number + index]
        distance = (known["centre"] - row["centre"]).abs()
        distance = distance.where((known["chrom"] == row["chrom"]).to_numpy(), np.inf).to_numpy()
        near = len(distance) > 0 and distance.min() <= width // 8
        label = labels[distance.argmin()] if near else ""
        found.append(Locus(place.replace(",", "").replace(":", "-"), number + index, label))
    return found


def place_of(windows: pd.DataFrame, row: int) -> Mapping[str, Any]:
    """Return where a window lies: cell type, chromosome, start, end, centre and split."""
    own = windows.iloc[row]
    return {
        "cell_type": str(own["cell_type"]),
        "chrom": str(own["chrom"]),
        "start": int(own["start"]),
        "end": int(own["end"]),
        "centre": int(own["centre"]),
        "split": str(own["split"]),
    }
