"""What a report says of interpreted networks: fragment lengths and places, loci, mistakes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chrompute.attribution_figures import INPUT_NAMES
from chrompute.windows_report import FindPicture

#: Bands and mistakes that a page lists; the files hold all of them.
MOST_BANDS, MOST_MISTAKES = 3, 15
#: Nats below which a band is not named: less would be written as +0.00.
LEAST_SPEAKING = 0.005
#: What tells one band from another.
_BAND = ["input", "length_low", "length_high", "distance_low", "distance_high"]


def used_content(
    model: str,
    task: str,
    plan: Mapping[str, Any],
    results: Path,
    cell_type: str,
    picture: FindPicture,
) -> dict[str, Any]:
    """Gather what a network used for one task in one cell type.

    Parameters
    ----------
    model, task
        The network and the task.
    plan
        `titles` {model: how to call it} and `classes` {task: {class: how to call it}}.
    results
        The results folder.
    cell_type
        The cell type.
    picture
        Finds a picture.

    Returns
    -------
    dict
        `title` of the model, `completeness` in a sentence, `bands` (rows of `class`, `speaking`),
        `figures`, `locus` (the layers of the first locus), and `quiz`, a link.
    """
    folder, title = f"interpretation/{model}/{cell_type}", plan["titles"][model]
    place = results / folder
    return {
        "title": title,
        "completeness": completeness_sentence(
            pd.read_csv(place / f"{task}.completeness.tsv", sep="\t")
        ),
        "bands": speaking_bands(
            pd.read_csv(place / f"{task}.bands.tsv", sep="\t"), plan["classes"][task]
        ),
        "figures": [
            picture(
                f"{folder}/{task}.attributions.png",
                f"Mean V-plots and mean attributions by class, {title}",
                "Windows that the network gets right, class by class: the mean image, and which "
                "fragment lengths at which place spoke for the class (red) or against it (blue), "
                "in nats of its log-odds over the mean window of the training. Red where the image "
                "is dark: that there are no fragments spoke for the class.",
            ),
            picture(
                f"interpretation/{model}/embedding.{task}.png",
                f"Map of windows by what {title} reads of them",
                "Windows on the first two principal components of what the heads of the network "
                "read: by class, and by cell type, which should lie on top of each other.",
            ),
        ],
        "locus": _first_locus(f"{folder}/{task}.loci", results, title, picture),
        "quiz": f"../{folder}/quiz.html",
    }


def _first_locus(folder: str, results: Path, title: str, picture: FindPicture) -> list[Any]:
    """Find the layers of the first locus; none where no window was predicted right."""
    with np.load(results / f"{folder}.npz") as stored:
        names = stored["names"].tolist()
    return [
        picture(
            f"{folder}/{name}.png",
            f"One locus from its raw V-plot through the layers of {title} to the answer",
            "One window on its way through the network: the few fragments that there are, which "
            "of them spoke for the answer, an early layer, the middle layer in which all inputs "
            "meet, and the probabilities. Look at how little can be read from the first panel, "
            "and at how clear the last one is. It is a window of which the network is sure and "
            "right, and says nothing of its accuracy.",
        )
        for name in names[:1]
    ]


def completeness_sentence(table: pd.DataFrame) -> str:
    """Say how nearly the attributions of windows add up to the change of their score."""
    if table.empty:
        return "No window of this cell type is predicted right, so none is explained."
    return (
        f"The attributions of {len(table) // 2:,} windows, each read on both strands, add up to "
        f"the change of score that they explain but for {100 * table['error'].median():.2g} % in "
        f"the median and {100 * table['error'].max():.2g} % at most."
    )


def speaking_bands(bands: pd.DataFrame, classes: Mapping[str, str]) -> list[dict[str, str]]:
    """Name, class by class, the bands that spoke for it more than for the classes on average.

    Much of what speaks for a class speaks for others, too (that there are nucleosomes at all), so
    bands are ranked by how much more they spoke for this one. Fragments that are missing can speak
    as well, so each band tells whether there are more or fewer than in the mean over the classes.

    Parameters
    ----------
    bands
        Rows of `{task}.bands.tsv`.
    classes
        {class: how to call it}.
    """
    groups = bands.groupby(_BAND)
    usual = groups["attribution"].transform("mean")
    fewer = bands["fragments"] < groups["fragments"].transform("mean")
    ranked = bands.assign(usual=usual, more=bands["attribution"] - usual, fewer=fewer)
    rows = []
    for name, title in classes.items():
        clear = (ranked["attribution"] >= LEAST_SPEAKING) & (ranked["more"] >= LEAST_SPEAKING)
        own = ranked[clear & (ranked["class"] == name)]
        told = [_band(row) for row in own.nlargest(MOST_BANDS, "more").itertuples()]
        rows.append({"class": title, "speaking": "; ".join(told) or "nothing more than for others"})
    return rows


def _band(row: Any) -> str:
    amount = "fewer" if row.fewer else "more"
    return (
        f"{amount} {INPUT_NAMES.get(row.input, row.input)} fragments of {row.length_low} to "
        f"{row.length_high - 1} bp, {row.distance_low} to {row.distance_high} bp from the centre "
        f"({row.attribution:+.2f}, on average {row.usual:+.2f})"
    )


def mistakes_content(
    model: str, task: str, plan: Mapping[str, Any], results: Path, cell_type: str
) -> dict[str, Any]:
    """Gather the most confident mistakes of a network for one task in one cell type.

    Parameters
    ----------
    model, task, plan, results, cell_type
        As in `used_content`.

    Returns
    -------
    dict
        `title` of the model, `rows` of texts, and `file`, a link to the whole list.
    """
    place = f"interpretation/{model}/mistakes.tsv"
    table = pd.read_csv(results / place, sep="\t", keep_default_na=False, dtype=str)
    own = table[(table["task"] == task) & (table["cell_type"] == cell_type)].head(MOST_MISTAKES)
    classes = plan["classes"][task]
    rows = [
        {
            "place": f"{row.chrom}:{int(row.start) + 1:,}-{int(row.end):,}",
            "label": " / ".join(classes.get(name, name) for name in row.label.split("/")),
            "prediction": classes.get(row.prediction, row.prediction),
            "confidence": f"{float(row.confidence):.3f}",
            "elsewhere": row.label_elsewhere.replace(";", ", ") or "–",
            "nearest": f"{int(row.nearest_of_prediction):,}" if row.nearest_of_prediction else "–",
        }
        for row in own.itertuples()
    ]
    return {"title": plan["titles"][model], "rows": rows, "file": f"../{place}"}
