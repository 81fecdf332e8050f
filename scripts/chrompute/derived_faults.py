"""What the configuration may say wrongly of ensembles and of models applied to other windows."""

from collections.abc import Mapping
from typing import Any

from chrompute.schema import suggestion
from chrompute.settings import Settings

#: What these models take from their `of`, with what stands there where it is not named.
_TAKEN: dict[str, Any] = {
    "tasks": None,
    "fold": None,
    "inputs": [],
    "samples": None,
    "train_on": "all",
    "permute": [],
    "network": {},
    "training": {},
    "images": {},
}


def derived_faults(model: str, settings: Settings) -> list[str]:
    """List what is wrong with an ensemble or an applied model, one sentence each.

    Parameters
    ----------
    model
        Its name.
    settings
        The configuration, defaults filled in, and both sheets.
    """
    models = settings.config["models"]
    entry, of = models[model], models[model]["of"]
    if of is None:
        return ["names no 'of'; give the network that it is made from"]
    if of not in models:
        return [f"of: unknown model {of!r}{suggestion(of, models)}"]
    if models[of]["kind"] != "network":
        return [f"of: models/{of} is no network but of kind {models[of]['kind']}; name a network"]
    faults = [
        f"{key}: a model of kind {entry['kind']} has that of models/{of}; remove it here"
        for key, unset in _TAKEN.items()
        if entry[key] != unset
    ]
    windows, theirs = entry["windows"], models[of]["windows"]
    if entry["kind"] == "ensemble":
        if windows != theirs:
            faults.append(
                f"windows: models/{of} has the windows {theirs!r}; name these, or apply it to "
                f"{windows!r} with kind applied"
            )
        if len(entry["seeds"]) > 1:
            faults.append(
                f"seeds: an ensemble is one model, of all seeds of models/{of}; remove it"
            )
        if len(models[of]["seeds"]) == 1:
            faults.append(
                f"of: models/{of} has one seed, and would be its own mean; give it more 'seeds'"
            )
        return faults
    if entry["seeds"] not in ([1], models[of]["seeds"]):
        faults.append(f"seeds: it has those of models/{of}; remove it")
    if windows == theirs:
        return [*faults, f"windows: models/{of} predicts {windows!r} itself; name other windows"]
    known = settings.config["windows"]
    if {windows, theirs} <= known.keys():
        faults += _window_faults(windows, known[windows], theirs, known[theirs])
        tasks = {task.name for task in settings.tasks_of_model(of)}
        faults += [
            f"windows: {windows!r} lacks task {task!r}, which models/{of} predicts; add it, or "
            f"leave it out of the 'tasks' of models/{of}"
            for task in sorted(tasks - set(known[windows]["tasks"]))
        ]
    return faults


def _window_faults(
    name: str, own: Mapping[str, Any], theirs_name: str, theirs: Mapping[str, Any]
) -> list[str]:
    """See that a network can be applied to windows, and that these were not trained on."""
    faults = []
    if own["width"] != theirs["width"]:
        faults.append(
            f"windows: {name!r} are {own['width']} bp wide and {theirs_name!r}, which it was "
            f"trained on, {theirs['width']} bp; make them equal"
        )
    if own["split"] != theirs["split"]:
        faults.append(
            f"windows: {name!r} are split otherwise than {theirs_name!r}, so that places that it "
            "was trained on would test it; give both the same 'split'"
        )
    elif own["split"]["by"] in ("folds", "blocks"):
        faults.append(
            f"windows: {name!r} and {theirs_name!r} are split by {own['split']['by']}, each by "
            "its own, so that places that it was trained on would test it; split both by "
            "chromosomes"
        )
    return faults
