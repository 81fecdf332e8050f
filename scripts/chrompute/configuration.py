"""Loading a configuration: schema, defaults, and all faults that need no data to be told."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from chrompute.ablations import expand_ablations
from chrompute.balance import balance_faults
from chrompute.chip_sheet import chromhmm_faults, read_chip
from chrompute.chromhmm import ChipFile
from chrompute.downloads import take_addresses
from chrompute.genome_faults import genome_faults
from chrompute.interpreted import interpret_faults
from chrompute.label_sheet import LabelFile, read_labels
from chrompute.model_faults import model_faults
from chrompute.motif_faults import motif_faults
from chrompute.prediction_plan import prediction_faults
from chrompute.recipe import ASSAY_OF_INPUT
from chrompute.schema import explain, suggestion, with_defaults
from chrompute.settings import Settings
from chrompute.sheets import read_samples
from chrompute.simulate.products import simulation_faults
from chrompute.sites import key_faults
from chrompute.tasks import class_mapping, task_faults
from chrompute.used_keys import unused_faults
from chrompute.verdicts import threshold_faults
from chrompute.window_faults import window_faults


def load_settings(config: Mapping[str, Any], schema_path: str | Path) -> tuple[Settings, list[str]]:
    """Check a configuration and read its sheets.

    Parameters
    ----------
    config
        As Snakemake hands it over.
    schema_path
        `config/schemas/config.schema.json`.

    Returns
    -------
    settings
        With defaults filled in. Where there are faults it is as complete as could be.
    faults
        One sentence each, empty when all is well.
    """
    schema = json.loads(Path(schema_path).read_text())
    errors = sorted(
        Draft202012Validator(schema).iter_errors(config), key=lambda e: list(map(str, e.path))
    )
    faults = [f"configuration: {fault}" for error in errors for fault in explain(error)]
    # With nothing but unknown keys the rest can be trusted, and is looked at all the same.
    if any(error.validator != "additionalProperties" for error in errors):
        return Settings(config, [], []), faults
    expanded, entries, own = expand_ablations(json.loads(json.dumps(config)), schema)
    for name, entry in expanded["models"].items():
        own += [f"models/{name}: {fault}" for fault in unused_faults(entry, entry, schema)]
    faults += [f"configuration: {fault}" for fault in own]
    filled = with_defaults(expanded, schema, schema)
    classes = [task.get("classes", {}) for task in filled["tasks"].values()]
    for group in (filled["models"], *classes):
        for name, entry in group.items():
            entry.setdefault("title", name)
    samples, sample_faults = read_samples(filled["samples"])
    labels: list[LabelFile] = []
    label_faults: list[str] = []
    if filled["labels"] is not None:
        labels, label_faults = read_labels(filled["labels"], filled["tasks"], samples)
    chips: list[ChipFile] = []
    chip_faults: list[str] = []
    if filled["chromhmm"] is not None:
        chips, chip_faults = read_chip(filled["chromhmm"]["sheet"], samples)
    labels, fetched, address_faults = take_addresses(filled, labels)
    settings = Settings(filled, samples, labels, fetched, chips)
    faults += sample_faults + label_faults + chip_faults + address_faults
    faults += genome_faults(filled) + _configuration_faults(filled)
    if not (sample_faults or label_faults or chip_faults):
        faults += _sheet_faults(settings) + simulation_faults(filled, samples, labels, chips)
        faults += chromhmm_faults(filled, samples, chips, labels)
        if not faults:  # of names that are not there is told already
            faults += motif_faults(settings)
    return settings, [_with_entry(fault, entries) for fault in faults]


def _with_entry(fault: str, entries: Mapping[str, str]) -> str:
    """Say of a fault of an ablation's model also which entry of the list makes that."""
    found = re.match(r"configuration: models/([\w-]+)", fault)
    if found is None or found[1] not in entries:
        return fault
    return f"{found[0]} ({entries[found[1]]}){fault[found.end() :]}"


