"""What a network makes of the windows of one cell type: attributions, and loci layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from chrompute.attribution import Attributions, Images, attribute, mirrored
from chrompute.bands import band_table
from chrompute.chosen_windows import Correct, Locus, loci_of_places, place_of
from chrompute.layers import activations, picture_layers, standardised, telling_channels
from chrompute.subject import Subject

#: Channels of a layer that are shown.
_CHANNELS = 12

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Interpretation:
    """What is found out about one network, task and cell type.

    Attributes
    ----------
    arrays
        `classes`, `windows` (number of each class), `inputs`, `lengths:{input}` and
        `positions:{input}` (borders of the pixels, bp; positions relative to the centre),
        `image:{input}` and `attribution:{input}` (n_classes, n_lengths, n_positions), means over
        the windows of a class and both strands; NaN for a class without a window.
    bands
        `chrompute.bands.band_table` of each class and input.
    completeness
        As in `chrompute.attribution.Attributions`, with the windows' places.
    loci
        Arrays of single loci (`_locus_arrays`).
    """

    arrays: Arrays
    bands: pd.DataFrame
    completeness: pd.DataFrame
    loci: Arrays


@dataclass(frozen=True)
class Question:
    """What is asked: a task and its classes, a cell type, a split, how many windows, and places."""

    task: str
    classes: Sequence[str]
    cell_type: str
    split: str
    windows: int
    places: Sequence[str]


def interpret(
    subject: Subject, predictions: pd.DataFrame, asked: Question, mean: Mapping[str, Tensor]
) -> Interpretation:
    """Attribute correct windows of each class, and single loci, to the pixels of their V-plots.

    Parameters
    ----------
    subject
        The network and its windows, the places that are asked for among them.
    predictions
        Its predictions of one task (`chrompute.predictions.read_predictions`).
    asked
        What is wanted.
    mean
        The mean images of all windows that train (`Subject.mean_images`): what attributions
        compare with.

    Raises
    ------
    InputError
        When attributions are far from complete, or the predictions are of other windows.
    """
    task, classes = asked.task, asked.classes
    own = subject.windows.iloc[: len(subject.windows) - len(asked.places)]
    correct = Correct.find(own, predictions, task, classes, asked.cell_type, asked.split)
    loci = correct.surest(classes)
    loci += loci_of_places(
        asked.places, subject.windows, task, asked.cell_type, subject.recipe.width
    )
    sample = correct.sample(asked.windows)
    rows = np.concatenate([sample.rows, [locus.row for locus in loci]]).astype(np.int64)
    probabilities = subject.probabilities(rows[len(sample.rows) :], task)
    codes = np.concatenate([sample.classes, probabilities.argmax(1)]).astype(np.int64)
    found = attribute(
        subject.network, subject.data, subject.ids(rows), subject.ids(codes), task,
        subject.card["temperature"][task], mean,
    )  # fmt: skip
    arrays = _class_arrays(subject, found, sample, classes)
    return Interpretation(
        arrays,
        _bands(subject, arrays),
        _with_places(found.completeness, subject.windows, codes, rows, classes),
        _locus_arrays(subject, found, sample, loci, probabilities, classes),
    )


def _class_arrays(
    subject: Subject, found: Attributions, sample: Correct, classes: Sequence[str]
) -> Arrays:
    """Return the means of each class over its windows and both strands."""
    number = len(sample.rows)
    arrays: Arrays = {
        "classes": np.array([*classes]),
        "windows": np.bincount(sample.classes, minlength=len(classes)),
        **_axes(subject),
    }
    for name in subject.data.images:
        for kind, values in (("image", found.images), ("attribution", found.values)):
            own = values[name][:number]
            other = mirrored(torch.from_numpy(own), subject.data.images[name].grid).numpy()
            both = (own + other) / 2
            arrays[f"{kind}:{name}"] = np.stack(
                [_mean(both[sample.classes == code]) for code in range(len(classes))]
            )
    return arrays


def _mean(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    if len(values):
        return values.mean(axis=0)
    return np.full(values.shape[1:], np.nan, dtype=np.float32)


def _axes(subject: Subject) -> Arrays:
    """Return the inputs and the borders of their pixels, bp."""
    arrays: Arrays = {"inputs": np.array([*subject.data.images])}
    for name, image in subject.data.images.items():
        grid = image.grid
        rows, columns = grid.shape
        lengths = grid.min_length + grid.length_bin * np.arange(rows + 1)
        positions = grid.position_bin * np.arange(columns + 1)
        arrays[f"lengths:{name}"] = np.minimum(lengths, grid.max_length)
        arrays[f"positions:{name}"] = np.minimum(positions, grid.width) - grid.width // 2
    return arrays


def _bands(subject: Subject, arrays: Mapping[str, npt.NDArray[Any]]) -> pd.DataFrame:
    parts = []
    for name, image in subject.data.images.items():
        for code, label in enumerate(arrays["classes"]):
            own = arrays[f"attribution:{name}"][code], arrays[f"image:{name}"][code]
            if arrays["windows"][code]:
                table = band_table(own[0], image.grid, own[1])
                table.insert(0, "class", label)
                table.insert(1, "input", name)
                parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["class"])


def _with_places(
    completeness: pd.DataFrame,
    windows: pd.DataFrame,
    codes: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    classes: Sequence[str],
) -> pd.DataFrame:
    """Put places and classes before the columns of a table of completeness."""
    own = windows.iloc[completeness["row"]].reset_index(drop=True)
    named = pd.Series(np.array(classes, dtype=object)[codes], index=rows)
    named = named[~named.index.duplicated()]
    places = own[["cell_type", "chrom", "centre"]].assign(
        **{"class": named.loc[completeness["row"]].to_numpy()}
    )
    return pd.concat([places, completeness.drop(columns="row")], axis=1)


def _locus_arrays(
    subject: Subject,
    found: Attributions,
    sample: Correct,
    loci: Sequence[Locus],
    probabilities: npt.NDArray[np.floating],
    classes: Sequence[str],
) -> Arrays:
    """Return the arrays of single loci.

    `names`, `labels`, `places` ("chrom:start-end", 0-based half-open) and `splits` of the loci,
    `classes`, `probabilities` (n_loci, n_classes), `inputs` and borders as in `Interpretation`,
    `image:{input}` and `attribution:{input}` (n_loci, n_lengths, n_positions),
    `layer:{layer}` (n_loci, n_channels, n_bins), standardised, and `channels:{layer}`;
    `points:{input}:{locus}` (2, n_fragments): midpoint relative to the centre, and length, bp.
    """
    number = len(sample.rows)
    places = [place_of(subject.windows, locus.row) for locus in loci]
    regions = [f"{place['chrom']}:{place['start'] + 1}-{place['end']}" for place in places]
    arrays: Arrays = {
        "names": np.array([locus.name for locus in loci], dtype=str),
        "labels": np.array([locus.label for locus in loci], dtype=str),
        "places": np.array(regions, dtype=str),
        "splits": np.array([p["split"] for p in places], dtype=str),
        "classes": np.array([*classes]),
        "probabilities": probabilities,
        **_axes(subject),
    }
    for kind, values in (("image", found.images), ("attribution", found.values)):
        arrays |= {f"{kind}:{name}": own[number:] for name, own in _items(values)}
    if loci:
        arrays |= _layer_arrays(subject, sample, loci)
    for name, by_type in subject.stores.items():
        for index, place in enumerate(places):
            arrays[f"points:{name}:{index}"] = _points(by_type, place)
    return arrays


def _items(values: Images) -> Sequence[tuple[str, npt.NDArray[np.float32]]]:
    return [*values.items()]


def _layer_arrays(subject: Subject, sample: Correct, loci: Sequence[Locus]) -> Arrays:
    """Return what layers make of loci, in the channels that tell the sample's classes apart."""
    layers = picture_layers(subject.network)
    rows = [locus.row for locus in loci]
    known = sample.rows if len(sample.rows) else rows
    codes = sample.classes if len(sample.rows) else np.zeros(len(rows), dtype=np.int64)
    reference = activations(subject.network, subject.data, subject.ids(known), layers)
    own = activations(subject.network, subject.data, subject.ids(rows), layers)
    arrays: Arrays = {}
    for name in layers:
        chosen = telling_channels(reference[name], codes, _CHANNELS)
        arrays[f"channels:{name}"] = chosen
        arrays[f"layer:{name}"] = standardised(own[name][:, chosen], reference[name][:, chosen])
    return arrays


def _points(by_type: Mapping[str, Any], place: Mapping[str, Any]) -> npt.NDArray[np.int32]:
    """Return the fragments whose midpoint lies in a window, by midpoint and length."""
    if place["cell_type"] not in by_type:
        return np.zeros((2, 0), dtype=np.int32)
    store = by_type[place["cell_type"]]
    start, end = store.intervals(place["chrom"])
    middle = (start + end - 1) // 2
    inside = (middle >= place["start"]) & (middle < place["end"])
    points = [middle[inside] - place["centre"], (end - start)[inside]]
    return np.stack(points).astype(np.int32)
