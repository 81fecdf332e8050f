"""Predictions of trained networks for given windows of any sample, without the workflow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chrompute.model_folders import Folders
from chrompute.opened_models import Options, open_models
from chrompute.prediction_inputs import Given, read_places
from chrompute.predictions import Probabilities, probability_column


def predict(
    model: Folders,
    fragments: Mapping[str, Given | Sequence[Given]],
    genome: str | Path | None,
    windows: str | Path | pd.DataFrame,
    *,
    device: str = "auto",
    batch_size: int | None = None,
    threads: int | None = None,
    cores: int | None = None,
    fraction: float = 1.0,
    match_depth: bool = False,
    allow_changed: bool = False,
    allow_outside: bool = False,
) -> pd.DataFrame:
    """Predict windows of one cell type with one trained network, or with several of them.

    Parameters
    ----------
    model
        Folder of a trained network or of an ensemble (`<results>/models/{model}/seed-{seed}`). Of
        several, which must predict the same tasks, the probabilities are averaged.
    fragments
        {assay ("ATAC", "MNase") or input ("vplot", "mnase", "mnase_profile"): path of a fragment
        store, `chrompute.fragments.Fragments`, or a list of these, which are pooled}. An assay
        that the network reads may be missing where it was trained with modality dropout.
    genome
        FASTA; None where no network reads DNA.
    windows
        BED, Parquet table or DataFrame with `chrom`, `start`, `end` and perhaps `centre`. The
        centre decides; the width is the network's own.
    device, batch_size, threads, cores, fraction, match_depth, allow_changed, allow_outside
        As `chrompute.opened_models.Options` tells.

    Returns
    -------
    DataFrame
        One row a window, in their order: `chrom`, `start`, `end` as given, `centre`, and for each
        task a column of its name, the most probable class, and `p:{task}:{class}`, float32.

    Raises
    ------
    InputError
        When anything that is given is wrong, or memory is used up.
    """
    options = Options(
        device, batch_size, threads, cores, fraction, match_depth, allow_changed, allow_outside
    )
    opened = open_models(model, fragments, genome, options)
    places = read_places(windows, opened.sizes)
    opened.refuse([*places["chrom"].unique()])
    return prediction_rows(places, opened.tasks, opened.probabilities(places))


def prediction_rows(
    places: pd.DataFrame, tasks: Mapping[str, Sequence[str]], probabilities: Probabilities
) -> pd.DataFrame:
    """Join places with the most probable class and the probabilities of each task."""
    columns: dict[str, Any] = {}
    for task, classes in tasks.items():
        columns[task] = np.array(classes, dtype=object)[probabilities[task].argmax(1)]
        for index, name in enumerate(classes):
            columns[probability_column(task, name)] = probabilities[task][:, index]
    return places.assign(**columns)
