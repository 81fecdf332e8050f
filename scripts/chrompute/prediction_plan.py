"""What the configuration's `predictions` ask for: models, samples, and the files that result."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chrompute.prediction_names import probability_name, segments_name, shown_classes
from chrompute.recipe import ASSAY_OF_INPUT
from chrompute.schema import suggestion
from chrompute.settings import Settings

#: Kinds of models that can be taken to another place of the genome.
PREDICTING_KINDS = ("network", "ensemble")
_FILES = ("model.safetensors", "card.json")


@dataclass(frozen=True)
class Plan:
    """One entry of `predictions`.

    Attributes
    ----------
    name
        Its name, and that of its folder.
    files
        Files of the model, its own card first; a path below the results folder begins with
        "<results>/".
    inputs
        What the model reads.
    tasks
        {task: its classes}.
    threads
        CPU threads.
    samples
        {cell type or sample: {assay: names of the samples that are read}}.
    """

    name: str
    files: tuple[str, ...]
    inputs: tuple[str, ...]
    tasks: Mapping[str, Sequence[str]]
    threads: int
    samples: Mapping[str, Mapping[str, Sequence[str]]]

    def products(self, unit: str) -> list[str]:
        """Return the ends of the paths of what is made for a cell type or sample."""
        ends = ["tsv.gz"]
        for task, classes in self.tasks.items():
            ends.append(segments_name(task))
            ends += [probability_name(task, name) for name in shown_classes(classes)]
        return [f"predictions/{self.name}/{unit}.{end}" for end in ends]


def plan_prediction(name: str, settings: Settings) -> Plan:
    """Return the plan of one entry, which has no fault (`prediction_faults`)."""
    entry = settings.config["predictions"][name]
    if entry["folder"] is not None:
        files, card = _foreign(Path(entry["folder"]))
        tasks, inputs = card["tasks"], tuple(card["inputs"])
        threads = card.get("training", {}).get("threads", 2)
    else:
        model = entry["model"] or name
        files = _own(model, _seed(entry, model, settings), settings)
        tasks = {task.name: list(task.classes) for task in settings.tasks_of_model(model)}
        inputs = tuple(settings.config["models"][settings.source_of(model)]["inputs"])
        threads = settings.training(model)["threads"]
    return Plan(name, files, inputs, tasks, threads, _samples(name, inputs, settings))


def _seed(entry: Mapping[str, Any], model: str, settings: Settings) -> int:
    return settings.seeds_of(model)[0] if entry["seed"] is None else int(entry["seed"])


def _own(model: str, seed: int, settings: Settings) -> tuple[str, ...]:
    """Return the files of a model of this run."""
    own = f"<results>/models/{model}/seed-{seed}"
    if settings.config["models"][model]["kind"] == "network":
        return f"{own}/card.json", f"{own}/model.safetensors"
    source = settings.source_of(model)
    folders = [f"<results>/models/{source}/seed-{n}" for n in settings.seeds_of(source)]
    return f"{own}/card.json", *(f"{folder}/{file}" for folder in folders for file in _FILES)


def _foreign(folder: Path) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the files of a model of another run, and its card."""
    card = json.loads((folder / "card.json").read_text())
    if card["kind"] == "network":
        return (str(folder / "card.json"), str(folder / "model.safetensors")), card
    models = folder.parent.parent
    folders = [models / of / f"seed-{seed}" for of, seed in card["members"]]
    return (
        str(folder / "card.json"),
        *(str(member / file) for member in folders for file in _FILES),
    ), card


def _samples(
    name: str, inputs: Sequence[str], settings: Settings
) -> dict[str, dict[str, list[str]]]:
    """Return {cell type or sample: {assay: samples that are read}}."""
    entry = settings.config["predictions"][name]
    assays = list(dict.fromkeys(ASSAY_OF_INPUT[n] for n in inputs if n in ASSAY_OF_INPUT))
    chosen = settings.cell_types if entry["cell_types"] == "all" else entry["cell_types"]
    units = {}
    for cell_type in chosen:
        own = {assay: _of_cell_type(name, cell_type, assay, settings) for assay in assays}
        if entry["cell_types"] != "all" or all(own.values()):
            units[cell_type] = {assay: names for assay, names in own.items() if names}
    for sample in map(settings.sample, entry["samples"]):
        units[sample.name] = {sample.assay: [sample.name]}
    return units


