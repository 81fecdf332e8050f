"""What a run simulates: the files below its folder, and faults of a configuration of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from chrompute.chromhmm import ChipFile
from chrompute.errors import InputError
from chrompute.label_sheet import LabelFile
from chrompute.sheets import Sample
from chrompute.simulate.design import STATES, SWITCHED_FACTORS, Design
from chrompute.simulate.genome import LOCUS_COLUMNS, draw_loci
from chrompute.simulate.grammar import KINDS
from chrompute.simulate.labels import confusion_of_labels, state_frequency
from chrompute.simulate.marks import MARKS
from chrompute.tasks import Task

#: Replicates of the labels, and the truth.
LABEL_REPLICATES = ("1", "2", "truth")
#: Replicates of the marks' peaks and alignments.
MARK_REPLICATES = ("1", "2")
#: Shifts that fragment ends can be written with, as bp that are added to start and end.
WRITTEN_SHIFTS = {"none": (0, 0), "+4/-4": (4, -4), "+4/-5": (4, -5)}
GENOME, GENES, MOTIFS = "genome.fa", "genes.gtf", "truth/motifs.bed"


def simulation_folder(config: Mapping[str, Any]) -> PurePosixPath | None:
    """Return the folder of simulated files, None where nothing is simulated."""
    if not config.get("simulation"):
        return None
    results = config.get("pathvars", {}).get("results", "results")
    return PurePosixPath(results) / "simulation"


def is_simulated(config: Mapping[str, Any], path: str | None) -> bool:
    """Tell whether a file is one that the run simulates, by where it lies."""
    folder = simulation_folder(config)
    return folder is not None and path is not None and folder in PurePosixPath(path).parents


def simulation_faults(
    config: Mapping[str, Any],
    samples: Sequence[Sample],
    labels: Sequence[LabelFile],
    chips: Sequence[ChipFile] = (),
) -> list[str]:
    """List, as sentences, what is wrong with a configuration that simulates."""
    folder = simulation_folder(config)
    if folder is None:
        return [
            f"configuration: models/{name}: an oracle knows the simulator; there is no block "
            "'simulation'"
            for name, entry in config["models"].items()
            if entry["kind"] == "oracle"
        ]
    faults = _oracle_faults(config)
    design = Design.from_config(config["simulation"])
    faults += [f"configuration: simulation/{fault}" for fault in _design_faults(design)]
    faults += _sheet_faults(config, samples, labels, design) + _chip_faults(config, chips, design)
    wanted = _simulated_files(config, samples, labels)
    if not wanted:
        return [
            *faults,
            f"configuration: simulation: it writes to {folder}, and no sheet names a file there; "
            "correct the paths of the sheets, or pathvars/results, or set it to null",
        ]
    if not is_simulated(config, config["genome"]["fasta"]):
        faults.append(
            f"configuration: genome/fasta: samples and labels are simulated and the genome is not; "
            f"give {folder / GENOME}"
        )
    wanted += _named_files(config) + _chip_files(config, chips)
    return faults + [
        f"configuration: {what}: {path} is not what the simulation makes; give {folder / name}"
        for what, path, name in wanted
        if PurePosixPath(path) != folder / name
    ]


def _named_files(config: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return of each file that the configuration takes from the simulation what, path, name."""
    found = [("genome/fasta", config["genome"]["fasta"], GENOME)]
    for name, entry in config["sites"].items():
        motifs = entry["path"].endswith(".bed")  # the planted ones
        found.append((f"sites/{name}", entry["path"], MOTIFS if motifs else GENES))
    for cell_type, path in config["peaks"]["files"].items():
        mark = PurePosixPath(path).name.removeprefix(f"{cell_type}.")
        known = mark in {f"{m}.{r}.narrowPeak" for m in MARKS for r in MARK_REPLICATES}
        name = mark if known else "CTCF.1.narrowPeak"
        found.append((f"peaks/files/{cell_type}", path, f"marks/{cell_type}.{name}"))
    return [part for part in found if is_simulated(config, part[1])]


def _simulated_files(
    config: Mapping[str, Any], samples: Sequence[Sample], labels: Sequence[LabelFile]
) -> list[tuple[str, str, str]]:
    """Return of each file that the sheets take from the simulation: what, path, its true name."""
    found = [
        (f"sample {sample.name!r}", path, f"{sample.name}.bam")
        for sample in samples
        for path in sample.paths
        if is_simulated(config, path)
    ]
    found += [
        (f"labels of {label.cell_type!r}, replicate {label.replicate!r}", label.path, name)
        for label in labels
        if is_simulated(config, label.path) and (name := _label_file(label)) is not None
    ]
    return found


def _label_file(label: LabelFile) -> str | None:
    """Return what a label file is called that is simulated; None where none of its kind is."""
    if label.kind == "segmentation":
        return f"{label.cell_type}.states.{label.replicate}.bed"
    if label.kind == "signal":
        return None
    names = [f"{label.cell_type}.{mark}.{label.replicate}.narrowPeak" for mark in MARKS]
    own = PurePosixPath(label.path).name
    return f"marks/{own if own in names else names[0]}"


