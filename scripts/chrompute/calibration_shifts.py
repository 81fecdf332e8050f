"""Where the probabilities of a model may be judged: what they were fitted to, and what shifted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chrompute.recipe import Recipe

#: What the column `shift` of `calibration.tsv` says where nothing keeps an error from being judged.
NOT_SHIFTED = "none"
#: Why nothing is promised of probabilities, in the order in which `shift` names several reasons:
#: the model is a control, was trained on windows centred elsewhere, was not trained on this cell
#: type, or was trained as if classes had other shares.
Shift = Literal["permuted", "windows", "cell type", "weights"]
SHIFTS: tuple[Shift, ...] = ("permuted", "windows", "cell type", "weights")
#: What the column `within` says of windows on which weights or a temperature were fitted.
FITTED = "fitted"

_TUNED = ("network", "ensemble")


@dataclass(frozen=True)
class Taught:
    """How a model came by its probabilities.

    Attributes
    ----------
    train_on
        Cell types that it was trained on.
    tuned
        Whether temperatures were fitted on the validation windows of these cell types.
    shifts
        {task: those of `SHIFTS` that hold in every cell type}; a task without any may be absent.
    """

    train_on: Sequence[str]
    tuned: bool = False
    shifts: Mapping[str, Sequence[Shift]] = field(default_factory=dict)

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> "Taught":
        """Read it from the recipe of a model; of one made from another it is that one's."""
        found: dict[Shift, bool] = {
            "permuted": bool(recipe.permute),
            "windows": recipe.kind == "applied",
        }
        adjusted = recipe.training.get("logit_adjustment", 0) > 0
        shifts = {}
        for task in recipe.tasks:
            weighted = adjusted or (task in recipe.balance and recipe.kind != "oracle")
            there = found | {"weights": weighted}
            shifts[task] = tuple(name for name in SHIFTS if there.get(name, False))
        return cls(recipe.train_on, recipe.kind in _TUNED, shifts)

    def shift(self, task: str, cell_type: str) -> str:
        """Return the text of the column `shift`."""
        found = [*self.shifts.get(task, ())]
        found += ["cell type"] * (cell_type not in self.train_on)
        return ", ".join(name for name in SHIFTS if name in found) or NOT_SHIFTED

    def is_fitted(self, cell_type: str, split: str) -> bool:
        """Tell whether the weights or the temperature were fitted on these very windows."""
        fitted = split == "train" or (self.tuned and split == "valid")
        return fitted and cell_type in self.train_on
