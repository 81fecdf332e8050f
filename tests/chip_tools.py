"""A small simulated experiment with ChIP-seq of which ChromHMM makes labels."""

from pathlib import Path
from typing import Any

import yaml

from simulation_tools import lay_out

RESULTS = "results/chip"
MARKS = ("CTCF", "H3K27ac", "H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3")
CELL_TYPES = ("sim_A", "sim_B")
REPLICATES = ("1", "2")
#: What states are called by their marks; a promoter's edge has fewer marks than its middle.
NAMES = {
    "insulator": ["CTCF"],
    "active_promoter": ["H3K4me3", "H3K27ac"],
    "promoter_edge": ["H3K4me3"],
    "mixed": ["H3K4me3", "H3K27ac", "H3K4me1"],
    "poised_promoter": ["H3K4me3", "H3K27me3"],
    "poised_edge": ["H3K4me3", "H3K27me3", "H3K4me1"],
    "strong_enhancer": ["H3K4me1", "H3K27ac"],
    "enhancer_middle": ["H3K27ac"],
    "weak_enhancer": ["H3K4me1"],
    "transcribed": ["H3K36me3"],
    "repressed": ["H3K27me3"],
    "quiescent": [],
}
#: Names that are parts of a simulated state; the others are called like one.
PART_OF = {
    "promoter_edge": "active_promoter",
    "mixed": "strong_enhancer",
    "poised_edge": "poised_promoter",
    "enhancer_middle": "strong_enhancer",
}


def chip_sheet(folder: str) -> str:
    """Return a ChIP sheet of all cell types, marks and replicates below a folder."""
    lines = ["cell_type\tmark\treplicate\tpath\tcontrol"]
    for cell_type in CELL_TYPES:
        for replicate in REPLICATES:
            control = f"{folder}/{cell_type}.input.{replicate}.bam"
            lines += [
                f"{cell_type}\t{mark}\t{replicate}\t{folder}/{cell_type}.{mark}.{replicate}.bam"
                f"\t{control}"
                for mark in MARKS
            ]
    return "".join(f"{line}\n" for line in lines)


def classes() -> dict[str, dict[str, list[str]]]:
    """Return the simulated states as classes, each of the names that are parts of it."""
    states = [name for name in NAMES if name not in PART_OF]
    parts = {state: [name for name, whole in PART_OF.items() if whole == state] for state in states}
    return {state: {"states": [state, *parts[state]]} for state in states}


def lay_out_chip(folder: Path) -> Path:
    """Write a configuration that simulates, and makes segmentations from the simulated ChIP."""
    lay_out(folder)
    simulation: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text())["simulation"]
    made = f"{RESULTS}/simulation"
    sample = "{0}_atac\t{0}\tATAC\t1\t{1}/{0}_atac.bam\n"
    (folder / "samples.tsv").write_text(
        "sample\tcell_type\tassay\treplicate\tpath\n"
        + "".join(sample.format(cell_type, made) for cell_type in CELL_TYPES)
    )
    (folder / "chip.tsv").write_text(chip_sheet(f"{made}/marks"))
    label = "{0}\tstate\tsegmentation\t{1}\t{2}\n"
    truth = [label.format(c, "truth", f"{made}/{c}.states.truth.bed") for c in CELL_TYPES]
    learnt = [
        label.format(cell_type, replicate, f"{RESULTS}/chromhmm/{cell_type}.{replicate}.bed")
        for cell_type in CELL_TYPES
        for replicate in REPLICATES
    ]
    head = "cell_type\ttask\tkind\treplicate\tpath\n"
    (folder / "labels.tsv").write_text("".join([head, *learnt, *truth]))
    size = {"chromosomes": 4, "chromosome_length": 600_100}
    depth = {"depth": {"ATAC": 5, "MNase": 5}, "chip": {"depth": 20}}
    config = {
        "pathvars": {
            "results": RESULTS,
            "logs": f"{RESULTS}/logs",
            "benchmarks": f"{RESULTS}/benchmarks",
        },
        "samples": "samples.tsv",
        "labels": "labels.tsv",
        "simulation": simulation | size | depth,
        "genome": {"fasta": f"{made}/genome.fa"},
        "chromhmm": {"sheet": "chip.tsv", "states": 14, "names": NAMES},
        "tasks": {"state": {"kind": "segmentation", "metric": "kappa", "classes": classes()}},
        "windows": {
            "tiles": {
                "tasks": ["state"],
                "candidates": {"from": "tiles", "width": 1000},
                "split": {"valid": ["chr3"], "test": ["chr4"]},
            }
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder
