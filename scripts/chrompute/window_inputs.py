"""What a window set is made from: candidates, label files, and what windows are compared with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.candidates import (
    CandidateRules,
    from_intervals,
    from_sites,
    from_summits,
    tiles,
    without_neighbours,
)
from chrompute.errors import InputError
from chrompute.fragment_leaks import SampleStores
from chrompute.fragments import Fragments
from chrompute.genome import read_aliases, read_genome, read_sizes
from chrompute.intervals import IntervalSet, read_bed, read_blacklist
from chrompute.label_columns import TRUTH
from chrompute.label_files import read_labels_of
from chrompute.manifest import sha256_of
from chrompute.sites import scan_sites
from chrompute.store_files import read_fragments
from chrompute.tasks import Task

#: {cell type: {task: {replicate: label file}}}.
LabelPaths = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class WindowInputs:
    """What a window set is made from.

    Attributes
    ----------
    sizes
        {chromosome: bp}, in the genome's order.
    labels
        {cell type: {task: {replicate: label file}}}; "truth" is no replicate.
    candidates
        {cell type: columns `chrompute.candidates.COLUMNS`}.
    source
        What the candidates are (`chrompute.candidates.CandidateRules`).
    dropped
        {reason: intervals that gave no candidate}, of all cell types.
    aliases
        {name in label files: name in the genome}.
    blacklist
        Windows in it are dropped.
    excluded
        Names or patterns of chromosomes left out.
    genome
        {chromosome: encoded sequence}, None where there is none.
    mappability
        bigWig, None where there is none.
    stores
        {cell type: {assay: {sample: fragments}}} of the samples that are pooled.
    holdouts
        Pairs of cell types that are held out and of those that train.
    """

    sizes: Mapping[str, int]
    labels: LabelPaths
    candidates: Mapping[str, pd.DataFrame]
    source: str
    dropped: Counter[str] = field(default_factory=Counter)
    aliases: Mapping[str, str] = field(default_factory=dict)
    blacklist: IntervalSet = field(default_factory=IntervalSet.of)
    excluded: Sequence[str] = ()
    genome: Mapping[str, npt.NDArray[np.uint8]] | None = None
    mappability: str | None = None
    stores: SampleStores = field(default_factory=dict)
    holdouts: Sequence[tuple[Sequence[str], Sequence[str]]] = ()


def label_paths(places: Sequence[tuple[str, str, str]], files: Sequence[str]) -> LabelPaths:
    """Arrange label files by the cell type, task and replicate that each is of."""
    paths: dict[str, dict[str, dict[str, str]]] = {}
    for (cell_type, task, replicate), path in zip(places, files, strict=True):
        paths.setdefault(cell_type, {}).setdefault(task, {})[replicate] = path
    return paths


def read_candidates(
    rules: CandidateRules,
    tasks: Mapping[str, Task],
    labels: LabelPaths,
    files: Mapping[str, str],
    site_entry: Mapping[str, Any],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str],
) -> tuple[dict[str, pd.DataFrame], Counter[str]]:
    """Read the candidates of each cell type that has labels.

    Parameters
    ----------
    rules
        Where windows are centred.
    tasks, labels
        The tasks and label files; segments are those of the first replicate.
    files
        {cell type: its peaks}, or for sites and bed the same file for each.
    site_entry
        Of sites: how the file is read (`chrompute.sites.scan_sites`).
    sizes, aliases
        As in `chrompute.intervals.scan_bed`.

    Returns
    -------
    candidates
        {cell type: columns `chrompute.candidates.COLUMNS`}, by place.
    dropped
        {reason: intervals that gave no candidate}.

    Raises
    ------
    InputError
        When a file is faulty, or a cell type has no candidate.
    """
    found: dict[str, pd.DataFrame] = {}
    dropped: Counter[str] = Counter()
    for cell_type, own in labels.items():
        reasons: Counter[str] = Counter()
        if rules.source == "tiles":
            table = tiles(sizes, rules)
        elif rules.source == "sites":
            table = _sites(files[cell_type], site_entry, sizes, aliases)
        elif rules.source == "segments":
            segments, left_out = _segments(rules, tasks, cell_type, own, sizes, aliases)
            table, reasons = from_intervals(segments, rules)
            reasons["not_kept"] = left_out
        elif rules.source == "summits":
            path = files[cell_type]
            table = from_summits(read_bed(path, sizes, aliases, [10]), path)
        else:
            table, reasons = from_intervals(read_bed(files[cell_type], sizes, aliases), rules)
        found[cell_type], near = without_neighbours(table, rules.min_distance)
        if found[cell_type].empty:
            short = (
                f" ({reasons['short']:,} are shorter than min_length)" if reasons["short"] else ""
            )
            raise InputError(
                f"candidates: cell type {cell_type!r} has none from {rules.source}{short}; correct "
                "'candidates' or give another file"
            )
        dropped.update(reasons + near)
    return found, dropped


def _sites(
    path: str, entry: Mapping[str, Any], sizes: Mapping[str, int], aliases: Mapping[str, str]
) -> pd.DataFrame:
    sites, faults = scan_sites(path, entry, sizes, aliases)
    if faults:
        raise InputError(faults)
    return from_sites(sites, sizes)


def _segments(
    rules: CandidateRules,
    tasks: Mapping[str, Task],
    cell_type: str,
    labels: Mapping[str, Mapping[str, str]],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str],
) -> tuple[pd.DataFrame, int]:
    """Read the segments of the first replicate of the task that gives the candidates.

    Beside them stands the number of lines that do not count, by the task's `keep`.
    """
    name = candidate_task(rules, tasks)
    if name is None or name not in labels:
        raise InputError(
            f"candidates: cell type {cell_type!r} has no labels of task {name!r}, whose segments "
            "give the windows; add a line to the label sheet, or take candidates from tiles"
        )
    path = next(path for replicate, path in labels[name].items() if replicate != TRUTH)
    segments = read_labels_of(path, tasks[name], cell_type, sizes, aliases)
    every = len(read_bed(path, sizes, aliases)) if tasks[name].keep else len(segments)
    return segments, every - len(segments)


def candidate_task(rules: CandidateRules, tasks: Mapping[str, Task]) -> str | None:
    """Return the task whose segments are the candidates; None where there is no such task."""
    segmentations = [name for name, task in tasks.items() if task.kind == "segmentation"]
    return rules.task or next(iter(segmentations), None)


def read_inputs(
    candidates: Mapping[str, Any],
    tasks: Mapping[str, Task],
    files: Mapping[str, Any],
    plan: Any,
) -> WindowInputs:
    """Read everything that a window set is made from, but label files, which are read one by one.

    Parameters
    ----------
    candidates
        The block `candidates` of the window set.
    tasks
        Its tasks.
    files
        The path `sizes`, and lists of paths, all of which but the first may be empty: `labels`,
        `candidates`, `blacklist`, `aliases`, `genome`, `mappability` and `fragments`.
    plan
        Attributes `replicates`, (cell type, task, replicate) of each label file; `peaks`, the cell
        type of each candidate file where each has its own; `stores`, (cell type, assay, sample) of
        each store; `site_entry`, how a site set is read; `exclude`; and `holdouts`.
    """
    aliases = read_aliases(next(iter(files["aliases"]), None))
    sizes = read_sizes(files["sizes"])
    rules = CandidateRules.from_config(candidates)
    labels = label_paths(plan.replicates, files["labels"])
    # Each cell type has its own file, or the only one there is, or none is needed.
    given = list(files["candidates"])
    names = plan.peaks or [name for name in labels if given]
    places = dict(zip(names, given if plan.peaks else len(names) * given, strict=True))
    found, dropped = read_candidates(rules, tasks, labels, places, plan.site_entry, sizes, aliases)
    chromosomes = {name for table in found.values() for name in table["chrom"].unique()}
    stores: dict[str, dict[str, dict[str, Fragments]]] = {}
    for (cell_type, assay, sample), path in zip(plan.stores, files["fragments"], strict=True):
        own_stores = stores.setdefault(cell_type, {}).setdefault(assay, {})
        own_stores[sample] = read_fragments(path)
    return WindowInputs(
        sizes=sizes,
        labels=labels,
        candidates=found,
        source=rules.source,
        dropped=dropped,
        aliases=aliases,
        blacklist=read_blacklist(files["blacklist"], sizes, aliases),
        excluded=plan.exclude,
        genome=read_genome(files["genome"][0], chromosomes) if files["genome"] else None,
        mappability=next(iter(files["mappability"]), None),
        stores=stores,
        holdouts=plan.holdouts,
    )


def window_recipe(files: Mapping[str, Any], plan: Any) -> dict[str, Any]:
    """Return what decides a window set, to be kept with it.

    Parameters
    ----------
    files, plan
        As in `read_inputs`; `plan` also has `entry` and `tasks`, blocks of the configuration.

    Returns
    -------
    dict
        The blocks `windows` and `tasks`; `labels`, a list of cell type, task, replicate, path and
        SHA-256 of each label file; the paths of `genome`, `candidates`, `blacklist`, `aliases` and
        `mappability`; `exclude`; and the `samples` whose fragments were counted.
    """
    places = zip(plan.replicates, files["labels"], strict=True)
    named = ("genome", "candidates", "blacklist", "aliases", "mappability")
    return {
        "windows": plan.entry,
        "tasks": plan.tasks,
        "labels": [[*place, path, sha256_of(path)] for place, path in places],
        **{name: list(files[name]) for name in named},
        "exclude": list(plan.exclude),
        "samples": [sample for _, _, sample in plan.stores],
    }