#: Columns of a window set beside its tasks', and what a task must therefore not be called.
_WINDOW_COLUMNS = (
    "cell_type", "chrom", "start", "end", "centre", "strand", "split", "fold", "gc", "n",
    "mappability", "identical",
)  # fmt: skip

#: What comes after the name of a site set in the files of V-plots; a class of that name in a task
#: that is called like the site set would have the same files.
_FILE_ENDS = ("corrected", "images")


def _configuration_faults(config: Mapping[str, Any]) -> list[str]:
    """List what no schema can say of the configuration alone: ranges, and names that must exist."""
    faults = _unknown_names(_references(config))
    for block in ("fragments", "vplots", "nucleosomes", "images"):
        if config[block]["min_length"] >= config[block]["max_length"]:
            faults.append(f"configuration: {block}: min_length must be below max_length")
    if (profile := config["images"]["profile"]) != sorted(set(profile)):
        faults.append(f"configuration: images: profile {profile} must ascend")
    if config["nucleosomes"]["atac_min_length"] >= config["nucleosomes"]["atac_max_length"]:
        faults.append("configuration: nucleosomes: atac_min_length must be below atac_max_length")
    one_nucleosome = config["tracks"]["mono_nucleosome"]
    if one_nucleosome["min_length"] >= one_nucleosome["max_length"]:
        faults.append("configuration: tracks/mono_nucleosome: min_length must be below max_length")
    block = config["evaluation"]["block"]
    faults += [
        f"configuration: evaluation/block: {block} bp are less than windows/{name} are wide, so "
        f"that blocks would share fragments; give at least {entry['width']} bp"
        for name, entry in config["windows"].items()
        if entry["width"] > block
    ]
    faults += [f"configuration: {f}" for f in threshold_faults(config["quality"]["thresholds"])]
    faults += [f"configuration: {fault}" for fault in _faults_of_tasks(config)]
    faults += [f"configuration: {fault}" for fault in interpret_faults(config)]
    for name, entry in config["sites"].items():
        faults += [f"configuration: sites/{name}: {fault}" for fault in key_faults(entry)]
    faults += [
        f"configuration: sites: {name!r} is the name of a figure; choose another"
        for name in ("classes", "pooled")
        if name in config["sites"]
    ]
    return faults


def _faults_of_tasks(config: Mapping[str, Any]) -> list[str]:
    faults = []
    sequence = config["genome"]["fasta"] is not None
    for name, entry in config["tasks"].items():
        faults += task_faults(name, entry)
        faults += balance_faults(name, entry["kind"], entry["balance"], sequence)
        faults += [
            f"tasks/{name}/classes: {taken!r} ends the names of other files; rename the class"
            for taken in _FILE_ENDS
            if taken in class_mapping(entry)["classes"]
        ]
        if name in _WINDOW_COLUMNS:
            faults.append(f"tasks: {name!r} is a column of windows; rename the task")
    return faults


def _sheet_faults(settings: Settings) -> list[str]:
    """List what configuration and sheets say against each other."""
    models = settings.config["models"]
    samples = [sample.name for sample in settings.samples]
    references: list[_Reference] = [
        ("peaks/files", "cell type", name, settings.cell_types)
        for name in settings.config["peaks"]["files"]
    ]
    for name, entry in models.items():
        place = f"models/{name}"
        references += [(f"{place}/samples", "sample", s, samples) for s in entry["samples"] or ()]
        if entry["train_on"] != "all":
            known = settings.cell_types
            references += [(f"{place}/train_on", "cell type", c, known) for c in entry["train_on"]]
    faults = _unknown_names(references) + _folder_faults(settings) + _pool_faults(settings)
    faults += _single_end_faults(settings)
    if settings.config["peaks"]["call"] and not settings.samples_of(assay="ATAC", layout="paired"):
        faults.append(
            "configuration: peaks/call: there is no paired-end ATAC sample; set it to false"
        )
    for name, entry in settings.config["windows"].items():
        faults += [f"configuration: windows/{name}: {f}" for f in window_faults(entry, settings)]
    for name in models:
        faults += [f"configuration: models/{name}: {f}" for f in model_faults(name, settings)]
    for name in settings.config["predictions"]:
        own = prediction_faults(name, settings)
        faults += [f"configuration: predictions/{name}: {f}" for f in own]
    return faults


