"""The ChIP sheet: the alignments that ChromHMM learns states from, and faults of its block."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from chrompute.chromhmm import ChipFile
from chrompute.label_sheet import LabelFile
from chrompute.sheets import NAME, NAME_RULE, Sample, is_url, read_sheet, split_list
from chrompute.tasks import Task, unmapped_states

_COLUMNS = ("cell_type", "mark", "replicate", "path", "control")
#: What replicates are called when the sheet gives them no name, as in the label sheet.
_ONLY = "1"


def read_chip(path: str, samples: Sequence[Sample]) -> tuple[list[ChipFile], list[str]]:
    """Read the ChIP sheet; return its lines and, one sentence each, all its faults."""
    rows, faults = read_sheet(path, _COLUMNS)
    cell_types = {sample.cell_type for sample in samples}
    chips: list[ChipFile] = []
    seen: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        row["replicate"] = row["replicate"] or _ONLY
        problems = _line_problems(row, cell_types)
        keys: list[tuple[str, ...]] = [(row["cell_type"], row["mark"], row["replicate"])]
        keys += [(bam,) for bam in split_list(row["path"])]
        for key in keys:
            if key in seen:
                problems.append(
                    f"{' '.join(key)} is already on line {seen[key]}; separate several BAMs of one "
                    "mark by ';'"
                )
            seen.setdefault(key, line)
        faults += [f"{path}, line {line}: {problem}" for problem in problems]
        if not problems:
            lists = (split_list(row[column]) for column in ("path", "control"))
            chips.append(ChipFile(row["cell_type"], row["mark"], row["replicate"], *lists))
    return chips, faults or [f"{path}: {sentence}" for sentence in _missing(chips)]


def _line_problems(row: Mapping[str, str], cell_types: set[str]) -> list[str]:
    problems = [
        f"{column} {row[column]!r} {NAME_RULE}"
        for column in ("mark", "replicate")
        if not NAME.match(row[column])
    ]
    if row["cell_type"] not in cell_types:
        problems.append(f"cell_type {row['cell_type']!r} has no sample in the sample sheet")
    if not split_list(row["path"]):
        problems.append("the path is empty; give the BAM of the ChIP")
    return problems + [
        f"{bam}: ChIP alignments are not fetched; download them and give a path"
        for bam in (*split_list(row["path"]), *split_list(row["control"]))
        if is_url(bam)
    ]


def _missing(chips: Sequence[ChipFile]) -> list[str]:
    """Name the marks that some cell type lacks in a replicate: ChromHMM needs all of them."""
    there = {(chip.cell_type, chip.replicate, chip.mark) for chip in chips}
    return [
        f"replicate {replicate!r} of {cell_type!r} has no line of mark {mark!r}; every replicate "
        "of every cell type needs the same marks"
        for cell_type, replicate in pairs_of(chips)
        for mark in marks_of(chips)
        if (cell_type, replicate, mark) not in there
    ]


def marks_of(chips: Sequence[ChipFile]) -> list[str]:
    """Return the marks, in the order of the sheet."""
    return list(dict.fromkeys(chip.mark for chip in chips))


def replicates_of(chips: Sequence[ChipFile]) -> list[str]:
    """Return the replicates, in the order of the sheet."""
    return list(dict.fromkeys(chip.replicate for chip in chips))


def pairs_of(chips: Sequence[ChipFile]) -> list[tuple[str, str]]:
    """Return the cell types and replicates that get a segmentation, in the order of the sheet."""
    return list(dict.fromkeys((chip.cell_type, chip.replicate) for chip in chips))


def segmentation_paths(
    config: Mapping[str, Any], chips: Sequence[ChipFile]
) -> dict[tuple[str, str], str]:
    """Return {(cell type, replicate): the BED that the run makes}, as sheets name it."""
    folder = _folder(config)
    return {pair: str(folder / f"{'.'.join(pair)}.bed") for pair in pairs_of(chips)}


def _folder(config: Mapping[str, Any]) -> PurePosixPath:
    return PurePosixPath(config.get("pathvars", {}).get("results", "results")) / "chromhmm"


def chromhmm_faults(
    config: Mapping[str, Any],
    samples: Sequence[Sample],
    chips: Sequence[ChipFile],
    labels: Sequence[LabelFile],
) -> list[str]:
    """List, as sentences, what is wrong with a block `chromhmm` and the labels taken from it."""
    folder = _folder(config)
    made = segmentation_paths(config, chips)
    own = [label for label in labels if folder in PurePosixPath(label.path).parents]
    if not config["chromhmm"]:
        return [
            f"{config['labels']}: {label.path} would be made by ChromHMM, and there is no block "
            "'chromhmm'; add one, or correct the path"
            for label in own
        ]
    faults = _block_faults(config["chromhmm"], marks_of(chips)) if chips else []
    if len({*made.values()}) < len(made):
        faults.append(
            f"{config['chromhmm']['sheet']}: two cell types and replicates share the name of a "
            "file, cell type and replicate joined by a point; rename a replicate"
        )
    faults += [fault for label in own for fault in _label_faults(config, label, made)]
    return faults + _origin_faults(config, samples, chips, own)


def _block_faults(block: Mapping[str, Any], marks: Sequence[str]) -> list[str]:
    names: Mapping[str, Sequence[str]] = block["names"]
    faults = [
        f"configuration: chromhmm/names/{name}: mark {mark!r} is not in {block['sheet']}, which "
        f"has {', '.join(marks)}"
        for name, own in names.items()
        for mark in own
        if mark not in marks
    ]
    first: dict[frozenset[str], str] = {}
    for name, own in names.items():
        other = first.setdefault(frozenset(own), name)
        if other != name:
            faults.append(
                f"configuration: chromhmm/names: {other!r} and {name!r} have the same marks; "
                "keep one of them"
            )
    if block["states"] < len(names):
        faults.append(
            f"configuration: chromhmm/states: {block['states']} states cannot have {len(names)} "
            f"names; learn {len(names)} states or more"
        )
    return faults


def _label_faults(
    config: Mapping[str, Any], label: LabelFile, made: Mapping[tuple[str, str], str]
) -> list[str]:
    """See that a label file of ChromHMM's is made, by its line, with states that the task knows."""
    place = f"{config['labels']}: labels of {label.cell_type!r}, replicate {label.replicate!r}"
    pair = (label.cell_type, label.replicate)
    if pair not in made:
        known = ", ".join(" ".join(each) for each in made)
        return [
            f"{place}: {config['chromhmm']['sheet']} has no such replicate of this cell type; it "
            f"has {known}"
        ]
    if label.path != made[pair]:
        return [f"{place}: {label.path} is not what ChromHMM makes of it; give {made[pair]}"]
    task = Task.from_config(label.task, config["tasks"][label.task])
    remedies = unmapped_states(task, config["chromhmm"]["names"]).values()
    return [f"configuration: chromhmm/names: {sentence}" for sentence in remedies]


def _origin_faults(
    config: Mapping[str, Any],
    samples: Sequence[Sample],
    chips: Sequence[ChipFile],
    labels: Sequence[LabelFile],
) -> list[str]:
    """See that labels name the samples that ChromHMM read, as an assay among the marks is one.

    All cell types of a replicate have one model, so each of their samples is behind its labels.
    """
    return [
        f"{config['labels']}: labels of {label.cell_type!r}, replicate {label.replicate!r}: "
        f"ChromHMM reads sample {sample.name!r}; name it in derived_from"
        for label in labels
        for sample in samples
        if sample.name not in label.derived_from
        and any(
            {*sample.paths} & {*chip.paths, *chip.controls}
            for chip in chips
            if chip.replicate == label.replicate
        )
    ]
