"""What the configuration may say wrongly of a model, told before anything runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from os.path import realpath
from typing import Any

from chrompute.derived_faults import derived_faults
from chrompute.features import length_classes, number_of_features
from chrompute.network_spec import NetworkSpec, architecture_fault
from chrompute.recipe import ASSAY_OF_INPUT
from chrompute.settings import (
    DERIVED_KINDS,
    FEATURE_KINDS,
    TRAINING_DEFAULTS,
    Settings,
    samples_of_model,
)
from chrompute.sheets import Sample, is_url
from chrompute.training_rules import TrainingRules

#: Kinds that know labels alone.
UNREADING = ("majority", "place")
#: Most features of a window: with 100,000 windows their table takes 40 GB.
MAX_FEATURES = 100_000


def model_faults(model: str, settings: Settings) -> list[str]:
    """List what is wrong with one entry of the `models` block, one sentence each.

    Parameters
    ----------
    model
        Its name.
    settings
        The configuration, defaults filled in, and both sheets.
    """
    entry = settings.config["models"][model]
    if entry["kind"] in DERIVED_KINDS:
        return derived_faults(model, settings)
    faults = _input_faults(entry) + _permute_faults(entry)
    faults += _image_faults(entry, settings.images(model))
    samples = samples_of_model(entry, settings.samples)
    for name in entry["inputs"]:
        assay = ASSAY_OF_INPUT.get(name)
        if assay and not any(sample.assay == assay for sample in samples):
            faults.append(
                f"input {name!r} needs paired-end {assay} samples and the sheet has none for it"
            )
    windows = settings.config["windows"].get(entry["windows"])
    if entry["kind"] == "network":
        faults += _network_faults(entry, settings.images(model)["position_bin"], windows)
    if entry["kind"] in FEATURE_KINDS:
        faults += _feature_faults(entry, settings.images(model), windows)
    # What does not exist is told of already.
    if windows is None or not set(windows["tasks"]) <= set(settings.config["tasks"]):
        return faults
    return faults + _windows_faults(model, settings, samples)


def _windows_faults(model: str, settings: Settings, samples: Sequence[Sample]) -> list[str]:
    """List what a model asks of its window set that this does not have, or must not give."""
    entry = settings.config["models"][model]
    faults = _task_faults(entry, settings) + _fold_faults(entry, settings)
    tasks = [task.name for task in settings.tasks_of_model(model)]
    if entry["kind"] == "network" and tasks:
        training = settings.training(model)
        rules = TrainingRules(**{name: training[name] for name in TRAINING_DEFAULTS})
        faults += rules.faults(tasks)
    faults += [fault for task in tasks for fault in _leak_faults(task, settings, samples)]
    return faults + _training_set_faults(model, settings, samples)


def _input_faults(entry: Mapping[str, Any]) -> list[str]:
    kind, inputs, faults = entry["kind"], entry["inputs"], []
    if entry["of"] is not None:
        faults.append("'of' is for models of kind ensemble and applied; remove it")
    if kind in UNREADING:
        return faults + [f"a {kind} model reads nothing; remove its 'inputs'"] * bool(inputs)
    if not inputs:
        faults.append("names no 'inputs'; give any of vplot, mnase, mnase_profile, sequence")
    if kind == "logistic" and "sequence" in inputs:
        faults.append("a logistic regression reads counts of fragments only; remove 'sequence'")
    if kind == "oracle" and "mnase_profile" in inputs:
        faults.append("an oracle reads no 'mnase_profile'; give 'mnase', or remove it")
    return faults


def _image_faults(entry: Mapping[str, Any], images: Mapping[str, Any]) -> list[str]:
    """List what is wrong with the `images` that a model has of its own."""
    own, faults = entry["images"], []
    low, high, profile = images["min_length"], images["max_length"], images["profile"]
    if low >= high and {"min_length", "max_length"} & set(own):
        faults.append(f"images: min_length {low} must be below max_length {high}")
    if "profile" in own and profile[0] >= profile[1]:
        faults.append(f"images: profile {profile} must ascend")
    return faults


def _feature_faults(
    entry: Mapping[str, Any], images: Mapping[str, Any], windows: Mapping[str, Any] | None
) -> list[str]:
    """See that the fragment length classes ascend and lie in the images, and count features."""
    edges = entry["features"]["length_edges"]
    if edges != sorted(set(edges)):
        return [f"features/length_edges {edges} must ascend"]
    low, high = images["min_length"], images["max_length"]
    binned = [name for name in entry["inputs"] if name in ("vplot", "mnase")]
    if low < high and binned and len(length_classes(binned[0], images, edges)) < 2:
        return [
            f"features/length_edges {edges} have no length of images/min_length to max_length "
            f"({low} to {high - 1} bp); change one of them"
        ]
    if windows is None or (entry["kind"] == "logistic" and "sequence" in entry["inputs"]):
        return []  # told of already
    number = number_of_features(
        entry["kind"], entry["inputs"], images, entry["features"], windows["width"]
    )
    if number > MAX_FEATURES:
        return [
            f"features: a window of {windows['width']} bp would have {number:,} of them, and "
            f"{MAX_FEATURES:,} are the most; make the bins wider, or the k-mers shorter"
        ]
    return []


def _task_faults(entry: Mapping[str, Any], settings: Settings) -> list[str]:
    """See that the tasks of a model are in its window set and have classes."""
    tasks = {task.name: task for task in settings.tasks_of_windows(entry["windows"])}
    if entry["tasks"] is None and not any(task.classes for task in tasks.values()):
        return [
            f"windows/{entry['windows']} has no task with classes, which are what models predict; "
            "add one to its 'tasks', or choose other windows"
        ]
    faults = []
    for name in entry["tasks"] or ():
        if name not in tasks:
            faults.append(
                f"tasks: {name!r} is no task of windows/{entry['windows']}, which has "
                f"{', '.join(tasks)}; correct it"
            )
        elif tasks[name].kind == "signal":
            faults.append(f"tasks: it predicts classes; task {name!r} is a signal, remove it")
    return faults


def _fold_faults(entry: Mapping[str, Any], settings: Settings) -> list[str]:
    """See that a fold that a model names is one of its window set's."""
    fold, place = entry["fold"], f"windows/{entry['windows']}"
    if fold is None:
        return []
    split = settings.config["windows"][entry["windows"]]["split"]
    if split["by"] != "folds":
        return [
            f"fold: {place} is split by {split['by']}, not by folds; remove it, or set "
            f"{place}/split/by to folds"
        ]
    faults = []
    if fold not in (folds := [f"fold{number}" for number in range(1, split["number"] + 1)]):
        faults.append(f"fold: {fold!r} is no fold of {place}; there are {', '.join(folds)}")
    if settings.config["windows"][entry["windows"]]["identical"]["exclude"]:
        faults.append(
            f"fold: {place}/identical/exclude drops what trains by the window set's own folds; set "
            "it to false, or make a window set for this fold"
        )
    if split["unseen"]:
        faults.append(
            f"fold: the unseen cell types of {place} have windows on its own test folds only; "
            f"make a window set whose split/test is [{fold}], and remove it here"
        )
    return faults