def _single_end_faults(settings: Settings) -> list[str]:
    """List single-end samples that the configuration asks too much of."""
    block = settings.config["nucleosomes"]
    low, high = block["min_length"], block["max_length"]
    faults = [
        f"{settings.config['samples']}: sample {sample.name!r}: fragment_length "
        f"{sample.fragment_length} lies outside nucleosomes/min_length to max_length "
        f"({low} to {high - 1} bp), so none of its dyads would count; correct one of them"
        for sample in settings.samples
        if sample.extend and not low <= sample.extend < high
    ]
    single = {sample.name for sample in settings.samples_of(layout="single")}
    return faults + [
        f"configuration: models/{name}: sample {sample!r} is single-end, and models see V-plots, "
        "which need both ends; remove it"
        for name, entry in settings.config["models"].items()
        for sample in entry["samples"] or ()
        if sample in single
    ]


#: Ends of a sample's files in the folder that also holds a folder for each cell type.
_MULTIQC = ("verdicts", "reads", "lengths")
_SAMPLE_FILES = (".bed.gz", ".json", ".phasing.tsv", ".phasing.png", ".phasing.pdf")


def _folder_faults(settings: Settings) -> list[str]:
    """List the cell types whose folder would be a file of a sample."""
    files = {sample.name + end for sample in settings.samples for end in _SAMPLE_FILES}
    faults = [
        f"configuration: samples: cell type {name!r} is also called a file of a sample; rename it"
        for name in settings.cell_types
        if name in files
    ]
    taken = {"chrompute_mqc", *(f"chrompute_{name}_mqc" for name in _MULTIQC)}
    taken |= {f"{name}.summary" for name in settings.cell_types}
    return faults + [
        f"configuration: samples: {sample.name!r} is the name of a file of quality; rename it"
        for sample in settings.samples
        if sample.name in taken
    ]


def _pool_faults(settings: Settings) -> list[str]:
    """See that no sample's tracks would be the files of a cell type's pooled tracks."""
    pools = {f"{cell_type}.{assay}": cell_type for cell_type, assay in settings.pooled_tracks}
    return [
        f"{settings.config['samples']}: sample {sample.name!r} is called like the pooled tracks of "
        f"cell type {pools[sample.name]!r}; rename it, or set tracks/pooled to false"
        for sample in settings.samples
        if sample.name in pools
    ]


#: Where a name stands, what it names, the name, and the names that exist.
_Reference = tuple[str, str, str, Iterable[str]]


def _unknown_names(references: Iterable[_Reference]) -> list[str]:
    return [
        f"configuration: {place}: unknown {what} {name!r}{suggestion(name, known)}"
        for place, what, name, known in references
        if name not in known
    ]


def _references(config: Mapping[str, Any]) -> Iterable[_Reference]:
    for block in ("vplots", "nucleosomes"):
        for name in config[block]["sites"]:
            yield f"{block}/sites", "site set", name, config["sites"]
    classes = [
        f"{task}.{name}"
        for task, entry in config["tasks"].items()
        for name in class_mapping(entry)["classes"]
    ]
    for name in config["vplots"]["images"]:
        yield "vplots/images", "site set or class", name, [*config["sites"], *classes]
    if config["quality"]["tss"] is not None:
        yield "quality/tss", "site set", config["quality"]["tss"], config["sites"]
    networks = [
        name
        for name, entry in config["models"].items()
        if entry["kind"] == "network" and {*entry["inputs"]} & {*ASSAY_OF_INPUT}
    ]
    for name in config["depth"]["models"] or ():
        yield "depth/models", "network that reads fragments", name, networks
    for name, entry in config["models"].items():
        yield f"models/{name}", "window set", entry["windows"], config["windows"]