#: Replicates of the labels of each kind that the simulation makes.
_REPLICATES = {"segmentation": LABEL_REPLICATES, "marks": MARK_REPLICATES}


def _chip_files(config: Mapping[str, Any], chips: Sequence[ChipFile]) -> list[tuple[str, str, str]]:
    """Return of each file that the ChIP sheet takes from the simulation what, path, its name."""
    found = []
    for chip in chips:
        what = f"ChIP of {chip.mark} in {chip.cell_type!r}, replicate {chip.replicate!r}"
        for paths, mark in ((chip.paths, chip.mark), (chip.controls, "input")):
            name = f"marks/{chip.cell_type}.{mark}.{chip.replicate}.bam"
            found += [(what, path, name) for path in paths if is_simulated(config, path)]
    return found


def _chip_faults(config: Mapping[str, Any], chips: Sequence[ChipFile], design: Design) -> list[str]:
    """See that the simulation makes ChIP of these cell types, marks and replicates."""
    places = [
        ("cell type", design.factors, "cell_type"),
        ("mark", MARKS, "mark"),
        ("replicate", MARK_REPLICATES, "replicate"),
    ]
    return [
        f"{config['chromhmm']['sheet']}: {what} {getattr(chip, field)!r} is not simulated; there "
        f"are {', '.join(known)}"
        for chip in chips
        if any(is_simulated(config, path) for path in (*chip.paths, *chip.controls))
        for what, known, field in places
        if getattr(chip, field) not in known
    ]


def _sheet_faults(
    config: Mapping[str, Any],
    samples: Sequence[Sample],
    labels: Sequence[LabelFile],
    design: Design,
) -> list[str]:
    """See that the simulation knows the cell types and replicates of its files."""
    faults = [
        f"{config['samples']}: sample {sample.name!r}: cell type {sample.cell_type!r} is not "
        f"simulated; simulation/factors has {', '.join(design.factors)}"
        for sample in samples
        if any(is_simulated(config, path) for path in sample.paths)
        and sample.cell_type not in design.factors
    ]
    faults += [
        f"{config['labels']}: labels of {label.cell_type!r}: the cell type is not simulated; "
        f"simulation/factors has {', '.join(design.factors)}"
        for label in labels
        if is_simulated(config, label.path) and label.cell_type not in design.factors
    ]
    for label in labels:
        if not is_simulated(config, label.path):
            continue
        place = f"{config['labels']}: labels of {label.cell_type!r}: "
        known = _REPLICATES.get(label.kind)
        if known is None:
            faults.append(f"{place}no {label.kind} is simulated; take {label.path} elsewhere")
        elif label.replicate not in known:
            faults.append(
                f"{place}replicate {label.replicate!r} is not simulated; there are "
                f"{', '.join(known)}"
            )
    return faults


def _design_faults(design: Design) -> list[str]:
    faults = [
        f"composition: unknown kind {name!r}; there are {', '.join(KINDS)}"
        for name in design.composition
        if name not in KINDS or name == "body"
    ]
    if not sum(design.composition.values()) > 0:
        faults.append("composition: gives no locus; give a kind a number above 0")
    faults += [
        f"factors: {name!r} is a column of the loci; call the cell type otherwise"
        for name in design.factors
        if name in LOCUS_COLUMNS
    ]
    if not faults:
        loci = draw_loci(replace(design, chromosomes=min(design.chromosomes, 2)))
        try:
            confusion_of_labels(state_frequency(loci, design), design.agreement)
        except InputError as error:
            faults += [fault.removeprefix("simulation: ") for fault in error.faults]
    faults += [
        f"factors/{cell_type}: {factor!r} is no factor of any grammar; there are "
        f"{', '.join(SWITCHED_FACTORS)}"
        for cell_type, factors in design.factors.items()
        for factor in factors
        if factor not in SWITCHED_FACTORS
    ]
    return faults


def _oracle_faults(config: Mapping[str, Any]) -> list[str]:
    """See that what an oracle is asked for is what it knows: the states by their names."""
    faults = []
    for name, entry in config["models"].items():
        windows = config["windows"].get(entry["windows"])
        if entry["kind"] != "oracle" or windows is None:
            continue
        tasks = [
            Task.from_config(task, config["tasks"][task])
            for task in entry["tasks"] or windows["tasks"]
            if task in config["tasks"]
        ]
        asked = [{*task.classes} for task in tasks if entry["tasks"] or task.classes]
        if asked != [{*STATES}]:
            faults.append(
                f"configuration: models/{name}: an oracle needs one task, with the classes "
                f"{', '.join(STATES)}; name it alone in its 'tasks', choose other windows or "
                "rename the classes"
            )
    return faults