def _leak_faults(task: str, settings: Settings, samples: Sequence[Sample]) -> list[str]:
    """List the samples, of those that a model reads, whose data made the labels of a task.

    These are the samples that the label sheet names in `derived_from`, and those that share a
    file with one of them.
    """
    names = {name for label in settings.labels_of(task) for name in label.derived_from}
    sources = [sample for sample in settings.samples if sample.name in names]
    ending = f"from which the labels of task {task!r} were derived; list other 'samples'"
    own = sorted(sample.name for sample in samples if sample.name in names)
    faults = [f"reads {', '.join(own)}, {ending}"] if own else []
    return faults + [
        f"reads {sample.name}, whose file {path} is also one of sample {source.name}, {ending}"
        for sample in samples
        if sample.name not in names
        for source in sources
        for path in _shared_files(sample, source)
    ]


def _shared_files(one: Sample, other: Sample) -> list[str]:
    """Return the files of one sample that another one reads too, the same cells in them."""
    if one.barcodes and other.barcodes and one.cell_type != other.cell_type:
        return []  # each takes the cells of its own type
    there = {path if is_url(path) else realpath(path) for path in other.paths}
    return [path for path in one.paths if (path if is_url(path) else realpath(path)) in there]


def _permute_faults(entry: Mapping[str, Any]) -> list[str]:
    if entry["permute"] and entry["kind"] == "majority":
        return ["permute: a majority model is the same with permuted labels; remove it"]
    if entry["permute"] and entry["kind"] == "place":
        return ["permute: a place model repeats labels and learns nothing from them; remove it"]
    if entry["permute"] and entry["kind"] == "oracle":
        return ["permute: an oracle learns from other data than these; remove it"]
    return [
        f"permute: {name!r} is not among its 'inputs'; remove it, or read it"
        for name in entry["permute"]
        if name not in ("labels", *entry["inputs"])
    ]


