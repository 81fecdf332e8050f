"""Folders of trained models to predict with: one network, an ensemble, or several of these."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chrompute.ensembles import calibrated_mean
from chrompute.errors import InputError
from chrompute.model_files import CARD, load_model, read_card
from chrompute.networks import Network
from chrompute.predictions import Probabilities

#: A network with its card.
Loaded = tuple[Network, dict[str, Any]]
#: What a caller may give as models.
Folders = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class FolderModel:
    """What one folder holds.

    Attributes
    ----------
    networks
        The network, or those of an ensemble.
    temperature
        {task: temperature of the mean} of an ensemble; None of a network, whose own stands in its
        card.
    """

    networks: list[Loaded]
    temperature: Mapping[str, float] | None = None

    def together(self, found: Sequence[Probabilities]) -> Probabilities:
        """Return the model's probabilities, given the calibrated ones of its networks."""
        return found[0] if self.temperature is None else calibrated_mean(found, self.temperature)


def load_folders(model: Folders) -> list[FolderModel]:
    """Read the models in some folders.

    Raises
    ------
    InputError
        When none is given, one holds neither a network nor an ensemble, a file is faulty, or
        they predict different tasks.
    """
    folders = [model] if isinstance(model, (str, Path)) else list(model)
    if not folders:
        raise InputError("model: no folder is given; give that of a trained network")
    found = [_load_folder(Path(folder)) for folder in folders]
    tasks = found[0].networks[0][1]["tasks"]
    for folder, one in zip(folders, found, strict=True):
        if one.networks[0][1]["tasks"] != tasks:
            raise InputError(
                f"{folder}: predicts other tasks or classes than {folders[0]}; give models of the "
                "same tasks"
            )
    return found


def _load_folder(folder: Path) -> FolderModel:
    path = folder / CARD
    card = read_card(path) if path.is_file() else {}
    if card.get("kind") != "ensemble":
        return FolderModel([load_model(folder)])
    remedy = "run the workflow again, or give the folders of its networks"
    members = _members(card)
    if not members:
        raise InputError(f"{path}: does not name its networks; {remedy}")
    models = folder.absolute().parent.parent
    networks = [load_model(models / name / f"seed-{seed}") for name, seed in members]
    if [own["weights"] for _, own in networks] != card.get("weights"):
        raise InputError(
            f"{path}: was made from networks with other weights than are in {models} now; {remedy}"
        )
    if any(own["tasks"] != card.get("tasks") for _, own in networks):
        raise InputError(f"{path}: has other tasks or classes than its networks; {remedy}")
    temperature = card.get("temperature", {})
    if not _is_temperature(temperature, card["tasks"]):
        raise InputError(f"{path}: lacks the temperature of its tasks; {remedy}")
    return FolderModel(networks, temperature)


def _members(card: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return (model, seed) of each member; none where the card does not tell them all."""
    try:
        return [(str(name), int(seed)) for name, seed in card["members"]]
    except (KeyError, TypeError, ValueError):
        return []


def _is_temperature(found: Any, tasks: Mapping[str, Any]) -> bool:
    if not isinstance(found, dict) or {*found} != {*tasks}:
        return False
    numbers = (int, float)
    return all(isinstance(t, numbers) and math.isfinite(t) and t > 0 for t in found.values())
