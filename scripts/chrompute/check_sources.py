"""Data that must differ: of replicates, of what is held out, and of what labels were derived from.

Files are the same that lie at one place or have one digest (`chrompute.sample_leaks`).
"""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from chrompute.findings import Findings
from chrompute.label_columns import TRUTH
from chrompute.sample_leaks import file_identities, file_leaks
from chrompute.settings import Settings
from chrompute.sheets import Sample
from chrompute.simulate.products import is_simulated


def inspect_sources(settings: Settings, found: Findings) -> None:
    """Look for files that stand for two things which must be made of different data."""
    faults = [*_holdout_faults(settings), *_replicate_faults(settings), *_derived_faults(settings)]
    found.faults += [fault for fault in dict.fromkeys(faults) if fault not in found.faults]


def _holdout_faults(settings: Settings) -> Iterable[str]:
    """Name files of cell types that are held out, by a split or a model, among the others'."""
    for name, entry in settings.config["windows"].items():
        for pair in settings.holdouts(name):
            shared = entry["split"]["by"] == "cell_types"
            yield from _leaks(settings, f"windows/{name}", name, pair, settings.samples, shared)
    for name, entry in settings.config["models"].items():
        if entry["windows"] in settings.config["windows"]:
            pair = settings.holdout_of_model(name)
            samples = settings.samples_of_model(name)
            yield from _leaks(settings, f"models/{name}", entry["windows"], pair, samples, False)


def _leaks(
    settings: Settings,
    place: str,
    windows: str,
    pair: tuple[Sequence[str], Sequence[str]],
    samples: Sequence[Sample],
    shared: bool,
) -> list[str]:
    own, tasks = {*pair[0], *pair[1]}, settings.config["windows"][windows]["tasks"]
    faults = file_leaks(
        [sample for sample in samples if sample.cell_type in own],
        [label for label in settings.labels if label.task in tasks and label.cell_type in own],
        pair[0],
        shared,
    )
    return [f"configuration: {place}: {fault}" for fault in faults]


def _replicate_faults(settings: Settings) -> Iterable[str]:
    """Name replicates of a task and cell type that are one file.

    Simulated ones may be equal: without noise, replicates agree in everything. The truth is none.
    """
    labels = [
        label
        for label in settings.labels
        if label.replicate != TRUTH and not is_simulated(settings.config, label.path)
    ]
    names = file_identities({label.path: label.sha256 for label in labels})
    seen: dict[tuple[str, str, str], str] = {}
    for label in labels:
        key = (label.cell_type, label.task, names[label.path])
        if key in seen:
            yield (
                f"{label.path}: replicate {label.replicate!r} of task {label.task!r} of "
                f"{label.cell_type!r} is the same file as replicate {seen[key]!r}, so that they "
                "would agree in everything; give each its own labels"
            )
        seen.setdefault(key, label.replicate)


def _derived_faults(settings: Settings) -> Iterable[str]:
    """Name copies of samples that labels were derived from, where models read them.

    Samples with barcodes take some cells of a file; what they share is told by their sheets.
    """
    whole = [sample for sample in settings.samples if not sample.barcodes]
    digests = {
        path: digest
        for sample in whole
        for path, digest in zip_longest(sample.paths, sample.sha256, fillvalue="")
    }
    names = file_identities(digests)
    for model in settings.config["models"]:
        for task in settings.tasks_of_model(model):
            derived = {n for label in settings.labels_of(task.name) for n in label.derived_from}
            sources = {
                names[path]: sample
                for sample in whole
                if sample.name in derived
                for path in sample.paths
            }
            for sample in settings.samples_of_model(model):
                for path in sample.paths:
                    source = sources.get(names.get(path, path))
                    if source is not None and sample.name not in derived:
                        yield (
                            f"configuration: models/{model}: reads {sample.name}, whose file "
                            f"{path} has the content of one of sample {source.name}, from which "
                            f"the labels of task {task.name!r} were derived; list other 'samples'"
                        )
