"""The configuration of a run with its sheets, and what follows from both."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chrompute.balance import is_balanced
from chrompute.candidates import options_of
from chrompute.chromhmm import ChipFile
from chrompute.downloads import Download
from chrompute.label_sheet import LabelFile
from chrompute.recipe import ASSAY_OF_INPUT, Recipe
from chrompute.sheets import Sample, is_url
from chrompute.tasks import Task
from chrompute.used_keys import KEYS_OF_KIND, without_use

#: Kinds of models that are fitted to features of windows.
FEATURE_KINDS = ("logistic", "forest", "boosting")
#: Kinds of models that are fitted without a network.
BASELINE_KINDS = ("majority", "place", *FEATURE_KINDS)
#: Kinds of models that are made from a network, their `of`.
DERIVED_KINDS = ("ensemble", "applied")
#: Names under `training` and their defaults; a model's own block comes before the run's.
TRAINING_DEFAULTS: dict[str, Any] = {
    "epochs": 12,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "weight_decay": 0.05,
    "label_smoothing": 0.1,
    "jitter": 20,
    "threads": 2,
    "device": "auto",
    "schedule": "one_cycle",
    "precision": "auto",
    "accumulate": 1,
    "patience": None,
    "thinning": 1.0,
    "auxiliary": 0.0,
    "logit_adjustment": 0.0,
    "task_weights": {},
    "devices": 1,
    "store": "auto",
    "tensorboard": False,
}

#: Kinds that count every training window once, whatever `balance` says of it.
_UNWEIGHTED = ("majority", "place")


@dataclass(frozen=True)
class Settings:
    """A configuration with its defaults filled in, and its sheets.

    Attributes
    ----------
    config
        The configuration, files with an address standing where they are fetched to.
    samples, labels, chips
        Lines of the sheets of samples, labels (the same holds for their files) and ChIP-seq.
    fetched
        {place: what is fetched there} of the files of configuration and label sheet.
    """

    config: Mapping[str, Any]
    samples: Sequence[Sample]
    labels: Sequence[LabelFile]
    fetched: Mapping[str, Download] = field(default_factory=dict)
    chips: Sequence[ChipFile] = ()

    @property
    def cell_types(self) -> list[str]:
        """Cell types in the order of the sample sheet."""
        return list(dict.fromkeys(sample.cell_type for sample in self.samples))

    # Rules ask for samples thousands of times, and a sheet may have hundreds.

    @cached_property
    def _by_name(self) -> dict[str, Sample]:
        return {sample.name: sample for sample in self.samples}

    @cached_property
    def _by_cell_type(self) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            found.setdefault(sample.cell_type, []).append(sample)
        return found

    def sample(self, name: str) -> Sample:
        """Return one sample by name."""
        return self._by_name[name]

    def samples_of(
        self, cell_type: str | None = None, assay: str | None = None, layout: str | None = None
    ) -> list[Sample]:
        """Return the samples of a cell type, assay and layout; None stands for any."""
        own = self.samples if cell_type is None else self._by_cell_type.get(cell_type, [])
        return [
            sample
            for sample in own
            if assay in (None, sample.assay) and layout in (None, sample.layout)
        ]

    def pooled_samples(self, cell_type: str, assay: str, layout: str | None = None) -> list[Sample]:
        """Return the samples that are pooled for a cell type and assay."""
        return [sample for sample in self.samples_of(cell_type, assay, layout) if sample.pool]

    def local_path(self, sample: Sample, path: str) -> str:
        """Return where a file of a sample lies: an address stands for where it is fetched to."""
        if not is_url(path):
            return path
        return Download(path, sample.digest(path)).place(self.config)

    @property
    def downloads(self) -> dict[str, Download]:
        """{place: what is fetched there} of all inputs; several may share one file."""
        return {
            self.local_path(sample, path): Download(path, sample.digest(path))
            for sample in self.samples
            for path in sample.paths
            if is_url(path)
        } | dict(self.fetched)

    @cached_property
    def pooled_tracks(self) -> list[tuple[str, str]]:
        """Cell types and assays with tracks in common: those that pool two samples or more."""
        if not self.config["tracks"]["pooled"]:
            return []
        numbers = Counter((s.cell_type, s.assay) for s in self.samples if s.pool)
        return [pool for pool, number in numbers.items() if number > 1]

    def source_of(self, model: str) -> str:
        """Return the network whose weights a model uses: its `of`, or the model itself."""
        models = self.config["models"]
        source: str = models[model]["of"] or model
        return source if source in models else model  # an unknown one is told of already

    def seeds_of(self, model: str) -> list[int]:
        """Return the seeds of a model, one run each; an applied model has those of its `of`."""
        applied = self.config["models"][model]["kind"] == "applied"
        source = self.source_of(model) if applied else model
        return list(self.config["models"][source]["seeds"])

    def samples_of_model(self, model: str) -> list[Sample]:
        """Return the samples that a model reads."""
        return samples_of_model(self.config["models"][self.source_of(model)], self.samples)

    def task(self, name: str) -> Task:
        """Return one task by name."""
        return Task.from_config(name, self.config["tasks"][name])

    def tasks_of_windows(self, windows: str) -> list[Task]:
        """Return the tasks of a window set, in the order of the configuration."""
        return [self.task(name) for name in self.config["windows"][windows]["tasks"]]

    def tasks_of_model(self, model: str) -> list[Task]:
        """Return the tasks that a model predicts: those it names, or all that have classes.

        A model that is made from another one predicts the tasks of that one.
        """
        entry = self.config["models"][self.source_of(model)]
        tasks = self.tasks_of_windows(entry["windows"])
        chosen = entry["tasks"]
        return [t for t in tasks if (t.classes if chosen is None else t.name in chosen)]

    def labels_of(self, task: str) -> list[LabelFile]:
        """Return the label files of a task, those of all replicates and the truth."""
        return [label for label in self.labels if label.task == task]

    def labelled_cell_types(self, task: str) -> list[str]:
        """Return the cell types that have labels of a task, in the order of the sheet."""
        return list(dict.fromkeys(label.cell_type for label in self.labels_of(task)))

    def cell_types_of_windows(self, windows: str) -> list[str]:
        """Return the cell types that have labels of any task of a window set."""
        tasks = self.config["windows"][windows]["tasks"]
        return list(dict.fromkeys(label.cell_type for label in self.labels if label.task in tasks))

    def holdouts(self, windows: str) -> list[tuple[list[str], list[str]]]:
        """Return the cell types that the split of a window set holds out, and those that train.

        By cell types, those that test are held out from those that tune as well.
        """
        labelled, kept = self.cell_types_of_windows(windows), self.kept_cell_types(windows)
        split = self.config["windows"][windows]["split"]
        pairs = [(kept, set(labelled) - kept)]
        if split["by"] == "cell_types":
            pairs.append((set(split["test"] or ()), set(split["valid"] or ())))
        ordered = [tuple([c for c in labelled if c in own] for own in pair) for pair in pairs]
        return [(held_out, training) for held_out, training in ordered if held_out and training]

    def holdout_of_model(self, model: str) -> tuple[list[str], list[str]]:
        """Return the cell types that a model is not trained on, and those that it is."""
        training = self.training_cell_types(model)
        labelled = self.cell_types_of_windows(self.config["models"][model]["windows"])
        return [name for name in labelled if name not in training], training

    def training_cell_types(self, model: str) -> list[str]:
        """Return the cell types that a model is trained on: those it names, or all that can be.

        These have labels of one of its tasks, and its window set does not keep them to tune or
        to test.
        """
        entry = self.config["models"][self.source_of(model)]
        if entry["train_on"] != "all":
            return list(entry["train_on"])
        names = {task.name for task in self.tasks_of_model(model)}
        kept = self.kept_cell_types(entry["windows"])
        labelled = dict.fromkeys(label.cell_type for label in self.labels if label.task in names)
        return [cell_type for cell_type in labelled if cell_type not in kept]

    def kept_cell_types(self, windows: str) -> set[str]:
        """Return the cell types that no model of a window set is trained on."""
        split = self.config["windows"][windows]["split"]
        named = (split["valid"] or []) + (split["test"] or [])
        return {*split["unseen"], *(named if split["by"] == "cell_types" else ())}

    def models_of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the models of some kinds."""
        return [name for name, entry in self.config["models"].items() if entry["kind"] in kinds]

    def training(self, model: str) -> dict[str, Any]:
        """Return the training settings of a network, every one of them filled in.

        Of the run's weights of tasks it has those of its own tasks.
        """
        own = self.config["models"][self.source_of(model)]["training"]
        filled = TRAINING_DEFAULTS | dict(self.config["training"]) | dict(own)
        weights = filled["task_weights"]
        if "task_weights" not in own and isinstance(weights, Mapping):
            others = {*self.config["tasks"]} - {task.name for task in self.tasks_of_model(model)}
            kept = {name: weight for name, weight in weights.items() if name not in others}
            filled["task_weights"] = kept
        return filled

    def images(self, model: str) -> dict[str, Any]:
        """Return what the V-plots of a model look like, every setting filled in."""
        own = self.config["models"][self.source_of(model)]["images"]
        return dict(self.config["images"]) | dict(own)

    def has_own_images(self, model: str) -> bool:
        """Tell whether a model sees other V-plots than those of the run's `images`."""
        return self.images(model) != dict(self.config["images"])

    def recipe(self, model: str) -> Recipe:
        """Gather the recipe of one model.

        Of a model that is made from another one it is the recipe of that one, but for name, kind
        and window set.
        """
        own, entry = (self.config["models"][m] for m in (model, self.source_of(model)))
        kind, windows = entry["kind"], self.config["windows"][own["windows"]]
        chosen, tasks = self.samples_of_model(model), self.tasks_of_model(model)
        return Recipe(
            model=model,
            kind=own["kind"],
            tasks={task.name: task.classes for task in tasks},
            windows=own["windows"],
            width=windows["width"],
            inputs=tuple(entry["inputs"]),
            samples=tuple((s.name, s.cell_type, s.assay) for s in chosen),
            train_on=tuple(self.training_cell_types(model)),
            images={key: self.images(model)[key] for key in _keys(kind, "images")},
            network=entry["network"] if kind == "network" else {},
            training=self.training(model) if kind == "network" else {},
            features={
                key: entry["features"][key]
                for key in _keys(kind, "features")
                if not without_use(entry, "features", key)
            },
            baseline=entry[kind] if kind in FEATURE_KINDS else {},
            permute=tuple(entry["permute"]),
            fold=entry["fold"],
            folds=windows["split"]["number"] if entry["fold"] else 0,
            balance={
                task.name: self.config["tasks"][task.name]["balance"]
                for task in tasks
                if kind not in _UNWEIGHTED
                and is_balanced(self.config["tasks"][task.name]["balance"])
            },
            candidates=options_of(windows["candidates"]),
        )


def _keys(kind: str, block: str) -> Sequence[str]:
    """Return the keys of a block that a kind of model uses: others do not fit it again."""
    return KEYS_OF_KIND.get(kind, {}).get(block, ())


def samples_of_model(entry: Mapping[str, Any], samples: Sequence[Sample]) -> list[Sample]:
    """Return those of some samples that a model reads, by its block of the configuration."""
    assays = {ASSAY_OF_INPUT[name] for name in entry["inputs"] if name in ASSAY_OF_INPUT}
    chosen = entry["samples"]
    # Models see V-plots, which need both ends.
    usable = [s for s in samples if s.assay in assays and s.layout == "paired"]
    return [s for s in usable if (s.pool if chosen is None else s.name in chosen)]
