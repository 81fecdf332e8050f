"""What the configuration may say wrongly of a model, told before anything runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from chrompute.recipe import ASSAY_OF_INPUT
from chrompute.settings import Settings, samples_of_model
from chrompute.sheets import Sample

#: The trunk bin of a network that names none (`chrompute.networks.NetworkSpec.position_bin`).
TRUNK_BIN = 16


def model_faults(entry: Mapping[str, Any], settings: Settings) -> list[str]:
    """List what is wrong with one entry of the `models` block, one sentence each.

    Parameters
    ----------
    entry
        The entry, defaults filled in.
    settings
        The configuration and both sheets.
    """
    faults = []
    reads = bool(entry["inputs"])
    if entry["kind"] == "majority" and reads:
        faults.append("a majority model reads nothing; remove its 'inputs'")
    if entry["kind"] != "majority" and not reads:
        faults.append("names no 'inputs'; give any of vplot, mnase, sequence")
    if entry["kind"] == "forest" and "sequence" in entry["inputs"]:
        faults.append("a forest reads 'vplot' and 'mnase' only; remove 'sequence'")
    faults += _permute_faults(entry)
    samples = samples_of_model(entry, settings.samples)
    for name in entry["inputs"]:
        assay = ASSAY_OF_INPUT.get(name)
        if assay and not any(sample.assay == assay for sample in samples):
            faults.append(
                f"input {name!r} needs paired-end {assay} samples and the sheet has none for it"
            )
    windows = settings.config["windows"].get(entry["windows"])
    leaks = {
        sample
        for label in settings.labels
        if windows is not None and label.task == windows["task"]
        for sample in set(label.derived_from) & {s.name for s in samples}
    }
    if leaks:
        faults.append(
            f"reads {', '.join(sorted(leaks))}, from which the labels of task "
            f"{windows['task']!r} were derived; list other 'samples'"
        )
    if entry["kind"] == "network":
        faults += _network_faults(entry, settings, windows)
    edges = entry["forest"]["length_edges"]
    if edges != sorted(set(edges)):
        faults.append(f"forest/length_edges {edges} must ascend")
    return [*faults, *_training_set_faults(entry, settings, windows, samples)]


def _permute_faults(entry: Mapping[str, Any]) -> list[str]:
    if entry["permute"] and entry["kind"] == "majority":
        return ["permute: a majority model is the same with permuted labels; remove it"]
    if entry["permute"] and entry["kind"] == "oracle":
        return ["permute: an oracle learns from other data than these; remove it"]
    return [
        f"permute: {name!r} is not among its 'inputs'; remove it, or read it"
        for name in entry["permute"]
        if name not in ("labels", *entry["inputs"])
    ]


def _network_faults(
    entry: Mapping[str, Any], settings: Settings, windows: Mapping[str, Any] | None
) -> list[str]:
    bin_size = entry["network"].get("position_bin", TRUNK_BIN)
    pixel = settings.config["images"]["position_bin"]
    faults = []
    if bin_size % pixel:
        faults.append(
            f"network/position_bin {bin_size} must be a multiple of images/position_bin {pixel}"
        )
    if windows is not None and windows["width"] // bin_size < 8:
        faults.append(
            f"network/position_bin {bin_size} leaves fewer than 8 bins of a window of "
            f"{windows['width']} bp; make it smaller"
        )
    return faults


def _training_set_faults(
    entry: Mapping[str, Any],
    settings: Settings,
    windows: Mapping[str, Any] | None,
    samples: Sequence[Sample],
) -> list[str]:
    """See that the cell types a model is trained on have labels and the assays it reads."""
    if windows is None:
        return []
    labelled = settings.labelled_cell_types(windows["task"])
    chosen = labelled if entry["train_on"] == "all" else entry["train_on"]
    chosen = [name for name in chosen if name in settings.cell_types]  # others are told of already
    faults = [
        f"train_on: cell type {name!r} has no labels of task {windows['task']!r}"
        for name in chosen
        if name not in labelled
    ]
    if not labelled:
        faults.append(f"the label sheet has no line for its task {windows['task']!r}")
    for name in entry["inputs"]:
        assay = ASSAY_OF_INPUT.get(name)
        own = [s for s in samples if s.assay == assay]
        if own and chosen and not any(s.cell_type in chosen for s in own):
            faults.append(f"input {name!r}: no {assay} sample in the cell types it is trained on")
    return faults
