"""The quiz: raw V-plots to guess from, and what the network makes of them, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chrompute.attribution_figures import INPUT_NAMES
from chrompute.layer_figures import answer_of
from chrompute.report_pictures import Picture


def quiz_content(
    tasks: Mapping[str, Mapping[str, Any]], title: str, cell_type: str, simulated: bool
) -> dict[str, Any]:
    """Gather the variables of the template `quiz.html.j2`.

    Parameters
    ----------
    tasks
        {task: `title`, `titles` {class: how to call it}, `loci` (path of the arrays) and `folder`
        of their figures}.
    title
        How to call the model.
    cell_type
        The cell type.
    simulated
        Whether the data are simulated.
    """
    return {
        "model": title,
        "cell_type": cell_type,
        "simulated": simulated,
        "tasks": [{"title": own["title"], "questions": _questions(own)} for own in tasks.values()],
    }


def _questions(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    with np.load(own["loci"]) as stored:
        arrays = dict(stored)
    titles, folder, numbers = own["titles"], Path(own["folder"]), Path(f"{own['folder']}.npz")
    found = []
    # Not in the order of the classes, which would give them away.
    for number, index in enumerate(quiz_order(arrays["places"].tolist()), 1):
        name, label = str(arrays["names"][index]), str(arrays["labels"][index])
        answer = answer_of(arrays, index)
        share = float(arrays["probabilities"][index].max())
        counts = fragment_text(arrays, index)
        said = f"{titles[answer]} ({100 * share:.0f} %)"
        told = " / ".join(titles.get(each, each) for each in label.split("/")) or "not known"
        found.append(
            {
                "number": number,
                "place": str(arrays["places"][index]),
                "classes": [titles[each] for each in arrays["classes"].tolist()],
                "answer": said,
                "label": told,
                "asked_for": str(arrays["splits"][index]) == "locus",
                # Its PDF is called like the class.
                "raw": replace(
                    Picture.read(
                        folder / f"{name}.raw.png", folder.parent,
                        f"Raw V-plot of locus {number}: {counts}.",
                        f"{counts}, one point each: midpoint along the window against length.",
                        numbers,
                    ),
                    pdf="",
                ),
                "layers": Picture.read(
                    folder / f"{name}.png", folder.parent,
                    f"Locus {number} through the network; answer {said}, label {told}.",
                    "1 the fragments, 2 which pixels spoke for the answer (red) or against it "
                    "(blue), 3 and 4 the channels of two layers that tell the classes best apart, "
                    "in standard deviations from their mean, 5 the probabilities.",
                    numbers,
                ),
            }
        )  # fmt: skip
    return found


def quiz_order(places: Sequence[str]) -> list[int]:
    """Return the loci in the order of the genome: it has nothing to do with their classes."""
    return sorted(range(len(places)), key=lambda index: places[index])


def fragment_text(arrays: Mapping[str, npt.NDArray[Any]], index: int) -> str:
    """Say how many fragments a locus has, by input."""
    return ", ".join(
        f"{arrays[f'points:{name}:{index}'].shape[1]:,} {INPUT_NAMES[name]} fragments"
        for name in arrays["inputs"].tolist()
    )
