"""The configuration of a run with its sheets, and what follows from both."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chrompute.chromhmm import ChipFile
from chrompute.label_sheet import LabelFile
from chrompute.recipe import ASSAY_OF_INPUT, Recipe
from chrompute.sheets import Sample, is_url
from chrompute.tasks import Task

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
}


@dataclass(frozen=True)
class Settings:
    """A configuration with its defaults filled in, and its sheets.

    Attributes
    ----------
    config
        The configuration.
    samples, labels, chips
        Lines of the sheets of samples, labels and ChIP-seq.
    """

    config: Mapping[str, Any]
    samples: Sequence[Sample]
    labels: Sequence[LabelFile]
    chips: Sequence[ChipFile] = ()

    @property
    def cell_types(self) -> list[str]:
        """Cell types in the order of the sample sheet."""
        return list(dict.fromkeys(sample.cell_type for sample in self.samples))

    def sample(self, name: str) -> Sample:
        """Return one sample by name."""
        return next(sample for sample in self.samples if sample.name == name)

    def samples_of(
        self, cell_type: str | None = None, assay: str | None = None, layout: str | None = None
    ) -> list[Sample]:
        """Return the samples of a cell type, assay and layout; None stands for any."""
        return [
            sample
            for sample in self.samples
            if cell_type in (None, sample.cell_type)
            and assay in (None, sample.assay)
            and layout in (None, sample.layout)
        ]

    def pooled_samples(self, cell_type: str, assay: str, layout: str | None = None) -> list[Sample]:
        """Return the samples that are pooled for a cell type and assay."""
        return [sample for sample in self.samples_of(cell_type, assay, layout) if sample.pool]

    def local_path(self, sample: Sample, path: str) -> str:
        """Return where a file of a sample lies: a path as it is, an address where it is fetched to.

        The place of a fetched file is `<results>/inputs/{download}`.
        """
        if not is_url(path):
            return path
        results = self.config.get("pathvars", {}).get("results", "results")
        return f"{results}/inputs/{sample.download(path)}"

    @property
    def downloads(self) -> dict[str, dict[str, str]]:
        """{name of a fetched file: its `url` and `sha256`}; samples may share one."""
        return {
            sample.download(path): {"url": path, "sha256": digest}
            for sample in self.samples
            for path, digest in zip(sample.paths, sample.sha256, strict=False)
            if is_url(path)
        }

    @property
    def pooled_tracks(self) -> list[tuple[str, str]]:
        """Cell types and assays with tracks in common: those that pool two samples or more."""
        if not self.config["tracks"]["pooled"]:
            return []
        numbers = Counter((s.cell_type, s.assay) for s in self.samples if s.pool)
        return [pool for pool, number in numbers.items() if number > 1]

    def samples_of_model(self, model: str) -> list[Sample]:
        """Return the samples that a model reads."""
        return samples_of_model(self.config["models"][model], self.samples)

    def task(self, name: str) -> Task:
        """Return one task by name."""
        return Task.from_config(name, self.config["tasks"][name])

    def tasks_of_windows(self, windows: str) -> list[Task]:
        """Return the tasks of a window set, in the order of the configuration."""
        return [self.task(name) for name in self.config["windows"][windows]["tasks"]]

    def tasks_of_model(self, model: str) -> list[Task]:
        """Return the tasks that a model predicts: those it names, or all that have classes."""
        entry = self.config["models"][model]
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

    def models_of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the models of some kinds."""
        return [name for name, entry in self.config["models"].items() if entry["kind"] in kinds]

    def training(self, model: str) -> dict[str, Any]:
        """Return the training settings of a network, every one of them filled in."""
        own = self.config["models"][model]["training"]
        return TRAINING_DEFAULTS | dict(self.config["training"]) | dict(own)

    def recipe(self, model: str) -> Recipe:
        """Gather the recipe of one model."""
        entry = self.config["models"][model]
        kind, windows = entry["kind"], self.config["windows"][entry["windows"]]
        labelled = self.labelled_cell_types(windows["task"])
        chosen = samples_of_model(entry, self.samples)
        return Recipe(
            model=model,
            kind=kind,
            task=windows["task"],
            classes=tuple(self.config["tasks"][windows["task"]]["classes"]),
            windows=entry["windows"],
            width=windows["width"],
            inputs=tuple(entry["inputs"]),
            samples=tuple((s.name, s.cell_type, s.assay) for s in chosen),
            train_on=tuple(labelled if entry["train_on"] == "all" else entry["train_on"]),
            images=self.config["images"] if kind == "network" else {},
            network=entry["network"] if kind == "network" else {},
            training=self.training(model) if kind == "network" else {},
            forest=entry["forest"] if kind == "forest" else {},
            permute=tuple(entry["permute"]),
        )


def samples_of_model(entry: Mapping[str, Any], samples: Sequence[Sample]) -> list[Sample]:
    """Return those of some samples that a model reads, by its block of the configuration."""
    assays = {ASSAY_OF_INPUT[name] for name in entry["inputs"] if name in ASSAY_OF_INPUT}
    chosen = entry["samples"]
    # Models see V-plots, which need both ends.
    usable = [s for s in samples if s.assay in assays and s.layout == "paired"]
    return [s for s in usable if (s.pool if chosen is None else s.name in chosen)]
