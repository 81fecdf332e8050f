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


def chip_sheet(folder: str, controls: bool = True) -> str:
    """Return a ChIP sheet of all cell types, marks and replicates below a folder."""
    lines = ["cell_type\tmark\treplicate\tpath\tcontrol"]
    for cell_type in CELL_TYPES:
        for replicate in REPLICATES:
            control = f"{folder}/{cell_type}.input.{replicate}.bam" if controls else ""
            lines += [
                f"{cell_type}\t{mark}\t{replicate}\t{folder}/{cell_type}.{mark}.{replicate}.bam"
                f"\t{control}"
                for mark in MARKS
            ]
    return "".join(f"{line}\n" for line in lines)


def lay_out_chip(folder: Path) -> Path:
    """Write a configuration that simulates, and makes segmentations from the simulated ChIP."""
    lay_out(folder)
    tiny: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text())
    samples = (folder / "config/tiny/samples.tsv").read_text()
    (folder / "samples.tsv").write_text(samples.replace("results/tiny", RESULTS))
    (folder / "chip.tsv").write_text(chip_sheet(f"{RESULTS}/simulation/marks"))
    size = {"chromosomes": 4, "chromosome_length": 600_100, "chip": {"depth": 20}}
    config = {
        "pathvars": {
            "results": RESULTS,
            "logs": f"{RESULTS}/logs",
            "benchmarks": f"{RESULTS}/benchmarks",
        },
        "samples": "samples.tsv",
        "simulation": tiny["simulation"] | size,
        "genome": {"fasta": f"{RESULTS}/simulation/genome.fa"},
        "chromhmm": {"sheet": "chip.tsv", "states": 12, "names": NAMES},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder
