"""Predictions of tiles along a genome, or of given windows, piece by piece into a file."""

import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from chrompute.devices import keep_memory
from chrompute.opened_models import OpenedModels
from chrompute.predicting import prediction_rows
from chrompute.prediction_store import write_prediction_store
from chrompute.tiles import in_chunks
from chrompute.window_predictions import Countdown

logger = logging.getLogger(__name__)

#: Fewest windows that are predicted at a time: what a piece needs, memory and a fresh copy of
#: the fragments on the device, is little beside what it takes to predict it.
PIECE = 1 << 18


def predict_places(opened: OpenedModels, tables: Iterable[pd.DataFrame], path: str | Path) -> int:
    """Predict places and write them with their predictions (`chrompute.prediction_store`).

    Parameters
    ----------
    opened
        Models, and what they read.
    tables
        `chrom`, `start`, `end`, `centre`; tables that follow each other, to be looked at twice.
    path
        The Parquet file to write.

    Returns
    -------
    int
        Number of places.

    Raises
    ------
    InputError
        When there is no place, or the models cannot predict these.
    """
    chromosomes: dict[str, None] = {}
    total = 0
    for table in tables:
        chromosomes |= dict.fromkeys(table["chrom"].unique())
        total += len(table)
    opened.refuse([*chromosomes])
    keep_memory(opened.device)
    facts = {
        "sizes": opened.sizes,
        "tasks": {task: list(classes) for task, classes in opened.tasks.items()},
        "models": [f"{card['model']}/seed-{card['seed']}" for _, card in opened.loaded],
        "weights": [card["weights"] for _, card in opened.loaded],
    }
    begun = time.monotonic()
    number = write_prediction_store(_predicted(opened, tables, total), facts, path)
    logger.info("%s windows in %.0f s", f"{number:,}", time.monotonic() - begun)
    return number


def _predicted(
    opened: OpenedModels, tables: Iterable[pd.DataFrame], total: int
) -> Iterator[pd.DataFrame]:
    countdown = Countdown(total, len(opened.loaded))
    rows = -(-PIECE // opened.step) * opened.step  # whole steps: else the last bits would differ
    for piece in in_chunks(tables, rows):
        yield prediction_rows(piece, opened.tasks, opened.probabilities(piece, countdown))
