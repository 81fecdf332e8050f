"""What the configuration may say wrongly of window sets, told before anything runs."""

from collections.abc import Iterable, Mapping
from typing import Any

from chrompute.candidates import CandidateRules, candidate_faults
from chrompute.settings import Settings
from chrompute.tasks import Task
from chrompute.window_inputs import candidate_task

#: `max_n` as the schema has it where nothing is said.
DEFAULT_MAX_N = 0.1


def window_faults(entry: Mapping[str, Any], settings: Settings) -> list[str]:
    """List what is wrong with one entry of the `windows` block, one sentence each.

    Parameters
    ----------
    entry
        The entry, defaults filled in.
    settings
        The configuration and both sheets.
    """
    known = settings.config["tasks"]
    unknown = [name for name in entry["tasks"] if name not in known]
    if unknown:
        names = ", ".join(known) or "none"
        return [f"tasks: unknown task {name!r} (there are {names})" for name in unknown]
    tasks = {name: settings.task(name) for name in entry["tasks"]}
    faults = candidate_faults(entry["candidates"]) + _identical_faults(entry, settings)
    faults += _core_faults(entry["width"], tasks.values())
    faults += [
        f"tasks: the label sheet has no line for task {name!r}; add one, or remove the task"
        for name in tasks
        if not settings.labels_of(name)
    ]
    if faults:
        return faults
    rules = CandidateRules.from_config(entry["candidates"])
    labelled = dict.fromkeys(label.cell_type for t in tasks for label in settings.labels_of(t))
    if rules.source == "segments":
        return _segment_faults(rules, tasks, labelled, settings)
    if rules.source in ("peaks", "summits"):
        return _peak_faults(labelled, settings)
    if rules.source == "sites" and rules.sites not in settings.config["sites"]:
        names = ", ".join(settings.config["sites"]) or "none"
        return [f"candidates: unknown site set {rules.sites!r} (there are {names})"]
    return []


def _identical_faults(entry: Mapping[str, Any], settings: Settings) -> list[str]:
    """List options that ask for sequence where there is none, or for what cannot be."""
    identical, sequence = entry["identical"], settings.config["genome"]["fasta"] is not None
    faults = []
    if identical["exclude"] and not (sequence and identical["length"]):
        remedy = "give a 'length'" if sequence else "give genome/fasta"
        faults.append(f"identical: nothing is looked for that 'exclude' could drop; {remedy}")
    if identical["length"] > entry["width"]:
        faults.append(
            f"identical/length {identical['length']} is more than a window of {entry['width']} bp "
            "has; make it smaller"
        )
    if entry["max_n"] != DEFAULT_MAX_N and not sequence:
        faults.append("max_n: unknown bases are not known without genome/fasta; remove it")
    return faults


def _core_faults(width: int, tasks: Iterable[Task]) -> list[str]:
    """See that labels come from the window itself, as the guard over splits takes for granted."""
    return [
        f"tasks: {task.name!r} is labelled by {task.reach:,} bp around a centre, and a window has "
        f"{width:,}; make tasks/{task.name}/core"
        + (" and margin smaller" if task.kind == "marks" else " smaller")
        for task in tasks
        if task.reach > width
    ]


def _segment_faults(
    rules: CandidateRules, tasks: Mapping[str, Task], labelled: Iterable[str], settings: Settings
) -> list[str]:
    name = candidate_task(rules, tasks)
    if name is None or name not in tasks or tasks[name].kind != "segmentation":
        return [
            "candidates: segments are those of a segmentation task of the window set, and "
            f"{name or 'none of its tasks'} is none; name one as 'task', or take them from tiles"
        ]
    return [
        f"candidates: cell type {cell_type!r} has no labels of task {name!r}, whose segments give "
        "the windows; add a line to the label sheet, or take candidates from tiles"
        for cell_type in labelled
        if cell_type not in settings.labelled_cell_types(name)
    ]


def _peak_faults(labelled: Iterable[str], settings: Settings) -> list[str]:
    peaks = settings.config["peaks"]
    return [
        f"candidates: cell type {cell_type!r} has no peaks; name a file in peaks/files, or set "
        "peaks/call"
        for cell_type in labelled
        if cell_type not in peaks["files"]
        and not (peaks["call"] and settings.pooled_samples(cell_type, "ATAC", "paired"))
    ]