def _of_cell_type(name: str, cell_type: str, assay: str, settings: Settings) -> list[str]:
    """Return the samples of a cell type: those that the model of this run reads, or the pool."""
    entry = settings.config["predictions"][name]
    read = [] if entry["folder"] else settings.samples_of_model(entry["model"] or name)
    own = [s.name for s in read if (s.cell_type, s.assay) == (cell_type, assay)]
    return own or [s.name for s in settings.pooled_samples(cell_type, assay, "paired")]


def prediction_faults(name: str, settings: Settings) -> list[str]:
    """List what is wrong with one entry of the `predictions` block, one sentence each."""
    entry = settings.config["predictions"][name]
    faults = [
        f"unknown {what} {given!r}{suggestion(given, known)}"
        for what, known, names in (
            ("cell type", settings.cell_types, entry["cell_types"]),
            ("sample", [s.name for s in settings.samples], entry["samples"]),
        )
        for given in (names if names != "all" else ())
        if given not in known
    ]
    if entry["step"] is None and entry["regions"] is None:
        faults.append("without 'step' the windows to predict are 'regions'; give one of them")
    faults += _folder_faults(entry) if entry["folder"] else _model_faults(name, settings)
    return faults or _unit_faults(name, settings)


def _folder_faults(entry: Mapping[str, Any]) -> list[str]:
    path = Path(entry["folder"]) / "card.json"
    if entry["model"] is not None or entry["seed"] is not None:
        return ["has both 'folder' and 'model' or 'seed'; keep one"]
    try:
        card = json.loads(path.read_text())
        kind, _ = card["kind"], (card["tasks"], card["inputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return [f"folder: {path} is no card of a trained model; give the folder of one"]
    if kind not in PREDICTING_KINDS:
        return [f"folder: {path} is of a model of kind {kind}; give a network or an ensemble"]
    if kind == "ensemble" and not card.get("members"):
        return [f"folder: {path} does not name its networks; give the folder of one of them"]
    return []


def _model_faults(name: str, settings: Settings) -> list[str]:
    entry, models = settings.config["predictions"][name], settings.config["models"]
    model = entry["model"] or name
    if model not in models:
        return [f"unknown model {model!r}{suggestion(model, models)}"]
    if models[model]["kind"] not in PREDICTING_KINDS:
        return [
            f"model {model!r} is of kind {models[model]['kind']}; give a network or an ensemble"
        ]
    if entry["seed"] not in (None, *settings.seeds_of(model)):
        return [f"model {model!r} has no seed {entry['seed']}; give one of its seeds"]
    return []


def _unit_faults(name: str, settings: Settings) -> list[str]:
    """List cell types and samples that cannot be predicted, or would share files."""
    try:
        plan = plan_prediction(name, settings)
    except (KeyError, TypeError, AttributeError) as error:
        return [f"folder: its card lacks what prediction needs ({error!r}); train the model again"]
    entry = settings.config["predictions"][name]
    faults = [
        f"sample {sample!r} is also the name of a cell type, and both would have the same files; "
        "rename it"
        for sample in entry["samples"]
        if sample in (entry["cell_types"] if entry["cell_types"] != "all" else plan.samples)
        and sample in settings.cell_types
    ]
    if not plan.samples:
        faults.append("no cell type has all that the model reads; name 'cell_types' or 'samples'")
    if "sequence" in plan.inputs and settings.config["genome"]["fasta"] is None:
        faults.append("the model reads DNA; give genome/fasta")
    made = [path for unit in plan.samples for path in plan.products(unit)]
    twice = sorted({path for path in made if made.count(path) > 1})
    if twice and not faults:
        faults.append(f"{twice[0]} would be made twice; rename a sample or a cell type")
    return faults
