"""Which pictures the report of a cell type shows of one task, and what it says of them."""

from collections.abc import Mapping
from typing import Any

from chrompute.windows_report import FindPicture

#: What figures show, for those who cannot see them, and what to look for.
_COMPARISON = (
    "Scores of all models",
    "Scores of all models: how far the networks lie from the forests, and how much room is left "
    "up to the agreement of the replicates (dashed, where there are some) and the limit that it "
    "implies (dotted). A filled point is the mean over seeds, small open points are the seeds, "
    "bars 95 % intervals of one fitted model.",
)
_RELIABILITY = (
    "Accuracy against confidence",
    "Accuracy of the predictions by their confidence, the largest probability; below the dashed "
    "line a model is too sure of itself. One line for each seed and replicate; large points "
    "stand for many windows, and bins of fewer than 10 are left out.",
)
_INPUTS = (
    "What each input adds to the others",
    "The score of a network with an input minus that of the same network without it, with the "
    "95 % interval of the difference. Where the interval holds 0, the input may add nothing.",
)


def task_pictures(
    windows: str,
    task: str,
    plan: Mapping[str, Any],
    cell_type: str,
    paired: bool,
    picture: FindPicture,
) -> dict[str, Any]:
    """Return the figures of one task: comparison, reliability, inputs, learning curves.

    Parameters
    ----------
    windows, task
        The window set and the task.
    plan
        As in `chrompute.report.cell_type_content`.
    cell_type
        The cell type.
    paired
        Whether networks differ in one input and in nothing else.
    picture
        Finds a picture.
    """
    runs = plan["windows"][windows]["tasks"][task]["runs"]
    first, place = dict(reversed(runs)), f"{windows}.{task}.{cell_type}"
    return {
        "comparison": picture(f"figures/models.{place}.png", *_COMPARISON),
        "reliability": picture(f"figures/reliability.{place}.png", *_RELIABILITY),
        "inputs": [picture(f"figures/modalities.{place}.png", *_INPUTS) for _ in range(paired)],
        "curves": [
            picture(f"figures/learning.{model}.png", *_learning(plan["titles"][model]))
            for model in reversed(first)
            if model in plan["networks"]
        ],
    }


def _learning(title: str) -> tuple[str, str]:
    return (
        f"Learning curves of {title}",
        f"Training of {title}, one line a seed; a point marks the lowest validation loss. The "
        "weights of the last epoch are kept, or with patience those of that point. A validation "
        "loss that rises while the training loss falls is overfitting; one that still falls at "
        "the end asks for more epochs. The training loss "
        "includes label smoothing and dropout and so lies above the validation loss.",
    )