def _network_faults(
    entry: Mapping[str, Any], pixel: int, windows: Mapping[str, Any] | None
) -> list[str]:
    architecture = entry["network"].get("architecture", NetworkSpec.architecture)
    width = windows["width"] if windows is not None else None
    if fault := architecture_fault(architecture, entry["inputs"], width):
        return [fault]
    if architecture != "chrompute":
        return []  # the others have no bins
    bin_size = entry["network"].get("position_bin", NetworkSpec.position_bin)
    faults = []
    if bin_size % pixel and {*entry["inputs"]} & {*ASSAY_OF_INPUT}:
        faults.append(
            f"network/position_bin {bin_size} must be a multiple of images/position_bin {pixel}"
        )
    if windows is not None and windows["width"] // bin_size < 8:
        faults.append(
            f"network/position_bin {bin_size} leaves fewer than 8 bins of a window of "
            f"{windows['width']} bp; make it smaller"
        )
    return faults


def _training_set_faults(model: str, settings: Settings, samples: Sequence[Sample]) -> list[str]:
    """See that the cell types a model is trained on have labels and the assays it reads."""
    entry = settings.config["models"][model]
    tasks = [task.name for task in settings.tasks_of_model(model)]
    kept = settings.kept_cell_types(entry["windows"])
    named = settings.training_cell_types(model)
    chosen = [name for name in named if name in settings.cell_types]  # others are told of already
    labelled = {task: settings.labelled_cell_types(task) for task in tasks}
    strange = [name for name in chosen if not any(name in own for own in labelled.values())]
    faults = [
        f"train_on: cell type {name!r} has no labels of task {' or '.join(map(repr, tasks))}"
        for name in strange
    ]
    faults += [
        f"train_on: cell type {name!r} is kept to tune or test by windows/{entry['windows']}; "
        "remove it"
        for name in chosen
        if name in kept
    ]
    faults += [
        f"train_on: cell type {name!r} stands there {number} times; name it once"
        for name, number in Counter(named).items()
        if number > 1
    ]
    for task, own in labelled.items():
        if entry["kind"] == "place" and len(own) == 1:
            faults.append(
                f"task {task!r} has labels of cell type {own[0]!r} alone, and a place model gives "
                "each cell type those of others; leave the task out of its 'tasks'"
            )
        if not own:
            faults.append(f"the label sheet has no line for its task {task!r}")
        elif not set(own) & set(chosen) and (chosen != strange or not named):
            faults.append(f"none of the cell types it is trained on has labels of task {task!r}")
    for name in entry["inputs"]:
        assay = ASSAY_OF_INPUT.get(name)
        there = [s for s in samples if s.assay == assay]
        if there and chosen and not any(s.cell_type in chosen for s in there):
            faults.append(f"input {name!r}: no {assay} sample in the cell types it is trained on")
    return faults
